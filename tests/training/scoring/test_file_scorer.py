import csv
import gzip
import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv
import pytest
from pyarrow import parquet

from mlapi.bundle import load
from mlapi.bundle.decision import shortest
from mlapi.bundle.model import Bundle
from mlapi.training.errors import ColumnError, DataFileError, TableError
from mlapi.training.scoring import FileScorer
from mlapi.training.scoring import pieces as pieces_of
from tests.fixtures import bundles, tables


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return load(bundles.binary().write(tmp_path_factory.mktemp("bundle") / "1"))


@pytest.fixture
def rows() -> list[dict[str, Any]]:
    return tables.mixed(500, seed=3).rows(range(500))


@pytest.fixture(autouse=True)
def _many_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces_of, "MOST_ROWS", 64)


def frame(rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows)


def write(path: Path, table: pa.Table) -> Path:
    if path.suffix in (".csv", ".tsv"):
        separator = arrow_csv.WriteOptions(delimiter="," if path.suffix == ".csv" else "\t")
        arrow_csv.write_csv(table, path, separator)
    elif path.suffix == ".parquet":
        parquet.write_table(table, path, row_group_size=150)
    elif ".jsonl" in path.suffixes:
        lines = "".join(json.dumps(row) + "\n" for row in table.to_pylist()).encode()
        path.write_bytes(gzip.compress(lines) if path.suffix == ".gz" else lines)
    elif path.suffix == ".arff":
        path.write_text("\n".join(arff(table)))
    else:
        new = pa.ipc.new_file if path.suffix == ".arrow" else pa.ipc.new_stream
        with path.open("wb") as file, new(file, table.schema) as writer:
            writer.write_table(table, max_chunksize=100)
    return path


def arff(table: pa.Table) -> Iterator[str]:
    yield "@relation rows"
    for field in table.schema:
        yield f"@attribute '{field.name}' {'string' if pa.types.is_string(field.type) else 'numeric'}"
    yield "@data"
    for row in table.to_pylist():
        yield ",".join("?" if cell is None else f"'{cell}'" for cell in row.values())


def read(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text().splitlines()]
    if path.suffix in (".csv", ".tsv"):
        with path.open(newline="") as file:
            return list(csv.DictReader(file, delimiter="," if path.suffix == ".csv" else "\t"))
    if path.suffix == ".parquet":
        return parquet.read_table(path).to_pylist()  # type: ignore[no-any-return] # pyarrow is untyped
    with path.open("rb") as file:
        return pa.ipc.open_file(file).read_all().to_pylist()  # type: ignore[no-any-return] # pyarrow is untyped


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".parquet", ".arrow"])
@pytest.mark.parametrize(
    "source", ["in.csv", "in.tsv", "in.parquet", "in.arrow", "in.arrows", "in.jsonl", "in.jsonl.gz", "in.arff"]
)
def test_every_format_gives_the_services_numbers(
    tmp_path: Path, model: Bundle, rows: list[dict[str, Any]], source: str, ending: str
) -> None:
    outcome = FileScorer(model).score(write(tmp_path / source, frame(rows)), tmp_path / f"out{ending}")
    expected = model.predict(rows)
    found = read(tmp_path / f"out{ending}")
    assert (outcome.n_rows, outcome.n_bad, outcome.errors) == (500, 0, None)
    assert [row["prediction"] for row in found] == expected.labels
    chances = [[float(row["probability_no"]), float(row["probability_yes"])] for row in found]
    assert chances == shortest(expected.probabilities)
    assert list(found[0]) == [*rows[0], "prediction", "probability_no", "probability_yes"]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([source, f"out{ending}"])


def test_json_lines_have_a_null_where_there_is_no_cell(
    tmp_path: Path, model: Bundle, rows: list[dict[str, Any]]
) -> None:
    FileScorer(model).score(write(tmp_path / "in.parquet", frame(rows)), tmp_path / "out.jsonl")
    found = read(tmp_path / "out.jsonl")
    assert [{name: row[name] for name in rows[0]} for row in found] == rows


def test_labels_keep_their_type(tmp_path: Path) -> None:
    sample = tables.numbers(100, n_classes=3)
    model = load(bundles.make(sample).write(tmp_path / "bundle"))
    FileScorer(model).score(write(tmp_path / "in.parquet", frame(sample.rows(range(100)))), tmp_path / "out.parquet")
    assert parquet.read_schema(tmp_path / "out.parquet").field("prediction").type == pa.int64()


BAD = [
    ("age", "old", "wrong_type", "a whole number"),
    ("age", "3.5", "not_integer", "a whole number"),
    ("age", "", "null_not_allowed", "a whole number"),
    ("income", "1e39", "out_of_range", "a number of at most 3.4028235e38 in magnitude, float32's largest"),
    ("income", "inf", "wrong_type", "a finite number"),
    ("member", "yes", "wrong_type", "true or false"),
    ("member", "2", "wrong_type", "true or false"),
]


