"""How the scaling of number columns is fitted; how it is applied is told in test_encoder."""

from __future__ import annotations

import numpy as np
import pytest

from mlapi.bundle.scaling import Scaler, Spread, scale_step, spreads
from mlapi.bundle.schema import Feature, FeatureKind, FeatureSchema
from mlapi.bundle.steps import ScaleStep
from mlapi.bundle.types import Cells

SCHEMA = FeatureSchema(
    features=(
        Feature(name="n", kind=FeatureKind.NUMERIC),
        Feature(name="b", kind=FeatureKind.BOOLEAN),
        Feature(name="i", kind=FeatureKind.INTEGER),
        Feature(name="c", kind=FeatureKind.CATEGORICAL, categories=("x",)),
    )
)


def table(n: list[float], i: list[float]) -> dict[str, Cells]:
    """Cells of the two features that scaling looks at."""
    return {"n": np.array(n), "i": np.array(i)}


def test_standard_scaling_learns_mean_and_deviation_of_number_columns() -> None:
    assert scale_step(spreads(SCHEMA, table([1, 3, np.nan], [2, 4, 9])), "standard") == ScaleStep(
        ("n", "i"), (2.0, 5.0), (1.0, float(np.std([2, 4, 9])))
    )


def test_minmax_scaling_learns_the_range() -> None:
    step = scale_step(spreads(SCHEMA, table([-0.0, 3, np.nan], [2, 4, 9])), "minmax")
    assert step == ScaleStep(("n", "i"), (0.0, 2.0), (3.0, 7.0))
    assert str(step.offset[0]) == "0.0"


@pytest.mark.parametrize("scaling", ["standard", "minmax"])
def test_a_column_without_spread_or_values_keeps_its_scale(scaling: str) -> None:
    step = scale_step(spreads(SCHEMA, table([7, 7], [np.nan, np.nan])), scaling)  # type: ignore[arg-type]  # the parameter's ids
    assert step == ScaleStep(("n", "i"), (7.0, 0.0), (1.0, 1.0))


def test_scaling_does_not_depend_on_the_order_of_rows() -> None:
    cells = np.random.default_rng(0).lognormal(3, 5, 1000)
    one = scale_step(spreads(SCHEMA, {"n": cells, "i": cells}), "standard")
    assert one == scale_step(spreads(SCHEMA, {"n": cells[::-1], "i": np.sort(cells)}), "standard")


def test_a_scaler_changes_its_columns_only_and_is_false_without_any() -> None:
    block = np.array([[1.0, 2.0], [3.0, 5.0], [7.0, 9.0]])
    scaler = Scaler(["a", "b", "c"], [ScaleStep(("c",), (7.0,), (2.0,)), ScaleStep(("a",), (0.0,), (0.5,))])
    scaler.apply(block)
    assert block.tolist() == [[2.0, 4.0], [3.0, 5.0], [0.0, 1.0]]
    assert scaler
    assert not Scaler(["a"], [])


def test_pieces_of_a_column_are_as_good_as_the_whole() -> None:
    cells = np.random.default_rng(1).normal(1000, 5, 999)
    whole, pieces = Spread(), Spread()
    whole.add(cells)
    for piece in (cells[:10], np.array([np.nan]), cells[10:500], cells[500:]):
        pieces.add(piece)
    assert pieces.minmax() == whole.minmax()
    np.testing.assert_allclose(pieces.standard(), whole.standard(), rtol=1e-12)
