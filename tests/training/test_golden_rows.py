"""Which rows prove a bundle."""

import numpy as np
import pytest

from mlapi.bundle.schema import Feature, FeatureKind, FeatureSchema
from mlapi.bundle.types import Table
from mlapi.training.export import Model
from mlapi.training.golden_rows import Held, choose_golden_rows, edge_rows, fits
from tests.training.test_export import SCHEMA, trained

__all__ = ["trained"]  # a fixture


def test_golden_rows_are_held_out_rows_over_all_margins_and_the_edges(trained: tuple[Model, Table, Held]) -> None:
    _, _, held_out = trained
    rows = choose_golden_rows(SCHEMA, held_out, 32)
    assert len(rows) == 36
    first = {name: cells[np.argmin(held_out.margin[:, 0])] for name, cells in held_out.table.items()}
    assert rows[0]["age"] == first["age"]
    assert choose_golden_rows(SCHEMA, held_out, 32) == rows


def test_few_held_out_rows_are_all_golden(trained: tuple[Model, Table, Held]) -> None:
    _, _, held_out = trained
    few = Held({name: cells[:5] for name, cells in held_out.table.items()}, held_out.margin[:5])
    assert len(choose_golden_rows(SCHEMA, few, 32)) == 9


def test_edge_rows_are_least_most_missing_and_unknown() -> None:
    least, most, missing, unknown = edge_rows(SCHEMA)
    assert least == {"age": 18, "income": 0.5, "plan": "free", "size": "l", "active": False}
    assert most == {"age": 90, "income": 99.5, "plan": "team", "size": "s", "active": True}
    assert missing == {"age": 40, "income": None, "plan": None, "size": "l", "active": True}
    assert unknown == {"age": 40, "income": 30.5, "plan": "?", "size": "l", "active": True}
    assert type(least["age"]) is int


def test_a_range_that_is_not_known_gives_the_example() -> None:
    schema = FeatureSchema(features=(Feature(name="x", kind=FeatureKind.NUMERIC, example=2.5),))
    assert [row["x"] for row in edge_rows(schema)] == [2.5] * 4


@pytest.mark.parametrize(
    ("cell", "taken"),
    [({"size": "xl"}, False), ({"plan": "other"}, True), ({"age": None}, False), ({"income": None}, True)],
    ids=str,
)
def test_held_out_rows_that_serving_would_refuse_are_not_golden(cell: dict[str, object], taken: bool) -> None:
    row = SCHEMA.example_row() | cell
    assert fits(SCHEMA, row) is taken  # type: ignore[arg-type] # cells of several types
