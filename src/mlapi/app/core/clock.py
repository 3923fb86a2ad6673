"""The one spelling of an instant in bodies and logs."""

import time

from mlapi.ops import logs


def timestamp() -> str:
    """Now, as RFC 3339 in UTC with milliseconds: `2026-01-31T09:30:00.125Z`."""
    return logs.timestamp(time.time())
