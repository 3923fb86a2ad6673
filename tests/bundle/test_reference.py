"""What the drift monitor will compare with."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mlapi.bundle.decision import Decision
from mlapi.bundle.errors import FormatError
from mlapi.bundle.reference import N_BINS, CategoryReference, NumberReference, Reference
from mlapi.bundle.schema import Feature, FeatureKind, FeatureSchema
from mlapi.bundle.types import Cells
from tests.fixtures.bundles import KINDS

DECISION = Decision(classes=("no", "yes"))


def reference_of(
    kind: FeatureKind, cells: Cells, categories: tuple[str, ...] = ()
) -> NumberReference | CategoryReference:
    schema = FeatureSchema(features=(Feature(name="x", kind=kind, nullable=True, categories=categories),))
    probabilities = np.full((len(cells), 2), 0.5, np.float32)
    return Reference.build(schema, {"x": cells}, DECISION, probabilities).features[0]


@given(hnp.arrays(np.float64, st.integers(0, 60), elements=st.floats(-1e9, 1e9) | st.integers(0, 3) | st.just(np.nan)))
def test_every_number_is_in_one_bin_and_no_bin_is_empty(cells: Cells) -> None:
    found = reference_of(FeatureKind.NUMERIC, cells)
    assert isinstance(found, NumberReference)
    seen = cells[~np.isnan(cells)]
    borders = [-np.inf, *found.edges, np.inf]
    assert len(found.counts) == len(found.edges) + 1 <= N_BINS
    assert found.n_missing == len(cells) - len(seen)
    for low, high, count in zip(borders[:-1], borders[1:], found.counts, strict=True):
        assert count == np.count_nonzero((seen >= low) & (seen < high))
        assert count > 0 or not len(seen)


def test_bins_are_deciles() -> None:
    found = reference_of(FeatureKind.NUMERIC, np.arange(100.0))
    assert found == NumberReference("x", (9.0, 19, 29, 39, 49, 59, 69, 79, 89), (9, *[10] * 8, 11), 0)


@pytest.mark.parametrize(
    ("cells", "edges", "counts", "n_missing"),
    [
        pytest.param([], (), (0,), 0, id="no rows"),
        pytest.param([np.nan, np.nan], (), (0,), 2, id="all missing"),
        pytest.param([4.0, 4.0], (), (2,), 0, id="constant"),
        pytest.param([1.0, 2.0, 2.0, np.nan], (2.0,), (1, 2), 1, id="two values"),
    ],
)
def test_numbers_of_few_values(cells: list[float], edges: tuple[float], counts: tuple[int], n_missing: int) -> None:
    found = reference_of(FeatureKind.INTEGER, np.array(cells))
    assert found == NumberReference("x", edges, counts, n_missing)


def test_categories_are_counted_those_that_never_came_included() -> None:
    cells = np.array(["b", None, "a", "b"], np.object_)
    found = reference_of(FeatureKind.CATEGORICAL, cells, ("a", "b", "c"))
    assert found == CategoryReference("x", {"a": 1, "b": 2, "c": 0}, 1)


def test_booleans_are_counted_as_categories() -> None:
    found = reference_of(FeatureKind.BOOLEAN, np.array([1.0, np.nan, 0.0, 1.0]))
    assert found == CategoryReference("x", {"false": 1, "true": 2}, 1)


def test_predictions_are_counted_by_label_and_by_probability() -> None:
    schema = FeatureSchema(features=(Feature(name="x", kind=FeatureKind.NUMERIC),))
    second = np.array([0.0, 0.05, 0.55, 1.0], np.float32)
    found = Reference.build(schema, {"x": np.arange(4.0)}, DECISION, np.column_stack([1 - second, second]))
    assert found.n_rows == 4
    assert found.prediction.labels == (2, 2)
    assert found.prediction.probabilities[1] == (2, 0, 0, 0, 0, 1, 0, 0, 0, 1)
    assert [sum(histogram) for histogram in found.prediction.probabilities] == [4, 4]


@pytest.mark.parametrize("kind", KINDS)
def test_reference_survives_json(kind: str) -> None:
    data = KINDS[kind]().files["reference.json"]
    reference = Reference.from_json(data)
    assert reference.n_rows == 400
    assert reference.to_json() == data


def test_from_json_refuses_another_file() -> None:
    with pytest.raises(FormatError, match=r"reference\.json"):
        Reference.from_json(b'{"n_rows":1,"features":[{"kind":"image"}]}')
