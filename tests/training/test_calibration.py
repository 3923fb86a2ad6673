"""Curves: fitted right, tried on rows that they were not fitted to, and taken only where they help."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from mlapi.bundle.calibration import Isotonic, NoCalibration, Platt
from mlapi.bundle.decision import Decision
from mlapi.training.calibration import calibrate, fit_isotonic, fit_platt

CLASSES = ("no", "yes")


def drawn(n_rows: int, sharpness: float = 1.0, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Margins, and labels drawn from them; a sharpness above 1 makes the margins say too much."""
    random = np.random.default_rng(seed)
    honest = random.normal(0, 1.5, n_rows)
    codes = (random.random(n_rows) < 1 / (1 + np.exp(-honest))).astype(np.int32)
    return (honest * sharpness).astype(np.float32)[:, None], codes


def test_platts_line_is_that_of_a_logistic_regression() -> None:
    margin, codes = drawn(5000, sharpness=3.0)
    found = fit_platt(margin[:, 0].astype(np.float64), codes, np.ones(len(codes)))
    plain = LogisticRegression(C=np.inf).fit(margin, codes)
    assert (found.a, found.b) == pytest.approx((plain.coef_[0, 0], plain.intercept_[0]), abs=0.01)
    assert found.a == pytest.approx(1 / 3, abs=0.03)


def test_platt_stays_finite_where_the_margin_tells_the_classes_apart() -> None:
    margin = np.array([-3.0, -2.0, 2.0, 3.0])
    found = fit_platt(margin, np.array([0, 0, 1, 1], dtype=np.int32), np.ones(4))
    assert 0 < found.a < 10


def test_an_isotonic_curve_rises_and_stays_off_zero_and_one() -> None:
    margin, codes = drawn(2000)
    found = fit_isotonic(margin[:, 0].astype(np.float64), codes, np.ones(len(codes)))
    assert 0 < found.y[0] < 0.2
    assert 0.8 < found.y[-1] < 1
    assert all(np.diff(found.x) > 0)


def test_an_isotonic_curve_of_a_single_margin_is_flat() -> None:
    found = fit_isotonic(np.zeros(4), np.array([0, 1, 1, 1], dtype=np.int32), np.ones(4))
    assert Decision(classes=CLASSES, calibration=found).calibrated(np.zeros((1, 1), np.float32))[0, 1] == 0.75


def test_a_row_of_weight_two_counts_as_two() -> None:
    margin, codes = drawn(300)
    wide = margin[:, 0].astype(np.float64)
    doubled = np.repeat(np.arange(300), np.where(codes == 1, 2, 1))
    weights = np.where(codes == 1, 2.0, 1.0)
    first = fit_platt(wide, codes, weights)
    again = fit_platt(wide[doubled], codes[doubled], np.ones(len(doubled)))
    assert (first.a, first.b) == pytest.approx((again.a, again.b))


def test_a_curve_is_taken_where_the_margin_says_too_much() -> None:
    margin, codes = drawn(4000, sharpness=3.0)
    found = calibrate(margin, codes, CLASSES, "auto", seed=1)
    assert not isinstance(found.calibration, NoCalibration)
    assert set(found.losses) == {"none", "platt", "isotonic"}
    assert min(found.losses["platt"], found.losses["isotonic"]) < found.losses["none"]


@pytest.mark.parametrize("seed", range(5))
def test_no_curve_is_taken_where_the_margin_is_honest(seed: int) -> None:
    found = calibrate(*drawn(3000, seed=seed), CLASSES, "auto", seed=1)
    assert isinstance(found.calibration, NoCalibration)
    assert set(found.losses) == {"none", "platt", "isotonic"}


def test_a_curve_that_is_taken_helps_on_fresh_rows() -> None:
    margin, codes = drawn(4000, sharpness=3.0)
    fresh, truth = drawn(4000, sharpness=3.0, seed=4)
    raw = Decision(classes=CLASSES)
    found = Decision(classes=CLASSES, calibration=calibrate(margin, codes, CLASSES, "auto", seed=1).calibration)
    errors = [
        float(np.mean((said - truth) ** 2)) for said in (raw.calibrated(fresh)[:, 1], found.calibrated(fresh)[:, 1])
    ]
    assert errors[1] < errors[0]


@pytest.mark.parametrize(("wish", "kind"), [("platt", Platt), ("isotonic", Isotonic), ("none", NoCalibration)])
def test_a_kind_by_name_is_taken_as_wished(wish: str, kind: type) -> None:
    found = calibrate(*drawn(100), CLASSES, wish, seed=1)  # type: ignore[arg-type] # parametrised
    assert isinstance(found.calibration, kind)


def test_few_rows_are_not_calibrated_and_too_few_for_isotonic_get_platt_alone() -> None:
    assert calibrate(*drawn(40, 5.0), CLASSES, "auto", seed=1).losses.keys() == {"none"}
    assert calibrate(*drawn(500, 5.0), CLASSES, "auto", seed=1).losses.keys() == {"none", "platt"}


def test_more_than_two_classes_are_left_as_they_are() -> None:
    found = calibrate(np.zeros((100, 3), np.float32), np.zeros(100, np.int32), ("a", "b", "c"), "auto", seed=1)
    assert (found.calibration, found.losses) == (NoCalibration(), {})


def test_the_seed_fixes_the_curve() -> None:
    margin, codes = drawn(1500, 3.0)
    assert calibrate(margin, codes, CLASSES, "auto", seed=1) == calibrate(margin, codes, CLASSES, "auto", seed=1)
