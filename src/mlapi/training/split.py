"""Which rows train, which stop the training early, which are held out for the figures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlapi.training.errors import TargetError, count_of, shown
from mlapi.training.labels import Labels

Places = NDArray[np.intp]


@dataclass(frozen=True)
class Split:
    """Row numbers of each part, ascending; together every labelled row once. `test` is empty beside a test file."""

    train: Places
    validation: Places
    test: Places


def stratified_split(target: str, labels: Labels, *, test: float, validation: float, seed: int) -> Split:
    """Cut the labelled rows so that every part has each class in its share, and at least once.

    Args:
        target: the target's name, for the message.
        labels: one label a row.
        test: share of the rows held out, from 0 (a test file exists) to below 1.
        validation: share of ALL rows that stops the training.
        seed: of numpy's PCG64; the same seed, labels and shares give the same rows.

    Raises:
        TargetError: a class has fewer rows than parts.
    """
    check_class_sizes(target, labels, 2 if test == 0 else 3)
    random = np.random.Generator(np.random.PCG64(seed))
    parts: tuple[list[Places], list[Places], list[Places]] = ([], [], [])
    for code in range(len(labels.classes)):
        rows = random.permutation(np.flatnonzero(labels.codes == code))
        held_out = 0 if test == 0 else _share(len(rows), test, len(rows) - 2)
        stopping = held_out + _share(len(rows), validation, len(rows) - held_out - 1)
        for part, piece in zip(parts, (rows[stopping:], rows[held_out:stopping], rows[:held_out]), strict=True):
            part.append(piece)
    return Split(*(np.sort(np.concatenate(part)) for part in parts))


def check_class_sizes(target: str, labels: Labels, needed: int) -> None:
    """Refuse a class too small to stand in every part.

    Raises:
        TargetError: names the smallest class and its count.
    """
    sizes = labels.counts()
    smallest = int(np.argmin(sizes))
    if sizes[smallest] < needed:
        others = int((sizes < needed).sum()) - 1
        more = f" (and {others} more classes have too few)" if others else ""
        parts = "train, validation and test" if needed == 3 else "train and validation"
        raise TargetError(
            target,
            f"class {shown(labels.classes[smallest])} has {count_of(int(sizes[smallest]), 'row')}{more}; "
            f"the split into {parts} needs {needed}: add rows, merge the class with another, or remove it",
        )


def _share(n_rows: int, share: float, most: int) -> int:
    """Give a part's rows of one class: the rounded share, at least one, and at most what leaves the others theirs."""
    return min(max(1, round(n_rows * share)), most)