@pytest.mark.parametrize(("feature", "cell", "code", "expected"), BAD)
def test_a_bad_cell_is_told_and_its_row_has_no_answer(
    tmp_path: Path, model: Bundle, rows: list[dict[str, Any]], feature: str, cell: str, code: str, expected: str
) -> None:
    source = write(tmp_path / "in.csv", frame([{**row, feature: str(row[feature])} for row in rows]))
    lines = source.read_text().splitlines()
    place = list(rows[0]).index(feature)
    cells = lines[301].split(",")
    lines[301] = ",".join([*cells[:place], cell, *cells[place + 1 :]])
    source.write_text("\n".join(lines).replace('"None"', ""))
    outcome = FileScorer(model).score(source, tmp_path / "out.csv")
    assert (outcome.n_rows, outcome.n_bad) == (500, 1)
    assert outcome.errors is not None
    (told,) = map(json.loads, outcome.errors.read_text().splitlines())
    assert told == {"row": 300, "feature": feature, "code": code, "expected": expected}
    found = read(tmp_path / "out.csv")
    assert found[300]["prediction"] == found[300]["probability_yes"] == ""
    others = [*range(300), *range(301, 500)]
    assert [found[row]["prediction"] for row in others] == model.predict([rows[row] for row in others]).labels


def test_typed_cells_are_looked_at_too(tmp_path: Path, model: Bundle, rows: list[dict[str, Any]]) -> None:
    table = frame([{**row, "age": float(row["age"])} for row in rows])
    ages = table.column("age").to_pylist()
    ages[70], ages[71], ages[72] = 3.5, None, float("inf")
    table = table.set_column(0, "age", pa.array(ages))
    outcome = FileScorer(model).score(write(tmp_path / "in.parquet", table), tmp_path / "out.parquet")
    assert outcome.errors is not None
    told = [json.loads(line) for line in outcome.errors.read_text().splitlines()]
    assert [(one["row"], one["code"]) for one in told] == [
        (70, "not_integer"),
        (71, "null_not_allowed"),
        (72, "wrong_type"),
    ]


def test_a_scaled_number_beyond_float32_is_a_bad_cell(tmp_path: Path) -> None:
    sample = tables.numbers(100)
    small = tables.Sample({name: cells * 1e-6 for name, cells in sample.table.items()}, sample.classes, sample.codes)
    model = load(bundles.make(small, scaling="standard").write(tmp_path / "bundle"))
    rows = small.rows(range(5))
    rows[2]["x1"] = 3e38
    outcome = FileScorer(model).score(write(tmp_path / "in.csv", frame(rows)), tmp_path / "out.csv")
    assert outcome.errors is not None
    assert json.loads(outcome.errors.read_text())["code"] == "out_of_range"
    assert [row["prediction"] == "" for row in read(tmp_path / "out.csv")] == [False, False, True, False, False]


def test_errors_of_an_earlier_run_do_not_stay(tmp_path: Path, model: Bundle, rows: list[dict[str, Any]]) -> None:
    (tmp_path / "out.csv.errors.jsonl").write_text("{}")
    FileScorer(model).score(write(tmp_path / "in.csv", frame(rows)), tmp_path / "out.csv")
    assert not (tmp_path / "out.csv.errors.jsonl").exists()


def test_unseen_categories_are_counted(tmp_path: Path, model: Bundle, rows: list[dict[str, Any]]) -> None:
    rows[9]["plan"] = "gold"
    outcome = FileScorer(model).score(write(tmp_path / "in.parquet", frame(rows)), tmp_path / "out.csv")
    assert (outcome.n_bad, outcome.n_unknown) == (0, 1)
    assert read(tmp_path / "out.csv")[9]["prediction"] == model.predict([rows[9]]).labels[0]


def test_texts_that_a_spreadsheet_would_run_are_defused(
    tmp_path: Path, model: Bundle, rows: list[dict[str, Any]]
) -> None:
    starts = ["=1+1", "+A1", "-A1", "@SUM(A1)", "\t=1", "\r=1", "-1.5", "+3e2", "plain", "a=b", "", None]
    table = frame(rows[: len(starts)]).append_column("note", pa.array(starts)).append_column("=name", pa.array(starts))
    source = write(tmp_path / "in.parquet", table)
    FileScorer(model).score(source, tmp_path / "out.csv")
    found = [row["note"] for row in read(tmp_path / "out.csv")]
    assert found == [f"'{text}" for text in starts[:6]] + ["-1.5", "+3e2", "plain", "a=b", "", ""]
    assert "'=name" in read(tmp_path / "out.csv")[0]
    FileScorer(model, defuse=False).score(source, tmp_path / "out.csv")
    assert [row["note"] for row in read(tmp_path / "out.csv")] == [*starts[:-1], ""]
    FileScorer(model).score(source, tmp_path / "out.parquet")
    assert parquet.read_table(tmp_path / "out.parquet").column("note").to_pylist() == starts


def test_line_breaks_and_quotes_go_through(tmp_path: Path, model: Bundle, rows: list[dict[str, Any]]) -> None:
    notes = ['two\nlines, and "quotes"', "x"] * 250
    source = write(tmp_path / "in.csv", frame(rows).append_column("note", pa.array(notes)))
    FileScorer(model).score(source, tmp_path / "out.csv")
    assert [row["note"] for row in read(tmp_path / "out.csv")] == notes


