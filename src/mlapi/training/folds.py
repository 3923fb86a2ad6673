"""Cut rows into folds, each of which scores once what the others have trained."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mlapi.training.dealing import deal
from mlapi.training.errors import TargetError, count_of
from mlapi.training.split import Places

if TYPE_CHECKING:
    from mlapi.training.dataset import Dataset

Parts = Sequence[tuple[Places, Places]]  # (training rows, scoring rows) of each fold, both ascending


def folds(data: Dataset, count: int, seed: int) -> Parts:
    """Cut rows into folds as `split_rows` cuts them: no group is in two, and no row is scored by later ones.

    Args:
        data: the rows.
        count: folds, two or more; of rows with times there may be fewer, since the earliest rows score none.
        seed: of numpy's PCG64.

    Raises:
        TargetError: fewer groups or times than folds, or no fold whose training rows have every class.
    """
    codes, roles = data.labels.codes, data.roles
    if roles.times is not None:
        return _with_every_class(data, _forward(data, roles.times, count))
    if roles.groups is not None:
        if (n_groups := int(roles.groups.max()) + 1) < count:
            raise TargetError(data.target, f"the rows are of {count_of(n_groups, 'group')}, too few for {count} folds")
        return _with_every_class(data, _parts(deal(roles.groups, codes, [1 / count] * count, seed), count))
    return stratified_folds(codes, count, seed)


def _forward(data: Dataset, times: NDArray[np.float64], count: int) -> Parts:
    """Cut by time into one block more than folds; each block but the first is scored by all that come before it."""
    moments, counts = np.unique(times, return_counts=True)
    if len(moments) <= count:
        raise TargetError(data.target, f"the rows are of {count_of(len(moments), 'time')}, too few for {count} folds")
    share = (np.cumsum(counts) - counts / 2) / len(times)  # middle of each moment's rows among all
    block = np.minimum((share * (count + 1)).astype(np.intp), count)[np.searchsorted(moments, times)]
    cuts = [(np.flatnonzero(block < one), np.flatnonzero(block == one)) for one in range(1, count + 1)]
    return [cut for cut in cuts if len(cut[0]) and len(cut[1])]


def _with_every_class(data: Dataset, parts: Parts) -> Parts:
    every = np.arange(len(data.labels.classes))
    kept = [part for part in parts if np.isin(every, data.labels.codes[part[0]]).all()]
    if not kept:
        raise TargetError(data.target, "no fold has training rows of every class; take fewer folds")
    return kept


def stratified_folds(codes: NDArray[np.int32], count: int, seed: int) -> Parts:
    """Deal the rows of each class out in turn, so that every fold has each class in its share.

    Args:
        codes: (n_rows,), the rows' classes.
        count: folds, two or more.
        seed: of numpy's PCG64.
    """
    random = np.random.Generator(np.random.PCG64(seed))
    order = np.concatenate([random.permutation(np.flatnonzero(codes == code)) for code in np.unique(codes)])
    fold_of = np.empty(len(codes), dtype=np.intp)
    fold_of[order] = np.arange(len(codes)) % count  # one class goes on where the one before ended: equal sizes
    return _parts(fold_of, count)


def _parts(fold_of: Places, count: int) -> Parts:
    return [(np.flatnonzero(fold_of != one), np.flatnonzero(fold_of == one)) for one in range(count)]
