"""Which part each row of a large table belongs to, by a hash of its number: no row need be seen for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mlapi.training.errors import TargetError, shown
from mlapi.training.fingerprints import mixed
from mlapi.training.labels import Labels

HELD_ROWS: Final = 100_000  # of validation and of test at most: their figures are exact to three digits, and fit memory
SAMPLE_ROWS: Final = 100_000  # of the training rows that are kept to describe them
TRAIN, VALIDATION, TEST, NONE = range(4)


@dataclass(frozen=True)
class Parts:
    """For each of n_rows rows of a file its part, and whether it is kept in memory; rows without a label have none."""

    part: NDArray[np.uint8]
    kept: NDArray[np.bool_]

    @property
    def counts(self) -> dict[str, int]:
        """Rows of each part."""
        counts = np.bincount(self.part, minlength=4).tolist()
        return dict(zip(("train", "validation", "test"), counts, strict=False))


def deal_by_number(target: str, labels: Labels, *, test: float, validation: float, seed: int) -> Parts:
    """Deal rows out; equal numbers, shares and seeds give equal parts.

    Args:
        target: the target's name, for the message.
        labels: of all rows, -1 for those without.
        test: share of the rows that is held out, of which no more than 100,000 rows are taken; 0 for none.
        validation: share that stops the training, likewise.
        seed: of the hash.

    Raises:
        TargetError: a class is missing from a part.
    """
    n_rows = len(labels.codes)
    most = HELD_ROWS / n_rows
    places = _places(n_rows, seed)
    test_end = min(test, most)
    part = np.full(n_rows, TRAIN, np.uint8)
    part[places < test_end + min(validation, most)] = VALIDATION
    part[places < test_end] = TEST
    part[labels.codes < 0] = NONE
    kept = ((part != TRAIN) | (places >= 1 - SAMPLE_ROWS / n_rows)) & (part != NONE)
    parts = Parts(part, kept)
    _check(target, labels, parts, TRAIN, VALIDATION, *((TEST,) if test else ()))
    return parts


def _places(n_rows: int, seed: int) -> NDArray[np.float64]:
    """Give each row a number from 0 to below 1: the upper 53 bits of splitmix64 over seed and row."""
    numbers = np.arange(n_rows, dtype=np.uint64) + (np.uint64(seed) << np.uint64(32))
    return np.asarray((mixed(numbers * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(11)) * 2.0**-53)


def _check(target: str, labels: Labels, parts: Parts, *needed: int) -> None:
    for part in needed:
        name = ("train", "validation", "test")[part]
        counts = np.bincount(labels.codes[parts.part == part], minlength=len(labels.classes))
        for label, count in zip(labels.classes, counts.tolist(), strict=True):
            if not count:
                reason = f"class {shown(label)} has no row in the part {name}, which is dealt by row number"
                raise TargetError(target, f"{reason}: add rows, merge the class with another, or remove it")
