"""Fit a curve that corrects probabilities, and tell whether it helps on rows that it was not fitted to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlapi.bundle.calibration import Calibration, Isotonic, NoCalibration, Platt
from mlapi.bundle.decision import Decision
from mlapi.bundle.types import Label, Margin
from mlapi.training.scores import Codes, Floats, row_losses

Wish = Literal["auto", "none", "isotonic", "platt"]
PARTS = 5  # of the cross-fitting
FEWEST_ROWS = {
    "platt": 50,
    "isotonic": 1000,
}  # below this a curve follows the noise (Niculescu-Mizil and Caruana, 2005)
SURE = 2.0  # standard errors by which the loss must fall
NEWTON_STEPS = 50
FLAT = 1e-12  # a step so small that nothing changes


class Calibrated(NamedTuple):
    """The curve that was chosen.

    `losses` are the log losses on validation of no curve and of each that was tried, cross-fitted: every row is
    corrected by a curve that was fitted without it.
    """

    calibration: Calibration
    losses: dict[str, float]


def calibrate(
    margin: Margin, codes: Codes, classes: tuple[Label, ...], wish: Wish, seed: int, weights: Floats | None = None
) -> Calibrated:
    """Choose a curve for the probability of the second of two classes.

    Args:
        margin: float32 (n_rows, 1) of rows that the booster which gave it has not seen.
        codes: their classes, 0 or 1.
        classes: the labels; more than two are never calibrated.
        wish: a kind by name is taken as wished; "auto" takes the better one where its cross-fitted log loss is below
            the raw one by two standard errors, and no curve otherwise.
        seed: of the parts of the cross-fitting.
        weights: what each row counts, (n_rows,).
    """
    if len(classes) > 2 or wish == "none":
        return Calibrated(NoCalibration(), {})
    heavy = np.ones(len(codes)) if weights is None else weights
    raw = row_losses(codes, Decision(classes=classes).probabilities(margin))
    tried = {kind: _cross_fitted(kind, margin, codes, classes, seed, heavy) for kind in _kinds(wish, codes)}
    losses = {name: float(np.average(found, weights=heavy)) for name, found in {"none": raw, **tried}.items()}
    best = min(tried, key=losses.__getitem__, default=None)
    if best is None or (wish == "auto" and not _surely_less(raw - tried[best], heavy)):
        return Calibrated(NoCalibration(), losses)
    return Calibrated(FITS[best](margin[:, 0].astype(np.float64), codes, heavy), losses)


def fit_platt(margin: Floats, codes: Codes, weights: Floats) -> Platt:
    """Fit a logistic curve by Newton's method, on targets drawn in from 0 and 1 as Platt has it (1999)."""
    positives, negatives = weights[codes == 1].sum(), weights[codes == 0].sum()
    target = np.where(codes == 1, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    design = np.column_stack([margin, np.ones_like(margin)])
    line = np.array([0.0, np.log((positives + 1) / (negatives + 1))])
    for _ in range(NEWTON_STEPS):
        said = np.exp(-np.logaddexp(0.0, -(design @ line)))  # the logistic curve, without overflow
        slope = design.T @ (weights * (said - target))
        bend = (design * (weights * said * (1 - said))[:, None]).T @ design + FLAT * np.eye(2)
        step = _halved(np.linalg.solve(bend, slope), line, lambda tried: _loss(design @ tried, target, weights))
        line = line - step
        if np.abs(step).max() < FLAT:
            break
    return Platt(float(line[0]), float(line[1]))


def _halved(step: Floats, line: Floats, loss: Callable[[Floats], float]) -> Floats:
    """Halve a step until it does not climb, as Newton's method far from its goal may."""
    now = loss(line)
    while np.abs(step).max() >= FLAT and not loss(line - step) <= now:
        step = step / 2
    return step


def _loss(score: Floats, target: Floats, weights: Floats) -> float:
    return float(np.sum(weights * (np.logaddexp(0.0, score) - target * score)))


def fit_isotonic(margin: Floats, codes: Codes, weights: Floats) -> Isotonic:
    """Fit a rising curve (pool adjacent violators), kept off 0 and 1, which no finite number of rows can prove."""
    from sklearn.isotonic import IsotonicRegression

    found = IsotonicRegression().fit(margin, codes.astype(np.float64), sample_weight=weights)
    least = 1 / (len(codes) + 2)
    x, y = found.X_thresholds_, np.clip(found.y_thresholds_, least, 1 - least)
    if len(x) == 1:
        x, y = np.array([x[0], np.nextafter(x[0], np.inf)]), np.repeat(y, 2)
    return Isotonic(tuple(x.tolist()), tuple(y.tolist()))


FITS: dict[str, Callable[[Floats, Codes, Floats], Platt | Isotonic]] = {"platt": fit_platt, "isotonic": fit_isotonic}


def _kinds(wish: Wish, codes: Codes) -> list[str]:
    if wish != "auto":
        return [wish]
    return [kind for kind, fewest in FEWEST_ROWS.items() if len(codes) >= fewest and np.bincount(codes).min() >= PARTS]


def _cross_fitted(
    kind: str, margin: Margin, codes: Codes, classes: tuple[Label, ...], seed: int, weights: Floats
) -> NDArray[np.float64]:
    """Give each row's loss under a curve that was fitted without it, (n_rows,)."""
    part = np.random.Generator(np.random.PCG64(seed)).permutation(np.arange(len(codes)) % PARTS)
    losses = np.empty(len(codes))
    for number in range(PARTS):
        apart, others = part == number, part != number
        curve = FITS[kind](margin[others, 0].astype(np.float64), codes[others], weights[others])
        decision = Decision(classes=classes, calibration=curve)
        losses[apart] = row_losses(codes[apart], decision.calibrated(margin[apart]))
    return losses


def _surely_less(gains: Floats, weights: Floats) -> bool:
    mean = np.average(gains, weights=weights)
    spread = np.sqrt(np.average((gains - mean) ** 2, weights=weights) / len(gains))
    return bool(mean > SURE * spread)
