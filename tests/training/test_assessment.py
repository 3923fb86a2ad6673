"""Everything that is known of a model: one table for the manifest, names for MLflow, JSON for programs."""

import json

import numpy as np
import pytest

from mlapi.bundle.decision import Decision
from mlapi.bundle.types import Label
from mlapi.training.assessment import Assessment
from mlapi.training.deciding import Decided
from mlapi.training.evaluation import Figures, ModelEvaluator
from mlapi.training.slices import Slice

ONE = Figures(10, {"accuracy": 0.123456789}, {"accuracy": (0.1, 0.2)})


def assessment(classes: tuple[Label, ...] = ("no", "yes"), **values: object) -> Assessment:
    random = np.random.default_rng(1)
    codes = random.integers(0, len(classes), 60).astype(np.int32)
    probabilities = random.dirichlet(np.ones(len(classes)), 60).astype(np.float32)
    decision = Decision(classes=classes)
    evaluation = ModelEvaluator(decision, bootstrap=20).evaluate(codes, probabilities)
    return Assessment(evaluation, Decided(decision, "", {"none": 0.5}), **values)  # type: ignore[arg-type] # mixed


def test_the_baselines_figures_stand_beside_the_models() -> None:
    found = assessment(baselines={"majority": ONE})
    assert found.metrics["majority_accuracy"] == 0.123456789
    assert found.intervals["majority_accuracy"] == (0.1, 0.2)
    assert found.metrics["accuracy"] == found.evaluation.metrics["accuracy"]
    assert found.metrics.keys() == found.intervals.keys()


def test_mlflow_gets_every_figure_with_its_interval() -> None:
    found = assessment(
        baselines={"majority": ONE}, slices=(Slice("plan", "team", ONE),), folds=({"f1": 0.5}, {"f1": 1.0})
    )
    named = found.for_mlflow()
    assert named["test_accuracy"] == found.metrics["accuracy"]
    assert named["test_majority_accuracy_high"] == 0.2
    assert named["slice/plan/team/accuracy_low"] == 0.1
    assert "class/yes/recall" in named
    assert named["cv_f1"] == 0.75


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("a b-c_1.5", "a b-c_1.5"),
        ("<script>", "_script_"),
        ("a/b", "a_b"),
        ("..", "_"),
        (" ", "_"),
        ("ü" * 100, "_" * 60),
    ],
)
def test_names_for_mlflow_hold_only_what_it_takes(name: str, part: str) -> None:
    from mlflow.utils.validation import _validate_metric_name

    named = assessment(slices=(Slice(name, "g", ONE),)).for_mlflow()
    assert f"slice/{part}/g/accuracy" in named
    for key in named:
        _validate_metric_name(key)  # type: ignore[no-untyped-call] # mlflow has no annotation there


def test_names_that_become_alike_stay_apart() -> None:
    named = assessment(slices=(Slice("a?", "g", ONE), Slice("a!", "g", ONE))).for_mlflow()
    assert {"slice/a_/g/accuracy", "slice/a_/g/accuracy_2"} <= set(named)


def test_the_json_is_the_same_for_equal_models_and_holds_rounded_figures() -> None:
    found = assessment(slices=(Slice("plan", "team", ONE),))
    assert found.to_json() == assessment(slices=(Slice("plan", "team", ONE),)).to_json()
    read = json.loads(found.to_json())
    assert read["slices"][0]["metrics"] == {"accuracy": 0.123457}
    assert read["decision"] == {
        "threshold": 0.5,
        "objective": "",
        "calibration": "none",
        "validation_log_loss": {"none": 0.5},
    }
    assert [one["label"] for one in read["classes"]] == ["no", "yes"]


def test_a_figure_that_a_fold_lacks_has_no_mean() -> None:
    assert assessment(folds=({"f1": 0.5, "roc_auc": 0.5}, {"f1": 0.5})).fold_means() == {"f1": 0.5}
