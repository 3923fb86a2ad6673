"""Nothing is told or done without a key: every route, every method, and the tricks that have opened other servers."""

import itertools
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mlapi.app.main import PROBES
from mlapi.ops.logs import JSONFormatter
from tests.app.bundles import ROW
from tests.app.service import KEY, Service, settings

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT")
Pairs = list[tuple[bytes, bytes]]
# What a request may carry beside its path, to be taken for somebody else's.
HEADERS: dict[str, Pairs] = {
    "none": [],
    "empty key": [(b"authorization", b"")],
    "empty bearer": [(b"authorization", b"Bearer ")],
    "wrong key": [(b"authorization", b"Bearer mlk_wrong")],
    "key twice": [(b"authorization", b"Bearer " + KEY.encode())] * 2,
    "key and another": [(b"authorization", b"Bearer " + KEY.encode()), (b"authorization", b"Bearer x")],
    "key in basic": [(b"authorization", b"Basic " + KEY.encode())],
    "key without scheme": [(b"authorization", KEY.encode())],
    "key after a tab": [(b"authorization", b"Bearer\t" + KEY.encode())],
    "key cut": [(b"authorization", b"Bearer " + KEY[:-1].encode())],
    "key longer": [(b"authorization", b"Bearer " + KEY.encode() + b"x")],
    "key in capitals": [(b"authorization", b"Bearer " + KEY.upper().encode())],
    "another header": [(b"x-api-key", KEY.encode()), (b"proxy-authorization", b"Bearer " + KEY.encode())],
    "a cookie": [(b"cookie", b"authorization=Bearer " + KEY.encode())],
    "loopback": [(b"x-forwarded-for", b"127.0.0.1"), (b"x-real-ip", b"127.0.0.1")],
    "forwarded": [(b"forwarded", b"for=127.0.0.1;proto=https;host=localhost")],
    "rewritten": [(b"x-original-url", b"/health/live"), (b"x-rewrite-url", b"/health/live")],
    "forwarded host": [(b"x-forwarded-host", b"localhost"), (b"x-forwarded-proto", b"https")],
    "forwarded prefix": [(b"x-forwarded-prefix", b"/health/live"), (b"x-script-name", b"/health/live")],
    "another method": [(b"x-http-method-override", b"OPTIONS"), (b"x-method-override", b"HEAD")],
    "a preflight": [(b"access-control-request-method", b"POST")],
    "upgrade": [(b"upgrade", b"websocket"), (b"connection", b"upgrade")],
    "signed": [(b"x-mlflow-signature", b"v1,AAAA"), (b"x-mlflow-delivery-id", b"1"), (b"x-mlflow-timestamp", b"1")],
    "own origin": [(b"origin", b"https://testserver")],
}
# What a path may be written like, to be taken for a public one and still arrive.
SPELLINGS = (
    *("{0}", "/{0}", "{0}/", "{0}//", "{0}?", "/.{0}", "\\{0}", "{0} ", "{0}%2f", "{0}\x00", "{0}.json", "/docs{0}"),
    *("/health/live/..{0}", "/health/live{0}", "/health/live;{0}", "{0};/health/live", "/health/live%2f..{0}"),
    *("{0}#/health/live", "/health/../health/live{0}"),
)


@pytest.fixture(scope="module")
def production(state_dir: Path) -> Iterator[Service]:
    given = {"environment": "production", "failed_keys_per_minute": "0"}
    with Service(settings(state_dir, **given)) as running:
        yield running


def routes(service: Service) -> list[str]:
    document = service.get("/openapi.json").json()
    paths = [path.replace("{", "").replace("}", "") for path in document["paths"]]
    return [*paths, "/docs", "/redoc", "/openapi.json", "/docs/assets/swagger.js", "/", "/nope", "/dashboard"]


def ask(service: Service, method: str, path: str, pairs: Pairs) -> int:
    start, *_ = service.raw({"method": method, "path": path, "headers": pairs}, b"")
    return int(start["status"])


def test_no_header_opens_a_route(production: Service) -> None:
    protected = [path for path in routes(production) if path not in PROBES]
    assert len(protected) > 20
    opened = [
        (method, path, trick)
        for method, path, (trick, pairs) in itertools.product(METHODS, protected, HEADERS.items())
        if ask(production, method, path, pairs) < 400
    ]
    assert opened == []


def test_no_spelling_opens_a_route(production: Service) -> None:
    protected = [path for path in routes(production) if path not in PROBES]
    spelt = {
        trick.format(form) for path in protected for trick in SPELLINGS for form in (path, path.upper(), path.title())
    } - PROBES
    opened = [
        (method, path) for method, path in itertools.product(METHODS, spelt) if ask(production, method, path, []) < 400
    ]
    assert opened == []


def test_there_are_as_many_tricks_as_promised() -> None:
    assert len(HEADERS) + 3 * len(SPELLINGS) >= 30


