"""CSV bodies."""

import pytest

from mlapi.app.core.errors import InvalidRequest, RowCountError
from mlapi.app.schemas.csv_rows import parse_csv
from tests.app.bundles import ROW, SCHEMA

HEADER = "age,income,member,town,plan"
GOOD = f"{HEADER}\n40,2.5,true,Oslo,basic\n"


def test_reads_cells_as_their_features_ask() -> None:
    assert parse_csv(GOOD.encode(), SCHEMA, max_rows=5) == [ROW]


@pytest.mark.parametrize(
    ("line", "cell"),
    [
        ("town\n", None),
        ("income\n2.50\n", 2.5),
        ("income\n-1e3\n", -1000.0),
        ("income\n1e400\n", 10**400),
        ("income\nnan\n", "nan"),
        ("income\n 1\n", " 1"),
        ("income\n1_0\n", "1_0"),
        ("member\nTrue\n", True),
        ("member\nFALSE\n", False),
        ("member\n1\n", "1"),
        ("town\n007\n", "007"),
        ('town\n"a,""b""\nc"\n', 'a,"b"\nc'),
        ("other\n1\n", "1"),
        ("income,town\r\n1,\r\n", 1.0),
        ("income,town\n,x\n\n", None),
    ],
)
def test_leaves_what_it_cannot_read_to_the_row_check(line: str, cell: object) -> None:
    if line.count("\n") == 1:
        with pytest.raises(RowCountError):
            parse_csv(line.encode(), SCHEMA, max_rows=5)
        return
    [row] = parse_csv(line.encode(), SCHEMA, max_rows=5)
    found = next(iter(row.values()))
    assert (found, type(found)) == (cell, type(cell))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"age,age\n1,2\n", "a name twice"),
        (b"age,income\n1\n", "Line 2 has 1 cells, the first has 2"),
        (b"age\n1,2\n", "Line 2 has 2 cells, the first has 1"),
        (b'age\n"1\n', "broken near line"),
        (b'age\n"1"2\n', "broken near line"),
        (b"age\n\xff\n", "not UTF-8 at byte 4"),
    ],
)
def test_refuses_what_is_no_table(body: bytes, message: str) -> None:
    with pytest.raises(InvalidRequest, match=message):
        parse_csv(body, SCHEMA, max_rows=5)


@pytest.mark.parametrize("body", [b"", b"\n", b"age\n", b"age\n" + b"1\n" * 6, b"age\n" + b"1\n" * 6 + b'"'])
def test_counts_rows(body: bytes) -> None:
    with pytest.raises(RowCountError):
        parse_csv(body, SCHEMA, max_rows=5)


def test_takes_as_many_rows_as_are_allowed() -> None:
    assert len(parse_csv(b"age\n" + b"1\n" * 5, SCHEMA, max_rows=5)) == 5
