"""Margins to probabilities, bit for bit as XGBoost does it, and probabilities to labels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from mlapi.bundle.decision import (
    Calibration,
    Decision,
    Isotonic,
    NoCalibration,
    Platt,
    class_name,
)
from mlapi.bundle.errors import FormatError
from mlapi.bundle.types import Label, Margin
from tests.fixtures.boosters import train

BINARY = Decision(classes=("no", "yes"))
MARGINS = hnp.arrays(
    np.float32, st.tuples(st.integers(1, 50), st.just(1)), elements=st.floats(-(2.0**100), 2.0**100, width=32)
)


def bits(array: NDArray[np.floating]) -> list[int]:
    return array.astype(np.float32).view(np.int32).ravel().tolist()


@pytest.mark.parametrize("n_classes", [2, 3, 12])
def test_probabilities_are_xgboosts_in_every_bit(n_classes: int) -> None:
    trained = train(n_classes)
    data = trained.dmatrix(trained.matrix)
    margin = trained.booster.predict(data, output_margin=True).reshape(len(trained.matrix), -1)
    found = Decision(classes=tuple(range(n_classes))).probabilities(margin)
    expected = trained.booster.predict(data)
    assert bits(found[:, 1] if n_classes == 2 else found) == bits(expected)


@given(MARGINS)
def test_two_probabilities_add_up_to_one_in_float32(margin: Margin) -> None:
    found = BINARY.probabilities(margin)
    assert found.dtype == np.float32
    assert found.flags.c_contiguous
    assert (found[:, 0] == np.float32(1) - found[:, 1]).all()
    assert ((found >= 0) & (found <= 1)).all()


@given(MARGINS)
def test_a_larger_margin_is_never_less_probable(margin: Margin) -> None:
    assert (np.diff(BINARY.probabilities(np.sort(margin, axis=0))[:, 1]) >= 0).all()


@pytest.mark.parametrize(("n_classes", "n_groups"), [(2, 1), (3, 3), (9, 9)])
def test_two_classes_have_one_margin_and_more_have_one_each(n_classes: int, n_groups: int) -> None:
    assert Decision(classes=tuple(range(n_classes))).n_groups == n_groups


def test_no_rows_give_no_probabilities() -> None:
    assert BINARY.probabilities(np.empty((0, 1), np.float32)).shape == (0, 2)
    assert Decision(classes=("a", "b", "c")).probabilities(np.empty((0, 3), np.float32)).shape == (0, 3)


@pytest.mark.parametrize(
    ("threshold", "given_threshold", "labels"),
    [
        pytest.param(0.5, None, ["no", "yes", "yes"], id="the bundle's own"),
        pytest.param(0.5, 0.7, ["no", "no", "yes"], id="the caller's, met exactly by what is printed as 0.7"),
        pytest.param(0.71, None, ["no", "no", "no"], id="above all"),
        pytest.param(0.71, 0.0, ["yes", "yes", "yes"], id="zero"),
    ],
)
def test_labels_compare_the_second_class(threshold: float, given_threshold: float | None, labels: list[Label]) -> None:
    second = np.array([0.25, 0.5, 0.7], np.float32)
    decision = Decision(classes=("no", "yes"), threshold=threshold)
    assert decision.labels(np.column_stack([1 - second, second]), given_threshold) == labels


@pytest.mark.parametrize("calibration", [NoCalibration(), Platt(1.5, -0.25)])
@pytest.mark.parametrize("threshold", [None, 0.2])
def test_deciding_is_calibrating_and_labelling(calibration: Calibration, threshold: float | None) -> None:
    decision = Decision(classes=("no", "yes"), threshold=0.4, calibration=calibration)
    margin = np.linspace(-4, 4, 100, dtype=np.float32)[:, None]
    given, labels = decision.decide(margin, threshold)
    assert bits(given) == bits(decision.calibrated(margin))
    assert labels == decision.labels(given, threshold)
    assert {"no", "yes"} == set(labels)


def test_labels_of_several_classes_are_the_first_of_the_most_probable() -> None:
    decision = Decision(classes=(10, 20, 30))
    assert decision.labels(np.array([[0.2, 0.4, 0.4], [0.5, 0.25, 0.25]], np.float32)) == [20, 10]


def test_deciding_between_several_classes_has_no_threshold() -> None:
    with pytest.raises(ValueError, match="two classes"):
        Decision(classes=("a", "b", "c")).decide(np.zeros((1, 3), np.float32), 0.5)


def test_labels_of_several_classes_have_no_threshold() -> None:
    with pytest.raises(ValueError, match="two classes"):
        Decision(classes=(1, 2, 3)).labels(np.ones((1, 3), np.float32), 0.5)


@pytest.mark.parametrize("classes", [("no", "yes"), (0, 1), (False, True)])
def test_labels_are_spelled_as_the_classes(classes: tuple[Label, ...]) -> None:
    labels = Decision(classes=classes).labels(np.array([[1, 0], [0, 1]], np.float32))
    assert [(type(label), label) for label in labels] == [(type(label), label) for label in classes]


def test_raw_probabilities_are_served_without_calibration() -> None:
    margin = np.array([[-1.0], [2.0]], np.float32)
    assert bits(BINARY.calibrated(margin)) == bits(BINARY.probabilities(margin))


@pytest.mark.parametrize("calibration", [NoCalibration(), Platt(1.5, 0.1), Isotonic((0.0, 1.0), (0.0, 1.0))], ids=str)
def test_decision_survives_json(calibration: Calibration) -> None:
    decision = Decision(classes=("a", "b"), threshold=0.3, calibration=calibration)
    assert Decision.from_json(decision.to_json()) == decision


@given(st.lists(st.text() | st.integers() | st.booleans(), min_size=2, max_size=6, unique_by=class_name))
def test_classes_survive_json_with_their_types(classes: list[Label]) -> None:
    read = Decision.from_json(Decision(classes=tuple(classes)).to_json()).classes
    assert [(type(label), label) for label in read] == [(type(label), label) for label in classes]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param('{"classes":["a"]}', "two or more classes", id="one class"),
        pytest.param('{"classes":["a","a"]}', "spelled differently", id="class twice"),
        pytest.param('{"classes":[1,"1"]}', "spelled differently", id="written alike"),
        pytest.param('{"classes":["true",true]}', "spelled differently", id="boolean written alike"),
        pytest.param('{"classes":[1.5,2]}', "classes", id="float class"),
        pytest.param('{"classes":[0,1],"threshold":1.5}', "between 0 and 1", id="threshold"),
        pytest.param(
            '{"classes":[0,1,2],"calibration":{"kind":"platt","a":1,"b":0}}', "only two", id="calibrated three"
        ),
        pytest.param('{"classes":[0,1],"calibration":{"kind":"beta"}}', "beta", id="unknown calibration"),
        pytest.param(
            '{"classes":[0,1],"calibration":{"kind":"isotonic","x":[0],"y":[0]}}', "two or more", id="one knot"
        ),
        pytest.param(
            '{"classes":[0,1],"calibration":{"kind":"isotonic","x":[0,1],"y":[0]}}', "two or", id="unequal knots"
        ),
        pytest.param(
            '{"classes":[0,1],"calibration":{"kind":"isotonic","x":[1,1],"y":[0,1]}}', "increasing", id="x twice"
        ),
        pytest.param(
            '{"classes":[0,1],"calibration":{"kind":"isotonic","x":[0,1],"y":[1,0]}}', "decreasing", id="y falls"
        ),
        pytest.param(
            '{"classes":[0,1],"calibration":{"kind":"isotonic","x":[0,1],"y":[0,2]}}', "within", id="y above 1"
        ),
        pytest.param(
            '{"classes":[0,1],"calibration":{"kind":"isotonic","x":[0,1],"y":[-1,0]}}', "within", id="y below 0"
        ),
    ],
)
def test_from_json_refuses(data: str, reason: str) -> None:
    with pytest.raises(FormatError, match=reason):
        Decision.from_json(data.encode())


@pytest.mark.parametrize(("label", "name"), [("yes", "yes"), (-3, "-3"), (True, "true"), (False, "false")])
def test_class_name(label: Label, name: str) -> None:
    assert class_name(label) == name
