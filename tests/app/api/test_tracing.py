"""Traces: the caller's is kept, and spans reach a real receiver where one is named."""

import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.app.bundles import ROW, bundle
from tests.app.service import Service, publish, settings
from tests.app.test_server import until

TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
PARENT = {"traceparent": f"00-{TRACE}-{CALLER}-01"}


class Receiver(ThreadingHTTPServer):
    """Takes OTLP over HTTP and remembers the spans."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.spans: list[Span] = []
        self.paths: set[str] = set()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        sent = ExportTraceServiceRequest()
        sent.ParseFromString(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.paths.add(self.path)
        for resource in sent.resource_spans:
            for scope in resource.scope_spans:
                self.server.spans.extend(scope.spans)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing on the screen."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def attributes(span: Span) -> dict[str, str]:
    return {one.key: one.value.string_value or str(one.value.int_value) for one in span.attributes}


def test_a_callers_trace_is_kept_in_the_log_and_in_the_answer(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "mlapi.app"):
        answer = service.post({"data": [ROW]}, headers=PARENT)
    assert answer.headers["traceparent"] == PARENT["traceparent"]
    (fields,) = [record.fields for record in caplog.records if hasattr(record, "fields")]
    assert (fields["trace.id"], fields["span.id"]) == (TRACE, CALLER)


@pytest.mark.parametrize("header", ["", "00-junk", f"00-{'0' * 32}-{CALLER}-01"])
def test_a_malformed_one_is_ignored(service: Service, caplog: pytest.LogCaptureFixture, header: str) -> None:
    with caplog.at_level(logging.INFO, "mlapi.app"):
        answer = service.post({"data": [ROW]}, headers={"traceparent": header})
    assert answer.status_code == 200
    assert "traceparent" not in answer.headers
    assert not any("trace.id" in getattr(record, "fields", {}) for record in caplog.records)


def test_spans_reach_the_receiver_that_the_settings_name(tmp_path: Path, receiver: Receiver) -> None:
    publish(tmp_path, "churn", bundle())
    with Service(settings(tmp_path).replaced(monitoring=monitoring(tmp_path, receiver.address))) as service:
        answer = service.post({"data": [ROW, ROW]}, headers={**PARENT, "tracestate": "vendor=1"})
        alone = service.get("/nothing")
    until(lambda: len(receiver.spans) == 2)
    predicted, missed = sorted(receiver.spans, key=lambda span: span.name, reverse=True)
    assert receiver.paths == {"/v1/traces"}
    assert (predicted.name, predicted.trace_id.hex(), predicted.parent_span_id.hex()) == (
        "POST /predict",
        TRACE,
        CALLER,
    )
    assert predicted.trace_state == "vendor=1"
    assert answer.headers["traceparent"] == f"00-{TRACE}-{predicted.span_id.hex()}-01"
    assert predicted.end_time_unix_nano > predicted.start_time_unix_nano
    said = attributes(predicted)
    assert (said["http.route"], said["http.response.status_code"], said["mlapi.rows"]) == ("/predict", "200", "2")
    assert said["mlapi.request_id"] == answer.headers["x-request-id"]
    assert (missed.name, attributes(missed)["error.type"]) == ("GET unmatched", "not_found")
    assert alone.headers["traceparent"].split("-")[1] == missed.trace_id.hex()


def test_a_receiver_that_is_away_fails_no_request(tmp_path: Path) -> None:
    publish(tmp_path, "churn", bundle())
    given = settings(tmp_path).replaced(monitoring=monitoring(tmp_path, "http://127.0.0.1:9"))
    with Service(given) as service:
        assert {service.post({"data": [ROW]}).status_code for _ in range(20)} == {200}


def test_without_the_extra_the_service_says_so_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("mlapi.app.utils.tracing.find_spec", lambda name: None)
    publish(tmp_path, "churn", bundle())
    given = settings(tmp_path).replaced(monitoring=monitoring(tmp_path, "http://127.0.0.1:9"))
    with caplog.at_level(logging.WARNING), Service(given) as service:
        assert service.post({"data": [ROW]}, headers=PARENT).headers["traceparent"] == PARENT["traceparent"]
    assert "the extra 'otel' is not installed" in caplog.text


def monitoring(state_dir: Path, address: str) -> object:
    from mlapi.ops.settings import load_settings

    environ = {"MLAPI_STATE_DIR": str(state_dir), "OTEL_EXPORTER_OTLP_ENDPOINT": address}
    return load_settings(environ=environ).monitoring
