"""Deal whole groups of rows out to parts, so that each part comes near its share of every class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def deal(groups: NDArray[np.intp], codes: NDArray[np.int32], shares: Sequence[float], seed: int) -> NDArray[np.intp]:
    """Give each row's part.

    Args:
        groups: each row's group, numbered from 0 without gaps.
        codes: each row's class.
        shares: of all rows for each part; there are at least as many groups as parts.
        seed: of numpy's PCG64, for groups of one size.

    The largest group goes first, each to the part that lacks most of its classes; every part gets a group.
    """
    n_classes = int(codes.max()) + 1
    counts = np.bincount(groups * n_classes + codes, minlength=(int(groups.max()) + 1) * n_classes)
    table = counts.reshape(-1, n_classes).astype(np.float64)
    random = np.random.Generator(np.random.PCG64(seed))
    order = random.permutation(len(table))
    order = order[np.argsort(-table[order].sum(axis=1), kind="stable")]
    total = np.maximum(table.sum(axis=0), 1)
    lacking = np.outer(shares, total)
    weight = 1 / total**2  # a row of a rare class matters more
    part_of = np.empty(len(table), np.intp)
    empty = set(range(len(shares)))
    for left, group in zip(range(len(order), 0, -1), order.tolist(), strict=True):
        # what the squared distances from the shares grow by
        growth = (table[group] * (table[group] - 2 * lacking) * weight).sum(axis=1)
        if left <= len(empty):
            growth[[part for part in range(len(shares)) if part not in empty]] = np.inf
        part = int(np.argmin(growth))
        lacking[part] -= table[group]
        empty.discard(part)
        part_of[group] = part
    return part_of[groups]
