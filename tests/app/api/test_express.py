"""The express, on real sockets: a service with it and one without give the same, and it is taken when it should be."""

import json
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from mlapi.app.api.admission import SOON_S
from mlapi.app.api.express import MOST, Express
from mlapi.app.api.head import Head
from mlapi.app.core.security import digest_of
from tests.app.bundles import ROW, bundle
from tests.app.service import KEY, publish
from tests.app.test_server import Running, running, until
from tests.fixtures.extension import needs_extension
from tests.fuzz.exchanges import TIME, Lines, samples

pytestmark = needs_extension  # without it every request goes the general way

ROWS = {"data": [ROW], "options": {"probabilities": True}}
BODY = json.dumps(ROWS).encode()
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
SENDER = b"('127.0.0.1', 'http')"  # as the server writes where a request of this machine comes from
OWN = {b"date", b"ratelimit", b"x-request-id"}  # headers that differ from one request to the next


class Client:
    """A connection that is kept."""

    def __init__(self, live: Running) -> None:
        self._socket = socket.create_connection(("127.0.0.1", live.port), timeout=10)
        self._file = self._socket.makefile("rb")

    def send(self, sent: bytes) -> None:
        self._socket.sendall(sent)

    def read(self) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        status = int(self._file.readline().split(b" ")[1])
        pairs = []
        while line := self._file.readline().strip():
            name, _, value = line.partition(b": ")
            pairs.append((name.lower(), value))
        length = int(dict(pairs)[b"content-length"])
        return status, pairs, self._file.read(length)

    def ask(self, sent: bytes) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        self.send(sent)
        return self.read()

    def close(self) -> None:
        self._file.close()
        self._socket.close()


def whole(body: bytes = BODY, *, line: str = "POST /predict HTTP/1.1", key: str = KEY, **headers: str) -> bytes:
    given = {"Host": "x", "Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    given.setdefault("Content-Length", str(len(body)))
    lines = [line, *(f"{name}: {value}" for name, value in given.items() if value)]
    return "\r\n".join([*lines, "", ""]).encode() + body


class Two:
    """One model behind two servers: `here` has the express, which tells what it took, and `there` has none."""

    def __init__(self, here: Running, there: Running) -> None:
        self.here, self.there = here, there
        self.express: Express = here.server.config.loaded_app.express
        self.taken: list[bool] = []
        real = self.express.answer

        def answer(*given: Any) -> bytes | None:
            found: bytes | None = real(*given)
            self.taken.append(found is not None)
            return found

        vars(self.express)["answer"] = answer
        vars(there.server.config.loaded_app.express)["learn"] = lambda *_: None


@contextmanager
def two(state_dir: Path, environ: Mapping[str, str] | None = None) -> Iterator[Two]:
    with ExitStack() as stack:
        yield Two(*(stack.enter_context(running(state_dir, environ=environ)) for _ in range(2)))


@pytest.fixture(scope="module")
def pair(state_dir: Path) -> Iterator[Two]:
    with two(state_dir) as made:
        yield made


def told(live: Running, *sent: bytes) -> list[tuple[object, ...]]:
    """What each request of a connection is answered, and the line that it leaves, without what differs each time."""
    client = Client(live)
    found: list[tuple[object, ...]] = []
    try:
        for one in sent:
            with Lines() as lines:
                status, pairs, body = client.ask(one)
                until(lambda lines=lines: any(line[2] == "request answered" for line in lines))
            id_ = dict(pairs)[b"x-request-id"]
            kept = sorted((name, value) for name, value in pairs if name not in OWN)
            body = TIME.sub(b"", body.replace(id_, b""))
            found.append((status, kept, body, str(lines).replace(id_.decode(), "")))
    finally:
        client.close()
    return found


PLAIN = {
    "plain": whole(),
    "versioned": whole(line="POST /v1/predict HTTP/1.1"),
    "without probabilities": whole(json.dumps({"data": [ROW] * 3}).encode()),
    "a hundred rows": whole(json.dumps({"data": [ROW] * 100}).encode()),
    "an id of the client": whole(X_Request_ID="order-7"),
    "a harmful id": whole(x_request_id="<script>"),
    "a trace": whole(traceparent=TRACE),
    "no trace": whole(Traceparent="00-0-0-0"),
    "both": whole(X_REQUEST_ID="order-77", traceparent=TRACE, Accept="*/*"),
    "an empty id": whole().replace(b"\r\nHost", b"\r\nX-Request-ID:\r\nHost"),
    "unlogged": whole(X_Prediction_Log="off"),
    "its own origin": whole(Origin="http://x"),
}
UNUSUAL = {
    "closing": whole(Connection="keep-alive, x"),
    "a query": whole(line="POST /predict?probabilities=true HTTP/1.1"),
    "chunks": whole(
        b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY), **{"Transfer-Encoding": "chunked", "Content-Length": ""}
    ),
    "two ids": whole().replace(b"\r\nHost", b"\r\nX-Request-ID: a\r\nX-Request-ID: b\r\nHost"),
    "CSV": whole(b"age,income,member,town,plan\n40,2.5,true,Oslo,basic\n", **{"Content-Type": "text/csv"}),
    "an explanation": whole(json.dumps({"data": [ROW], "options": {"explain": 2}}).encode()),
    "a warning": whole(json.dumps({"data": [ROW | {"age": 99}]}).encode()),
    "a null": whole(json.dumps({"data": [ROW | {"age": None}]}).encode()),
    "no JSON": whole(b"[" * len(BODY)),
    "another key": whole(key="mlk_nobody_0123456789abcdef"),
    "another origin": whole(Origin="http://y"),
    "a GET": whole(b"", line="GET /predict HTTP/1.1"),
    "a probe": whole(b"", line="GET /health/live HTTP/1.1"),
}


