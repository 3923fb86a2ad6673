"""Remarks on answered rows."""

from typing import Any

import numpy as np

from mlapi.app.services.notes import Remark
from mlapi.app.services.remarks import remarks
from mlapi.bundle import load
from mlapi.bundle.rows import check_rows
from tests.app.bundles import ROW, SCHEMA, bundle

USUAL: list[dict[str, Any]] = [ROW]
FAR: list[dict[str, Any]] = [{**ROW, "age": 12345}]


def codes(*rows: dict[str, Any]) -> list[tuple[int, str, str]]:
    table = check_rows(SCHEMA, rows)
    found = remarks(SCHEMA, table, load(bundle()).predict_table(table))
    return [(one.row, one.feature, one.code) for one in found]


def test_notes_numbers_outside_of_the_training_range_and_unknown_categories_by_row() -> None:
    assert codes(ROW | {"age": 91}, ROW, ROW | {"age": -1, "income": 9.6, "town": "Paris"}) == [
        (0, "age", "out_of_range"),
        (2, "town", "unknown_category"),
        (2, "age", "out_of_range"),
        (2, "income", "out_of_range"),
    ]


def test_the_edges_of_the_range_and_missing_cells_are_inside() -> None:
    assert codes(ROW | {"age": 0, "income": 9.5}, ROW | {"age": 90, "income": None}) == []


def test_says_the_range_and_not_the_cell() -> None:
    table = check_rows(SCHEMA, FAR)
    assert remarks(SCHEMA, table, load(bundle()).predict_table(table)) == [
        Remark(0, "age", "out_of_range", "outside of the range seen in training, 0 to 90")
    ]


def test_a_table_that_was_encoded_already_has_nothing_to_note() -> None:
    table = check_rows(SCHEMA, USUAL)
    assert remarks(SCHEMA, {}, load(bundle()).predict_table(table)) == []
    assert np.isfinite(table["age"]).all()
