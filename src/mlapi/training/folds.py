"""Cut rows into folds, each of which scores once what the others have trained."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mlapi.training.split import Places

Parts = Sequence[tuple[Places, Places]]  # (training rows, scoring rows) of each fold, both ascending


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
    return [(np.flatnonzero(fold_of != one), np.flatnonzero(fold_of == one)) for one in range(count)]
