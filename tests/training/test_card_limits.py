"""What a reader is warned of, and that a good model gets no needless warning."""

import numpy as np

from mlapi.bundle.decision import Decision
from mlapi.bundle.schema import Feature, FeatureKind, FeatureSchema
from mlapi.bundle.types import Label
from mlapi.training.assessment import Assessment
from mlapi.training.card_limits import limits
from mlapi.training.deciding import Decided
from mlapi.training.evaluation import Figures, ModelEvaluator
from mlapi.training.slices import Slice

SCHEMA = FeatureSchema(features=(Feature(name="is", kind=FeatureKind.BOOLEAN),))


def assessed(n_rows: int, classes: tuple[Label, ...] = ("no", "yes"), **more: object) -> Assessment:
    codes = (np.arange(n_rows) % len(classes)).astype(np.int32)
    said = np.eye(len(classes), dtype=np.float32)[codes] * 0.98 + 0.01
    decision = Decision(classes=classes)
    evaluation = ModelEvaluator(decision, bootstrap=20).evaluate(codes, said)
    return Assessment(evaluation, Decided(decision, "", {}), **more)  # type: ignore[arg-type] # mixed


def told(assessment: Assessment, schema: FeatureSchema = SCHEMA) -> str:
    return "\n".join("".join(words) for words in limits(assessment, schema).items)


def figures(**metrics: float) -> Figures:
    return Figures(50, metrics, {name: (value - 0.01, value + 0.01) for name, value in metrics.items()})


def test_a_good_model_is_told_one_thing() -> None:
    assert told(assessed(400, baselines={"majority": figures(roc_auc=0.5)})).count("\n") == 0


def test_few_rows_and_rare_classes_are_named() -> None:
    found = told(assessed(40, tuple(f"c{place}" for place in range(12))))
    assert "only 40 test rows" in found
    assert "Few test rows are of: c0, c1, c2, c3, c4, c5, c6, c7, c8, c9 and 2 more." in found


def test_a_baseline_that_is_as_good_is_told() -> None:
    found = told(assessed(400, baselines={"logistic_regression": figures(roc_auc=1.0)}))
    assert "ROC AUC is not clearly better than the baseline logistic regression, which reaches 1.0000" in found


def test_rough_probabilities_are_told() -> None:
    codes = (np.arange(400) % 2).astype(np.int32)
    said = np.full((400, 2), 0.1, dtype=np.float32)
    said[np.arange(400), codes] = 0.7
    decision = Decision(classes=(0, 1))
    evaluation = ModelEvaluator(decision, bootstrap=20).evaluate(codes, said)
    assert "take them as ranks" in told(Assessment(evaluation, Decided(decision, "", {})))


def test_a_part_that_fares_worse_is_told() -> None:
    parts = (Slice("plan", "team", figures(accuracy=0.6)), Slice("plan", "free", figures(accuracy=1.0)))
    found = told(assessed(400, slices=parts))
    assert "less often right where plan is team: 0.6000" in found
    assert "free" not in found


def test_what_becomes_of_cells_that_training_has_not_seen_is_told() -> None:
    features = (
        Feature(name="plan", kind=FeatureKind.CATEGORICAL, categories=("a",)),
        Feature(name="age", kind=FeatureKind.NUMERIC, minimum=0.0, maximum=1.0),
    )
    found = told(assessed(400), FeatureSchema(features=features))
    assert "A category that training has not seen" in found
    assert "A number beyond the range" in found
