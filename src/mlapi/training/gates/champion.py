"""Whether the challenger is worse than the champion on rows that neither was trained on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mlapi.bundle import Bundle
from mlapi.bundle.errors import RowsError
from mlapi.bundle.types import Probabilities
from mlapi.training.fingerprints import SEEN_ROWS_FILE, SeenRows
from mlapi.training.gates.contest import Contender, Contest, Outcome, Verdict
from mlapi.training.held_out import HeldOut
from mlapi.training.outcome import TEST_ROWS_FILE
from mlapi.training.run_files import RunFiles, run_of
from mlapi.training.scores import resamples, roc_auc, row_losses

RESAMPLES: Final = 1000
COVERAGE: Final = 0.95
FEWEST: Final = 30  # rows left to compare on
MOST: Final = 50_000  # drawn at random where there are more; the interval is narrow by then
SEED: Final = 0


class ChampionGate:
    """Refuses a challenger whose ROC AUC is significantly below the champion's.

    Both score the challenger's test rows less those that the champion was trained on. The difference is resampled with
    the same draws for both (a paired bootstrap); the challenger is worse if all of the 95 % interval lies below zero.
    """

    name = "champion"

    def __init__(self, runs: RunFiles) -> None:
        """Take where runs keep their test rows and the fingerprints of what they were trained on."""
        self._runs = runs

    def judge(self, contest: Contest) -> Verdict:
        """See `Gate.judge`."""
        if contest.champion is None:
            return Verdict(self.name, Outcome.NOT_JUDGED, contest.absence)
        try:
            rows = self._common_rows(contest.challenger, contest.champion)
            found = compare(contest.challenger.bundle, contest.champion.bundle, rows)
        except IncomparableError as error:
            return Verdict(self.name, Outcome.NOT_JUDGED, str(error))
        worse = found.high < 0
        return Verdict(self.name, Outcome.REFUSED if worse else Outcome.PASSED, found.sentence(), found.figures())

    def _common_rows(self, challenger: Contender, champion: Contender) -> HeldOut:
        target = challenger.bundle.schema.target
        try:
            rows = HeldOut.from_parquet(self._file(challenger, TEST_ROWS_FILE, "test rows"), target)
            seen = SeenRows.from_parquet(self._file(champion, SEEN_ROWS_FILE, "record of its training rows"))
            left = np.flatnonzero(~seen.holds(rows.table))
        except KeyError as error:
            raise IncomparableError(f"the test rows lack the champion's column {error}") from error
        except ValueError as error:
            raise IncomparableError(str(error)) from error
        if len(left) < FEWEST:
            raise IncomparableError(f"only {len(left)} test rows are new to the champion")
        if len(left) > MOST:
            left = np.sort(np.random.default_rng(SEED).choice(left, MOST, replace=False))
        return rows.take(left)

    def _file(self, contender: Contender, name: str, what: str) -> bytes:
        run_id = run_of(contender.record)
        content = None if run_id is None else self._runs.read(run_id, name)
        if content is None:
            raise IncomparableError(f"version {contender.record.version} has no {what} ({name} of its run)")
        return content


class IncomparableError(Exception):
    """Two versions cannot be compared; the message says what is missing."""


@dataclass(frozen=True)
class Comparison:
    """ROC AUC and mean log loss of both on n_rows rows; the interval is of challenger minus champion, in ROC AUC."""

    n_rows: int
    challenger: float
    champion: float
    low: float
    high: float
    challenger_loss: float
    champion_loss: float

    def sentence(self) -> str:
        """Say it in one line."""
        return (
            f"ROC AUC {self.challenger:.4f} against {self.champion:.4f} on {self.n_rows} rows new to both "
            f"(difference {self.challenger - self.champion:+.4f}, 95 % interval {self.low:+.4f} to {self.high:+.4f})"
        )

    def figures(self) -> dict[str, float]:
        """Give the figures by name, for the history."""
        return {
            "rows": float(self.n_rows),
            "roc_auc": self.challenger,
            "champion_roc_auc": self.champion,
            "difference_low": self.low,
            "difference_high": self.high,
            "log_loss": self.challenger_loss,
            "champion_log_loss": self.champion_loss,
        }


def compare(challenger: Bundle, champion: Bundle, rows: HeldOut) -> Comparison:
    """Score both on the same rows.

    Raises:
        IncomparableError: other classes, a column that is missing or unfit, or rows of one class only.
    """
    names = challenger.decision.names
    if set(names) != set(champion.decision.names):
        raise IncomparableError("the two have different classes")
    places = {name: place for place, name in enumerate(names)}
    codes = np.array([places.get(label, -1) for label in rows.labels], dtype=np.int32)
    if (codes < 0).any():
        raise IncomparableError("the test rows have a label that neither knows")
    ours, theirs = _scored(challenger, rows, names), _scored(champion, rows, names)
    once = np.ones((1, len(codes)))
    auc, champion_auc = (float(roc_auc(codes, one, once)[0]) for one in (ours, theirs))
    if np.isnan(auc):
        raise IncomparableError("the rows that are new to the champion are of one class")
    low, high = _interval(codes, ours, theirs)
    losses = (float(row_losses(codes, one).mean()) for one in (ours, theirs))
    return Comparison(len(codes), auc, champion_auc, low, high, *losses)


def _scored(bundle: Bundle, rows: HeldOut, names: tuple[str, ...]) -> Probabilities:
    """Give a bundle's probabilities in the order of some class names."""
    try:
        found = bundle.predict_table(rows.table).probabilities
    except KeyError as error:
        raise IncomparableError(f"the test rows lack the feature {error}") from error
    except (RowsError, TypeError) as error:
        raise IncomparableError(f"the test rows do not fit a model: {error}") from error
    return found[:, [bundle.decision.names.index(name) for name in names]]


def _interval(codes: NDArray[np.int32], ours: Probabilities, theirs: Probabilities) -> tuple[float, float]:
    differences = [
        roc_auc(codes, ours, weights) - roc_auc(codes, theirs, weights)
        for weights in resamples(len(codes), RESAMPLES, SEED)
    ]
    low, high = np.nanquantile(np.concatenate(differences), ((1 - COVERAGE) / 2, (1 + COVERAGE) / 2))
    return float(low), float(high)
