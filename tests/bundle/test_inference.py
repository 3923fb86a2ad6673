"""From one column to a feature."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlapi.bundle import column_profile, inference
from mlapi.bundle.errors import SchemaError
from mlapi.bundle.profile import ColumnKind, FeatureOverride, Grouping, LeftOut, infer_feature, profile_column
from mlapi.bundle.schema import Feature, FeatureKind, OnUnknownCategory
from mlapi.bundle.types import Cell, Cells
from tests.fixtures.strategies import finite, texts

NUMERIC, INTEGER, BOOLEAN, CATEGORICAL, DATETIME = FeatureKind
REJECT = OnUnknownCategory.REJECT


def infer(*cells: float | str | None, boolean: bool = False, **override: Any) -> Feature | LeftOut:
    """Infer the feature `x` from cells of one type."""
    is_text = any(isinstance(cell, str) for cell in cells)
    column: Cells = np.array(cells, np.object_) if is_text else np.array(cells, np.float64)
    return infer_feature(
        profile_column("x", column, ColumnKind.BOOLEAN if boolean else ColumnKind.NUMBER), FeatureOverride(**override)
    )


def feature(*cells: float | str | None, boolean: bool = False, **override: Any) -> Feature:
    found = infer(*cells, boolean=boolean, **override)
    assert isinstance(found, Feature)
    return found


@pytest.mark.parametrize(
    ("cells", "kind", "example"),
    [
        ((1.5, 2.5, 9.0), NUMERIC, 2.5),
        ((1, 2, 9), INTEGER, 2),
        ((0, 1, 1), INTEGER, 1),
        ((1e25, 2e25), INTEGER, 1e25),
        (("b", "a", "b"), CATEGORICAL, "b"),
        (("b", "a"), CATEGORICAL, "a"),
    ],
)
def test_the_kind_and_the_example_follow_from_the_cells(
    cells: tuple[float | str, ...], kind: FeatureKind, example: Cell
) -> None:
    found = feature(*cells)
    assert found.kind is kind
    assert found.example == example
    assert type(found.example) is type(example)
    assert not found.nullable


def test_booleans_are_booleans_and_their_example_is_the_mode() -> None:
    assert feature(0, 1, 1, boolean=True).example is True
    assert feature(0, 1, boolean=True).example is False
    assert feature(0, 1, boolean=True).kind is BOOLEAN


def test_numbers_have_the_range_that_was_seen_and_others_have_none() -> None:
    assert (feature(3, 1).minimum, feature(3, 1).maximum) == (1.0, 3.0)
    assert (feature(0.5, 1).minimum, feature(0.5, 1).maximum) == (0.5, 1.0)
    assert feature("a", "b").minimum is None
    assert feature(0, 1, boolean=True).maximum is None


def test_a_missing_cell_makes_a_feature_nullable() -> None:
    assert feature(1, 2, None).nullable
    assert feature("a", "b", None).nullable


def test_categories_are_sorted() -> None:
    assert feature("b", "B", "é", "a").categories == ("B", "a", "b", "é")


@pytest.mark.parametrize("cells", [(), (None, None)], ids=repr)
def test_an_all_missing_column_is_left_out(cells: tuple[None, ...]) -> None:
    assert infer(*cells) == LeftOut("x", "all missing")


@pytest.mark.parametrize("cells", [(4, 4), ("a", "a")], ids=repr)
def test_a_constant_column_is_left_out(cells: tuple[float | str, ...]) -> None:
    assert infer(*cells) == LeftOut("x", "constant")


def test_one_value_beside_missing_cells_says_something() -> None:
    assert feature("yes", None).categories == ("yes",)
    assert feature(4, None).kind is INTEGER


def test_text_that_looks_like_identifiers_is_left_out() -> None:
    unique = [f"id {n}" for n in range(101)]
    assert infer(*unique, *unique[:100]) == LeftOut("x", "identifier-like text: 101 of 201 rows distinct")
    assert infer(*unique, None) == LeftOut("x", "identifier-like text: 101 of 101 rows distinct")
    assert isinstance(infer(*unique, *unique), Feature)  # half, not more
    assert isinstance(infer(*unique[:100]), Feature)  # 100 levels, not more
    assert feature(*unique, kind=CATEGORICAL).categories == tuple(sorted(unique))


def test_distinct_numbers_are_no_identifiers() -> None:
    assert isinstance(infer(*range(500)), Feature)


def test_more_levels_than_are_told_apart_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (inference, column_profile):
        monkeypatch.setattr(module, "MAX_LEVELS", 3)
    assert infer(*"abcde" * 9) == LeftOut("x", "identifier-like text: more than 3 distinct")
    with pytest.raises(SchemaError, match="more than 3 categories"):
        infer(*"abcde" * 9, kind=CATEGORICAL)
    with pytest.raises(SchemaError, match="more than 3 categories"):
        infer(*range(9), kind=CATEGORICAL)


@pytest.mark.parametrize("bad", [np.inf, -np.inf, 1e39])
def test_an_infinite_number_names_the_column(bad: float) -> None:
    with pytest.raises(SchemaError, match="feature 'x': holds inf"):
        infer(1, bad)


@pytest.mark.parametrize(
    ("cells", "boolean", "kind", "example"),
    [
        ((1, 2), False, NUMERIC, 1.0),
        ((1, 2), False, INTEGER, 1),
        ((0, 1), False, BOOLEAN, False),
        ((1, None), False, BOOLEAN, True),
        ((0, 1), True, INTEGER, 0),
        ((0, 1), True, NUMERIC, 0.0),
        ((10, 9, 9), False, CATEGORICAL, "9"),
        (("a", "b"), False, CATEGORICAL, "a"),
    ],
)
def test_an_override_may_choose_another_kind_that_suits(
    cells: tuple[float | str, ...], boolean: bool, kind: FeatureKind, example: Cell
) -> None:
    found = feature(*cells, boolean=boolean, kind=kind)
    assert found.kind is kind
    assert found.example == example
    assert type(found.example) is type(example)


def test_whole_numbers_become_categories_by_their_decimals() -> None:
    assert feature(10, 9, 10, kind=CATEGORICAL).categories == ("10", "9")


@pytest.mark.parametrize(
    ("cells", "boolean", "kind", "possible"),
    [
        ((1.5, 2), False, INTEGER, "numeric"),
        ((1.5, 2), False, CATEGORICAL, "numeric"),
        ((0, 2), False, BOOLEAN, "integer or numeric or categorical"),
        ((0, 1), True, CATEGORICAL, "boolean or integer or numeric"),
        (("a", "b"), False, NUMERIC, "categorical"),
        (("a", "b"), False, BOOLEAN, "categorical"),
    ],
)
def test_a_kind_that_does_not_suit_is_refused(
    cells: tuple[float | str, ...], boolean: bool, kind: FeatureKind, possible: str
) -> None:
    with pytest.raises(SchemaError, match=f"cannot be {kind}; it can be {possible}$"):
        infer(*cells, boolean=boolean, kind=kind)


def test_an_override_may_make_a_feature_nullable_but_not_deny_missing_cells() -> None:
    assert feature(1, 2, nullable=True).nullable
    assert not feature(1, 2, nullable=False).nullable
    assert feature(1, 2, None, nullable=True).nullable
    with pytest.raises(SchemaError, match="1 missing cells"):
        infer(1, 2, None, nullable=False)


def test_an_override_may_list_the_categories_in_an_order_of_its_own() -> None:
    found = feature("a", "b", "b", categories=("c", "a"))
    assert found.categories == ("c", "a")
    assert found.example == "a"
    assert feature("a", "b", categories=("z", "y")).example == "z"


@pytest.mark.parametrize("categories", [(), ("a", "a"), ("a", "")], ids=repr)
def test_impossible_categories_are_refused(categories: tuple[str, ...]) -> None:
    with pytest.raises(SchemaError, match="'x'"):
        infer("a", "b", categories=categories)


def test_rejecting_what_training_holds_is_refused() -> None:
    with pytest.raises(SchemaError, match="would reject"):
        infer("a", "b", categories=("a",), on_unknown=REJECT)
    assert feature("a", "b", categories=("a", "b", "c"), on_unknown=REJECT).on_unknown is REJECT
    assert feature("a", "b", on_unknown=REJECT).on_unknown is REJECT


@pytest.mark.parametrize(
    "override", [{"categories": ("a",)}, {"on_unknown": REJECT}, {"encoding": "ordinal"}], ids=repr
)
def test_what_is_for_categories_is_refused_elsewhere(override: dict[str, Any]) -> None:
    with pytest.raises(SchemaError, match="do not apply"):
        infer(1, 2, **override)


def grouped(*cells: str | None, grouping: Grouping, **override: Any) -> Feature | LeftOut:
    column = np.array(cells, np.object_)
    return infer_feature(profile_column("x", column), FeatureOverride(**override), grouping)


@pytest.mark.parametrize(
    ("grouping", "categories"),
    [
        (Grouping(min_count=2), ("a", "b")),
        (Grouping(min_count=3), ("a",)),
        (Grouping(most=1), ("a",)),
        (Grouping(most=2), ("a", "b")),
        (Grouping(most=3), ("a", "b", "c")),
    ],
    ids=repr,
)
def test_rare_categories_are_one(grouping: Grouping, categories: tuple[str, ...]) -> None:
    found = grouped("a", "a", "a", "b", "b", "c", "d", None, grouping=grouping)
    assert isinstance(found, Feature)
    assert (found.categories, found.on_unknown) == (categories, OnUnknownCategory.OTHER)


def test_what_is_said_of_categories_stands_above_grouping() -> None:
    rare = Grouping(min_count=2)
    listed = grouped("a", "a", "b", grouping=rare, categories=("b", "a"))
    strict = grouped("a", "a", "b", grouping=rare, on_unknown=REJECT)
    missing = grouped("a", "a", "b", grouping=rare, on_unknown=OnUnknownCategory.MISSING)
    assert isinstance(listed, Feature)
    assert isinstance(strict, Feature)
    assert isinstance(missing, Feature)
    assert (listed.categories, listed.on_unknown) == (("b", "a"), OnUnknownCategory.MISSING)
    assert (strict.categories, strict.on_unknown) == (("a", "b"), REJECT)
    assert (missing.categories, missing.on_unknown) == (("a",), OnUnknownCategory.MISSING)


def test_nothing_rare_leaves_a_feature_as_it_was_and_nothing_common_leaves_none() -> None:
    assert grouped("a", "a", "b", "b", grouping=Grouping(min_count=2)) == grouped(
        "a", "a", "b", "b", grouping=Grouping()
    )
    assert grouped("a", "b", grouping=Grouping(min_count=2)) == LeftOut(
        "x", "every category is rare: none is in 2 training rows"
    )


def test_dates_have_a_range_and_a_median_that_occurs() -> None:
    found = infer_feature(profile_column("x", np.array([86_400.0, 0.0, np.nan, 172_800.0]), ColumnKind.DATETIME))
    assert isinstance(found, Feature)
    assert (found.kind, found.nullable, found.minimum, found.maximum) == (DATETIME, True, 0.0, 172_800.0)
    assert found.example == "1970-01-02T00:00:00Z"


def test_an_override_may_describe() -> None:
    assert feature(1, 2, description="of life").description == "of life"


def test_empty_text_is_no_category() -> None:
    with pytest.raises(SchemaError, match="must not be empty"):
        infer("a", "")


@given(st.lists(finite | st.none(), min_size=1) | st.lists(texts | st.none(), min_size=1))
def test_every_inferred_feature_takes_the_cells_that_it_came_from(cells: list[float | str | None]) -> None:
    found = infer(*cells)
    if isinstance(found, Feature):
        assert found.fault(found.example) is None
        assert all(found.nullable if cell is None else found.fault(cell) is None for cell in cells)
