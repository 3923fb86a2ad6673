"""Promote, roll back, look back, publish: from a real training to a second store."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts

from mlapi.bundle.store import open_store
from mlapi.ops.settings import Settings, load_settings
from mlapi.training import history, promote, publish, rollback
from mlapi.training.booster_params import BoosterParams
from mlapi.training.config import TrainingConfig
from mlapi.training.errors import GatesRefused, NotPublished, PromotionError
from mlapi.training.gates import NAMES, Outcome, Verdict
from mlapi.training.pipeline import train
from tests.training.tables import write_csv

pytestmark = pytest.mark.filterwarnings("ignore")  # of MLflow's libraries about each other


def rows(n_rows: int) -> str:
    """Rows of which none equals another; the label follows both numbers."""
    random = np.random.default_rng(3)
    lines = ["age,income,active,y\n"]
    for _ in range(n_rows):
        age, income, active = random.uniform(18, 90), random.uniform(0, 100), random.choice(["true", "false"])
        label = "yes" if age + income + random.normal(0, 10) > 100 else "no"
        lines.append(f"{age:.6f},{income:.6f},{active},{label}\n")
    return "".join(lines)


@dataclass(frozen=True)
class Trained:
    """A state directory with versions: 1 and 2 good, 3 far worse, 4 with a feature less; and their runs."""

    state_dir: Path
    runs: list[str]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Trained:
    state_dir = tmp_path_factory.mktemp("operations")
    shutil.copyfile(empty_database, state_dir / "mlflow.db")
    settings = load_settings(environ={"MLAPI_STATE_DIR": str(state_dir), "MLAPI_STORE": "file:models"})
    path = write_csv(state_dir, rows(1500), "churn.csv")
    good: dict[str, Any] = {"max_rounds": 25, "params": BoosterParams(learning_rate=0.3, max_depth=3)}
    bad: dict[str, Any] = {"max_rounds": 1, "params": BoosterParams(max_depth=1, colsample_bytree=0.05, max_bin=2)}
    trainings = [{**good, "seed": 1}, {**good, "seed": 2}, {**bad, "seed": 3}, {**good, "drop": ("active",)}]
    runs = [
        train(TrainingConfig(data=path, target="y", bootstrap=20, threads=1, **values), settings).run_id
        for values in trainings
    ]
    return Trained(state_dir, runs)


@pytest.fixture
def settings(trained: Trained, tmp_path: Path) -> Settings:
    """A store of the test's own, the runs shared."""
    shutil.copytree(trained.state_dir / "models", tmp_path / "models")
    return load_settings(
        environ={
            "MLAPI_STATE_DIR": str(trained.state_dir),
            "MLAPI_STORE": f"file:{tmp_path / 'models'}",
            "MLAPI_PUBLISH_TO": f"file:{tmp_path / 'published'}",
            "MLAPI_LATENCY_BUDGET_MS": "10000",
        }
    )


def test_the_first_promotion_has_nothing_to_compare_with(settings: Settings) -> None:
    heard: list[Verdict] = []
    record = promote("churn", "1", settings=settings, hear=heard.append)
    assert (record.version, record.generation) == ("1", 1)
    assert [one.gate for one in heard] == list(NAMES)
    assert [one.outcome for one in heard] == [Outcome.NOT_JUDGED, Outcome.NOT_JUDGED, Outcome.PASSED]
    assert heard[0].reason == "nothing is in production yet"


def test_an_equal_challenger_passes_on_rows_that_are_new_to_the_champion(settings: Settings) -> None:
    promote("churn", "1", settings=settings)
    heard: list[Verdict] = []
    promote("churn", "2", settings=settings, hear=heard.append)
    assert [one.outcome for one in heard] == [Outcome.PASSED] * 3
    move = history("churn", settings=settings)[-1]
    # version 2 held out 300 rows; version 1 was trained on about four fifths of them
    assert 30 <= move.metrics["champion.rows"] < 120
    assert move.metrics["champion.difference_low"] <= 0 <= move.metrics["champion.difference_high"]


