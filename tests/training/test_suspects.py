"""Which features know too much, and which only seem to."""

from __future__ import annotations

import numpy as np

from mlapi.bundle.profile import ColumnKind
from mlapi.training.columns import Column
from mlapi.training.dataset import Dataset
from mlapi.training.labels import Labels
from mlapi.training.suspects import suspects

RANDOM = np.random.default_rng(3)
CODES = RANDOM.integers(0, 2, 600).astype(np.int32)


def found(*columns: Column, codes: np.ndarray[tuple[int], np.dtype[np.int32]] = CODES) -> list[tuple[str, bool]]:
    labels = Labels(tuple(range(int(codes.max()) + 1)), codes)
    data = Dataset("t", "y", columns, labels)
    return [(one.feature, one.by_gaps) for one in suspects(data, tuple(one.name for one in columns), 0)]


def numbers(name: str, cells: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Column:
    return Column(name, ColumnKind.NUMBER, cells)


def texts(name: str, cells: list[str | None]) -> Column:
    return Column(name, ColumnKind.TEXT, np.array(cells, np.object_))


def test_a_copy_of_the_label_is_suspect_however_it_is_spelled() -> None:
    noise = RANDOM.normal(0, 0.1, 600)
    assert found(
        numbers("rises", CODES + noise),
        numbers("falls", -CODES + noise),
        numbers("either side", np.where(CODES == 1, RANDOM.choice([-5.0, 5.0], 600), 0.0) + noise),
        texts("spelled", [f"outcome {code}" for code in CODES]),
    ) == [("rises", False), ("falls", False), ("either side", False), ("spelled", False)]


def test_a_cell_that_is_filled_in_for_one_class_only_is_suspect() -> None:
    cells = np.where((CODES == 1) & (RANDOM.random(600) < 0.93), RANDOM.normal(0, 1, 600), np.nan)
    assert found(numbers("lifeboat", cells)) == [("lifeboat", True)]


def test_a_good_feature_a_name_and_a_row_number_are_not() -> None:
    assert not found(
        numbers("good", CODES + RANDOM.normal(0, 0.7, 600)),
        numbers("row", np.arange(600.0)),
        texts("name", [f"n{row}" for row in range(600)]),
        texts("with gaps", [None if row % 3 else "a" for row in range(600)]),
        numbers("empty", np.full(600, np.nan)),
    )


def test_with_more_classes_all_must_be_told_apart() -> None:
    codes = RANDOM.integers(0, 3, 600).astype(np.int32)
    one_only = numbers("one class", (codes == 2) + RANDOM.normal(0, 0.1, 600))
    all_three = numbers("all classes", codes + RANDOM.normal(0, 0.05, 600))
    assert found(one_only, all_three, codes=codes) == [("all classes", False)]
