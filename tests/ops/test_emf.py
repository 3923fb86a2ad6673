from mlapi.ops.emf import embedded

FIELDS = {"event.duration_ms": 1.5, "rows": 3, "model.version": "2"}


def test_every_metric_and_dimension_is_a_member_of_the_line() -> None:
    (directive,) = embedded(FIELDS, at_ms=1000)["_aws"]["CloudWatchMetrics"]  # type: ignore[index]  # a plain document
    members = {*FIELDS, "service.name"}
    assert {metric["Name"] for metric in directive["Metrics"]} <= members
    assert {name for dimension in directive["Dimensions"] for name in dimension} <= members


def test_a_line_without_rows_or_version_names_neither() -> None:
    told = embedded({"event.duration_ms": 1.5}, at_ms=1000)["_aws"]
    assert told == {
        "Timestamp": 1000,
        "CloudWatchMetrics": [
            {
                "Namespace": "mlapi",
                "Dimensions": [["service.name"]],
                "Metrics": [{"Name": "event.duration_ms", "Unit": "Milliseconds"}],
            }
        ],
    }
