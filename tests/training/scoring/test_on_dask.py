from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from mlapi.bundle import load
from mlapi.training.errors import ConfigError
from mlapi.training.scoring import FileScorer, pieces
from mlapi.training.scoring.on_dask import on_dask
from tests.fixtures import bundles, tables


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # of distributed's own sockets
def test_workers_give_the_same_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "MOST_ROWS", 64)
    model = load(bundles.binary().write(tmp_path / "bundle"))
    parquet.write_table(pa.Table.from_pylist(tables.mixed(500, seed=3).rows(range(500))), tmp_path / "in.parquet")
    FileScorer(model).score(tmp_path / "in.parquet", tmp_path / "here.parquet")
    with on_dask(model, processes=False, n_workers=2) as scoring:
        FileScorer(model, scoring=scoring).score(tmp_path / "in.parquet", tmp_path / "there.parquet")
    assert parquet.read_table(tmp_path / "there.parquet").equals(parquet.read_table(tmp_path / "here.parquet"))


def test_a_scheduler_that_does_not_answer_is_told(tmp_path: Path) -> None:
    model = load(bundles.binary().write(tmp_path / "bundle"))
    with pytest.raises(ConfigError, match="--scheduler: nowhere does not answer"), on_dask(model, "nowhere"):
        pass
