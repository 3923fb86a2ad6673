"""The registry of formats: equal tables whatever the file, and a clear line for what is none."""

import gzip
import json
from pathlib import Path

import pyarrow.csv as arrow_csv
import pytest
from pyarrow import feather, parquet

from mlapi.training.config import TrainingConfig
from mlapi.training.dataset import DataLoader, Dataset
from mlapi.training.errors import DataFileError, TableError
from mlapi.training.formats import FORMATS, read_file
from tests.training.tables import HEADER, good_rows
from tests.training.test_text_file import zstd

CSV = HEADER + good_rows()
ROWS = [line.split(",") for line in CSV.splitlines()]
ARFF = (
    "@relation r\n@attribute age numeric\n@attribute plan {free,team}\n@attribute active string\n"
    "@attribute y {no,yes}\n@data\n" + good_rows()
)


def load(folder: Path, name: str, content: bytes) -> Dataset:
    (folder / name).write_bytes(content)
    return DataLoader(TrainingConfig(data=folder / name, target="y")).load()


def json_lines() -> bytes:
    spelled = {"?": "null", "true": "true", "false": "false"}
    lines = []
    for row in ROWS[1:]:
        cells = [cell if cell.isdigit() else spelled.get(cell, json.dumps(cell)) for cell in row]
        named = zip(ROWS[0], cells, strict=True)
        lines.append("{" + ", ".join(f'"{name}": {cell}' for name, cell in named) + "}\n")
    return "".join(lines).encode()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.CSV", CSV.encode()),
        ("t.csv.gz", gzip.compress(CSV.encode())),
        ("t.csv.zst", zstd(CSV.encode())),
        ("t.csv", gzip.compress(CSV.encode())),
        ("t.tsv", CSV.replace(",", "\t").encode()),
        ("t.tab.gz", gzip.compress(CSV.replace(",", "\t").encode())),
        ("t.jsonl", json_lines()),
        ("t.ndjson.zst", zstd(json_lines())),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_equal_cells_have_equal_fingerprints_whatever_the_file(tmp_path: Path, name: str, content: bytes) -> None:
    assert load(tmp_path, name, content).fingerprint() == load(tmp_path, "plain.csv", CSV.encode()).fingerprint()


def test_compressed_arff_is_read(tmp_path: Path) -> None:
    assert load(tmp_path, "t.arff.gz", gzip.compress(ARFF.encode())).n_rows == len(ROWS) - 1


@pytest.mark.parametrize("name", ["t.feather", "t.csv.copy"])
def test_binary_formats_are_known_by_their_first_bytes(tmp_path: Path, name: str) -> None:
    (tmp_path / "plain.csv").write_text(CSV)
    nulls = arrow_csv.ConvertOptions(null_values=["?"], strings_can_be_null=True)
    table = arrow_csv.read_csv(tmp_path / "plain.csv", convert_options=nulls)
    feather.write_feather(table, str(tmp_path / "feather"))
    parquet.write_table(table, tmp_path / "parquet")
    for kind in ("feather", "parquet"):
        found = load(tmp_path, name, (tmp_path / kind).read_bytes())
        assert found.fingerprint() == load(tmp_path, "plain.csv", CSV.encode()).fingerprint()


@pytest.mark.parametrize("name", ["t.xlsx", "t.json", "t", "t.gz", "csv"])
def test_an_unknown_ending_gets_the_known_ones(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataFileError) as caught:
        load(tmp_path, name, CSV.encode())
    message = str(caught.value)
    assert "the name tells no format that can be read" in message
    assert all(ending in message for one in FORMATS for ending in one.endings)
    assert ".gz or .zst" in message


def test_a_binary_format_packed_again_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match="a Parquet file is compressed inside; unpack it first"):
        load(tmp_path, "t.parquet.gz", gzip.compress(b"PAR1"))


def test_a_name_that_promises_more_than_the_file_holds_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match="cannot be read as a Parquet file"):
        load(tmp_path, "t.parquet", CSV.encode())


def test_faults_inside_a_compressed_file_name_the_line_as_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "t.tsv.gz").write_bytes(gzip.compress(b"a\tb\n1\t2\n3\n"))
    with pytest.raises(TableError, match=r"t\.tsv\.gz, line 3: 1 cell where the header has 2"):
        read_file(tmp_path / "t.tsv.gz")
