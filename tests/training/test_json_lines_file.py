"""JSON Lines: JSON's own types decide, digits are kept, and every fault is one line that says where."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlapi.bundle.profile import ColumnKind
from mlapi.training.columns import Column, TextColumn
from mlapi.training.errors import ColumnError, DataFileError, TableError
from mlapi.training.interpretation import as_column
from mlapi.training.json_lines_file import read_json_lines
from mlapi.training.table import RawTable
from tests.training.tables import write_csv


def read(folder: Path, text: str | bytes) -> RawTable:
    return read_json_lines(write_csv(folder, text, "table.jsonl"))


def column(folder: Path, *cells: str) -> Column:
    return as_column(read(folder, "".join(f'{{"x": {cell}}}\n' for cell in cells)).columns[0])


def cells(found: Column) -> list[object]:
    return [None if cell is None or cell != cell else cell for cell in found.cells.tolist()]


@pytest.mark.parametrize(
    ("given_cells", "kind", "wanted"),
    [
        (["1", "2.50", "-1e3", "null"], ColumnKind.NUMBER, [1.0, 2.5, -1000.0, None]),
        (["0.1000000000000000055511151231257827", "1" + "0" * 30], ColumnKind.NUMBER, [0.1, 1e30]),
        (["true", "false", "null"], ColumnKind.BOOLEAN, [1.0, 0.0, None]),
        (['"a"', '"?"', '"none"', '""', '"NA"'], ColumnKind.TEXT, ["a", None, "none", None, None]),
        (['"1"', '"2"'], ColumnKind.TEXT, ["1", "2"]),
        (["1", '"2"'], ColumnKind.NUMBER, [1.0, 2.0]),
        (["null", "null"], ColumnKind.NUMBER, [None, None]),
    ],
    ids=["numbers", "many digits", "booleans", "texts and missing marks", "digits as text", "mixed", "nothing"],
)
def test_types(tmp_path: Path, given_cells: list[str], kind: ColumnKind, wanted: list[object]) -> None:
    found = column(tmp_path, *given_cells)
    assert (found.kind, cells(found)) == (kind, wanted)


def test_stray_text_among_numbers_is_reported_with_its_count(tmp_path: Path) -> None:
    with pytest.raises(ColumnError, match=r"column 'x': numbers, but for 1 cell of text: 'old' \(1\)"):
        column(tmp_path, *["1"] * 40, '"old"')


def test_a_number_beyond_float32_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ColumnError, match="a number beyond float32 in row 2"):
        column(tmp_path, "1", "1e300")


def test_keys_in_any_order_and_absent_ones_are_missing_and_noted(tmp_path: Path) -> None:
    table = read(tmp_path, '\ufeff{"a": 1, "b": 2}\r\n\n{"b": 4, "a": 3}\n{"c": 5, "a": 6}')
    assert (table.names, table.n_rows) == (("a", "b", "c"), 3)
    assert table.notes == ("1 line without 'b': read as missing", "2 lines without 'c': read as missing")
    assert [cells(as_column(one)) for one in table.columns] == [[1, 3, 6], [2, 4, None], [None, None, 5]]


def test_of_many_absent_keys_five_are_named(tmp_path: Path) -> None:
    table = read(tmp_path, "".join(f'{{"a{row}": 1}}\n' for row in range(9)))
    assert table.notes[4:] == ("8 lines without 'a4': read as missing", "4 more keys are absent from some lines")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"a": 1', "line 2: not JSON (Expecting ',' delimiter"),
        ('{"a": NaN}', "line 2: not JSON (NaN is no JSON number; write null"),
        ('{"a": -Infinity}', "line 2: not JSON (-Infinity is no JSON number"),
        ('{"a": 1} {"a": 2}', "line 2: not JSON (Extra data"),
        ("[1]", "line 2: not a JSON object"),
        ("1", "line 2: not a JSON object"),
        ('{"a": 1, "a": 2}', "line 2: the key 'a' stands twice"),
        ('{"a": [1]}', "line 2: 'a' holds a list or an object"),
        ('{"a": {"b": 1}}', "line 2: 'a' holds a list or an object"),
        ('{"a": "\\ud800"}', "line 2: 'a' has half of a surrogate pair"),
        ("[" * 100_000, "line 2: not JSON"),
    ],
    ids=lambda value: value[:20],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(TableError) as caught:
        read(tmp_path, f'{{"a": 0}}\n{line}\n')
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", ["", "\n \n"])
def test_a_file_without_lines_has_no_rows(tmp_path: Path, content: str) -> None:
    with pytest.raises(TableError, match="the table has no rows"):
        read(tmp_path, content)


def test_another_encoding_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match="line 1 has byte 0xe9"):
        read(tmp_path, b'{"a": "\xe9"}\n')


@given(texts=st.lists(st.text(st.characters(codec="utf-8"), max_size=8), min_size=1, max_size=20))
def test_texts_come_back_as_they_were(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    content = "".join(json.dumps({"x": text}) + "\n" for text in texts)
    found = read(tmp_path_factory.mktemp("jsonl"), content).columns[0]
    assert isinstance(found, TextColumn)
    wanted = [None if text.strip() in ("", "?", "NA") else text for text in texts]
    assert [None if code < 0 else str(found.texts[code]) for code in found.codes] == wanted
