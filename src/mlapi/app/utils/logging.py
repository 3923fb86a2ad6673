"""What the service writes to its log, thin over `mlapi.ops.logs`."""

import logging
from collections.abc import Mapping

from mlapi.ops import logs


class LoggingUtils:
    """The service's log lines, one JSON object each (the seed's name)."""

    def __init__(self, logger: logging.Logger | None = None) -> None:
        self._log = logger or logging.getLogger("mlapi.app")

    @staticmethod
    def configure(level: str) -> None:
        """Send this process's records, uvicorn's included, to standard error as JSON lines."""
        logs.configure(level, service="mlapi-serve")

    def access(self, *, level: int, fields: Mapping[str, object]) -> None:
        """Write the one line of a request."""
        if self._log.isEnabledFor(level):
            self._log.log(level, "request answered", extra={"fields": fields})

    def failure(self, error: Exception, *, request_id: str) -> None:
        """Write an error that nobody foresaw, with its traceback."""
        fields = {"event.action": "internal_error", "http.request.id": request_id}
        self._log.error("request failed", exc_info=error, extra={"fields": fields})
