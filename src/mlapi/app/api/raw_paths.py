"""The paths that are answered in front of the framework; all others are the framework's."""

from typing import Final

PREDICT: Final = frozenset({"/predict", "/v1/predict"})
LIVE: Final = "/health/live"  # depends on nothing outside the process, not even on the local directory
READY: Final = "/health/ready"
METRICS: Final = "/metrics"
RAW_PATHS: Final = PREDICT | {LIVE, READY, METRICS}
