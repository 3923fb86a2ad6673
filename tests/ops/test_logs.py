import io
import json
import logging
import sys
import time
import unicodedata
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mlapi
from mlapi.ops import logs


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    names = {*logs.OTHERS, *logs.QUIET}
    before = {name: (logging.getLogger(name).level, logging.getLogger(name).propagate) for name in names}
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    logging.captureWarnings(False)
    logging.getLogger(logs.EVENTS).disabled = False
    for name, (own_level, propagate) in before.items():
        logging.getLogger(name).setLevel(own_level)
        logging.getLogger(name).propagate = propagate


def written(level: str = "INFO", *, plain: bool = False) -> io.StringIO:
    stream = io.StringIO()
    logs.configure(level, stream, service="mlapi-test", plain=plain)
    return stream


def only_line(stream: io.StringIO) -> dict[str, Any]:
    text = stream.getvalue()
    assert text.count("\n") == 1
    assert text.endswith("\n")
    document = json.loads(text)
    assert isinstance(document, dict)
    return document


def test_a_record_is_one_json_object_with_the_schemas_keys() -> None:
    stream = written()
    logging.getLogger("mlapi.x").info("model %s", "swapped", extra={"fields": {"model.version": "3", "n": 2}})
    line = only_line(stream)
    assert line["message"] == "model swapped"
    assert line["log.level"] == "info"
    assert line["log.logger"] == "mlapi.x"
    assert line["service.name"] == "mlapi-test"
    assert line["service.version"] == mlapi.__version__
    assert (line["model.version"], line["n"]) == ("3", 2)
    assert line["@timestamp"].endswith("Z")
    assert stream.getvalue().startswith('{"@timestamp"')


def test_a_line_without_a_record_is_as_one_with_it() -> None:
    stream = written()
    fields = {"url.path": "/a\n\u2028b", "rows": 2}
    logging.getLogger("x").info("answered, all", extra={"fields": fields})
    formatter = logs.JSONFormatter("mlapi-test")
    for _ in range(2):
        line = json.loads(formatter.line(time.time(), logging.INFO, "answered, all", "x", fields))
        assert line.keys() == only_line(stream).keys()
        assert {**line, "@timestamp": ""} == {**only_line(stream), "@timestamp": ""}
        assert line["@timestamp"] >= only_line(stream)["@timestamp"]


def test_fields_cannot_replace_the_keys_of_every_line() -> None:
    stream = written()
    logging.getLogger("x").info("real", extra={"fields": {"message": "forged", "log.level": "debug"}})
    assert only_line(stream)["message"] == "real"
    assert only_line(stream)["log.level"] == "info"


def test_fields_that_are_no_mapping_are_ignored() -> None:
    stream = written()
    logging.getLogger("x").info("real", extra={"fields": ["a"]})
    assert "fields" not in only_line(stream)


def test_an_exception_is_three_fields() -> None:
    stream = written()
    try:
        raise ValueError("bad\ncell")
    except ValueError:
        logging.getLogger("x").exception("failed")
    line = only_line(stream)
    assert line["error.type"] == "ValueError"
    assert line["error.message"] == "bad\ncell"
    assert line["error.stack_trace"].startswith("Traceback")


def test_exc_info_without_an_exception_adds_nothing() -> None:
    stream = written()
    logging.getLogger("x").error("failed", exc_info=True)  # noqa: LOG014 # no exception is the case
    assert "error.type" not in only_line(stream)


@given(st.text(), st.text())
def test_no_text_breaks_the_line_or_reaches_a_terminal(message: str, field: str) -> None:
    line = logs.encode({"message": message, "field": field})
    assert "Cc" not in {unicodedata.category(letter) for letter in line}
    assert len(line.splitlines()) == 1
    assert set(json.loads(line)) == {"message", "field"}


@pytest.mark.parametrize("letter", ["\n", "\r", "\x00", "\x1b", "\x7f", "\x85", "\x9b", "\u2028", "\u2029", "\ud800"])
def test_control_characters_are_escaped(letter: str) -> None:
    assert letter not in logs.encode({"message": f"a{letter}b"})
    assert letter not in logs.one_line(f"a{letter}b")


def test_values_that_json_lacks_become_text() -> None:
    document = json.loads(logs.encode({"path": logging, "nan": float("nan"), "lone": "\ud800", "pid": 3}))
    assert document["nan"] is None or document["nan"] != document["nan"]
    assert document["pid"] == 3
    assert document["lone"] == "\\ud800"


def test_keys_and_credentials_are_cut_out() -> None:
    line = logs.encode({"message": "got mlk_abcdefghijkl from http://user:pass@host/x", "url": "http://host/x"})
    assert "abcdefghijkl" not in line
    assert "user" not in line
    assert "pass@" not in line
    assert json.loads(line)["url"] == "http://host/x"


def test_the_level_decides_what_is_written() -> None:
    stream = written("ERROR")
    logging.getLogger("x").warning("unheard")
    assert stream.getvalue() == ""


def test_other_libraries_write_through_the_same_formatter() -> None:
    noisy = logging.getLogger("uvicorn.error")
    noisy.addHandler(logging.StreamHandler())
    noisy.propagate = False
    stream = written()
    noisy.info("started")
    logging.getLogger("alembic.runtime.migration").info("unheard")
    assert only_line(stream)["log.logger"] == "uvicorn.error"


def test_warnings_become_records() -> None:
    stream = written()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old", DeprecationWarning, stacklevel=1)
    assert "old" in only_line(stream)["message"]


def test_plain_lines_are_for_people_and_spare_them_other_libraries_warnings() -> None:
    stream = written(plain=True)
    logging.getLogger("mlapi.x").warning("disk\nfull")
    logging.getLogger("mlflow").warning("unheard")
    assert stream.getvalue() == "mlapi: warning: disk\\nfull\n"


def test_a_plain_error_shows_its_traceback() -> None:
    stream = written(plain=True)
    try:
        raise ValueError("bad")
    except ValueError:
        logging.getLogger("x").exception("failed")
    assert stream.getvalue().startswith("mlapi: error: failed\nTraceback")


def test_standard_error_is_the_default_stream(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO", service="mlapi-test")
    logging.getLogger("x").info("heard")
    assert "heard" in capsys.readouterr().err
    assert sys.stderr is not None


def test_a_timestamp_has_milliseconds_in_utc() -> None:
    assert logs.timestamp(0.0015) == "1970-01-01T00:00:00.001Z"
