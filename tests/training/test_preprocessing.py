"""What a feature is comes from the whole file, what is learned from the training fold alone."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mlapi.bundle.column_profile import NumberProfiler, TextProfiler
from mlapi.bundle.encoder import ScaleStep, Spread
from mlapi.bundle.errors import SchemaError
from mlapi.bundle.profile import ColumnKind, FeatureOverride, Grouping, profile_column
from mlapi.bundle.schema import FeatureKind, OnUnknownCategory, OnUnknownFeature
from mlapi.training.columns import Column
from mlapi.training.dataset import Dataset
from mlapi.training.labels import Labels
from mlapi.training.preprocessing import PreprocessingPipeline


def numbers(name: str, *cells: float) -> Column:
    return Column(name, ColumnKind.NUMBER, np.array(cells, dtype=np.float64))


def texts(name: str, *cells: str | None) -> Column:
    return Column(name, ColumnKind.TEXT, np.array(cells, dtype=np.object_))


def dataset(*columns: Column) -> Dataset:
    n_rows = len(columns[0].cells)
    return Dataset("t.csv", "y", columns, Labels(("no", "yes"), np.zeros(n_rows, dtype=np.int32)))


FOLD = np.array([0, 1, 2])  # the rows after these are validation and test


def test_categories_ranges_and_examples_come_from_the_training_fold() -> None:
    data = dataset(texts("plan", "b", "a", "b", "c"), numbers("age", 3, 1, 2, 99))
    schema = PreprocessingPipeline().fit(data, FOLD).schema
    assert schema.feature("plan").categories == ("a", "b")
    assert (schema.feature("age").minimum, schema.feature("age").maximum, schema.feature("age").example) == (1, 3, 2)


def test_gaps_and_fractions_anywhere_in_the_file_make_a_feature_nullable_and_numeric() -> None:
    data = dataset(
        numbers("late gap", 1, 2, 3, math.nan), numbers("late fraction", 1, 2, 3, 4.5), numbers("whole", 1, 2, 3, 4)
    )
    schema = PreprocessingPipeline().fit(data, FOLD).schema
    assert schema.feature("late gap").nullable
    assert schema.feature("late fraction").kind is FeatureKind.NUMERIC
    assert (schema.feature("whole").nullable, schema.feature("whole").kind) == (False, FeatureKind.INTEGER)


def test_an_unseen_category_and_a_gap_are_nan_in_the_matrix() -> None:
    data = dataset(texts("plan", "b", "a", None, "c"), numbers("age", 1, 2, 3, 4))
    fitted = PreprocessingPipeline().fit(data, FOLD)
    matrix = fitted.matrix(data)
    assert matrix.dtype == np.float32
    assert matrix.shape == (4, 2)
    assert np.isnan(matrix[2:, 0]).all()
    assert matrix[:2, 0].tolist() == [1.0, 0.0]


def test_a_column_without_information_is_left_out_with_the_reason() -> None:
    names = [f"n{number}" for number in range(300)]
    data = dataset(
        numbers("age", *range(300)),
        numbers("constant", *[1.0] * 300),
        numbers("empty", *[math.nan] * 300),
        texts("id", *names),
        texts("constant in the fold", *["a"] * 200, *["b"] * 100),
    )
    fitted = PreprocessingPipeline().fit(data, np.arange(200))
    assert fitted.schema.names == ("age",)
    assert {one.name for one in fitted.left_out} == {"constant", "empty", "id", "constant in the fold"}
    assert all(one.reason for one in fitted.left_out)


def test_a_file_without_a_feature_is_refused() -> None:
    with pytest.raises(SchemaError):
        PreprocessingPipeline().fit(dataset(numbers("constant", 1, 1, 1, 1)), FOLD)


def test_an_override_is_followed() -> None:
    said = FeatureOverride(nullable=True, on_unknown=OnUnknownCategory.REJECT, description="of the contract")
    fitted = PreprocessingPipeline({"plan": said}).fit(dataset(texts("plan", "b", "a", "a", "c")), FOLD)
    plan = fitted.schema.feature("plan")
    assert (plan.nullable, plan.on_unknown, plan.description) == (True, OnUnknownCategory.REJECT, "of the contract")


def test_a_feature_that_rejects_other_categories_knows_all_of_the_file() -> None:
    said = FeatureOverride(on_unknown=OnUnknownCategory.REJECT)
    data = dataset(texts("plan", "b", "a", "a", "c"))
    fitted = PreprocessingPipeline({"plan": said}).fit(data, FOLD)
    assert fitted.schema.feature("plan").categories == ("a", "b", "c")
    assert fitted.matrix(data)[:, 0].tolist() == [1, 0, 0, 2]


def test_given_categories_stand() -> None:
    said = FeatureOverride(categories=("a", "b", "z"), on_unknown=OnUnknownCategory.REJECT)
    fitted = PreprocessingPipeline({"plan": said}).fit(dataset(texts("plan", "b", "a", "a", "b")), FOLD)
    assert fitted.schema.feature("plan").categories == ("a", "b", "z")


def test_scaling_is_learned_from_the_training_fold() -> None:
    data = dataset(numbers("age", 0, 10, 5, 1000), texts("plan", "a", "b", "a", "b"))
    fitted = PreprocessingPipeline(scaling="minmax").fit(data, FOLD)
    assert any(isinstance(step, ScaleStep) for step in fitted.encoder.steps)
    assert fitted.matrix(data)[:, 0].tolist() == [0.0, 1.0, 0.5, 100.0]


def test_what_serving_does_with_unknown_features_is_in_the_schema() -> None:
    pipeline = PreprocessingPipeline(on_unknown_feature=OnUnknownFeature.IGNORE)
    assert pipeline.fit(dataset(numbers("age", 1, 2, 3, 4)), FOLD).schema.on_unknown_feature is OnUnknownFeature.IGNORE


def test_rare_categories_are_counted_in_the_training_fold_and_become_one() -> None:
    data = dataset(texts("plan", "a", "a", "b", "b"), numbers("age", 1, 2, 3, 4))
    fitted = PreprocessingPipeline(grouping=Grouping(min_count=2)).fit(data, FOLD)
    assert fitted.schema.feature("plan").categories == ("a",)
    assert fitted.grouped == {"plan": (1, 1)}
    assert fitted.matrix(data)[:, 0].tolist() == [0.0, 0.0, 1.0, 1.0]


def test_an_override_says_how_one_feature_is_encoded() -> None:
    data = dataset(texts("plan", "a", "b", "a", "b"), texts("size", "l", "s", "m", "s"))
    said = {"size": FeatureOverride(categories=("s", "m", "l"), encoding="ordinal")}
    fitted = PreprocessingPipeline(said, encoding="one-hot").fit(data, FOLD)
    assert fitted.encoder.columns == ("plan=a", "plan=b", "size")
    assert fitted.matrix(data)[:, 2].tolist() == [2.0, 0.0, 1.0, 0.0]


def test_dates_are_taken_apart_and_their_range_is_that_of_the_training_fold() -> None:
    when = Column("when", ColumnKind.DATETIME, np.array([0.0, 86_400.0, 172_800.0, 9e9]))
    fitted = PreprocessingPipeline().fit(dataset(when), FOLD)
    assert fitted.schema.feature("when").maximum == 172_800.0
    assert fitted.matrix(dataset(when))[:, 2].tolist()[:3] == [1.0, 2.0, 3.0]


def test_passes_over_pieces_fit_the_same_encoder() -> None:
    data = dataset(texts("plan", "a", "b", "a", "c"), numbers("age", 1, 2, 6, 9))
    pipeline = PreprocessingPipeline(scaling="minmax", encoding="one-hot")
    age, plan, spread = NumberProfiler("age"), TextProfiler("plan"), Spread()
    for piece in (np.array([1.0]), np.array([2.0, 6.0])):
        age.add(piece)
        spread.add(piece)
    plan.add(np.array(["a"], np.object_))
    plan.add(np.array(["b", "a"], np.object_))
    whole = [profile_column("plan", data.table["plan"]), profile_column("age", data.table["age"])]
    found = pipeline.fit_profiles("y", whole, [plan.profile(), age.profile()], {"age": spread})
    assert found.encoder.to_json() == pipeline.fit(data, FOLD).encoder.to_json()
    assert found.schema == pipeline.fit(data, FOLD).schema