@pytest.mark.parametrize("name", PLAIN)
def test_a_plain_request_is_taken_from_the_second_time_on(pair: Two, name: str) -> None:
    sent = [PLAIN[name]] * 3
    pair.taken.clear()
    assert told(pair.here, *sent) == told(pair.there, *sent)
    assert pair.taken[1:] == [True, True]


@pytest.mark.parametrize("name", UNUSUAL)
def test_what_is_unusual_goes_the_general_way(pair: Two, name: str) -> None:
    told(pair.here, whole())
    pair.taken.clear()
    sent = [*[UNUSUAL[name]] * 3, whole()]
    assert told(pair.here, *sent) == told(pair.there, *sent)
    assert pair.taken[-1]
    assert pair.taken.count(True) == 1


def test_ids_may_change(pair: Two) -> None:
    sent = [whole(X_Request_ID=f"order-{n}", traceparent=TRACE.replace("4bf9", f"4bf{n}")) for n in range(5)]
    pair.taken.clear()
    assert told(pair.here, *sent) == told(pair.there, *sent)
    assert pair.taken[1:] == [True] * 4


def test_a_known_head_with_another_body(pair: Two) -> None:
    other = BODY.replace(b"Oslo", b"Bern")
    for body in (other, b"\xff" * len(BODY), b" " * len(BODY), BODY.replace(b"true", b"null"), BODY[:-1] + b"]"):
        sent = [whole(), whole(body)]
        assert len(body) == len(BODY)
        assert told(pair.here, *sent) == told(pair.there, *sent)


@pytest.mark.parametrize("cut_at", [1, 20, -len(BODY) - 2, -len(BODY), -1])
def test_a_request_in_pieces(pair: Two, cut_at: int) -> None:
    client = Client(pair.here)
    assert client.ask(whole())[0] == 200
    pair.taken.clear()
    client.send(whole()[:cut_at])
    time.sleep(0.05)  # so that it comes by itself; where it does not, the test sees less
    client.send(whole()[cut_at:])
    assert client.read()[0] == 200
    assert not any(pair.taken)
    assert client.ask(whole())[0] == 200
    assert pair.taken[-1]
    client.close()


def test_requests_behind_each_other_are_answered_in_order(pair: Two) -> None:
    client = Client(pair.here)
    ids = [f"n{n}" for n in range(20)]
    client.ask(whole(X_Request_ID="first"))
    client.send(b"".join(whole(X_Request_ID=one) for one in ids))
    client.send(whole(X_Request_ID="last"))
    assert [dict(client.read()[1])[b"x-request-id"].decode() for _ in range(21)] == [*ids, "last"]
    client.close()


def test_what_is_left_of_a_refused_body_is_no_request(pair: Two) -> None:
    """A body whose end comes behind its refusal, and looks like a request that is known."""
    for live in (pair.here, pair.there):
        client = Client(live)
        client.ask(whole())
        head = whole(b"", key="mlk_nobody_0123456789abcdef", **{"Content-Length": str(len(whole()))})
        assert client.ask(head)[0] == 401
        client.send(whole())  # the body of the refused request
        assert client.ask(whole(b"", line="GET /health/live HTTP/1.1"))[2].startswith(b'{"status":"alive"')
        client.close()


def test_bodies_of_any_length_up_to_the_limit(tmp_path: Path) -> None:
    publish(tmp_path, "churn", bundle())
    with two(tmp_path, {"max_body_bytes": "2000"}) as pair:
        sent = [whole(json.dumps({"data": [ROW] * n}).encode()) for n in range(1, 30)]
        found = told(pair.here, *sent)
        assert found == told(pair.there, *sent)
        statuses = [one[0] for one in found]
        assert set(statuses) == {200, 413}
        assert pair.taken == [False, *(status == 200 for status in statuses[1:])]


