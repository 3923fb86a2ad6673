"""Plain models: the same cells as the encoder's, the same proof, and nothing read that is not served."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlapi.bundle import checks
from mlapi.bundle.checks import Expectation
from mlapi.bundle.contents import Contents
from mlapi.bundle.encoder import Encoder
from mlapi.bundle.errors import EngineError, RowsError, VerificationError
from mlapi.bundle.feature import FeatureKind
from mlapi.bundle.golden import Golden
from mlapi.bundle.model import load
from mlapi.bundle.plain import cells_of
from mlapi.bundle.schema import FeatureSchema
from mlapi.bundle.steps import is_plain
from mlapi.bundle.types import Cell
from mlapi.bundle.verify import CHECKS, SERVED
from tests.fixtures.bundles import KINDS, Made, binary, numeric
from tests.fixtures.extension import needs_extension
from tests.fixtures.strategies import rows_of, schemas

ODD: list[Any] = [
    None,
    "?",
    "",
    "x\0",
    3,
    3.5,
    -0.0,
    1e39,
    -(10**400),
    float("nan"),
    float("inf"),
    True,
    False,
    "true",
    [],
    {},
]


def plain(schema: FeatureSchema) -> bool:
    return all(feature.kind is not FeatureKind.DATETIME for feature in schema.features)


@given(schemas().filter(plain), st.data())
def test_cells_are_the_encoders_in_every_bit_or_there_are_none(schema: FeatureSchema, data: st.DataObject) -> None:
    encoder = Encoder.fit(schema, {})
    assert is_plain(encoder)
    rows = data.draw(rows_of(schema).filter(bool))
    for row in rows:
        if data.draw(st.booleans()):
            row[data.draw(st.sampled_from([*schema.names, "of no schema"]))] = data.draw(st.sampled_from(ODD))
    found = cells_of(schema, rows)
    try:
        expected = encoder.encode(rows)
    except RowsError:
        assert found is None
        return
    if found is None:
        assert any(name not in schema for row in rows for name in row)  # which some schemas ignore
        return
    assert np.array_equal(np.asarray(found).view(np.int32), expected.view(np.int32))


@needs_extension
@pytest.mark.parametrize("kind", KINDS)
def test_golden_rows_hold_where_the_check_passes(kind: str) -> None:
    contents = Contents(KINDS[kind]().files)
    golden = contents.golden
    golden.check(contents.encoder, contents.engine, contents.decision)
    if contents.is_plain:
        assert golden.holds(contents.schema, contents.engine, contents.decision)


@needs_extension
@pytest.mark.parametrize(
    "change",
    [
        lambda g: {"margin": ((g.margin[0][0] + 1e-6,), *g.margin[1:])},
        lambda g: {"margin": ((g.margin[0][0], g.margin[1][0]), (), *g.margin[2:])},
        lambda g: {"margin": g.margin[:-1]},
        lambda g: {"margin": ((1e300,), *g.margin[1:])},
        lambda g: {"probabilities": ((0.5, 0.5), *g.probabilities[1:])},
        lambda g: {"probabilities": ((*g.probabilities[0], *g.probabilities[1]), (), *g.probabilities[2:])},
        lambda g: {"probabilities": g.probabilities[:-1]},
        lambda g: {"calibrated": g.probabilities},
        lambda g: {"rows": ({**g.rows[0], "age": "old"}, *g.rows[1:])},
        lambda g: {"rows": g.rows[::-1]},
    ],
)
def test_whatever_differs_does_not_hold(change: Callable[[Golden], dict[str, object]]) -> None:
    contents = Contents(binary().files)
    golden = msgspec.structs.replace(contents.golden, **change(contents.golden))
    assert contents.is_plain
    assert not golden.holds(contents.schema, contents.engine, contents.decision)


@pytest.mark.parametrize("kind", KINDS)
def test_a_right_bundle_passes_as_it_is_served(kind: str) -> None:
    for check in SERVED:
        check.run(Contents(KINDS[kind]().files), Expectation())
    assert [check.name for check in SERVED] == [check.name for check in CHECKS]


@pytest.mark.parametrize("name", ["decision", "encoder", "golden", "model", "reference", "README"])
def test_a_part_that_is_missing_or_another_is_refused_as_it_is_served(name: str) -> None:
    for content in (None, *([] if name == "model" else [b"\xff"])):
        with pytest.raises(VerificationError) as caught:
            checks.parts(Contents(binary().changed(**{name: content})), Expectation())
        assert (caught.value.check, caught.value.code) == ("structure", "structure_invalid")


@needs_extension
@pytest.mark.parametrize("model", [b"no model", numeric().files["model.ubj"]])
def test_trees_that_only_explain_are_checked_before_they_do(model: bytes, tmp_path: Path) -> None:
    made = Made(
        binary().changed(model=model),
        *[getattr(binary(), name) for name in ("sample", "encoder", "decision", "booster")],
    )
    bundle = load(made.write(tmp_path / "1"), checks=SERVED)
    row: dict[str, Cell] = bundle.schema.example_row()
    prediction = bundle.predict([row])
    assert prediction.labels
    with pytest.raises(VerificationError, match="structure_invalid"):
        bundle.explain(prediction.matrix)


@needs_extension
def test_tables_of_another_number_of_margins_are_refused() -> None:
    contents = Contents(binary().changed(decision=KINDS["multiclass"]().files["decision.json"]))
    assert contents.is_plain
    with pytest.raises(EngineError, match="another number of margins"):
        _ = contents.engine
