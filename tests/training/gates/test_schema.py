"""What breaks the clients of the model in use, and what does not."""

from __future__ import annotations

import pytest

from mlapi.bundle.decision import Decision
from mlapi.bundle.schema import Feature, FeatureKind, FeatureSchema, OnUnknownCategory, OnUnknownFeature
from mlapi.training.gates.schema import _answers, breaking_changes

AGE = Feature(name="age", kind=FeatureKind.INTEGER, nullable=True)
PLAN = Feature(name="plan", kind=FeatureKind.CATEGORICAL, categories=("free", "team", "pro"))
STRICT = Feature(
    name="plan", kind=FeatureKind.CATEGORICAL, categories=("free", "team", "pro"), on_unknown=OnUnknownCategory.REJECT
)


def schema(*features: Feature, target: str = "y", on: OnUnknownFeature = OnUnknownFeature.REJECT) -> FeatureSchema:
    return FeatureSchema(features=features, target=target, on_unknown_feature=on)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (schema(AGE, PLAN), schema(PLAN, AGE)),
        (schema(AGE), schema(Feature(name="age", kind=FeatureKind.NUMERIC, nullable=True))),
        (schema(AGE), schema(AGE, Feature(name="more", kind=FeatureKind.NUMERIC, nullable=True))),
        (schema(PLAN), schema(Feature(name="plan", kind=FeatureKind.CATEGORICAL, categories=("team",)))),
        (schema(STRICT), schema(PLAN)),
        (schema(AGE), schema(AGE, on=OnUnknownFeature.IGNORE)),
    ],
    ids=["order", "wider number", "optional", "fewer known categories", "more lenient", "ignores more"],
)
def test_what_clients_do_not_notice_passes(old: FeatureSchema, new: FeatureSchema) -> None:
    assert breaking_changes(old, new) == []


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (schema(AGE, PLAN), schema(PLAN), "feature 'age' is gone"),
        (schema(AGE), schema(Feature(name="age", kind=FeatureKind.BOOLEAN)), "'age' is boolean and no longer integer"),
        (
            schema(Feature(name="age", kind=FeatureKind.NUMERIC)),
            schema(Feature(name="age", kind=FeatureKind.INTEGER)),
            "is integer and no longer numeric",
        ),
        (schema(AGE), schema(Feature(name="age", kind=FeatureKind.INTEGER)), "'age' may no longer be missing"),
        (schema(AGE), schema(AGE, PLAN), "new feature 'plan' is required"),
        (schema(PLAN), schema(STRICT), "'plan' no longer takes unknown categories"),
        (
            schema(STRICT),
            schema(
                Feature(
                    name="plan",
                    kind=FeatureKind.CATEGORICAL,
                    categories=("team",),
                    on_unknown=OnUnknownCategory.REJECT,
                )
            ),
            "'plan' no longer takes 'free' and 1 more",
        ),
        (schema(AGE, on=OnUnknownFeature.IGNORE), schema(AGE), "unknown features are no longer ignored"),
        (schema(AGE), schema(AGE, target="z"), "it predicts 'z' and no longer 'y'"),
    ],
    ids=[
        "gone",
        "retyped",
        "narrower number",
        "required now",
        "new",
        "stricter",
        "lost categories",
        "unknown",
        "target",
    ],
)
def test_what_breaks_clients_is_named(old: FeatureSchema, new: FeatureSchema, told: str) -> None:
    (found,) = breaking_changes(old, new)
    assert told in found


def test_other_labels_break_whoever_reads_them() -> None:
    old = Decision(classes=("no", "yes"))
    assert list(_answers(old, Decision(classes=("yes", "no")))) == []
    assert list(_answers(old, Decision(classes=("no", "maybe")))) == [
        "its labels are 'no, maybe' and no longer 'no, yes'"
    ]
