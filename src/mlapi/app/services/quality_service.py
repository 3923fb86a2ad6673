"""How good the versions of a model are on what they were asked, as far as outcomes have been told."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from mlapi.app.services.record_store import RecordStore

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from mlapi.app.models.outcome import OutcomeRecord

N_BINS: Final = 10  # of equal width over the confidence
Z_95: Final = 1.959964  # two-sided 95 % quantile of the normal distribution


class Bin(msgspec.Struct, frozen=True):
    """Predictions of like confidence: how sure the model was of them on average, and how often it was right."""

    lower: float
    upper: float
    n: int
    confidence: float
    accuracy: float


class VersionQuality(msgspec.Struct, frozen=True):
    """One version over its predictions with a known outcome.

    Attributes:
        accuracy_interval: 95 %, Wilson's score interval.
        log_loss: mean of -ln of the probability that was given to the truth.
        calibration_error: mean over the predictions of |confidence - accuracy| of their bin (ECE).
    """

    version: str
    n_outcomes: int
    accuracy: float
    accuracy_interval: tuple[float, float]
    log_loss: float
    calibration_error: float
    calibration: list[Bin]


class _Row(NamedTuple):
    version: str
    bin: int
    n: int
    n_correct: int
    loss: float
    confidence: float


def quality(store: RecordStore, model_name: str) -> list[VersionQuality]:
    """Give the quality of every version of a model that outcomes are known of, the newest first.

    Raises:
        sqlalchemy.exc.SQLAlchemyError, OSError, SettingsError: the database cannot be used.
    """
    by_version: dict[str, list[_Row]] = {}
    for row in _rows(store, model_name):
        by_version.setdefault(row.version, []).append(row)
    versions = sorted(by_version, key=lambda version: (len(version), version), reverse=True)
    return [_quality(version, sorted(by_version[version])) for version in versions]


def _rows(store: RecordStore, model_name: str) -> list[_Row]:
    """Sums by version and bin of confidence, taken by the database."""
    from sqlalchemy import Integer, cast, func, select

    from mlapi.app.models.outcome import OutcomeRecord as Outcome

    place = _bin(Outcome)
    asked = (
        select(
            Outcome.model_version,
            place,
            func.count(),
            func.sum(cast(Outcome.correct, Integer)),
            func.sum(Outcome.loss),
            func.sum(Outcome.confidence),
        )
        .where(Outcome.model_name == model_name)
        .group_by(Outcome.model_version, place)
    )
    with store.sessions()() as session:
        return [_Row(*row) for row in session.execute(asked)]


def _bin(outcome: type[OutcomeRecord]) -> ColumnElement[int]:
    """The number of the bin; by comparison, since databases round a cast in different ways."""
    from sqlalchemy import Integer, case, literal_column

    numbers = [literal_column(str(number), Integer) for number in range(N_BINS)]
    below = [outcome.confidence < (number + 1) / N_BINS for number in range(N_BINS - 1)]
    return case(*zip(below, numbers, strict=False), else_=numbers[-1])


def _quality(version: str, rows: list[_Row]) -> VersionQuality:
    n = sum(row.n for row in rows)
    n_correct = sum(row.n_correct for row in rows)
    bins = [
        Bin(row.bin / N_BINS, (row.bin + 1) / N_BINS, row.n, row.confidence / row.n, row.n_correct / row.n)
        for row in rows
    ]
    return VersionQuality(
        version=version,
        n_outcomes=n,
        accuracy=n_correct / n,
        accuracy_interval=wilson(n_correct, n),
        log_loss=sum(row.loss for row in rows) / n,
        calibration_error=sum(one.n * abs(one.confidence - one.accuracy) for one in bins) / n,
        calibration=bins,
    )


def wilson(n_correct: int, n: int) -> tuple[float, float]:
    """Wilson's score interval of a proportion (Wilson, 1927), 95 %; it never leaves 0 to 1."""
    share, z2 = n_correct / n, Z_95**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z_95 / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)
