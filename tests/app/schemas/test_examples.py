"""Synthetic rows to show."""

import numpy as np
from hypothesis import given

from mlapi.app.schemas.columns import ABSENT
from mlapi.app.schemas.examples import example_rows
from mlapi.bundle.rows import check_rows
from mlapi.bundle.schema import Feature, FeatureKind, FeatureSchema
from tests.app.bundles import SCHEMA
from tests.app.schemas.strategies import schemas


@given(schemas())
def test_the_model_takes_its_own_examples(schema: FeatureSchema) -> None:
    table = check_rows(schema, example_rows(schema))
    assert all(len(cells) == 2 for cells in table.values())


def test_the_second_row_differs_in_every_feature_that_can() -> None:
    assert example_rows(SCHEMA) == [
        {"age": 40, "income": 2.5, "member": True, "town": None, "plan": "basic"},
        {"age": 65, "income": 6.0, "member": False, "town": "Bern", "plan": "plus"},
    ]


def test_a_feature_of_which_nothing_is_known_stays_as_it_is() -> None:
    one = Feature(name="a", kind=FeatureKind.NUMERIC)
    other = Feature(name="b", kind=FeatureKind.CATEGORICAL, categories=("x",))
    first, second = example_rows(FeatureSchema(features=(one, other)))
    assert first == second == {"a": one.example, "b": "x"}


def test_a_range_of_all_float32_numbers_has_a_middle() -> None:
    largest = float(np.finfo(np.float32).max)
    wide = Feature(name="a", kind=FeatureKind.NUMERIC, minimum=-largest, maximum=largest, example=-largest)
    assert example_rows(FeatureSchema(features=(wide,)))[1] == {"a": 0.0}


def test_an_absent_key_is_shown_as_such() -> None:
    assert repr(ABSENT) == "ABSENT"


def test_a_middle_is_not_rounded_out_of_its_range() -> None:
    narrow = Feature(name="a", kind=FeatureKind.NUMERIC, minimum=3.40251e38, maximum=3.40252e38, example=3.40251e38)
    assert example_rows(FeatureSchema(features=(narrow,)))[1] == {"a": 3.402515e38}


def test_no_whole_number_between_leaves_an_integer_as_it_is() -> None:
    feature = Feature(name="a", kind=FeatureKind.INTEGER, minimum=-1.0, maximum=-0.5, example=-1)
    assert example_rows(FeatureSchema(features=(feature,)))[1] == {"a": -1}
