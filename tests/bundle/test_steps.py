"""The steps of an encoder."""

from __future__ import annotations

import pytest

from mlapi.bundle.schema import Feature, FeatureKind, FeatureSchema
from mlapi.bundle.steps import BooleanStep, CodesStep, NumberStep, ScaleStep, step_of

SCHEMA = FeatureSchema(
    features=(
        Feature(name="n", kind=FeatureKind.NUMERIC),
        Feature(name="b", kind=FeatureKind.BOOLEAN),
        Feature(name="i", kind=FeatureKind.INTEGER),
        Feature(name="c", kind=FeatureKind.CATEGORICAL, categories=("x",)),
    )
)


def test_every_kind_has_its_step() -> None:
    assert [step_of(feature) for feature in SCHEMA.features] == [
        NumberStep("n"),
        BooleanStep("b"),
        NumberStep("i"),
        CodesStep("c"),
    ]


@pytest.mark.parametrize(
    ("columns", "offset", "scale"),
    [
        (("a",), (), (1.0,)),
        (("a",), (0.0,), ()),
        (("a", "a"), (0.0, 0.0), (1.0, 1.0)),
        (("a",), (float("nan"),), (1.0,)),
        (("a",), (0.0,), (float("inf"),)),
        (("a",), (0.0,), (0.0,)),
        (("a",), (0.0,), (-1.0,)),
    ],
)
def test_an_impossible_scaling_is_refused(
    columns: tuple[str, ...], offset: tuple[float, ...], scale: tuple[float, ...]
) -> None:
    with pytest.raises(ValueError, match="scale"):
        ScaleStep(columns, offset, scale)
