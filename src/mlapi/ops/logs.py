"""One JSON object a line from every process, keys as in the Elastic Common Schema (https://www.elastic.co/docs/reference/ecs).

log = logging.getLogger(__name__)
log.info("model swapped", extra={"fields": {"event.action": "model-swap", "model.version": "3"}})
"""

import logging
import os
import re
import sys
import time
import traceback
from collections.abc import Mapping
from functools import lru_cache
from typing import IO

import msgspec

import mlapi
from mlapi.ops.line_handler import LineFormatter, LineHandler

# Libraries that bring handlers of their own; their records go through ours.
OTHERS = ("uvicorn", "uvicorn.error", "uvicorn.access", "mlflow", "alembic", "sqlalchemy", "optuna", "py.warnings")
# Chatty at INFO about their own housekeeping.
QUIET = ("alembic", "mlflow", "sqlalchemy", "optuna", "urllib3", "botocore", "git", "matplotlib")
EVENTS = "mlapi.events"
# JSON escapes what is below U+0020 by itself. DEL, the C1 controls (a lone U+009B starts a terminal sequence) and the
# Unicode line separators pass, and some readers of logs take them for the end of a line.
_CONTROLS = re.compile("[\x7f-\x9f\u2028\u2029]")
# Our own keys, and user:password in an address, in case one gets into a message all the same.
_SECRETS = re.compile(r"mlk_[A-Za-z0-9_-]{8,}|(?<=://)[^/@\s\"]*:[^/@\s\"]*(?=@)")
_encoder = msgspec.json.Encoder(enc_hook=str)


class JSONFormatter(LineFormatter):
    """Turns a record into one line of JSON."""

    def __init__(self, service: str) -> None:
        """Take the name that the service has among the processes of the product, such as `mlapi-serve`."""
        super().__init__()
        self._same = {"service.name": service, "service.version": mlapi.__version__, "process.pid": os.getpid()}
        self._known: dict[tuple[int, str, str], str] = {}  # what follows the instant in a line

    def format(self, record: logging.LogRecord) -> str:
        """Give the line without its end; fields of the record cannot replace the keys that every line has."""
        document = self._opening(record.created, record.levelname, record.getMessage(), record.name)
        fields = getattr(record, "fields", None)
        if isinstance(fields, Mapping):
            document = {**document, **fields, **document}  # ours first in the line, and ours win
        return encode(document | _error(record))

    def line(self, seconds: float, level: int, message: str, logger: str, fields: Mapping[str, object]) -> str:
        """See `LineFormatter.line`."""
        known = self._known.get((level, message, logger))
        if known is None:
            known = encode(self._opening(0.0, logging.getLevelName(level), message, logger)).partition(",")[2][:-1]
            self._known[level, message, logger] = known
        return f'{{"@timestamp":"{timestamp(seconds)}",{known},{encode(fields)[1:]}'

    def _opening(self, seconds: float, level: str, message: str, logger: str) -> dict[str, object]:
        return {
            "@timestamp": timestamp(seconds),
            "log.level": level.lower(),
            "message": message,
            "log.logger": logger,
            **self._same,
        }


class PlainFormatter(logging.Formatter):
    """One readable line for a person at a terminal; a traceback follows where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """Give `mlapi: warning: message`, control characters escaped."""
        line = f"mlapi: {record.levelname.lower()}: {one_line(record.getMessage())}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def configure(level: str, stream: IO[str] | None = None, *, service: str, plain: bool = False) -> None:
    """Send the records of this process, other libraries' and warnings included, to one stream.

    Args:
        level: the least level that is written, such as `INFO`.
        stream: where to; standard error if None.
        service: the process's name, under `service.name`.
        plain: readable lines instead of JSON, for commands that a person runs.
    """
    os.environ.setdefault("MLFLOW_CONFIGURE_LOGGING", "false")  # else importing mlflow brings its own handlers
    handler: logging.StreamHandler[IO[str]]
    if plain:
        handler = logging.StreamHandler(stream or sys.stderr)
        handler.setFormatter(PlainFormatter())
    else:
        handler = LineHandler(stream or sys.stderr, JSONFormatter(service))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.captureWarnings(True)
    for name in OTHERS:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    logging.getLogger(EVENTS).disabled = plain  # a command tells of its own failure, once
    for name in QUIET:  # a person at a terminal cannot mend what libraries warn of either
        logging.getLogger(name).setLevel(max(root.level, logging.ERROR if plain else logging.WARNING))


def encode(document: Mapping[str, object]) -> str:
    """Give one line of JSON for any values: what JSON lacks as text, half surrogates escaped, keys of ours cut."""
    try:
        line = _encoder.encode(document).decode()
    except (UnicodeEncodeError, TypeError, ValueError, OverflowError):
        line = _encoder.encode({str(_escaped(name)): _escaped(value) for name, value in document.items()}).decode()
    if not line.isascii() or "\x7f" in line:
        line = _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", line)
    return redact(line)


def redact(text: str) -> str:
    """Cut keys of ours, and the credentials of an address, out of a text."""
    # Spares most lines the pattern, which takes 20 times as long; and one letter is found sooner than three.
    suspect = ("_" in text and "mlk_" in text) or ("@" in text and "://" in text)
    return _SECRETS.sub("[redacted]", text) if suspect else text


def one_line(text: str) -> str:
    """Escape whatever would break or colour a line."""
    return "".join(
        letter if letter.isprintable() else repr(letter)[1:-1] for letter in _SECRETS.sub("[redacted]", text)
    )


def timestamp(seconds: float) -> str:
    """RFC 3339 in UTC with milliseconds, from seconds since 1970."""
    return _milli(int(seconds * 1000))


@lru_cache(maxsize=8)
def _milli(millis: int) -> str:
    return f"{_second(millis // 1000)}.{millis % 1000:03d}Z"


@lru_cache(maxsize=2)
def _second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


def _error(record: logging.LogRecord) -> dict[str, object]:
    kind, error, _ = record.exc_info or (None, None, None)
    if kind is None or error is None:
        return {}
    trace = "".join(traceback.format_exception(error))
    return {"error.type": kind.__qualname__, "error.message": str(error), "error.stack_trace": trace}


def _escaped(value: object) -> object:
    return value if isinstance(value, int | float) else str(value).encode("utf-8", "backslashreplace").decode()
