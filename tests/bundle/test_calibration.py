"""The curves over the margin; what they refuse stands with the files that hold them, in test_decision."""

import math

import numpy as np

from mlapi.bundle.calibration import Isotonic, Platt
from mlapi.bundle.decision import Decision


def test_platt_is_a_logistic_curve_over_the_margin() -> None:
    decision = Decision(classes=(0, 1), calibration=Platt(2.0, -1.0))
    found = decision.calibrated(np.array([[-1e30], [0.5], [1.5]], np.float32))
    assert found[:, 1].tolist() == [0.0, 0.5, float(np.float32(1 / (1 + math.exp(-2))))]
    assert (found[:, 0] == 1 - found[:, 1]).all()


def test_isotonic_joins_its_knots_and_is_constant_outside() -> None:
    decision = Decision(classes=(0, 1), calibration=Isotonic((-1.0, 1.0), (0.25, 0.75)))
    found = decision.calibrated(np.array([[-9], [-1], [0], [9]], np.float32))
    assert found[:, 1].tolist() == [0.25, 0.25, 0.5, 0.75]
