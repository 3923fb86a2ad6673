"""CloudWatch's embedded metric format: a log line that is also a sample, so that nothing calls CloudWatch.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from collections.abc import Mapping
from typing import Final

NAMESPACE: Final = "mlapi"
DURATION: Final = {"Name": "event.duration_ms", "Unit": "Milliseconds"}
ROWS: Final = {"Name": "rows", "Unit": "Count"}
# By the version that answered, and over all of them.
DIMENSIONS: Final = [["service.name", "model.version"], ["service.name"]]
UNVERSIONED: Final = [["service.name"]]


def embedded(fields: Mapping[str, object], *, at_ms: int) -> dict[str, object]:
    """Give the member `_aws` that makes a request's line a sample of its duration and of its rows.

    Args:
        fields: of the line; `service.name` is one that every line has.
        at_ms: when, in milliseconds since 1970.
    """
    metrics = [DURATION, ROWS] if "rows" in fields else [DURATION]
    dimensions = DIMENSIONS if "model.version" in fields else UNVERSIONED
    directive = {"Namespace": NAMESPACE, "Dimensions": dimensions, "Metrics": metrics}
    return {"_aws": {"Timestamp": at_ms, "CloudWatchMetrics": [directive]}}
