"""From columns to the feature schema."""

from __future__ import annotations

import numpy as np
import pytest

from mlapi.bundle.errors import SchemaError
from mlapi.bundle.profile import FeatureOverride, LeftOut, infer_schema, profile_column
from mlapi.bundle.rows import check_rows
from mlapi.bundle.schema import FeatureKind, OnUnknownCategory, OnUnknownFeature
from tests.fixtures.tables import Sample, booleans, mixed, multiclass, numbers

NUMERIC, INTEGER, BOOLEAN, CATEGORICAL, DATETIME = FeatureKind
REJECT = OnUnknownCategory.REJECT


def test_a_schema_keeps_the_order_and_reports_what_it_leaves_out() -> None:
    columns = {"b": [1.0, 2.0], "same": [1.0, 1.0], "a": [1.5, 2.0], "none": [np.nan, np.nan]}
    profiles = [profile_column(name, np.array(cells)) for name, cells in columns.items()]
    overrides = {"a": FeatureOverride(nullable=True)}
    schema, left_out = infer_schema(profiles, overrides, "y", OnUnknownFeature.IGNORE)
    assert schema.names == ("b", "a")
    assert schema.target == "y"
    assert schema.on_unknown_feature is OnUnknownFeature.IGNORE
    assert schema.feature("a").nullable
    assert left_out == (LeftOut("same", "constant"), LeftOut("none", "all missing"))


def test_a_schema_without_features_is_refused() -> None:
    with pytest.raises(SchemaError, match="no column is left"):
        infer_schema([profile_column("x", np.array([1.0, 1.0]))], {}, "y")
    with pytest.raises(SchemaError, match="no column is left"):
        infer_schema([], {}, "y")


def test_an_override_without_a_column_is_refused() -> None:
    with pytest.raises(SchemaError, match="feature 'z': there is an override"):
        infer_schema([profile_column("x", np.array([1.0, 2.0]))], {"z": FeatureOverride()}, "y")


@pytest.mark.parametrize(
    "sample", [mixed(), multiclass(), numbers(), booleans()], ids=["mixed", "multi", "numbers", "bool"]
)
def test_synthetic_tables_are_inferred_as_they_were_made(sample: Sample) -> None:
    schema = sample.schema()
    assert schema.names == tuple(sample.table)
    check_rows(schema, [schema.example_row(), *sample.rows()])
    assert {one.name for one in schema.features if one.kind is BOOLEAN} == set(sample.booleans)
