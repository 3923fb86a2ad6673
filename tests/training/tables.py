"""Small tables for the tests of training: written as text, so that a reader of a test sees the whole file."""

from __future__ import annotations

from pathlib import Path

import numpy as np

HEADER = "age,plan,active,y\n"


def good_rows(n_rows: int = 60, seed: int = 7) -> str:
    """Rows of a learnable table: a number, a category with gaps, a boolean; the label follows the first two."""
    random = np.random.default_rng(seed)
    lines = []
    for _ in range(n_rows):
        age = int(random.integers(18, 90))
        plan = random.choice(["free", "team", "?"])
        label = "yes" if age + 20 * (plan == "team") + random.normal(0, 10) > 60 else "no"
        lines.append(f"{age},{plan},{random.choice(['true', 'false'])},{label}\n")
    return "".join(lines)


def write_csv(folder: Path, text: str | bytes, name: str = "table.csv") -> Path:
    """Write a file and give its path."""
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path
