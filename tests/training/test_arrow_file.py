"""Arrow files, Feather among them, and Arrow streams."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import feather

from mlapi.training.arrow_file import read_arrow
from mlapi.training.errors import ColumnError, DataFileError, TableError

TABLE = pa.table({"a": [1.5, None], "b": ["x", "?"], "c": [True, False]})


def written(folder: Path, table: pa.Table, *, stream: bool = False) -> Path:
    path = folder / "x.arrow"
    with pa.OSFile(str(path), "wb") as sink:
        new = pa.ipc.new_stream if stream else pa.ipc.new_file
        with new(sink, table.schema) as writer:
            writer.write_table(table)
    return path


@pytest.mark.parametrize("stream", [False, True])
def test_files_and_streams_are_read(tmp_path: Path, stream: bool) -> None:
    table = read_arrow(written(tmp_path, TABLE, stream=stream))
    assert (table.names, table.n_rows) == (("a", "b", "c"), 2)


@pytest.mark.parametrize("compression", ["uncompressed", "lz4", "zstd"])
def test_feather_is_read_and_pandas_row_index_left_out(tmp_path: Path, compression: str) -> None:
    frame = pd.DataFrame({"a": [1, 2, 3]}, index=[5, 3, 9])
    feather.write_feather(pa.Table.from_pandas(frame), str(tmp_path / "x.feather"), compression=compression)
    table = read_arrow(tmp_path / "x.feather")
    assert (table.names, table.notes) == (("a",), ("left out '__index_level_0__': pandas' row index",))


@pytest.mark.parametrize("stream", [False, True])
def test_a_file_cut_off_is_refused_in_one_line(tmp_path: Path, stream: bool) -> None:
    path = written(tmp_path, TABLE, stream=stream)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(DataFileError, match="cannot be read as an Arrow file") as caught:
        read_arrow(path)
    assert "\n" not in str(caught.value)


def test_text_is_no_arrow_file(tmp_path: Path) -> None:
    (tmp_path / "x.arrow").write_text("a,b\n1,2\n")
    with pytest.raises(DataFileError, match="cannot be read as an Arrow file"):
        read_arrow(tmp_path / "x.arrow")


def test_other_types_and_empty_tables_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ColumnError, match=r"column 'x': .*leave the column out \(--drop\)"):
        read_arrow(written(tmp_path, pa.table({"x": [[1]]})))
    with pytest.raises(TableError, match="the table has no rows"):
        read_arrow(written(tmp_path, TABLE.slice(0, 0)))
