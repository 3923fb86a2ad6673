"""ARFF files: what is nominal is text, what is numeric is looked at, every fault says where."""

import os
from pathlib import Path

import pytest

from mlapi.bundle.profile import ColumnKind
from mlapi.training.arff_file import read_arff
from mlapi.training.config import TrainingConfig
from mlapi.training.dataset import DataLoader
from mlapi.training.errors import ColumnError, DataFileError, TableError
from mlapi.training.interpretation import as_column
from mlapi.training.table import RawTable
from tests.training.tables import write_csv

HEADER = "% a comment\n@relation r\n\n@attribute a numeric\n@attribute 'b c' {x, 'y z', 1}\n@data\n"
DATA = Path(os.environ.get("MLAPI_TEST_DATA", Path(__file__).parents[3] / "shared" / "data"))


def read(folder: Path, text: str | bytes) -> RawTable:
    return read_arff(write_csv(folder, text, "table.arff"))


def test_numbers_categories_and_missing_cells(tmp_path: Path) -> None:
    table = read(tmp_path, HEADER + "% another\n1.50,x\n\n?,'y z'\r\n 2 , ?\n3,1")
    assert table.names == ("a", "b c")
    number, text = (as_column(column) for column in table.columns)
    assert (number.kind, text.kind) == (ColumnKind.NUMBER, ColumnKind.TEXT)
    assert number.cells.tolist()[::2] == [1.5, 2.0]
    assert text.cells.tolist() == ["x", "y z", None, "1"]


def test_nominal_digits_stay_categories(tmp_path: Path) -> None:
    table = read(tmp_path, "@relation r\n@attribute a {0,1}\n@data\n0\n1\n")
    assert as_column(table.columns[0]).kind is ColumnKind.TEXT


def test_stray_text_among_numbers_is_reported_with_its_count(tmp_path: Path) -> None:
    table = read(tmp_path, HEADER + "1,x\n" * 40 + "old,x\n")
    with pytest.raises(ColumnError, match=r"column 'a': numbers, but for 1 cell of text: 'old' \(1\)"):
        as_column(table.columns[0])


def test_infinity_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ColumnError, match="inf in row 2"):
        as_column(read(tmp_path, HEADER + "1,x\ninf,x\n").columns[0])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "there is no @data line"),
        ("a,b\n1,2\n", "line 1: not the header of an ARFF file"),
        ("@relation r\n@data\n1\n", "line 2: not the header of an ARFF file"),
        ("@relation r\n@attribute a numeric\n", "there is no @data line"),
        ("@relation r\n@attribute a relational\n", "line 2: relational is no type that can be read"),
        ("@relation r\n@attribute a real\n@attribute a real\n@data\n1,2\n", "two columns are named 'a'"),
        (HEADER, "the table has no rows"),
        (HEADER + "1\n", "line 7: 1 cell where the header has 2"),
        (HEADER + "1,x\n1,x,2\n", "line 8: 3 cells where the header has 2"),
        (HEADER + "1,'x\n", "line 7: a quote is not closed"),
        (HEADER + "1,w\n", "line 7: 'w' is no value of the attribute 'b c'"),
        (HEADER + "{0 1}\n", "line 7: sparse rows"),
        (HEADER + "1,x\n" + HEADER + "1,x\n", "line 9: this row repeats the header; remove it"),
    ],
    ids=lambda value: value[-25:],
)
def test_a_wrong_shape_names_the_line(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(TableError) as caught:
        read(tmp_path, content)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_another_encoding_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match="line 1 has byte 0xe9"):
        read(tmp_path, b"% \xe9\n")


def test_a_published_file_gives_the_table_of_its_csv() -> None:
    folder = DATA / "credit_g"
    if not folder.exists():
        pytest.skip(f"{folder} is not there")
    found = [
        DataLoader(TrainingConfig(data=folder / name, target="class")).load()
        for name in ("credit.g.arff", "credit-g.csv")
    ]
    assert found[0].n_rows == 1000
    assert found[0].fingerprint() == found[1].fingerprint()