def test_a_key_that_goes_is_refused_at_once(tmp_path: Path) -> None:
    publish(tmp_path, "churn", bundle())
    keys = tmp_path / "keys.json"
    key = "mlk_file_0123456789abcdef"
    entry = {"id": "one", "sha256": digest_of(key.encode()).hex(), "scopes": ["predict"]}
    keys.write_text(json.dumps({"keys": [entry]}))
    given = {"keys_file": str(keys), "keys_revoked_within_s": "1", "failed_keys_per_minute": "0"}
    with two(tmp_path, given) as pair:
        client = Client(pair.here)
        assert [client.ask(whole(key=key))[0] for _ in range(3)] == [200] * 3
        assert pair.taken[1:] == [True, True]
        keys.write_text(json.dumps({"keys": []}))
        until(lambda: client.ask(whole(key=key))[0] == 401, 5)
        keys.write_text(json.dumps({"keys": [entry | {"scopes": ["read"]}]}))
        until(lambda: client.ask(whole(key=key))[0] == 403, 5)
        expired = {"expires": "2020-01-01T00:00:00+00:00"}
        keys.write_text(json.dumps({"keys": [entry | expired]}))
        until(lambda: client.ask(whole(key=key))[0] == 401, 5)
        client.close()


def test_limits_count_the_same(tmp_path: Path) -> None:
    publish(tmp_path, "churn", bundle())
    limits = {"rate_limit_per_key": "5", "rate_limit_per_peer": "7", "rate_limit_window_s": "3600"}
    doubted = whole(b"[" * len(BODY))
    with two(tmp_path, limits) as pair:
        sent = [whole(), whole(), doubted, whole(), whole(), whole(), whole(), whole()]
        found = told(pair.here, *sent)
        assert found == told(pair.there, *sent)
        assert [one[0] for one in found] == [200, 200, 400, 200, 200, 429, 429, 429]
        assert pair.taken == [False, True, False, True, True, False, False, False]


def test_says_what_is_left_of_a_limit(tmp_path: Path) -> None:
    publish(tmp_path, "churn", bundle())
    with two(tmp_path, {"rate_limit_per_key": "9", "rate_limit_window_s": "3600"}) as pair:
        client = Client(pair.here)
        left = [dict(client.ask(whole())[1])[b"ratelimit"].split(b";")[1] for _ in range(4)]
        assert left == [b"r=8", b"r=7", b"r=6", b"r=5"]
        assert pair.taken == [False, True, True, True]
        client.close()


def test_a_promotion_is_followed_and_a_drain_is_told(tmp_path: Path) -> None:
    publish(tmp_path, "churn", bundle())
    with two(tmp_path) as pair:
        client = Client(pair.here)
        version = b"x-model-version"
        assert [dict(client.ask(whole())[1])[version] for _ in range(3)] == [b"1"] * 3
        publish(tmp_path, "churn", bundle(seed=2))
        until(lambda: dict(client.ask(whole())[1])[version] == b"2")
        assert dict(client.ask(whole())[1])[version] == b"2"
        assert pair.taken[-1]
        assert pair.here.server._models is not None
        pair.here.server._models.draining = True
        assert dict(client.ask(whole())[1])[b"connection"] == b"close"
        client.close()


def test_counts_the_same(tmp_path: Path) -> None:
    publish(tmp_path, "churn", bundle())
    with two(tmp_path) as pair:
        sent = [*PLAIN.values(), *PLAIN.values(), *UNUSUAL.values()]
        assert told(pair.here, *sent) == told(pair.there, *sent)
        assert pair.taken.count(True) >= len(PLAIN)
        found, expected = (samples(one.request("GET", "/metrics")[2].decode()) for one in (pair.here, pair.there))
        assert found == expected


def test_remembers_a_bounded_number_of_heads_and_no_key(tmp_path: Path) -> None:
    publish(tmp_path, "churn", bundle())
    with two(tmp_path) as pair:
        client = Client(pair.here)
        for number in range(MOST + 5):
            assert client.ask(whole(User_Agent=f"client-{number}"))[0] == 200
        assert len(pair.express._known) == MOST
        assert [client.ask(whole(User_Agent="client-0"))[0] for _ in range(2)] == [200, 200]
        assert pair.taken[-2:] == [False, True]  # forgotten, and learned again
        assert KEY not in str(pair.express._known)
        client.close()


def test_a_round_that_takes_long_sends_the_rest_into_line(pair: Two) -> None:
    told(pair.here, whole())
    head = Head.of(whole(), SENDER)
    assert head is not None
    models = pair.here.server._models
    assert models is not None
    begun = [time.monotonic(), time.monotonic() - SOON_S]
    assert [pair.express.answer(models, head, at) is None for at in begun] == [False, True]
