"""Golden rows: the trained model's answers, asked for again at every load."""

from collections.abc import Callable
from typing import cast

import msgspec
import numpy as np
import pytest

from mlapi.bundle.decision import Decision, Isotonic, Platt
from mlapi.bundle.errors import FormatError, RowsError, VerificationError
from mlapi.bundle.golden import Golden, Numbers
from mlapi.bundle.libxgboost import LibXGBoost
from mlapi.bundle.trees import TreeEngine
from mlapi.bundle.types import AnyFloats, Contributions, Matrix
from tests.fixtures import tables
from tests.fixtures.bundles import KINDS, Made, binary, make


def golden_of(made: Made) -> Golden:
    return Golden.from_json(made.files["golden.json"])


def engine_of(made: Made) -> LibXGBoost:
    return LibXGBoost(made.files["model.ubj"])


@pytest.mark.parametrize("kind", KINDS)
def test_golden_answers_are_xgboosts_in_every_bit(kind: str) -> None:
    made = KINDS[kind]()
    golden, matrix = golden_of(made), made.matrix[:32]
    margin, probabilities = (np.array(numbers, np.float32) for numbers in (golden.margin, golden.probabilities))
    assert margin.view(np.int32).tolist() == made.expected(matrix, output_margin=True).view(np.int32).tolist()
    expected = made.expected(matrix)
    found = probabilities[:, 1:] if expected.shape[1] == 1 else probabilities
    assert found.view(np.int32).tolist() == expected.view(np.int32).tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_check_accepts_what_build_made(kind: str) -> None:
    made = KINDS[kind]()
    golden = golden_of(made)
    assert len(golden.rows) == 32
    assert Golden.from_json(golden.to_json()) == golden
    golden.check(made.encoder, engine_of(made), made.decision)


@pytest.mark.parametrize("calibration", [Platt(1.3, -0.2), Isotonic((-2.0, 2.0), (0.1, 0.9))], ids=str)
def test_calibrated_answers_are_kept_and_checked(calibration: Platt | Isotonic) -> None:
    made = make(tables.mixed(), decision=Decision(classes=("no", "yes"), calibration=calibration))
    golden = golden_of(made)
    assert golden.calibrated is not None
    assert golden.calibrated != golden.probabilities
    golden.check(made.encoder, engine_of(made), made.decision)
    wrong = msgspec.structs.replace(golden, calibrated=golden.probabilities)
    with pytest.raises(VerificationError, match="another calibrated probability"):
        wrong.check(made.encoder, engine_of(made), made.decision)


def changed(numbers: Numbers, change: Callable[[np.float32], np.float32]) -> Numbers:
    """Change the last number."""
    array = np.array(numbers, np.float32)
    array[-1, -1] = change(array[-1, -1])
    return cast("Numbers", tuple(tuple(row) for row in array.tolist()))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param(
            lambda g: {"margin": changed(g.margin, lambda x: np.nextafter(x, np.float32(9)))},
            "another margin",
            id="a bit",
        ),
        pytest.param(lambda g: {"margin": changed(g.margin, lambda x: -x)}, "another margin", id="the sign"),
        pytest.param(lambda g: {"margin": g.margin[:-1]}, "another margin", id="a margin too few"),
        pytest.param(lambda g: {"margin": ((1e300,),) * 32}, "another margin", id="margins beyond float32"),
        pytest.param(lambda g: {"margin": ((0.0,), (0.0, 0.0))}, "differ in length", id="ragged margins"),
        pytest.param(
            lambda g: {"probabilities": changed(g.probabilities, lambda x: x - np.float32(2e-6))},
            "another probability",
            id="a probability",
        ),
        pytest.param(
            lambda g: {"probabilities": g.probabilities[1:]}, "another probability", id="a probability too few"
        ),
        pytest.param(lambda g: {"probabilities": ((), (0.5,))}, "differ in length", id="ragged probabilities"),
        pytest.param(lambda g: {"rows": g.rows[::-1]}, "another margin", id="rows in another order"),
        pytest.param(lambda g: {"rows": g.rows + g.rows}, "another margin", id="more rows than answers"),
        pytest.param(lambda g: {"rows": ({"age": "old"},)}, "does not fit the schema", id="a row that does not fit"),
    ],
)
def test_check_refuses(change: Callable[[Golden], dict[str, object]], reason: str) -> None:
    made = binary()
    golden = golden_of(made)
    with pytest.raises(VerificationError, match=reason) as refusal:
        msgspec.structs.replace(golden, **change(golden)).check(made.encoder, engine_of(made), made.decision)
    assert (refusal.value.check, refusal.value.code) == ("golden", "golden_mismatch")


def test_check_lets_a_probability_differ_as_c_libraries_do() -> None:
    made = binary()
    golden = golden_of(made)
    near = changed(golden.probabilities, lambda x: np.nextafter(x, np.float32(0)))
    msgspec.structs.replace(golden, probabilities=near).check(made.encoder, engine_of(made), made.decision)


def test_check_refuses_another_model() -> None:
    made, other = binary(), make(tables.mixed(), rounds=9)
    with pytest.raises(VerificationError, match="another margin"):
        golden_of(made).check(made.encoder, engine_of(other), made.decision)


def test_check_refuses_another_zero() -> None:
    class Zero:
        """Stands for an engine that gives a zero of the other sign; all else is the same."""

        name, n_columns, n_groups = "zero", 5, 1

        def __init__(self, zero: float) -> None:
            self.zero = zero

        def margin(self, matrix: AnyFloats) -> AnyFloats:
            return cast("AnyFloats", np.full((len(matrix), 1), self.zero, np.float32))

        def contributions(self, matrix: Matrix) -> Contributions:
            raise NotImplementedError

    made = binary()
    plus: TreeEngine = Zero(0.0)
    golden = Golden.build(made.encoder, plus, made.decision, made.sample.rows())
    golden.check(made.encoder, plus, made.decision)
    with pytest.raises(VerificationError, match="another margin"):
        golden.check(made.encoder, Zero(-0.0), made.decision)
    with pytest.raises(ValueError, match="not finite"):
        Golden.build(made.encoder, Zero(float("inf")), made.decision, made.sample.rows())


def test_build_needs_rows_that_fit() -> None:
    made = binary()
    with pytest.raises(RowsError):
        Golden.build(made.encoder, engine_of(made), made.decision, [{"age": "old"}])


def test_build_needs_rows() -> None:
    made = binary()
    with pytest.raises(ValueError, match="no golden rows"):
        Golden.build(made.encoder, engine_of(made), made.decision, [])


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b'{"rows":[],"margin":[],"probabilities":[]}', id="no rows"),
        pytest.param(b'{"rows":[{"a":1,"a":2}],"margin":[[0]],"probabilities":[[0,1]]}', id="cell twice"),
        pytest.param(b'{"rows":[{"a":[]}],"margin":[[0]],"probabilities":[[0,1]]}', id="a list for a cell"),
        pytest.param(b'{"rows":[{}],"margin":[[null]],"probabilities":[[0,1]]}', id="null for a number"),
    ],
)
def test_from_json_refuses(data: bytes) -> None:
    with pytest.raises(FormatError, match=r"golden\.json"):
        Golden.from_json(data)
