"""The parts of a model card that hold figures."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence

from mlapi.bundle.decision import class_name
from mlapi.training.assessment import Assessment
from mlapi.training.evaluation import Figures
from mlapi.training.page import Block, Data, Paragraph, Picture, Section, Table

BETTER_LOW = ("brier", "calibration_error", "log_loss")
OF_A_CLASS = ("precision", "recall", "f1", "roc_auc", "pr_auc")
OF_A_SLICE = ("accuracy", "f1", "roc_auc", "log_loss")
MOST_CLASSES = 200  # with a line of their own; evaluation.json has all of them


def figures_section(assessment: Assessment, pictures: Sequence[Picture]) -> Section:
    """Give the model's figures beside the baselines' and, where there was one, the cross-validation's."""
    whole, folds = assessment.evaluation, assessment.fold_means()
    header = ["figure", "value", "interval", *(name.replace("_", " ") for name in assessment.baselines)]
    rows = [
        [
            f"{_title(name)} (less is better)" if name in BETTER_LOW else _title(name),
            number(value),
            _interval(whole, name),
            *(number(one.metrics.get(name)) for one in assessment.baselines.values()),
        ]
        for name, value in sorted(whole.metrics.items())
    ]
    if folds:
        header.append(f"mean of {len(assessment.folds)} folds")
        for row, name in zip(rows, sorted(whole.metrics), strict=True):
            row.append(_folded(assessment, name))
    words = f"On {whole.n_rows} rows that the model has not seen; 95 % bootstrap intervals."
    return Section(
        "Figures", [Paragraph((words, " Less is better where the name says so.")), Table(header, rows), *pictures]
    )


def decision_section(assessment: Assessment, pictures: Sequence[Picture]) -> Section:
    """Tell how a probability becomes a label, and whether it was corrected."""
    decided, blocks = assessment.decided, list[Block]()
    if len(decided.decision.classes) > 2:
        blocks.append(Paragraph(("The label is the most probable class. Probabilities are the trees' own.",)))
        return Section("Decision", [*blocks, *pictures])
    chosen = f", chosen on the validation rows for {decided.objective}" if decided.objective else ""
    positive = Data(class_name(decided.decision.classes[1]))
    words = (f" where its probability is at least {decided.decision.threshold:g}{chosen}.",)
    blocks.append(Paragraph(("The label is ", positive, *words)))
    curve = "not corrected" if decided.kind == "none" else f"corrected by a curve ({decided.kind}) over the margin"
    blocks.append(Paragraph((f"Probabilities are {curve}.",)))
    if decided.losses:
        rows = [(kind, f"{loss:.6f}") for kind, loss in decided.losses.items()]
        blocks.append(Table(("correction tried", "log loss on validation, cross-fitted"), rows))
    return Section("Decision", [*blocks, *pictures])


def classes_section(assessment: Assessment, pictures: Sequence[Picture]) -> Section:
    """Give each class's figures."""
    evaluation = assessment.evaluation
    rows = [
        [class_name(label), found.n_rows, *(number(found.metrics.get(name)) for name in OF_A_CLASS)]
        for label, found in evaluation.per_class[:MOST_CLASSES]
    ]
    header = ["class", "test rows", *(_title(name) for name in OF_A_CLASS)]
    blocks: list[Block] = [Table(header, rows)]
    if len(rows) < len(evaluation.per_class):
        blocks.append(
            Paragraph((f"{len(evaluation.per_class) - len(rows)} further classes stand in evaluation.json.",))
        )
    return Section("Classes", [*blocks, *pictures])


def slices_section(assessment: Assessment) -> Iterator[Section]:
    """Give the figures of the parts that were asked for, a table for each feature."""
    features = list(dict.fromkeys(one.feature for one in assessment.slices))
    if not features:
        return
    blocks: list[Block] = []
    for feature in features:
        rows = [
            [one.group, one.figures.n_rows, *(_with_interval(one.figures, name) for name in OF_A_SLICE)]
            for one in assessment.slices
            if one.feature == feature
        ]
        blocks += [Paragraph(("By ", Data(feature), ":")), Table(["part", "test rows", *map(_title, OF_A_SLICE)], rows)]
    yield Section("Parts of the test rows", blocks)


def number(value: float | None) -> str:
    """Give four decimals, nothing for what is not known."""
    return "" if value is None else f"{value:.4f}"


def _title(name: str) -> str:
    return {"roc_auc": "ROC AUC", "pr_auc": "PR AUC", "f1": "F1", "mcc": "MCC"}.get(name, name.replace("_", " "))


def _interval(found: Figures, name: str) -> str:
    low, high = found.intervals[name]
    return f"{low:.4f} to {high:.4f}"


def _with_interval(found: Figures, name: str) -> str:
    return f"{found.metrics[name]:.4f} ({_interval(found, name)})" if name in found.metrics else ""


def _folded(assessment: Assessment, name: str) -> str:
    values = [fold[name] for fold in assessment.folds if name in fold]
    return f"{statistics.mean(values):.4f} ± {statistics.stdev(values):.4f}" if len(values) > 1 else ""
