from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv
import pytest
import xgboost
from pyarrow import parquet

from mlapi.bundle import load
from mlapi.ops.settings import Settings, load_settings
from mlapi.training import pipeline
from mlapi.training.booster_params import BoosterParams
from mlapi.training.config import TrainingConfig
from mlapi.training.errors import ConfigError, DataError
from mlapi.training.progress import silent
from mlapi.training.scoring import FileScorer, pieces
from mlapi.training.stores import open_at
from mlapi.training.streaming import boosting_rows, engine, stream, with_engine
from mlapi.training.streaming.parts import TEST, TRAIN, VALIDATION
from mlapi.training.trainer import ModelTrainer
from tests.fixtures import tables

PARAMS = {"target": "outcome", "max_rounds": 8, "bootstrap": 20, "seed": 3}


@pytest.fixture(autouse=True)
def _many_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "MOST_ROWS", 300)


@pytest.fixture(scope="module")
def table() -> pa.Table:
    sample = tables.mixed(4000)
    rows = sample.rows(range(4000))
    return pa.Table.from_pylist([{**row, "outcome": label} for row, label in zip(rows, sample.labels, strict=True)])


@pytest.fixture
def file(tmp_path: Path, table: pa.Table) -> Path:
    parquet.write_table(table, tmp_path / "sample.parquet", row_group_size=700)
    return tmp_path / "sample.parquet"


def config(file: Path, **more: object) -> TrainingConfig:
    return TrainingConfig.model_validate({**PARAMS, "data": file, "engine": "stream", **more})


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLAPI_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("MLAPI_STORE", "file:models")
    return load_settings()


def test_a_streamed_training_gives_a_bundle_like_any_other(file: Path, settings: Settings, tmp_path: Path) -> None:
    result = pipeline.train(config(file), settings)
    bundle = load(open_at(settings).fetch("sample", result.version or "", tmp_path / "bundle"))
    assert bundle.schema.names == ("age", "income", "city", "plan", "member")
    assert result.metrics["roc_auc"] > 0.8
    about = bundle.manifest.dataset
    assert about.n_rows == 4000 == (about.n_train or 0) + (about.n_validation or 0) + (about.n_test or 0)
    outcome = FileScorer(bundle).score(file, tmp_path / "scored.parquet")
    assert (outcome.n_rows, outcome.n_bad) == (4000, 0)
    again = pipeline.train(config(file), settings)
    assert again.content_digest == result.content_digest


def test_bins_and_schema_are_those_of_rows_in_memory(file: Path) -> None:
    found = stream(config(file), silent)
    assert found.boosting is not None
    matrix = np.concatenate([fold.matrix for fold in found.boosting.folds()])
    np.testing.assert_array_equal(matrix, found.train.matrix)  # all of these few rows are kept
    np.testing.assert_array_equal(np.concatenate([fold.codes for fold in found.boosting.folds()]), found.train.codes)
    income = found.preprocessing.schema.feature("income")
    train = found.data.take(found.split.train).table["income"].astype(np.float64)
    assert (income.minimum, income.maximum) == (np.nanmin(train), np.nanmax(train))


def test_parts_are_dealt_by_row_number_and_bounded(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlapi.training.streaming.parts.HELD_ROWS", 200)
    monkeypatch.setattr("mlapi.training.streaming.parts.SAMPLE_ROWS", 400)
    found = stream(config(file), silent)
    assert found.boosting is not None
    counts = np.bincount(found.boosting.part, minlength=4)
    assert counts.sum() == 4000
    assert 130 < counts[TEST] < 280
    assert 130 < counts[VALIDATION] < 280
    assert 300 < len(found.split.train) < 520 < counts[TRAIN]
    assert found.report.parts == {"train": counts[TRAIN], "validation": counts[VALIDATION], "test": counts[TEST]}
    assert found.report.n_rows == sum(found.report.classes.values()) == 4000


def test_bins_on_the_disk_give_the_same_trees(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = stream(config(file), silent)
    assert found.boosting is not None
    types = list(found.preprocessing.encoder.column_types)
    boosters, kinds = [], []
    for limit in (boosting_rows.BINNED_BYTES, 10):
        monkeypatch.setattr(boosting_rows, "BINNED_BYTES", limit)
        matrix = found.boosting.quantized(types, 256, 1)
        kinds.append(type(matrix).__name__)
        params = {"objective": "binary:logistic", "tree_method": "hist", "nthread": 1}
        boosters.append(xgboost.train(params, matrix, num_boost_round=4))
    assert kinds == ["QuantileDMatrix", "ExtMemQuantileDMatrix"]
    margins = [one.predict(xgboost.DMatrix(found.validation.matrix, feature_types=types)) for one in boosters]
    np.testing.assert_allclose(margins[0], margins[1], atol=1e-5)


def test_class_weights_and_rows_without_a_label(tmp_path: Path, table: pa.Table) -> None:
    labels = table.column("outcome").to_pylist()
    labels[::10] = [None] * 400
    parquet.write_table(table.set_column(5, "outcome", pa.array(labels)), tmp_path / "gaps.parquet")
    found = stream(config(tmp_path / "gaps.parquet", class_weight="balanced", scaling="standard"), silent)
    assert found.boosting is not None
    assert found.facts.n_rows == 3600
    assert "left out 400 rows without a label" in found.report.notes
    fold = next(found.boosting.folds())
    assert found.class_weights is not None
    np.testing.assert_array_equal(fold.weights, found.class_weights[fold.codes])


@pytest.fixture
def weighed(tmp_path: Path, table: pa.Table) -> Path:
    """The table with weights of 0 to 3, none of them in rows without a label."""
    labels = table.column("outcome").to_pylist()
    labels[::50] = [None] * 80
    counts = [None if label is None else place % 4 for place, label in enumerate(labels)]
    given = table.set_column(5, "outcome", pa.array(labels)).append_column("counts", pa.array(counts))
    parquet.write_table(given, tmp_path / "weighed.parquet", row_group_size=700)
    return tmp_path / "weighed.parquet"


@pytest.mark.parametrize("class_weight", ["none", "balanced"])
def test_rows_count_what_their_weights_say(weighed: Path, class_weight: str) -> None:
    found = stream(config(weighed, weight="counts", class_weight=class_weight), silent)
    assert found.boosting is not None
    assert "counts" not in found.preprocessing.schema.names
    weights = np.concatenate([fold.weights for fold in found.boosting.folds() if fold.weights is not None])
    np.testing.assert_array_equal(weights, found.train.weights)  # all of these few rows are kept
    codes = found.train.codes
    sums = np.bincount(codes, weights)
    assert set(weights) == {0, 1, 2, 3} if class_weight == "none" else sums[0] == pytest.approx(sums[1], rel=0.1)
    assert found.facts.fingerprint != stream(config(weighed, drop=("counts",)), silent).facts.fingerprint


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"weight": "count"}, "--weight: weighed.parquet has no column 'count'.*did you mean 'counts'"),
        ({"weight": "outcome"}, "--weight: 'outcome' is the target"),
        ({"weight": "city"}, "is no weight"),
        ({"weight": "income"}, "lacks"),
    ],
)
def test_a_weight_that_is_none_is_told(weighed: Path, change: dict[str, object], says: str) -> None:
    with pytest.raises((ConfigError, DataError), match=says):
        stream(config(weighed, **change), silent)


