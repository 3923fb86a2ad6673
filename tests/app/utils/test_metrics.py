"""What the service counts."""

import logging
from pathlib import Path

import pytest

from mlapi.app.utils.metrics import ServiceMetrics


def values(metrics: ServiceMetrics) -> dict[tuple[str, ...], float]:
    return {(sample.definition.name, *sample.labels): sample.value for sample in metrics.samples()}


def test_counts_each_app_by_itself() -> None:
    one, other = ServiceMetrics(), ServiceMetrics()
    one.answered("/predict", 200, 0.1)
    assert ("mlapi_requests_total", "/predict", "200") in values(one)
    assert ("mlapi_requests_total", "/predict", "200") not in values(other)


def test_two_workers_are_counted_together_and_what_one_leaves_is_kept(tmp_path: Path) -> None:
    one, other = ServiceMetrics(), ServiceMetrics()
    with one.shared(tmp_path):
        with other.shared(tmp_path):
            one.began()
            for metrics in (one, other):
                metrics.predicted("3", {"yes": 2, "no": 1}, n_unknown=4)
            together = values(one)
            assert together == values(other) | {key: together[key] for key in together if "process" in key[0]}
        left = values(one)
    for found in (together, left):
        assert found["mlapi_predictions_total", "3", "yes"] == 4.0
        assert found["mlapi_unknown_categories_total", "3"] == 8.0
        assert found["mlapi_rows",] == 6.0
        assert found["mlapi_requests_in_flight",] == 1.0
    assert {key[1] for key in together if key[0] == "mlapi_process_resident_bytes"} == {"0", "1"}
    assert {key[1] for key in left if key[0] == "mlapi_process_resident_bytes"} == {"0"}


def test_where_no_file_can_be_written_it_counts_alone_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    metrics = ServiceMetrics()
    with caplog.at_level(logging.WARNING), metrics.shared(tmp_path / "file" / "run"):
        metrics.rejected("unauthorized")
        assert values(metrics)["mlapi_rejects_total", "unauthorized"] == 1.0
        assert values(metrics)["mlapi_auth_failures_total",] == 1.0
    assert "metrics are of this process alone: Not a directory" in caplog.text
