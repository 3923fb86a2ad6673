"""One Host, HTTPS, and origins that may call."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mlapi.app.main import PROBES
from tests.app.service import KEY, Service, settings

LISTED, OTHER_PORT = "https://app.example.org", "https://app.example.org:8443"
ORIGINS = {
    "http://testserver": True,  # the service's own
    LISTED: True,
    OTHER_PORT: False,
    "http://app.example.org": False,
    "https://evil.app.example.org": False,
    "https://app.example.org.evil.example": False,
    "null": False,
    "": False,
    "*": False,
    f"{LISTED}, {LISTED}": False,
    "https://APP.example.org": False,  # browsers never spell it so
}
PREFLIGHT = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}


@pytest.fixture(scope="module")
def open_to(state_dir: Path) -> Iterator[Service]:
    with Service(settings(state_dir, cors_origins=f"{LISTED}:443,http://b.example:81")) as running:
        yield running


@pytest.fixture(scope="module")
def secure(state_dir: Path) -> Iterator[Service]:
    given = {"https_only": "true", "trusted_proxies": "10.0.0.0/8", "public_url": "https://ml.example.org"}
    with Service(settings(state_dir, **given)) as running:
        yield running


def headers_of(start: dict[str, Any]) -> dict[bytes, bytes]:
    return dict(start["headers"])


@pytest.mark.parametrize(("origin", "allowed"), ORIGINS.items())
@pytest.mark.parametrize(
    ("kind", "method", "path", "key", "status"),
    [
        ("preflight", "OPTIONS", "/predict", None, 204),
        ("actual", "GET", "/models/current", KEY, 200),
        ("actual", "GET", "/health/live", None, 200),
        ("error", "POST", "/predict", KEY, 415),
        ("error", "GET", "/nope", KEY, 404),
        ("error", "GET", "/models/current", None, 401),
        ("error", "OPTIONS", "/models/current", KEY, 405),
    ],
)
def test_answers_listed_origins_and_no_others(
    open_to: Service, origin: str, allowed: bool, kind: str, method: str, path: str, key: str | None, status: int
) -> None:
    asked = PREFLIGHT if kind == "preflight" else {}
    response = open_to.call(method, path, key=key, headers={"Origin": origin, **asked})
    assert "Origin" in response.headers["vary"]
    assert "access-control-allow-credentials" not in response.headers
    if allowed:
        assert (response.status_code, response.headers["access-control-allow-origin"]) == (status, origin)
        assert ("access-control-allow-methods" in response.headers) is (kind == "preflight")
    else:
        assert (response.status_code, response.json()["error"]) == (403, "origin_not_allowed")
        assert not any(name.startswith("access-control-") for name in response.headers)


def test_without_an_origin_everything_varies_by_it(open_to: Service) -> None:
    for path in ("/health/live", "/models/current", "/nope", "/predict"):
        response = open_to.get(path)
        assert response.headers["vary"] == "Origin"
        assert "access-control-allow-origin" not in response.headers


def test_a_preflight_answer_has_no_body(open_to: Service) -> None:
    response = open_to.call("OPTIONS", "/predict", key=None, headers={"Origin": LISTED, **PREFLIGHT})
    assert response.content == b""
    assert not {"content-type", "content-length"} & set(response.headers)


def test_the_own_origin_is_the_public_one_where_that_is_set(secure: Service) -> None:
    assert secure.get("/models/current", headers={"Origin": "https://ml.example.org"}).status_code == 200
    assert secure.get("/models/current", headers={"Origin": "https://testserver"}).status_code == 403


@pytest.mark.parametrize("origin", ["http://ml.example.org", "http://ml.example.org:80"])
def test_a_schemes_own_port_makes_no_difference(service: Service, origin: str) -> None:
    start, _ = service.raw(
        {
            "method": "GET",
            "path": "/health/live",
            "host": "ML.example.org:80",
            "headers": [(b"origin", origin.encode())],
        }
    )
    assert start["status"] == (200 if origin.endswith("org") else 403)  # browsers never write the port


PLAIN, TLS = {"scheme": "http"}, {"scheme": "https"}
TRUSTED, STRANGER = {"client": ("10.0.0.1", 1)}, {"client": ("203.0.113.1", 1)}


@pytest.mark.parametrize("path", ["/models/current", "/predict", "/nope", "/docs", *sorted(PROBES)])
@pytest.mark.parametrize(
    ("connection", "forwarded", "secure_enough"),
    [
        (PLAIN | STRANGER, None, False),
        (PLAIN | STRANGER, b"https", False),
        (PLAIN | TRUSTED, None, False),
        (PLAIN | TRUSTED, b"http", False),
        (PLAIN | TRUSTED, b"https, http", False),
        (PLAIN | TRUSTED, b"https", True),
        (PLAIN | TRUSTED, b"HTTPS", True),
        (TLS | STRANGER, None, True),
        (TLS | STRANGER, b"http", True),
        (TLS | TRUSTED, b"http", False),
    ],
)
def test_answers_https_only(
    secure: Service, path: str, connection: dict[str, Any], forwarded: bytes | None, secure_enough: bool
) -> None:
    pairs = [(b"authorization", f"Bearer {KEY}".encode())]
    if forwarded is not None:
        pairs.append((b"x-forwarded-proto", forwarded))
    start, body = secure.raw({"method": "GET", "path": path, "headers": pairs, **connection})
    refused = start["status"] == 403 and json.loads(body["body"])["error"] == "https_required"
    assert refused is not (secure_enough or path in PROBES)
    assert (b"strict-transport-security" in headers_of(start)) is secure_enough


@pytest.mark.parametrize(
    "pairs",
    [
        [],
        [(b"host", b"")],
        [(b"host", b"a"), (b"host", b"a")],
        [(b"host", b"a"), (b"host", b"b")],
        [(b"host", b"a, b")],
        [(b"host", b"a b")],
        [(b"host", b"a/b")],
        [(b"host", b"u@a")],
        [(b"host", b"\xff")],
        [(b"host", b"a" * 256)],
    ],
)
@pytest.mark.parametrize("path", ["/health/live", "/predict"])
def test_asks_for_exactly_one_host(service: Service, pairs: list[tuple[bytes, bytes]], path: str) -> None:
    start, body = service.raw({"method": "GET", "path": path, "host": None, "headers": pairs})
    assert (start["status"], json.loads(body["body"])["error"]) == (400, "invalid_request")


def test_http_1_0_knows_no_host(service: Service) -> None:
    start, _ = service.raw(
        {"method": "GET", "path": "/health/live", "host": None, "headers": [], "http_version": "1.0"}
    )
    assert start["status"] == 200


@pytest.mark.parametrize("path", ["/health/live", "/models/current", "/nope", "/predict", "/metrics"])
def test_answers_are_data_and_nothing_else(service: Service, path: str) -> None:
    headers = service.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert (headers["referrer-policy"], headers["cache-control"]) == ("no-referrer", "no-store")
    assert "strict-transport-security" not in headers


def test_pages_keep_their_own_policy(service: Service) -> None:
    headers = service.get("/docs").headers
    assert headers.get_list("x-content-type-options") == ["nosniff"]
    assert len(headers.get_list("content-security-policy")) == 1
    assert "script-src 'self'" in headers["content-security-policy"]
