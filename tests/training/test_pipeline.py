"""The straight path: table in, registered version out; when it breaks, nothing half-made is left."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xgboost
from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts
from mlflow.entities import Run
from pyarrow import parquet

from mlapi.bundle import Bundle, load
from mlapi.bundle.decision import Platt
from mlapi.bundle.errors import StoreUnavailable
from mlapi.bundle.profile import FeatureOverride
from mlapi.bundle.signing import generate_keys
from mlapi.bundle.store import open_store
from mlapi.bundle.verify import verify
from mlapi.ops.settings import Settings, load_settings
from mlapi.training import pipeline
from mlapi.training.booster_params import BoosterParams
from mlapi.training.config import TrainingConfig
from mlapi.training.errors import ConfigError, DataError, SearchError
from mlapi.training.pipeline import TrainingResult, train
from mlapi.training.promotion import ModelPromotion
from tests.fixtures.mlflow_server import mlflow_server
from tests.fixtures.published import table_path
from tests.training.tables import HEADER, good_rows, write_csv

QUICK: dict[str, Any] = {"max_rounds": 25, "bootstrap": 20, "params": BoosterParams(learning_rate=0.3, max_depth=3)}


PROVE = bool(os.environ.get("MLAPI_PROVE"))


@dataclass(frozen=True)
class Baseline:
    """One training that many tests look at."""

    settings: Settings
    csv: Path
    result: TrainingResult
    told: list[str]


@pytest.fixture(scope="module")
def baseline(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Baseline:
    state_dir = tmp_path_factory.mktemp("baseline")
    shutil.copyfile(empty_database, state_dir / "mlflow.db")
    settings = load_settings(environ={"MLAPI_STATE_DIR": str(state_dir)})
    path = write_csv(state_dir, HEADER + good_rows(200), "churn.csv")
    told: list[str] = []
    return Baseline(
        settings, path, train(quick(path, threads=1), settings, lambda message, *_: told.append(message)), told
    )


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    return write_csv(tmp_path, HEADER + good_rows(200), "churn.csv")


def quick(path: Path, **values: Any) -> TrainingConfig:
    return TrainingConfig(**{"data": path, "target": "y", **QUICK, **values})


def runs(settings: Settings) -> list[Run]:
    client = MlflowClient(settings.mlflow.tracking_uri)
    experiment = client.get_experiment_by_name("mlapi")
    return [] if experiment is None else list(client.search_runs([experiment.experiment_id]))


def versions(settings: Settings, name: str = "churn") -> list[str]:
    store = open_store(settings.store, state_dir=settings.state_dir, tracking_uri=settings.mlflow.tracking_uri)
    return [record.version for record in store.versions(name)]


def fetched(settings: Settings, result: TrainingResult) -> Bundle:
    store = open_store(settings.store, state_dir=settings.state_dir, tracking_uri=settings.mlflow.tracking_uri)
    assert result.version is not None
    return load(store.fetch(result.model, result.version, settings.state_dir / "fetched"))


def artifact(settings: Settings, result: TrainingResult, path: str) -> Path:
    return Path(
        download_artifacts(
            run_id=result.run_id,
            artifact_path=path,
            tracking_uri=settings.mlflow.tracking_uri,
            dst_path=str(settings.state_dir),
        )
    )


def test_a_training_is_recorded_registered_and_in_staging(baseline: Baseline) -> None:
    settings, result = baseline.settings, baseline.result
    assert (result.model, result.version) == ("churn", "1")
    figures = {
        "accuracy",
        "balanced_accuracy",
        "f1",
        "roc_auc",
        "pr_auc",
        "log_loss",
        "brier",
        "calibration_error",
        "mcc",
    }
    beside = {f"{baseline}_{name}" for baseline in ("majority", "logistic_regression") for name in figures}
    assert set(result.metrics) == set(result.metric_intervals) == figures | beside
    (run,) = runs(settings)
    assert (run.info.run_id, run.info.status) == (result.run_id, "FINISHED")
    assert run.data.metrics["test_roc_auc"] == result.metrics["roc_auc"]
    low, high = result.metric_intervals["roc_auc"]
    assert (run.data.metrics["test_roc_auc_low"], run.data.metrics["test_roc_auc_high"]) == (low, high)
    assert run.data.metrics["test_majority_accuracy"] == result.metrics["majority_accuracy"]
    assert 0 < run.data.metrics["class/yes/recall"] <= 1
    assert "validation-logloss" in run.data.metrics
    assert run.data.tags["mlapi.content_digest"] == result.content_digest
    assert run.data.tags["mlapi.version"] == "1"
    store = open_store("mlflow", state_dir=settings.state_dir, tracking_uri=settings.mlflow.tracking_uri)
    assert store.resolve("churn", "staging").version == "1"
    assert store.version("churn", "1").run_id == result.run_id


def test_each_stage_is_told(baseline: Baseline) -> None:
    assert baseline.told[:2] == ["reading the data", "opening the run"]
    assert "boosting" in baseline.told
    assert baseline.told[-1] == "registering"


def test_the_runs_files_hold_the_test_rows_the_report_and_the_pictures(baseline: Baseline) -> None:
    rows = parquet.read_table(artifact(baseline.settings, baseline.result, "test.parquet"))
    assert rows.column_names == ["age", "plan", "active", "y"]
    assert (rows.num_rows, str(rows.schema.field("active").type)) == (40, "bool")
    assert rows.column("plan").null_count > 0
    report = json.loads(artifact(baseline.settings, baseline.result, "report.json").read_text())
    assert report["parts"] == {"train": 130, "validation": 30, "test": 40}
    figures = json.loads(artifact(baseline.settings, baseline.result, "evaluation.json").read_text())
    assert figures["metrics"]["roc_auc"] == pytest.approx(baseline.result.metrics["roc_auc"], abs=1e-6)
    assert figures["decision"]["threshold"] == 0.5
    assert set(figures["baselines"]) == {"majority", "logistic_regression"}
    assert len(list(artifact(baseline.settings, baseline.result, "plots").glob("*.png"))) == 7
    page = artifact(baseline.settings, baseline.result, "card.html").read_text()
    assert page == fetched(baseline.settings, baseline.result).card_page
    assert page.count("data:image/png;base64,") == 7


def test_the_bundle_says_what_it_is(baseline: Baseline) -> None:
    bundle = fetched(baseline.settings, baseline.result)
    assert bundle.manifest.content_digest == baseline.result.content_digest
    assert bundle.manifest.metrics == baseline.result.metrics
    assert bundle.manifest.dataset.n_rows == 200
    assert bundle.decision.classes == ("no", "yes")
    assert len(bundle.golden.rows) >= 32
    assert bundle.card.startswith("# Model of y")
    assert {"card.html", "evaluation.json"} <= set(bundle.manifest.files)


def test_threads_names_and_places_are_no_part_of_the_content(
    baseline: Baseline, settings: Settings, tmp_path: Path
) -> None:
    moved = write_csv(tmp_path, baseline.csv.read_bytes(), "moved.csv")
    assert train(quick(moved, threads=2, name="other"), settings).content_digest == baseline.result.content_digest


def test_another_seed_gives_another_content_digest(baseline: Baseline, settings: Settings) -> None:
    assert train(quick(baseline.csv, seed=1), settings).content_digest != baseline.result.content_digest


def test_a_search_makes_trials_and_what_is_clearly_best_is_shipped(settings: Settings, csv: Path) -> None:
    poor = BoosterParams(learning_rate=0.01, max_depth=3)
    result = train(quick(csv, trials=4, params=poor), settings)
    found = runs(settings)
    trials = [run for run in found if run.data.tags.get("mlflow.parentRunId") == result.run_id]
    best = min(trials, key=lambda run: run.data.metrics.get("best_loss", 9.0))
    parent = next(run for run in found if run.info.run_id == result.run_id)
    assert len(trials) == 4
    assert parent.data.params["learning_rate"] == best.data.params["learning_rate"]
    (note,) = result.notes
    assert note.startswith("searched 4 of 4 trials (0 pruned); took the best trial's parameters: ")
    assert parent.data.tags["mlapi.search"] in note
    assert len(json.loads(artifact(settings, result, "search/trials.json").read_text())) == 4
    pictures = {"history.png", "curves.png", "importance.png"}
    assert pictures <= {path.name for path in artifact(settings, result, "search").iterdir()}


def test_a_search_gives_the_same_bundle_whether_or_not_it_was_cut(
    settings_for: Callable[..., Settings], csv: Path
) -> None:
    config = quick(csv, trials=4)
    whole = train(config, settings_for()).content_digest
    train(config.model_copy(update={"trials": 2}), settings_for())
    assert train(config.model_copy(update={"resume": True}), settings_for()).content_digest == whole


def test_several_processes_fill_one_study_and_every_trial_is_a_run(settings: Settings, csv: Path) -> None:
    result = train(quick(csv, trials=8, workers=2), settings)
    found = [run for run in runs(settings) if run.info.run_id != result.run_id]
    listed = json.loads(artifact(settings, result, "search/trials.json").read_text())
    assert {run.data.tags["mlflow.runName"] for run in found} == {f"trial {one['number']}" for one in listed}
    assert {run.info.status for run in found} == {"FINISHED"}
    assert len(listed) >= 8


def test_a_search_without_time_for_a_trial_is_one_line_and_a_failed_run(settings: Settings, csv: Path) -> None:
    with pytest.raises(SearchError, match="no trial completed in time; give it more with --timeout"):
        train(quick(csv, trials=4, search_timeout_s=1e-9), settings)
    assert [run.info.status for run in runs(settings)] == ["FAILED"]
    assert versions(settings) == []


def test_ctrl_c_ends_the_search_and_the_best_so_far_is_registered(settings: Settings, csv: Path) -> None:
    def interrupts(message: str, done: int | None = None, total: int | None = None) -> None:
        if message == "searching parameters" and done == 2:
            os.kill(os.getpid(), signal.SIGINT)

    result = train(quick(csv, trials=50), settings, interrupts)
    assert result.notes[0].startswith("searched 2 of 50 trials (0 pruned), then interrupted; ")
    assert versions(settings) == [result.version]
    trials = [run.info.status for run in runs(settings) if run.info.run_id != result.run_id]
    assert sorted(trials) == ["FAILED", "FINISHED", "FINISHED"]


def test_ctrl_c_before_anything_is_found_leaves_nothing(settings: Settings, csv: Path) -> None:
    def interrupts(message: str, done: int | None = None, total: int | None = None) -> None:
        if message == "searching parameters":
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        train(quick(csv, trials=50), settings, interrupts)
    assert {run.info.status for run in runs(settings)} == {"FAILED"}
    assert versions(settings) == []


def test_a_threshold_a_curve_and_slices_are_as_asked_for(settings: Settings, csv: Path) -> None:
    wishes = {"threshold_objective": "recall>=0.95", "calibrate": "platt", "slices": ("plan", "age"), "cv": 3}
    result = train(quick(csv, **wishes), settings)
    bundle = fetched(settings, result)
    assert isinstance(bundle.decision.calibration, Platt)
    assert 0 < bundle.decision.threshold < 0.5
    assert bundle.golden.calibrated is not None
    test = parquet.read_table(artifact(settings, result, "test.parquet"))
    answers = bundle.predict([{name: row[name] for name in bundle.schema.names} for row in test.to_pylist()])
    truth = np.array(test.column("y").to_pylist())
    assert np.mean(np.array(answers.labels) == truth) == pytest.approx(result.metrics["accuracy"])
    assert np.mean((answers.probabilities[:, 1] - (truth == "yes")) ** 2) == pytest.approx(result.metrics["brier"])
    figures = json.loads(artifact(settings, result, "evaluation.json").read_text())
    assert figures["decision"]["objective"] == "recall>=0.95"
    assert set(figures["decision"]["validation_log_loss"]) == {"none", "platt"}
    assert {one["feature"] for one in figures["slices"]} == {"plan", "age"}
    run = next(one for one in runs(settings) if one.info.run_id == result.run_id)
    assert any(name.startswith("slice/plan/") for name in run.data.metrics)
    assert run.data.metrics["cv_roc_auc"] == pytest.approx(
        np.mean([fold["roc_auc"] for fold in figures["folds"]]), abs=1e-6
    )
    assert len(figures["folds"]) == 3


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"threshold_objective": "f1"}, "a threshold needs two classes; the target has 3"),
        ({"calibrate": "isotonic"}, "only two classes can be calibrated; the target has 3"),
        ({"slices": ("petal",)}, "--slice: iris has no column 'petal'"),
    ],
)
def test_what_the_table_cannot_have_is_told_before_the_training(
    settings: Settings, values: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        train(TrainingConfig(dataset="iris", **QUICK, **values), settings)
    assert message in str(caught.value)
    assert runs(settings) == []


def test_a_test_file_gives_the_figures(settings: Settings, csv: Path, tmp_path: Path) -> None:
    test = write_csv(tmp_path, HEADER + good_rows(50, seed=8) + "40,enterprise,true,yes\n", "test.csv")
    result = train(quick(csv, test=test), settings)
    assert result.report.parts == {"train": 170, "validation": 30, "test": 51}
    assert result.report.unseen_categories == {"plan": 1}
    assert "'plan': 1 test cell with a category that training had not seen" in "\n".join(result.report.lines())


def test_a_schema_file_is_followed(settings: Settings, csv: Path, tmp_path: Path) -> None:
    said = tmp_path / "schema.toml"
    said.write_text('[age]\nkind = "categorical"\n[active]\ndescription = "has logged in"\n')
    schema = fetched(settings, train(quick(csv, schema_file=said), settings)).schema
    assert "40" in schema.feature("age").categories
    assert schema.feature("active").description == "has logged in"


def test_any_name_of_a_feature_or_a_class_goes_through(settings: Settings, tmp_path: Path) -> None:
    names = ["<script>alert(1)</script>", "a[0]", 'with ""quotes""', "line\nbreak", "$x|y$", "ünïcödé 🙂", "  blank "]
    header = ",".join(f'"{name}"' for name in (*names, "y"))
    rows = [
        f"{','.join(str((row * place) % 11) for place in range(2, 9))},{('<b>', '$z$', '🙂')[row % 3]}\n"
        for row in range(60)
    ]
    result = train(quick(write_csv(tmp_path, f"{header}\n{''.join(rows)}")), settings)
    bundle = fetched(settings, result)
    assert bundle.schema.names == tuple(name.replace('""', '"') for name in names)
    assert bundle.decision.classes == ("$z$", "<b>", "🙂")


def test_a_server_keeps_runs_files_and_versions(
    settings_for: Callable[..., Settings], csv: Path, tmp_path: Path
) -> None:
    settings = settings_for(MLFLOW_TRACKING_URI=mlflow_server())
    result = train(quick(csv, name="served", experiment="served"), settings)
    store = open_store("mlflow", state_dir=tmp_path, tracking_uri=settings.mlflow.tracking_uri)
    assert store.resolve("served", "staging").version == result.version
    assert parquet.read_table(artifact(settings, result, "test.parquet")).num_rows == 40
    record = ModelPromotion(store).promote("served")
    assert (record.alias, record.version) == ("production", result.version)


def test_columns_that_are_no_features_are_reported(settings: Settings, tmp_path: Path) -> None:
    rows = [line.split(",", 1) for line in good_rows(300).splitlines()]
    lines = "".join(f"{age},name {number},same,{rest}\n" for number, (age, rest) in enumerate(rows))
    path = write_csv(tmp_path, "age,name,constant,plan,active,y\n" + lines + "1,name x,same,?,true,\n")
    result = train(quick(path), settings)
    text = "\n".join(result.report.lines())
    assert "left out 'name': identifier-like text" in text
    assert "left out 'constant': constant" in text
    assert "left out 1 row of table.csv without a label in 'y'" in text
    assert [one.name for one in result.report.left_out] == ["name", "constant"]


def test_a_store_beside_mlflow_gets_the_signed_version_and_the_run_a_copy(
    settings_for: Callable[..., Settings], csv: Path, tmp_path: Path
) -> None:
    keys = generate_keys()
    (tmp_path / "key.pem").write_bytes(keys.private)
    settings = settings_for(MLAPI_STORE=f"file:{tmp_path}/store")
    result = train(quick(csv, signing_key=tmp_path / "key.pem"), settings)
    assert versions(settings) == ["1"]
    verify(artifact(settings, result, "bundle"), public_key=keys.public, require_signature=True)


@pytest.mark.parametrize(
    ("content", "values", "error"),
    [
        (HEADER, {}, DataError),
        (HEADER + good_rows(30).replace(",yes", ",no"), {}, DataError),
        (HEADER + good_rows(30) + "inf,free,true,yes\n", {}, DataError),
        (HEADER + good_rows(30), {"target": "x"}, DataError),
        (HEADER + good_rows(30), {"overrides": {"no": FeatureOverride()}}, ConfigError),
        (HEADER + good_rows(30), {"signing_key": Path("none.pem")}, ConfigError),
    ],
    ids=["empty", "one class", "inf", "target", "override", "key"],
)
def test_bad_input_leaves_no_run_version_or_file(
    settings: Settings, tmp_path: Path, content: str, values: dict[str, Any], error: type[Exception]
) -> None:
    before = sorted(settings.state_dir.rglob("*"))
    with pytest.raises(error) as caught:
        train(quick(write_csv(tmp_path, content), **values), settings)
    assert "\n" not in str(caught.value)
    assert runs(settings) == []
    assert sorted(settings.state_dir.rglob("*")) == before


@pytest.mark.parametrize("step", ["boost", "export", "register"])
def test_a_training_that_breaks_is_a_failed_run_and_no_version(
    settings: Settings, csv: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def breaks(*_: object) -> None:
        raise StoreUnavailable("the store", "is on fire")

    monkeypatch.setattr(pipeline, step, breaks)
    with pytest.raises(StoreUnavailable):
        train(quick(csv), settings)
    (run,) = runs(settings)
    assert run.info.status == "FAILED"
    assert run.data.tags["mlapi.failure"] == "StoreUnavailable: the store: is on fire"
    assert versions(settings) == []


@pytest.mark.parametrize(
    ("file", "target", "values"),
    [
        ("titanic/titanic3.csv", "survived", {"drop": ("boat", "body")}),
        ("penguins/penguins.csv", "species", {}),
        ("credit_g/credit-g.csv", "class", {}),
        *([("breast_w/breast-w.csv", "Class", {"positive": "benign"}), ("car/car.csv", "class", {})] if PROVE else []),
    ],
    ids=lambda value: str(value).partition("/")[0],
)
def test_the_bundle_gives_the_boosters_probability_for_every_test_row(
    settings: Settings, file: str, target: str, values: dict[str, Any]
) -> None:
    result = train(TrainingConfig(data=table_path(file), target=target, **QUICK, **values), settings)
    bundle = fetched(settings, result)
    table = parquet.read_table(artifact(settings, result, "test.parquet")).select(list(bundle.schema.names))
    matrix = xgboost.DMatrix(
        bundle.encoder.encode(table.to_pylist()),
        feature_types=list(bundle.encoder.column_types),
        enable_categorical=True,
    )
    booster = xgboost.Booster(model_file=str(bundle.path / "model.ubj"))
    wanted = booster.predict(matrix)
    served = bundle.predict(table.to_pylist()).probabilities
    assert np.array_equal(served if wanted.ndim == 2 else served[:, 1], wanted)
