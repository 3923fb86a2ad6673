"""What a reader of a model card should be wary of, as far as the figures tell it."""

from __future__ import annotations

from collections.abc import Iterator

from mlapi.bundle.decision import class_name
from mlapi.bundle.schema import FeatureKind, FeatureSchema, OnUnknownCategory
from mlapi.training.assessment import Assessment
from mlapi.training.page import Data, Points, Words

FEW_ROWS = 200  # test rows, below which intervals are wide whatever the model
FEW_OF_A_CLASS = 30
ROUGH = 0.05  # a calibration error above which a probability is no more than a rank
NOTABLE = 0.01  # by which a part is surely less often right than the whole
MOST_NAMED = 10


def limits(assessment: Assessment, schema: FeatureSchema) -> Points:
    """Give the remarks; the first holds for every model."""
    always = "The figures hold for rows like the test rows; rows of another time, place or source may fare worse."
    return Points(
        [
            (always,),
            *_rows(assessment),
            *_baseline(assessment),
            *_probabilities(assessment),
            *_parts(assessment),
            *_cells(schema),
        ]
    )


def _rows(assessment: Assessment) -> Iterator[Words]:
    evaluation = assessment.evaluation
    if evaluation.n_rows < FEW_ROWS:
        yield (f"There are only {evaluation.n_rows} test rows; look at the intervals rather than at the figures.",)
    rare = [class_name(one.label) for one in evaluation.per_class if one.figures.n_rows < FEW_OF_A_CLASS]
    if rare:
        yield ("Few test rows are of: ", *_named(rare), ".")


def _baseline(assessment: Assessment) -> Iterator[Words]:
    figure = "roc_auc" if "roc_auc" in assessment.evaluation.metrics else "accuracy"
    low = assessment.evaluation.intervals[figure][0]
    for name, found in assessment.baselines.items():
        if found.metrics.get(figure, 0.0) >= low:
            value = f"{found.metrics[figure]:.4f}"
            words = f"is not clearly better than the baseline {name.replace('_', ' ')}, which reaches {value}"
            yield (f"Its {'ROC AUC' if figure == 'roc_auc' else figure} {words}.",)


def _probabilities(assessment: Assessment) -> Iterator[Words]:
    error = assessment.evaluation.metrics["calibration_error"]
    if error > ROUGH:
        yield (f"Probabilities are off by {error:.3f} on average; take them as ranks rather than as chances.",)


def _parts(assessment: Assessment) -> Iterator[Words]:
    whole = assessment.evaluation.metrics["accuracy"]
    for one in assessment.slices:
        if one.figures.intervals["accuracy"][1] < whole - NOTABLE:
            yield (
                "It is less often right where ",
                Data(one.feature),
                " is ",
                Data(one.group),
                f": {one.figures.metrics['accuracy']:.4f}.",
            )


def _cells(schema: FeatureSchema) -> Iterator[Words]:
    if any(
        one.on_unknown is OnUnknownCategory.MISSING and one.kind is FeatureKind.CATEGORICAL for one in schema.features
    ):
        yield ("A category that training has not seen is scored as a missing cell.",)
    if any(one.minimum is not None for one in schema.features):
        yield ("A number beyond the range seen in training is scored like the nearest one seen.",)


def _named(names: list[str]) -> Iterator[str]:
    for place, name in enumerate(names[:MOST_NAMED]):
        yield Data(name) if place == 0 else ", "
        if place:
            yield Data(name)
    if len(names) > MOST_NAMED:
        yield f" and {len(names) - MOST_NAMED} more"
