"""The service's log lines."""

import json
import logging
from collections.abc import Iterator

import pytest

from mlapi.app.utils.logging import LoggingUtils


@pytest.fixture
def restored() -> Iterator[None]:
    """Puts the process's logging back as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)
    logging.logThreads = logging.logMultiprocessing = True


@pytest.mark.usefixtures("restored")
def test_writes_one_json_object_a_line_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    LoggingUtils.configure("INFO")
    LoggingUtils().access(level=logging.INFO, fields={"url.path": "/a\nb"})
    LoggingUtils().access(level=logging.DEBUG, fields={"url.path": "not wanted"})
    out, err = capsys.readouterr()
    assert out == ""
    [line] = err.splitlines()
    document = json.loads(line)
    assert (document["service.name"], document["message"]) == ("mlapi-serve", "request answered")
    assert (document["log.level"], document["url.path"]) == ("info", "/a\nb")


@pytest.mark.usefixtures("restored")
@pytest.mark.parametrize("cloudwatch", [False, True])
def test_a_line_is_a_sample_for_cloudwatch_where_that_is_on(
    capsys: pytest.CaptureFixture[str], *, cloudwatch: bool
) -> None:
    LoggingUtils.configure("INFO")
    LoggingUtils(cloudwatch=cloudwatch).access(level=logging.INFO, fields={"event.duration_ms": 1.5, "rows": 2})
    document = json.loads(capsys.readouterr().err)
    assert ("_aws" in document) == cloudwatch
    if cloudwatch:
        named = {metric["Name"] for metric in document["_aws"]["CloudWatchMetrics"][0]["Metrics"]}
        assert named == {"event.duration_ms", "rows"} <= document.keys()