def test_a_second_file_gives_the_figures(file: Path, table: pa.Table, settings: Settings) -> None:
    held = file.with_name("held.csv")
    arrow_csv.write_csv(table.slice(100, 500), held)
    given = config(file, test=held)
    found = stream(given, silent)
    assert found.boosting is not None
    assert not (found.boosting.part == TEST).any()
    assert (found.facts.n_test, found.test.n_rows, found.report.parts["test"]) == (500, 500, 500)
    assert (found.facts.n_train or 0) + (found.facts.n_validation or 0) == 4000
    assert pipeline.train(given, settings).metrics["roc_auc"] > 0.8
    arrow_csv.write_csv(table.slice(100, 500).drop_columns(["age"]), held)
    with pytest.raises(DataError, match="lacks the column 'age'"):
        stream(given, silent)


def test_large_parquet_files_are_streamed_unasked(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert with_engine(config(file, engine="auto")).engine == "memory"
    monkeypatch.setattr(engine, "AUTO_CELLS", 1000)
    assert with_engine(config(file, engine="auto")).engine == "stream"
    assert with_engine(config(file, engine="auto", trials=3)).engine == "memory"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"trials": 3}, "--trials"),
        ({"group": "city"}, "--group"),
        ({"data": "x.csv"}, "needs a Parquet file"),
    ],
)
def test_what_needs_all_rows_at_once_is_refused(file: Path, change: dict[str, object], says: str) -> None:
    (file.parent / "x.csv").write_text("a,outcome\n1,2\n")
    if "data" in change:
        change = {"data": file.parent / "x.csv"}
    with pytest.raises(ConfigError, match=says):
        with_engine(config(file, **change))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"target": "outcom"}, "did you mean 'outcome'"),
        ({"drop": ("agee",)}, "did you mean 'age'"),
        ({"drop": ("age", "income", "city", "plan", "member")}, "no column is left"),
    ],
)
def test_a_column_that_is_not_there_is_told(file: Path, change: dict[str, object], says: str) -> None:
    with pytest.raises((DataError, ConfigError), match=says):
        stream(config(file, **change), silent)


def test_a_class_that_a_part_lacks_is_told(tmp_path: Path, table: pa.Table) -> None:
    labels = ["only", *table.column("outcome").to_pylist()[1:]]
    parquet.write_table(table.set_column(5, "outcome", pa.array(labels)), tmp_path / "rare.parquet")
    with pytest.raises(DataError, match="class 'only' has no row in the part"):
        stream(config(tmp_path / "rare.parquet"), silent)


def test_a_file_that_is_cut_off_is_told(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1000])
    with pytest.raises(DataError, match="cannot be read as a Parquet file"):
        stream(config(file), silent)


def test_a_cluster_on_this_machine_is_as_large_as_the_flags_say(file: Path) -> None:
    found = stream(config(file, engine="dask", dask_workers=2, dask_memory="1GiB"), silent)
    assert found.cluster == {"n_workers": 2, "memory_limit": "1GiB"}
    with pytest.raises(ConfigError, match="--dask-workers: is for a cluster on this machine"):
        config(file, engine="dask", dask_workers=2, scheduler="tcp://10.0.0.5:8786")


def test_dask_boosts_as_well_as_one_process(weighed: Path) -> None:
    given = config(weighed, engine="dask", weight="counts")
    found = replace(stream(given, silent), cluster={"processes": False, "n_workers": 2})
    trainer = ModelTrainer.for_table(found, config(weighed, threads=1))
    there = found.search(trainer, BoosterParams(), silent)
    here = replace(found, on_dask=False).search(trainer, BoosterParams(), silent)
    assert there.best_loss == pytest.approx(here.best_loss, abs=0.02)
    assert there.best.num_boosted_rounds() == there.best_round
