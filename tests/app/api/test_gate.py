"""What every request meets, whatever it asks for."""

import json
import logging
import re
from pathlib import Path
from typing import Any

import pytest

from mlapi.app.api.admission import Admission
from mlapi.app.core.security import Principal
from mlapi.app.schemas.error import ErrorResponse
from mlapi.app.services.prediction_service import PredictionService
from tests.app.bundles import ROW, bundle
from tests.app.service import AUTHORIZED, KEY, Service, publish, settings

SEEN_BY_ALL = ("/health/live", "/health/ready")
PROTECTED = ("/predict", "/v1/predict", "/models/current", "/v1/models/current", "/models/current/schema", "/nope", "/")
MISSPELT = ("/Predict", "//predict", "/predict/", "/health", "/health/live/", "/metrics")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("path", PROTECTED + MISSPELT)
def test_nothing_but_the_public_paths_is_told_without_a_key(service: Service, method: str, path: str) -> None:
    response = service.raw({"method": method, "path": path, "headers": []})
    assert response[0]["status"] == 401
    assert (b"www-authenticate", b"Bearer") in response[0]["headers"]


@pytest.mark.parametrize("path", SEEN_BY_ALL)
def test_probes_need_no_key(service: Service, path: str) -> None:
    assert service.get(path, key=None).status_code == 200


def test_a_wrong_key_is_worth_nothing(service: Service) -> None:
    assert service.get("/models/current", key="mlk_wrong").status_code == 401
    assert service.get("/health/live", key="mlk_wrong").status_code == 200


def test_knows_the_key_before_it_reads_the_body(service: Service) -> None:
    start, body = service.raw({"headers": [(b"content-type", b"application/json")]})  # reading a body would fail
    assert (start["status"], json.loads(body["body"])["error"]) == (401, "unauthorized")


@pytest.mark.parametrize(
    ("headers", "closes"),
    [
        ([], False),
        ([(b"content-length", b"65536")], False),
        ([(b"content-length", b"65537")], True),
        ([(b"content-length", b"9" * 30)], True),
        ([(b"content-length", b"x")], True),
        ([(b"transfer-encoding", b"chunked")], True),
    ],
)
def test_closes_the_connection_on_a_large_body_that_it_did_not_read(
    service: Service, headers: list[tuple[bytes, bytes]], closes: bool
) -> None:
    start, _ = service.raw({"headers": headers})
    assert ((b"connection", b"close") in start["headers"]) is closes


def test_two_keys_in_one_request_are_none(service: Service) -> None:
    header = (b"authorization", AUTHORIZED["Authorization"].encode())
    assert service.raw({"method": "GET", "path": "/models/current", "headers": [header]})[0]["status"] == 200
    assert service.raw({"method": "GET", "path": "/models/current", "headers": [header, header]})[0]["status"] == 401


@pytest.mark.parametrize(
    ("method", "path", "status", "error"),
    [
        ("GET", "/nope", 404, "not_found"),
        ("GET", "/models/current/", 404, "not_found"),
        ("GET", "/docs/assets/../../pyproject.toml", 404, "not_found"),
        ("DELETE", "/models/current", 405, "method_not_allowed"),
        ("OPTIONS", "/models/current", 405, "method_not_allowed"),
        ("POST", "/health/live", 405, "method_not_allowed"),
        ("GET", "/predict", 405, "method_not_allowed"),
        ("POST", "/predict", 415, "unsupported_media_type"),
    ],
)
def test_every_error_has_one_shape(service: Service, method: str, path: str, status: int, error: str) -> None:
    response = service.call(method, path)
    body = response.json()
    assert (response.status_code, body["error"]) == (status, error)
    ErrorResponse.model_validate(body)
    assert body["request_id"] == response.headers["x-request-id"]
    assert path not in body["message"] or path == "/predict"


def test_says_which_methods_a_path_has(service: Service) -> None:
    assert service.call("PUT", "/models/current").headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize("path", ["/models/current", "/health/ready", "/docs", "/nope", "/predict"])
def test_head_gives_the_headers_of_get_and_no_body(service: Service, path: str) -> None:
    get, head = service.call("GET", path), service.call("HEAD", path)
    assert (head.status_code, head.content) == (get.status_code, b"")
    assert head.headers["content-length"] == get.headers["content-length"]


@pytest.mark.parametrize("given", ["a", "A.b_c-1", "x" * 128])
def test_keeps_a_harmless_request_id(service: Service, given: str) -> None:
    assert service.get("/nope", headers={"X-Request-ID": given}).headers["x-request-id"] == given


@pytest.mark.parametrize("given", ["", "x" * 129, "a b", "a/b", "ä", "a\tb", "a,b"])
def test_replaces_any_other_request_id(service: Service, given: str) -> None:
    header = (b"x-request-id", given.encode())
    start, _ = service.raw({"path": "/nope", "headers": [header]})
    [made] = [value for name, value in start["headers"] if name == b"x-request-id"]
    assert re.fullmatch(rb"[0-9a-f]{32}", made)


