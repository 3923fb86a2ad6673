"""Newline-delimited JSON."""

import pytest

from mlapi.app.core.errors import AppError, InvalidJSON, InvalidRequest, RowCountError
from mlapi.app.schemas.lines import parse_lines


@pytest.mark.parametrize("body", [b'{"a":1}\n{"a":2}', b'{"a":1}\n{"a":2}\n', b'\n{"a":1}\r\n \t\n{"a":2}\r\n'])
def test_reads_a_row_a_line(body: bytes) -> None:
    assert parse_lines(body, max_rows=2, max_depth=5) == [{"a": 1}, {"a": 2}]


@pytest.mark.parametrize(
    ("body", "refusal", "message"),
    [
        (b'{"a":1}{"a":2}', InvalidJSON, "line 1"),
        (b'{"a":\n2}', InvalidJSON, "in line 1 of the body: syntax error"),
        (b'{"a":1}\n{"a":1,"a":2}', InvalidJSON, "line 2 of the body: an object has the same key twice"),
        (b'{"a":NaN}', InvalidJSON, "NaN"),
        (b'{"a":1}\n[1]', InvalidRequest, "Line 2 must be an object"),
        (b'\xef\xbb\xbf{"a":1}', InvalidJSON, "byte order mark"),
        (b'{"a":[[[[[1]]]]]}', InvalidJSON, "nested"),
        (b"", RowCountError, "0 rows"),
        (b"\n \n", RowCountError, "0 rows"),
        (b"{}\n{}\n{}", RowCountError, "3 rows"),
    ],
)
def test_refuses_what_is_no_row(body: bytes, refusal: type[AppError], message: str) -> None:
    with pytest.raises(refusal, match=message):
        parse_lines(body, max_rows=2, max_depth=5)