def without(rows: list[dict[str, Any]], name: str) -> pa.Table:
    return frame(rows).drop_columns([name])


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("in.csv", b"", "the file is empty"),
        ("in.csv", b"age,income,city,plan,member\n", "no rows"),
        ("in.csv", b"agee,income,city,plan,member\n1,2,a,b,true\n", "lacks the column 'age'.*did you mean 'agee'"),
        ("in.csv", b"age,income,city,plan,member\n1,2,a,b\n", "line 2: 4 cells where the header has 5"),
        ("in.csv", b"age,income,city,plan,member,prediction\n1,2,a,b,true,x\n", "has a column 'prediction' already"),
        ("in.csv", b"age,age,city,plan,member\n1,2,a,b,true\n", "two columns are named 'age'"),
        ("in.csv", b"age,income,city,plan,member\n1,2,\xff,b,true\n", "not UTF-8"),
        ("in.parquet", b"PAR1 and no more", "cannot be read as a Parquet file"),
        ("in.arrow", b"ARROW1 and no more", "cannot be read as an Arrow file"),
        ("in.arff", b"@relation x", "there is no @data line"),
        ("in.arff", b"@relation x\n@attribute age numeric\n@data\n1,2\n", "line 4: 2 cells where the header has 1"),
        ("in.jsonl", b"", "no rows"),
        ("in.jsonl", b'{"age": 1}\n[1]\n', "line 2: not a JSON object"),
        ("in.jsonl", b'{"age": 1}\n', "lacks the column 'income'"),
        ("in.txt", b"age", "tells no format"),
    ],
)
def test_a_file_that_cannot_be_scored_is_told_and_leaves_nothing(
    tmp_path: Path, model: Bundle, name: str, content: bytes, says: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises((DataFileError, TableError), match=says):
        FileScorer(model).score(tmp_path / name, tmp_path / "out.csv")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_row_that_breaks_late_leaves_the_old_result(
    tmp_path: Path, model: Bundle, rows: list[dict[str, Any]]
) -> None:
    (tmp_path / "out.csv").write_text("old")
    source = write(tmp_path / "in.csv", frame(rows))
    source.write_text(source.read_text() + "1,2\n")
    with pytest.raises(TableError, match="line 502"):
        FileScorer(model).score(source, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv"]


@pytest.mark.parametrize(("out", "says"), [("out.txt", "no format to write"), ("in.csv", "is the file to score")])
def test_a_result_that_cannot_be_is_refused(
    tmp_path: Path, model: Bundle, rows: list[dict[str, Any]], out: str, says: str
) -> None:
    source = write(tmp_path / "in.csv", frame(rows))
    with pytest.raises(DataFileError, match=says):
        FileScorer(model).score(source, tmp_path / out)


@pytest.mark.parametrize(
    ("name", "column"), [("age", pa.array([b"x"] * 500)), ("plan", pa.array(np.arange(500) % 2 == 0))]
)
def test_a_column_of_another_type_is_refused(
    tmp_path: Path, model: Bundle, rows: list[dict[str, Any]], name: str, column: pa.Array
) -> None:
    table = without(rows, name).append_column(name, column)
    with pytest.raises(ColumnError, match=name):
        FileScorer(model).score(write(tmp_path / "in.parquet", table), tmp_path / "out.csv")


@contextmanager
def files_of_at_most(size_bytes: int) -> Iterator[None]:
    """Let every write beyond a size fail, as on a full disk; the error number is another (EFBIG, not ENOSPC)."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_json_lines_keep_the_kinds_of_their_cells(tmp_path: Path, model: Bundle, rows: list[dict[str, Any]]) -> None:
    extra = {"whole": 7, "wide": 10**20, "real": 1.5, "mixed": "a"}
    given = [{**row, **extra} for row in rows[:200]]
    given[-1] = {**given[-1], "whole": None, "real": 2, "mixed": 1, "late": True}  # in another piece than the first
    (tmp_path / "in.jsonl").write_text("\n\n".join(map(json.dumps, given)))
    assert FileScorer(model).score(tmp_path / "in.jsonl", tmp_path / "out.jsonl").n_bad == 0
    found = read(tmp_path / "out.jsonl")
    assert [one["prediction"] for one in found] == model.predict(rows[:200]).labels
    assert {name: found[0][name] for name in (*extra, "late")} == {**extra, "wide": 1e20, "late": None}
    assert (found[-1]["whole"], found[-1]["real"], found[-1]["mixed"], found[-1]["late"]) == (None, 2.0, "1", True)
    assert found[5].keys() - {"late", "prediction"} >= given[5].keys()


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".jsonl"])
def test_a_full_disk_is_told_and_leaves_nothing(
    tmp_path: Path, model: Bundle, rows: list[dict[str, Any]], ending: str
) -> None:
    source = write(tmp_path / "in.csv", frame(rows))
    with files_of_at_most(4000), pytest.raises(DataFileError, match="cannot be written: File too large"):
        FileScorer(model).score(source, tmp_path / f"out{ending}")
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]