@pytest.mark.parametrize("path", [*SEEN_BY_ALL, *PROTECTED])
@pytest.mark.parametrize("key", [KEY, None])
def test_every_answer_carries_request_id_and_model_version(service: Service, path: str, key: str | None) -> None:
    response = service.get(path, key=key)
    assert response.headers["x-model-version"] == "1"
    assert len(response.headers.get_list("x-request-id")) == 1


def test_an_error_that_nobody_foresaw_tells_nothing(
    service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any) -> Any:
        raise ZeroDivisionError("secret /tmp/path")

    monkeypatch.setattr(PredictionService, "predict", fail)
    response = service.post({"data": [ROW]})
    assert (response.status_code, response.json()["error"]) == (500, "internal_error")
    assert "secret" not in response.text
    assert "ZeroDivision" not in response.text
    [logged] = [record for record in caplog.records if record.exc_info]
    assert logged.__dict__["fields"]["http.request.id"] == response.headers["x-request-id"]


def test_an_error_inside_the_framework_gets_the_same_shape(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr("mlapi.app.api.routes.models.trouble", fail)
    response = service.get("/models/current")
    assert (response.status_code, response.json()["error"]) == (500, "internal_error")
    assert response.headers["x-model-version"] == "1"


def test_an_error_after_the_answer_began_closes_the_connection(service: Service) -> None:
    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            raise BrokenPipeError

    async def receive() -> Any:
        raise AssertionError

    scope = {"type": "http", "method": "GET", "path": "/health/live", "headers": [], "query_string": b""}
    with pytest.raises(BrokenPipeError):
        service.run(service._with_state(scope, receive, send))


def test_a_mounted_app_answers_below_its_prefix(service: Service) -> None:
    scope = {"method": "GET", "root_path": "/ml", "headers": []}
    assert service.raw({**scope, "path": "/ml/health/live"})[0]["status"] == 200
    assert service.raw({**scope, "path": "/ml/predict"})[0]["status"] == 401


def test_there_are_no_websockets(service: Service) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    scope = {"type": "websocket", "path": "/predict", "headers": [], "query_string": b"", "subprotocols": []}
    service.run(service._with_state(scope, receive, send))
    assert [message["type"] for message in sent] == ["websocket.close"]


def test_each_request_leaves_one_line_without_its_content(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="mlapi.app"):
        response = service.post({"data": [ROW, ROW | {"town": "Paris"}]}, headers={"X-Request-ID": "id-1"})
        service.raw({"path": "/nope\r\nevil" + "x" * 500, "headers": []})
    one, other = [record.__dict__["fields"] for record in caplog.records if record.name == "mlapi.app"]
    assert one["event.duration_ms"] > 0
    assert {name: one[name] for name in one if name != "event.duration_ms"} == {
        "event.action": "http-request",
        "http.request.id": "id-1",
        "http.request.method": "POST",
        "url.path": "/predict",
        "http.response.status_code": 200,
        "key.id": one["key.id"],
        "model.version": "1",
        "rows": 2,
    }
    assert KEY not in str(caplog.records)
    assert response.json()["predictions"]
    assert (other["http.response.status_code"], len(other["url.path"])) == (401, 200)
    assert "key.id" not in other


def test_a_failure_is_logged_as_an_error_and_a_missing_model_is_not(
    empty: Service, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with caplog.at_level(logging.INFO, logger="mlapi.app"):
        empty.post({"data": [ROW]})
        monkeypatch.setattr("mlapi.app.api.predict.check_headers", None)
        empty.post({"data": [ROW]})
    levels = [record.levelname for record in caplog.records if "fields" in record.__dict__]
    assert levels == ["INFO", "ERROR", "ERROR"]


def test_while_draining_answers_go_on_and_close_their_connections(tmp_path: Path) -> None:
    publish(tmp_path, "churn", bundle())
    with Service(settings(tmp_path)) as service:
        assert service.models is not None
        service.models.draining = True
        assert service.get("/health/ready").status_code == 503
        assert service.get("/health/live").status_code == 200
        response = service.post({"data": [ROW]})
        assert (response.status_code, response.headers["connection"]) == (200, "close")


def test_a_key_may_be_kept_out_of_what_its_scopes_do_not_name(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlapi.app.services.auth_service.find_key", lambda *_: Principal("id", frozenset()))
    for response in (service.get("/models/current"), service.post({"data": [ROW]})):
        assert (response.status_code, response.json()["error"]) == (403, "insufficient_scope")
    assert service.get("/health/live").status_code == 200


def test_where_too_many_wait_predictions_are_refused_and_probes_answered(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Admission, "_is_full", lambda self: True)
    refused = service.post({"data": [ROW]})
    assert (refused.status_code, refused.json()["error"]) == (503, "overloaded")
    assert "retry-after" in refused.headers
    assert [service.get(path).status_code for path in ("/health/live", "/health/ready", "/metrics")] == [200] * 3
