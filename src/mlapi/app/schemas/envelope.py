"""The shape around the rows: `{"data": [{…}, …], "options": {…}}`."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from mlapi.app.core.errors import InvalidRequest, RowCountError
from mlapi.app.core.request import Ask

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
    probabilities = options.get("probabilities")
    if "probabilities" in options and not isinstance(probabilities, bool):
        raise InvalidRequest("The option 'probabilities' must be true or false")
    return Ask(probabilities)


def read_query(query: bytes) -> Ask:
    """Read the same options from a query string, such as `probabilities=true`; raises InvalidRequest."""
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    given = dict(pairs)
    if len(given) != len(pairs):
        raise InvalidRequest("A query parameter stands twice")
    _check_names(given)
    if "probabilities" not in given:
        return Ask()
    if given["probabilities"] not in SWITCHES:
        raise InvalidRequest("The query parameter 'probabilities' must be true or false")
    return Ask(SWITCHES[given["probabilities"]])


def _check_names(options: Mapping[str, object]) -> None:
    if "explain" in options:
        raise InvalidRequest("The option 'explain' is not offered by this version")
    if not options.keys() <= {"probabilities"}:
        raise InvalidRequest("The only option is 'probabilities'")
