"""Limits on who asks."""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mlapi.app.main import create_app
from mlapi.app.services.rate_limits import Policy
from mlapi.app.services.redis_limits import RedisStore
from mlapi.ops.errors import SettingsError
from tests.app.bundles import ROW
from tests.app.service import KEY, Service, settings
from tests.app.test_server import free_port, until

POLICY = Policy("key", 20, 600.0)
TAKER = """
import asyncio, sys
from mlapi.app.main import create_app
from mlapi.app.services.rate_limits import Policy
from mlapi.app.services.redis_limits import RedisStore
async def main():
    store = RedisStore(sys.argv[1])
    taken = [(await store.take(Policy("key", 20, 600.0), "shared")).allowed for _ in range(30)]
    await store.close()
    print(sum(taken))
asyncio.run(main())
"""


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed (Debian's package redis-server)")
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            until(lambda: _answers(port))
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()
            process.wait(20)


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def test_two_processes_share_a_limit(redis_url: str) -> None:
    command = [sys.executable, "-c", TAKER, redis_url]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) for _ in range(2)]
    taken = [int(process.communicate(timeout=120)[0]) for process in processes]
    assert sum(taken) == 20


def test_redis_tells_what_is_left_and_how_long_to_wait(redis_url: str) -> None:
    async def takes() -> None:
        store = RedisStore(redis_url)
        verdicts = [await store.take(POLICY, "alone") for _ in range(21)]
        await store.close()
        assert [one.remaining for one in verdicts] == [*range(19, -1, -1), 0]
        assert not verdicts[-1].allowed
        assert 0 < verdicts[-1].wait_s <= 30.0

    asyncio.run(takes())


def test_without_redis_nobody_is_limited_and_it_is_told(caplog: pytest.LogCaptureFixture) -> None:
    failures: list[int] = []

    async def takes() -> None:
        store = RedisStore(f"redis://127.0.0.1:{free_port()}/0", failed=lambda: failures.append(1))
        assert all([(await store.take(Policy("key", 1, 60.0), "a")).allowed for _ in range(5)])
        await store.close()

    asyncio.run(takes())
    assert len(failures) == 5
    assert len([record for record in caplog.records if "cannot be counted" in record.message]) == 1


def test_answers_say_what_is_left_of_a_keys_quota(state_dir: Path) -> None:
    keys = f"{KEY},mlk_quiet_0123456789"
    with Service(settings(state_dir, api_keys=keys, rate_limit_per_key="3", rate_limit_window_s="600")) as service:
        answers = [service.post({"data": [ROW]}) for _ in range(5)]
        response = answers[-1]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
        assert response.headers["ratelimit-policy"] == '"key";q=3;w=600'
        assert response.headers["ratelimit"].startswith('"key";r=0;t=')
        assert 1 <= int(response.headers["retry-after"]) <= 200
        assert response.json()["error"] == "rate_limited"
        assert service.get("/models/current", key="mlk_quiet_0123456789").status_code == 200
        assert service.get("/health/ready", key=None).status_code == 200


def test_a_peers_quota_counts_whoever_asks(state_dir: Path) -> None:
    with Service(settings(state_dir, rate_limit_per_peer="3", rate_limit_window_s="600")) as service:
        statuses = [service.get("/models/current", key=key).status_code for key in (None, KEY, None, KEY, None)]
        assert statuses == [401, 200, 401, 429, 429]
        assert service.get("/health/live", key=None).status_code == 200


def test_a_gateway_counts_in_our_place(state_dir: Path) -> None:
    given = {"rate_limit_per_key": "1", "rate_limit_per_peer": "1", "rate_limit_store": "gateway"}
    with Service(settings(state_dir, **given)) as service:
        assert [service.get("/models/current").status_code for _ in range(4)] == [200] * 4


def test_a_key_may_have_so_many_requests_under_way(state_dir: Path) -> None:
    with Service(settings(state_dir, max_concurrent_per_key="2", api_keys=f"{KEY},mlk_quiet_0123456789")) as service:

        async def slow(bodies: list[asyncio.Future[bytes]], key: str = KEY) -> int:
            sent: list[int] = []
            body: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
            bodies.append(body)

            async def receive() -> dict[str, object]:
                return {"type": "http.request", "body": await body, "more_body": False}

            async def send(message: Any) -> None:
                if message["type"] == "http.response.start":
                    sent.append(int(str(message["status"])))

            pairs = [
                (b"host", b"x"),
                (b"authorization", f"Bearer {key}".encode()),
                (b"content-type", b"application/json"),
            ]
            scope = {"type": "http", "http_version": "1.1", "method": "POST", "path": "/predict", "scheme": "http"}
            await service._with_state({**scope, "query_string": b"", "headers": pairs}, receive, send)
            return sent[0]

        async def main() -> list[int]:
            bodies: list[asyncio.Future[bytes]] = []
            first = [asyncio.create_task(slow(bodies)) for _ in range(2)]
            await asyncio.sleep(0.05)  # each stops at its body within one step of the loop
            third = await slow(bodies)
            other = asyncio.create_task(slow(bodies, "mlk_quiet_0123456789"))
            await asyncio.sleep(0.01)
            for body in bodies:
                body.set_result(b'{"data": []}')
            return [third, *[await task for task in (*first, other)]]

        assert service.run(main()) == [429, 422, 422, 422]
        assert service.post({"data": [ROW]}).status_code == 200  # those have ended


def test_a_redis_without_its_client_refuses_to_start(state_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlapi.app.main.find_spec", lambda _: None)
    with pytest.raises(SettingsError, match=r"ml-api-platform\[redis\]"):
        create_app(settings(state_dir, rate_limit_store="redis://127.0.0.1:1/0"))