def test_a_worse_challenger_is_refused_and_can_be_forced_with_a_reason(settings: Settings, trained: Trained) -> None:
    promote("churn", "1", settings=settings)
    with pytest.raises(GatesRefused, match=r"champion: ROC AUC .* --skip-gate champion --reason TEXT"):
        promote("churn", "3", settings=settings)
    assert len(history("churn", settings=settings)) == 1
    with pytest.raises(PromotionError, match="with a reason only"):
        promote("churn", "3", skip_gates={"champion"}, settings=settings)
    heard: list[Verdict] = []
    record = promote("churn", "3", skip_gates={"champion"}, reason="a test", settings=settings, hear=heard.append)
    assert (record.version, record.reason, record.generation) == ("3", "a test", 2)
    assert [one.outcome for one in heard][1] is Outcome.WAIVED
    client = MlflowClient(settings.mlflow.tracking_uri)
    assert client.get_run(trained.runs[2]).data.tags["mlapi.gate.champion"] == "waived"
    kept = Path(
        download_artifacts(
            run_id=trained.runs[2],
            artifact_path="promotions/production-000002.json",
            tracking_uri=settings.mlflow.tracking_uri,
        )
    )
    assert json.loads(kept.read_bytes())["verdicts"][1]["figures"]["difference_high"] < 0


def test_a_feature_less_is_a_breaking_change(settings: Settings) -> None:
    promote("churn", "1", settings=settings)
    with pytest.raises(GatesRefused, match="schema: feature 'active' is gone") as caught:
        promote("churn", "4", settings=settings)
    assert list(caught.value.refusals) == ["schema"]
    assert promote("churn", "4", skip_gates={"schema"}, reason="agreed", settings=settings).version == "4"


def test_a_slow_version_is_refused(settings: Settings) -> None:
    budget = settings.registry.replaced(latency_budget_ms=1e-9)
    with pytest.raises(GatesRefused, match="latency: one row takes"):
        promote("churn", "1", settings=settings.replaced(registry=budget))


def test_an_unknown_gate_is_told(settings: Settings) -> None:
    with pytest.raises(PromotionError, match="there is no gate 'all'; the gates are schema, champion, latency"):
        promote("churn", "1", skip_gates={"all"}, reason="x", settings=settings)


def test_promotions_and_rollbacks_are_published(settings: Settings, tmp_path: Path) -> None:
    promote("churn", "1", settings=settings)
    promote("churn", "2", reason="newer", settings=settings)
    published = open_store(f"file:{tmp_path / 'published'}", state_dir=tmp_path)
    assert published.resolve("churn", "production").version == "2"
    rollback("churn", reason="worse", settings=settings)
    moves = published.history("churn", "production")
    assert [(move.version, move.action, move.reason) for move in moves] == [
        ("1", "promote", "published"),
        ("2", "promote", "published: newer"),
        ("1", "rollback", "published: worse"),
    ]
    assert moves[1].metrics["registry_generation"] == 2
    assert moves[1].metrics["champion.rows"] > 0


def test_a_promotion_that_cannot_be_published_says_so_and_stands(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "published").write_text("no directory")
    with pytest.raises(NotPublished, match=r"version 1 is in production, but .*mlapi models publish churn --to file:"):
        promote("churn", "1", settings=settings)
    assert [move.version for move in history("churn", settings=settings)] == ["1"]


def test_a_version_is_published_by_hand_under_its_number(settings: Settings, tmp_path: Path) -> None:
    done = publish("churn", "2", to=f"file:{tmp_path / 'elsewhere'}", settings=settings)
    assert (done.version.version, done.moved) == ("2", ())
    promote("churn", "1", settings=settings)
    done = publish("churn", to=f"file:{tmp_path / 'elsewhere'}", settings=settings)
    assert [(one.alias, one.version) for one in done.moved] == [("production", "1")]
    assert publish("churn", to=f"file:{tmp_path / 'elsewhere'}", settings=settings).moved == ()
