"""The target: which classes there are, how the data spells them, and which one every row has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlapi.bundle.profile import ColumnKind
from mlapi.bundle.types import Label
from mlapi.training.columns import Column, RawColumn, TextColumn, counts
from mlapi.training.errors import ConfigError, TargetError, nearest, shown
from mlapi.training.spelling import is_number, truth_of

LARGEST = 2**63 - 1  # of the integers that Parquet, MLflow and most readers of JSON hold
MANY_CLASSES = 100  # below this no target is called continuous or identifying: digits and letters are classes


@dataclass(frozen=True)
class Labels:
    """Classes as the data spells them, and each row's place among them.

    `classes` is sorted, but that the positive class of two stands last; `codes` is int32 of shape (n_rows,), -1 where
    the cell is missing.
    """

    classes: tuple[Label, ...]
    codes: NDArray[np.int32]

    @property
    def known(self) -> NDArray[np.intp]:
        """The rows that have a label."""
        return np.flatnonzero(self.codes >= 0)

    def take(self, rows: NDArray[np.intp]) -> Labels:
        """Give the labels of these rows."""
        return Labels(self.classes, self.codes[rows])

    def counts(self) -> NDArray[np.int64]:
        """Give the number of rows of each class."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.classes)).astype(np.int64)

    def spelled(self) -> list[Label | None]:
        """Give every row's label, None where it is missing."""
        return [None if code < 0 else self.classes[code] for code in self.codes]


def read_labels(raw: RawColumn, positive: str | None = None) -> Labels:
    """Find the classes of a target column.

    Args:
        raw: the column as the file has it.
        positive: the label to predict the probability of, spelled as text; the second in sorted order if None.

    Raises:
        TargetError: no labels, one class, a label a row, or numbers that are a quantity.
        ConfigError: `positive` is no class, or there are more than two.
    """
    found = _of_text(raw) if isinstance(raw, TextColumn) else _of_cells(raw)
    _check_classes(raw.name, found)
    return _with_positive_last(found, positive)


def read_known_labels(raw: RawColumn, classes: tuple[Label, ...]) -> Labels:
    """Read a second file's target into the first file's classes.

    Raises:
        TargetError: no labels, or one that the first file does not have.
    """
    found = _of_text(raw) if isinstance(raw, TextColumn) else _of_cells(raw)
    if classes and isinstance(classes[0], str):  # "1" and 1 are the same spelling when one file has texts beside it
        found = Labels(tuple(str(label) for label in found.classes), found.codes)
    if not len(found.known):
        raise TargetError(raw.name, "every cell of the test file is missing")
    unseen = [label for label in found.classes if label not in classes]
    if unseen:
        known = ", ".join(shown(label) for label in classes[:10])
        raise TargetError(raw.name, f"the test file has the label {shown(unseen[0])}, the training table only {known}")
    return _reordered(found, classes)


def _of_text(raw: TextColumn) -> Labels:
    places = np.flatnonzero(counts(raw) > 0)
    spelled = _spelled(raw, places)
    lookup = np.full(len(raw.levels) + 1, -1, dtype=np.int32)
    classes = tuple(sorted(set(spelled)))
    lookup[places] = [classes.index(label) for label in spelled]
    return Labels(classes, lookup[raw.codes])


def _spelled(raw: TextColumn, places: NDArray[np.intp]) -> list[Label]:
    """Give the levels at some places as labels: booleans or integers where all are, and no type says text."""
    texts = [str(text) for text in raw.texts[places]]
    truth = truth_of(raw.levels)[places]
    if raw.typed or not texts:
        return list(texts)
    if not np.isnan(truth).any():
        return [bool(value) for value in truth]
    return _numbers(raw.name, texts) if is_number(raw.levels)[places].all() else list(texts)


def _numbers(target: str, texts: list[str]) -> list[Label]:
    """Read whole numbers; a column stays text where one would lose its zero (01) or fits no 64 bits."""
    values = [float(text) for text in texts]
    if not all(value.is_integer() for value in values):
        raise TargetError(target, "holds fractions, a quantity; mlapi trains classification only")
    if any(text.strip().lstrip("+-").startswith("0") and text.strip() != "0" and "." not in text for text in texts):
        return list(texts)
    whole = [
        int(text) if text.strip().lstrip("+-").isdigit() else int(value)
        for text, value in zip(texts, values, strict=True)
    ]
    return list(texts) if max(map(abs, whole)) > LARGEST else list(whole)


def _of_cells(raw: Column) -> Labels:
    cells = raw.cells.astype(np.float64)
    values, codes = np.unique(cells[~np.isnan(cells)], return_inverse=True)
    if not np.equal(np.mod(values, 1.0), 0.0).all():
        raise TargetError(raw.name, "holds fractions, a quantity; mlapi trains classification only")
    boolean = raw.kind is ColumnKind.BOOLEAN
    classes: tuple[Label, ...] = tuple(bool(value) if boolean else int(value) for value in values)
    every = np.full(len(cells), -1, dtype=np.int32)
    every[~np.isnan(cells)] = codes
    return Labels(classes, every)


def _check_classes(target: str, labels: Labels) -> None:
    n_rows, n_classes = len(labels.known), len(labels.classes)
    if n_rows == 0:
        raise TargetError(target, "every cell is missing")
    if n_classes == 1:
        raise TargetError(target, f"has the single class {shown(labels.classes[0])}; there is nothing to tell apart")
    if n_classes == n_rows:
        raise TargetError(target, f"all {n_rows} labels differ; choose a column of classes")
    if n_classes > MANY_CLASSES and isinstance(labels.classes[0], int) and n_classes > n_rows / 10:
        raise TargetError(
            target, f"{n_classes} different numbers in {n_rows} rows, a quantity; mlapi trains classification only"
        )
    if n_classes > MANY_CLASSES and n_classes > n_rows / 2:
        raise TargetError(target, f"{n_classes} different labels in {n_rows} rows; choose a column of classes")


def _with_positive_last(labels: Labels, positive: str | None) -> Labels:
    if positive is None:
        return labels
    if len(labels.classes) != 2:
        raise ConfigError("--positive", f"only two classes have a positive one; the target has {len(labels.classes)}")
    spelled = [str(label) for label in labels.classes]
    folded = [
        text.casefold() if isinstance(label, bool) else text
        for text, label in zip(spelled, labels.classes, strict=True)
    ]
    wanted = positive.casefold() if isinstance(labels.classes[0], bool) else positive
    if wanted not in folded:
        raise ConfigError(
            "--positive",
            f"{shown(positive)} is no class; there are {', '.join(map(shown, spelled))}{nearest(positive, spelled)}",
        )
    last = folded.index(wanted)
    return _reordered(labels, (labels.classes[1 - last], labels.classes[last]))


def _reordered(labels: Labels, classes: tuple[Label, ...]) -> Labels:
    lookup = np.array([classes.index(label) for label in labels.classes] + [-1], dtype=np.int32)
    return Labels(classes, lookup[labels.codes])
