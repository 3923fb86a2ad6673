"""Newline-delimited JSON (`application/x-ndjson`): a row a line, options in the query string."""

from typing import Any

from mlapi.app.core.errors import InvalidJSON, InvalidRequest
from mlapi.app.schemas import strict_json
from mlapi.app.schemas.envelope import check_count


def parse_lines(body: bytes, *, max_rows: int, max_depth: int) -> list[dict[str, Any]]:
    """Parse the rows; blank lines do not count.

    Raises:
        InvalidJSON: a line is no JSON; InvalidRequest: a line is no object.
        RowCountError: no rows, or more than `max_rows`.
    """
    lines = [(place, line) for place, line in enumerate(body.split(b"\n"), 1) if line.strip(b" \t\r")]
    check_count(len(lines), max_rows)
    return [_parse(place, line, max_depth) for place, line in lines]


def _parse(place: int, line: bytes, max_depth: int) -> dict[str, Any]:
    try:
        row = strict_json.parse(line, max_depth=max_depth)
    except InvalidJSON as error:
        raise InvalidJSON(f"in line {place} of the body: {error.reason}") from None
    if not isinstance(row, dict):
        raise InvalidRequest(f"Line {place} must be an object from feature name to cell")
    return row
