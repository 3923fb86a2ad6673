"""The shape around the rows: `{"data": [{…}, …], "options": {…}}`."""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl

from mlapi.app.core.errors import InvalidRequest, RowCountError
from mlapi.app.core.request import MOST_EXPLAINED, Ask
from mlapi.app.schemas.strict_json import NUMBER, number

ROOT_KEYS = frozenset({"data", "options"})
SWITCHES = {"true": True, "1": True, "false": False, "0": False}  # how a query string spells a boolean


class Envelope(NamedTuple):
    """A request whose shape is right; the cells are still unchecked JSON values."""

    rows: list[dict[str, Any]]
    ask: Ask


def open_envelope(document: object, *, max_rows: int) -> Envelope:
    """Take the rows and the options out of a parsed body.

    Raises:
        InvalidRequest: not the envelope; RowCountError: no rows, or more than `max_rows`.
    """
    if not isinstance(document, dict):
        raise InvalidRequest('The body must be an object such as {"data": [{…}]}')
    if not document.keys() <= ROOT_KEYS:
        raise InvalidRequest("The body may hold the keys 'data' and 'options' only")
    rows = document.get("data")
    if not isinstance(rows, list):
        raise InvalidRequest("The body must hold 'data', a list of rows")
    if not all(isinstance(row, dict) for row in rows):
        raise InvalidRequest("Every row in 'data' must be an object from feature name to cell")
    ask = read_options(document.get("options", {}))
    check_count(len(rows), max_rows)
    return Envelope(rows, ask)


def check_count(n_rows: int, max_rows: int) -> None:
    """Ask for 1 to `max_rows` rows; raises RowCountError."""
    if not 1 <= n_rows <= max_rows:
        raise RowCountError(n_rows, max_rows)


def read_options(options: object) -> Ask:
    """Read the body's `options`; raises InvalidRequest."""
    if not isinstance(options, dict):
        raise InvalidRequest("'options' must be an object")
    _check_names(options)
    return Ask(**{name: _OPTIONS[name].checked(name, value) for name, value in options.items()})


def read_query(query: bytes) -> Ask:
    """Read the same options from a query string, such as `probabilities=true&explain=3`; raises InvalidRequest."""
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    given = dict(pairs)
    if len(given) != len(pairs):
        raise InvalidRequest("A query parameter stands twice")
    _check_names(given)
    return Ask(**{name: _OPTIONS[name].checked(name, _OPTIONS[name].read(text)) for name, text in given.items()})


class _Option(NamedTuple):
    """An option: what it takes in words, its value from JSON (None: does not fit), and how a query spells that."""

    expected: str
    accept: Callable[[object], Any]
    read: Callable[[str], object]

    def checked(self, name: str, value: object) -> Any:
        accepted = self.accept(value)
        if accepted is None:
            raise InvalidRequest(f"The option '{name}' must be {self.expected}")
        return accepted


def _switch(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _count(value: object) -> int | None:
    """JSON does not tell 3 from 3.0."""
    count = _number(value)
    return int(count) if count is not None and 0 <= count <= MOST_EXPLAINED and count == count // 1 else None


def _share(value: object) -> float | None:
    share = _number(value)
    return float(share) if share is not None and 0 <= share <= 1 else None


def _number(value: object) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _read_number(text: str) -> object:
    return number(text) if NUMBER.fullmatch(text) else None


_OPTIONS: Final[Mapping[str, _Option]] = {
    "probabilities": _Option("true or false", _switch, SWITCHES.get),
    "explain": _Option(f"a whole number from 0 to {MOST_EXPLAINED}", _count, _read_number),
    "threshold": _Option("a number from 0 to 1", _share, _read_number),
}


def _check_names(options: Mapping[str, object]) -> None:
    if not options.keys() <= _OPTIONS.keys():
        raise InvalidRequest(f"The options are {', '.join(_OPTIONS)}")
