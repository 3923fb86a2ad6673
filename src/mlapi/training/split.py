"""Which rows train, which stop the training early, which are held out for the figures."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mlapi.training.dealing import deal
from mlapi.training.errors import TargetError, count_of, shown
from mlapi.training.labels import Labels

if TYPE_CHECKING:
    from mlapi.training.dataset import Dataset

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


def split_rows(data: Dataset, *, test: float, validation: float, seed: int) -> Split:
    """Cut the rows as the table wants it: by time where it has times, by group where it has groups, else by class.

    Args:
        data: the table.
        test: share of the rows held out, from 0 (a test file exists) to below 1.
        validation: share of ALL rows that stops the training.
        seed: of numpy's PCG64; time needs none.

    Raises:
        TargetError: a class has too few rows.
        ColumnError: there are too few groups or times.
    """
    target, labels, roles = data.target, data.labels, data.roles
    if roles.times is not None:
        return time_split(target, labels, roles.times, test=test, validation=validation)
    if roles.groups is not None:
        return group_split(target, labels, roles.groups, test=test, validation=validation, seed=seed)
    return stratified_split(target, labels, test=test, validation=validation, seed=seed)


def group_split(target: str, labels: Labels, groups: Places, *, test: float, validation: float, seed: int) -> Split:
    """Cut the rows so that no group is in two parts, and every part has about its share of each class.

    Args:
        target: the target's name, for the message.
        labels: one label a row.
        groups: each row's group, numbered from 0 without gaps.
        test: share of the rows held out, from 0 to below 1.
        validation: share of ALL rows that stops the training.
        seed: of numpy's PCG64.

    Raises:
        TargetError: fewer groups than parts, or a class that would be missing from the training.
    """
    shares = [1 - test - validation, validation, *([test] if test else [])]
    if (n_groups := int(groups.max()) + 1) < len(shares):
        raise TargetError(target, f"the rows are of {count_of(n_groups, 'group')}; the split needs {len(shares)}")
    part = deal(groups, labels.codes, shares, seed)
    return _with_every_class(target, labels, Split(*(np.flatnonzero(part == place) for place in range(3))))


def time_split(target: str, labels: Labels, times: NDArray[np.float64], *, test: float, validation: float) -> Split:
    """Cut the rows by time: the latest are the test, those before it the validation; equal times are not cut apart.

    Args:
        target: the target's name, for the message.
        labels: one label a row.
        times: when each row was.
        test: share of the rows held out, from 0 to below 1.
        validation: share of ALL rows that stops the training.

    Raises:
        TargetError: fewer times than parts, or a class that would be missing from the training.
    """
    shares = [test, validation] if test else [validation]
    moments, counts = np.unique(times, return_counts=True)
    if len(moments) <= len(shares):
        found = count_of(len(moments), "time")
        raise TargetError(target, f"the rows are of {found}; the split needs {len(shares) + 1} different ones")
    before = np.cumsum(counts) / len(times)  # share of the rows up to each moment
    ends, last = [], len(moments) - 1  # index of the last moment before each part, the latest part first
    for place, share in enumerate(np.cumsum(shares).tolist()):
        nearest = int(np.argmin(np.abs(before[:last] - (1 - share))))
        last = max(nearest, len(shares) - 1 - place)
        ends.append(moments[last])
    newest = [np.flatnonzero(times > ends[0])]
    newest += [np.flatnonzero((times > early) & (times <= late)) for late, early in itertools.pairwise(ends)]
    held_out, stopping = newest if test else (np.empty(0, np.intp), *newest)
    return _with_every_class(target, labels, Split(np.flatnonzero(times <= ends[-1]), stopping, held_out))


def _with_every_class(target: str, labels: Labels, split: Split) -> Split:
    known = np.isin(np.arange(len(labels.classes)), labels.codes[split.train])
    if not known.all():
        missing = labels.classes[int(np.argmin(known))]
        reason = f"class {shown(missing)} is in none of the {len(split.train)} rows that train; "
        raise TargetError(target, reason + "split otherwise, merge the class with another, or remove it")
    return split


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