def test_a_key_is_written_down_nowhere(state_dir: Path, caplog: pytest.LogCaptureFixture) -> None:
    canary = "canary-0123456789-not-shaped-like-ours"
    bodies: list[bytes | object] = [{"data": [ROW]}, {"data": [{}]}, b"{", b""]
    wrong = "wrong-canary-9876543210"
    with caplog.at_level(logging.DEBUG), Service(settings(state_dir, api_keys=canary)) as service:
        statuses = [service.post(body, key=canary).status_code for body in bodies]
        statuses += [service.get("/models/current", key=wrong).status_code for _ in range(12)]
        gate: Any = service.app._gate
        gate._raw["/predict"].endpoint._service = None  # whatever is asked of it fails
        statuses.append(service.post({"data": [ROW]}, key=canary).status_code)
    assert {200, 422, 400, 401, 429, 500} <= set(statuses)
    formatter = JSONFormatter("test")
    written = "\n".join(formatter.format(record) for record in caplog.records)
    assert canary not in written
    assert wrong not in written


@pytest.mark.parametrize("junk", ["\r\n", "\n{}", "\x00", "\x1b[31m", "\x85", "\u2028", "\x9b31m"])
def test_what_a_client_sends_forges_no_line_and_no_header(
    service: Service, caplog: pytest.LogCaptureFixture, junk: str
) -> None:
    caplog.clear()
    forged = f'{junk}{{"event.action":"forged"}}'
    pairs = [(b"x-request-id", forged.encode()), (b"authorization", b"Bearer " + forged.encode())]
    with caplog.at_level(logging.INFO):
        start, body = service.raw({"method": "GET", "path": f"/nope{forged}", "headers": pairs})
    assert start["status"] in (401, 429)
    assert all(value.isascii() and value.decode().isprintable() for _, value in start["headers"])
    assert "forged" not in body["body"].decode()
    formatter = JSONFormatter("test")
    lines = [formatter.format(record) for record in caplog.records]
    assert all(len(line.splitlines()) == 1 and line.isprintable() for line in lines)
    assert {json.loads(line)["event.action"] for line in lines} == {"http-request", "key-refused"} or start[
        "status"
    ] == 429


def events(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [record.__dict__["fields"] for record in caplog.records if record.name == "mlapi.security"]


def test_what_was_refused_is_told_with_reason_and_peer(state_dir: Path, caplog: pytest.LogCaptureFixture) -> None:
    keys = f"{KEY};id=all,mlk_reader_0123456789;scopes=read;id=reader"
    with Service(settings(state_dir, api_keys=keys)) as service, caplog.at_level(logging.INFO):
        service.get("/models/current", key=None)
        service.get("/models/current", key="wrong")
        service.get("/models/current", headers={"Origin": "https://evil.example"})
        service.post({"data": [ROW]}, key="mlk_reader_0123456789")
        service.post({"data": [ROW | {"secretcell": "secretvalue"}]})
        service.post(b"[")
    told = [(one["event.action"], one["event.reason"], one.get("key.id")) for one in events(caplog)]
    assert told == [
        ("key-refused", "missing", None),
        ("key-refused", "unknown", None),
        ("origin-refused", "origin_not_allowed", None),
        ("scope-missing", "insufficient_scope", "reader"),
        ("input-refused", "invalid_rows", "all"),
        ("input-refused", "invalid_json", "all"),
    ]
    assert {one["source.ip"] for one in events(caplog)} == {"127.0.0.1"}
    assert "secret" not in str(events(caplog))


def test_a_scope_opens_what_it_names_and_nothing_else(state_dir: Path) -> None:
    keys = "reader-0123456789;scopes=read,writer-0123456789;scopes=predict"
    with Service(settings(state_dir, api_keys=keys)) as service:
        for prefix in ("", "/v1"):
            assert service.post({"data": [ROW]}, f"{prefix}/predict", key="writer-0123456789").status_code == 200
            assert service.post({"data": [ROW]}, f"{prefix}/predict", key="reader-0123456789").status_code == 403
            assert service.get(f"{prefix}/models/current", key="reader-0123456789").status_code == 200
            assert service.get(f"{prefix}/models/current", key="writer-0123456789").status_code == 403
            assert service.post({}, f"{prefix}/models/reload", key="reader-0123456789").status_code == 403


def test_keys_change_under_load_without_a_wrong_answer(tmp_path: Path, state_dir: Path) -> None:
    file = tmp_path / "keys.toml"

    def keep(*keys: str) -> None:
        file.write_text("".join(f'[[keys]]\nkey = "{key}"\n' for key in keys))

    keep("old-0123456789")
    with Service(settings(state_dir, api_keys="", keys_file=str(file))) as service:
        gate: Any = service.app._gate
        keyring = gate._auth._keyring
        skew = [0.0]
        real = keyring._clock
        keyring._clock = lambda: real() + skew[0]

        def answers(key: str) -> set[int]:
            return {service.post({"data": [ROW]}, key=key).status_code for _ in range(50)}

        assert answers("old-0123456789") == {200}
        keep("old-0123456789", "new-0123456789")
        skew[0] += 60
        assert (answers("new-0123456789"), answers("old-0123456789")) == ({200}, {200})
        keep("new-0123456789")
        skew[0] += 60
        assert answers("new-0123456789") == {200}
        assert answers("old-0123456789") <= {401, 429}
        file.unlink()  # the last good keys stay
        skew[0] += 60
        assert answers("new-0123456789") == {200}
