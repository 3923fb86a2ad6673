"""Synthetic tables that the benchmarks train on."""

import csv
from pathlib import Path

import numpy as np

N_CATEGORIES = (9, 16, 7, 15, 6, 5, 2, 42)  # levels of adult's categorical features, in its column order


def write_adult_like(path: Path, *, n_rows: int = 48_842, seed: int = 0) -> Path:
    """Write a CSV file of adult's shape: 6 numeric and 8 categorical features, missing cells, two classes.

    Args:
        path: the file to write.
        n_rows: rows below the header; 48,842 is the size of UCI's adult.
        seed: of numpy's generator; the same seed writes the same bytes.
    """
    rng = np.random.default_rng(seed)
    numbers = np.round(rng.gamma(2.0, 20.0, size=(n_rows, 6)), 1)
    codes = np.column_stack([np.minimum(rng.geometric(0.25, n_rows) - 1, k - 1) for k in N_CATEGORIES])
    score = 0.03 * numbers[:, 0] - 0.02 * numbers[:, 2] + 0.3 * (codes[:, 1] % 3) - 0.4 * (codes[:, 4] == 1)
    label = score + rng.logistic(scale=0.8, size=n_rows) > np.quantile(score, 0.75)
    missing = rng.random((n_rows, 3)) < 0.03
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*(f"number_{j}" for j in range(6)), *(f"category_{j}" for j in range(8)), "label"])
        for i in range(n_rows):
            cells = [*map(str, numbers[i]), *(f"level_{code}" for code in codes[i])]
            for j, column in enumerate((0, 7, 13)):
                cells[column] = "" if missing[i, j] else cells[column]
            writer.writerow([*cells, "yes" if label[i] else "no"])
    return path
