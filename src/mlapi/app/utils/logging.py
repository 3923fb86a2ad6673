"""What the service writes to its log, thin over `mlapi.ops.logs`."""

import logging
import time
from asyncio import AbstractEventLoop
from collections.abc import Mapping
from typing import ClassVar

from mlapi.ops import emf, logs
from mlapi.ops.line_handler import LineHandler, sole_handler

MESSAGE = "request answered"


class LoggingUtils:
    """The service's log lines, one JSON object each (the seed's name)."""

    _holding: ClassVar[LineHandler | None] = None  # while lines are held: the handler that all of them go to

    def __init__(self, logger: logging.Logger | None = None, *, cloudwatch: bool = False) -> None:
        """Take where to write, and whether each request's line is a sample for CloudWatch too."""
        self._log = logger or logging.getLogger("mlapi.app")
        self._cloudwatch = cloudwatch

    @staticmethod
    def configure(level: str) -> None:
        """Send this process's records, uvicorn's included, to standard error as JSON lines."""
        logs.configure(level, service="mlapi-serve")
        logging.logThreads = logging.logMultiprocessing = False  # nothing of these is written, and both cost time

    @staticmethod
    def hold(loop: AbstractEventLoop | None) -> None:
        """Write the lines of requests that are answered within some milliseconds together; None ends that."""
        handler = sole_handler(logging.getLogger())
        LoggingUtils._holding = None if loop is None else handler
        if handler is not None:
            handler.hold(loop)

    def access(self, *, level: int, fields: Mapping[str, object]) -> None:
        """Write the one line of a request."""
        if not self._log.isEnabledFor(level):
            return
        if self._cloudwatch:
            fields = {**fields, **emf.embedded(fields, at_ms=int(time.time() * 1000))}
        handler = self._holding or sole_handler(self._log)
        if handler is not None:
            handler.put(level, MESSAGE, self._log.name, fields)
        else:
            # Without the search for the calling line, which costs as much as writing the record.
            record = self._log.makeRecord(self._log.name, level, "", 0, MESSAGE, (), None, extra={"fields": fields})
            self._log.handle(record)

    def failure(self, error: Exception, *, request_id: str) -> None:
        """Write an error that nobody foresaw, with its traceback."""
        fields = {"event.action": "internal_error", "http.request.id": request_id}
        self._log.error("request failed", exc_info=error, extra={"fields": fields})
