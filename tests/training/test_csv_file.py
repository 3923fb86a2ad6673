"""CSV files: every fault is one line that says where."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlapi.training import csv_file
from mlapi.training.columns import TextColumn
from mlapi.training.csv_file import read_csv, read_tsv
from mlapi.training.errors import DataFileError, TableError
from tests.training.tables import write_csv


def texts(path: Path, place: int = 0) -> list[str | None]:
    column = read_csv(path).columns[place]
    assert isinstance(column, TextColumn)
    return [None if code < 0 else str(column.texts[code]) for code in column.codes]


def test_every_cell_is_read_as_text(tmp_path: Path) -> None:
    assert texts(write_csv(tmp_path, "a,b\n007,x\n1.50,y\n")) == ["007", "1.50"]


@pytest.mark.parametrize("mark", ["", "?", "NA", " ", " ? ", '""'], ids=repr)
def test_empty_blank_question_mark_and_na_are_missing(tmp_path: Path, mark: str) -> None:
    assert texts(write_csv(tmp_path, f"a,b\n{mark},x\n1,y\n")) == [None, "1"]


@pytest.mark.parametrize("word", ["none", "null", "nan", "N/A", "-", "na"])
def test_other_words_for_nothing_are_text(tmp_path: Path, word: str) -> None:
    assert texts(write_csv(tmp_path, f"a,b\n{word},x\n")) == [word]


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    assert read_csv(write_csv(tmp_path, b"\xef\xbb\xbfa,b\n1,2\n")).names == ("a", "b")


def test_line_breaks_and_commas_inside_quotes_belong_to_the_cell(tmp_path: Path) -> None:
    assert texts(write_csv(tmp_path, 'a,b\n"x\ny, z",1\n')) == ["x\ny, z"]


def test_windows_line_ends_and_empty_lines_are_no_rows(tmp_path: Path) -> None:
    assert texts(write_csv(tmp_path, "a,b\r\n1,2\r\n\r\n3,4\r\n")) == ["1", "3"]


def test_a_column_without_a_name_is_left_out_and_noted(tmp_path: Path) -> None:
    table = read_csv(write_csv(tmp_path, ",a,b\n0,1,2\n"))
    assert table.names == ("a", "b")
    assert table.notes == ("left out column 1: it has no name",)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "the file is empty"),
        ("a,b", "the table has no rows"),
        ("a,b\n", "the table has no rows"),
        ("a,b,a\n1,2,3\n", "line 1: two columns are named 'a'"),
        ("a,b\n1,2\n3\n", "line 3: 1 cell where the header has 2"),
        ('a,b\n1,"x\n\ny"\n3,4,5\n', "line 5: 3 cells where the header has 2"),
        ("a;b\n1;2\n", "line 1: the cells are separated by semicolons; save the file with commas"),
        ("a\tb\n1\t2\n", "line 1: the cells are separated by tabs"),
        ("a,b\n1,2\na,b\n3,4\n", "line 3: this row repeats the header; remove it"),
    ],
    ids=[
        "empty",
        "header only",
        "header without end",
        "doubled name",
        "short row",
        "long row after breaks",
        "semicolons",
        "tabs",
        "header twice",
    ],
)
def test_a_wrong_shape_names_the_line(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(TableError) as caught:
        read_csv(write_csv(tmp_path, content))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a,b\n1,\xe9\n", "not UTF-8 text (line 2 has byte 0xe9)"),
        (b"a,b\n1,2\n3,\xc3", "not UTF-8 text (line 3 has byte 0xc3)"),
        ("a,b\n1,2\n".encode("utf-16"), "not UTF-8 text (line 1 has byte 0xff)"),
    ],
    ids=["latin-1", "cut off inside a letter", "utf-16"],
)
def test_other_encodings_are_named_as_the_fault(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(DataFileError) as caught:
        read_csv(write_csv(tmp_path, content))
    assert message in str(caught.value)


def test_tabs_separate_and_commas_belong_to_the_cell(tmp_path: Path) -> None:
    table = read_tsv(write_csv(tmp_path, 'a\tb c\n1,5\t"x\ty"\n'))
    assert table.names == ("a", "b c")
    assert [column.texts.tolist() for column in table.columns if isinstance(column, TextColumn)] == [["1,5"], ["x\ty"]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b\n1,2\n", "line 1: the cells are separated by commas; save the file with tabs"),
        ("a\tb\n1\t2\n3\n", "line 3: 1 cell where the header has 2"),
        ("a\tb\na\tb\n", "line 2: this row repeats the header"),
    ],
)
def test_tab_separated_values_have_the_faults_of_others(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(TableError) as caught:
        read_tsv(write_csv(tmp_path, content, "table.tsv"))
    assert message in str(caught.value)


def test_a_field_beyond_the_block_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match="field larger than field limit"):
        read_csv(write_csv(tmp_path, 'a,b\n1,"' + "x" * (1 << 25) + '"\n'))


def test_a_record_beyond_the_block_is_refused_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_file, "BLOCK_BYTES", 100)
    with pytest.raises(DataFileError, match="not a table of comma-separated values") as caught:
        read_csv(write_csv(tmp_path, f"a,b\n{'x' * 1000},{'x' * 1000}\n"))
    assert "\n" not in str(caught.value)


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), max_size=8)


@given(rows=st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=20))
def test_quoted_cells_come_back_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]
) -> None:
    quoted = ["".join(['"', cell.replace('"', '""'), '"']) for row in rows for cell in row]
    lines = [f"{first},{second}\n" for first, second in zip(quoted[::2], quoted[1::2], strict=True)]
    path = write_csv(tmp_path_factory.mktemp("csv"), '"one column","another"\n' + "".join(lines))
    for place in (0, 1):
        wanted = [None if row[place].strip() in ("", "?", "NA") else row[place] for row in rows]
        assert texts(path, place) == wanted
