"""Feature schemas and request bodies, good and bad ones alike."""

import json
from typing import Any

from hypothesis import strategies as st

from mlapi.app.schemas.row_model import FLOAT32_MAX
from mlapi.bundle.cells import FLOAT32_OVERFLOW
from mlapi.bundle.schema import Feature, FeatureKind, FeatureSchema, OnUnknownCategory, OnUnknownFeature
from tests.fixtures.strategies import moments
from tests.fixtures.strategies import schemas as any_schemas

PLAIN_NAMES = ("age", "hours per week", "größe", "a:b", "{", "0", "model_x", "_private", "class", "f1")
ODD_NAMES = ('quo"te', "back\\slash", "new\nline", "tab\t")
CATEGORIES = ("a", "b", "a:b", "ü", "0", "true", "\U0001f600", '"', "\\")
EDGES = (
    0,
    -0.0,
    3.0,
    3.5,
    2**53 + 1,
    10**20,
    FLOAT32_MAX,
    -FLOAT32_MAX,
    FLOAT32_OVERFLOW,
    1e39,
    1e308,
    10**400,
    5e-324,
)
NUMBERS = st.sampled_from(EDGES) | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.sampled_from(
    (*CATEGORIES, "", "never seen", "a\0b", "2024-02-30", "2024-02-29", "2024-02-29T24:00Z")
) | st.text(max_size=5)
COUNTS = st.integers(-1, 3) | st.sampled_from((2.0, 1.5, True, None, 10**400))
SHARES = st.floats(-0.1, 1.1) | st.sampled_from((0, 1, False, None, "0.5"))
NESTED = st.sampled_from(([], {}, [1], {"a": 1}))
CELLS = NUMBERS | TEXTS | st.booleans() | st.none() | NESTED


@st.composite
def features(draw: st.DrawFn, name: str) -> Feature:
    kind = draw(st.sampled_from(FeatureKind))
    categorical = kind is FeatureKind.CATEGORICAL
    return Feature(
        name=name,
        kind=kind,
        nullable=draw(st.booleans()),
        categories=tuple(sorted(draw(st.sets(st.sampled_from(CATEGORIES), min_size=1)))) if categorical else (),
        on_unknown=draw(st.sampled_from(OnUnknownCategory)) if categorical else OnUnknownCategory.MISSING,
    )


def schemas() -> st.SearchStrategy[FeatureSchema]:
    """Schemas of a few features, with names and categories that JSON has to escape or that look like its syntax."""
    return _schemas() | any_schemas()


@st.composite
def _schemas(draw: st.DrawFn) -> FeatureSchema:
    chosen = draw(st.lists(st.sampled_from(PLAIN_NAMES + ODD_NAMES), min_size=1, max_size=5, unique=True))
    return FeatureSchema(
        features=tuple(draw(features(name)) for name in chosen),
        on_unknown_feature=draw(st.sampled_from(OnUnknownFeature)),
    )


def good_cells(feature: Feature) -> st.SearchStrategy[Any]:
    cells: st.SearchStrategy[Any]
    match feature.kind:
        case FeatureKind.NUMERIC:
            cells = st.floats(width=32, allow_nan=False, allow_infinity=False) | st.integers(-(10**38), 10**38)
        case FeatureKind.INTEGER:
            cells = st.integers(-(10**30), 10**30) | st.integers(-100, 100).map(float)
        case FeatureKind.BOOLEAN:
            cells = st.booleans()
        case FeatureKind.CATEGORICAL:
            others = (
                st.sampled_from(("never seen", "")) if feature.on_unknown is OnUnknownCategory.OTHER else st.nothing()
            )
            cells = st.sampled_from(feature.categories) | others
        case FeatureKind.DATETIME:
            cells = moments()
    return cells | st.none() if feature.nullable else cells


@st.composite
def rows(draw: st.DrawFn, schema: FeatureSchema) -> dict[str, Any]:
    """A good row, in any order of keys, with perhaps one thing wrong."""
    row = {feature.name: draw(good_cells(feature)) for feature in draw(st.permutations(schema.features))}
    missing = [name for name, cell in row.items() if cell is None]
    for name in draw(st.sets(st.sampled_from(missing))) if missing else ():
        del row[name]
    for _ in range(draw(st.sampled_from((0, 0, 0, 1)))):
        row[draw(st.sampled_from((*schema.names, "unknown")))] = draw(CELLS)
    return row


@st.composite
def documents(draw: st.DrawFn, schema: FeatureSchema) -> dict[str, Any]:
    """A request: mostly good."""
    document: dict[str, Any] = {"data": draw(st.lists(rows(schema), min_size=1, max_size=4))}
    options = draw(
        st.sampled_from((None, None, {}, "bad", {"x": 1}))
        | st.fixed_dictionaries({}, optional={"probabilities": st.booleans(), "explain": COUNTS, "threshold": SHARES})
    )
    if options is not None:
        document["options"] = options
    return document


def spelled(document: object) -> bytes:
    """JSON as most writers write it; numbers beyond float64 keep their digits."""
    return json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")
