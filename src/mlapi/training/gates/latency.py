"""Whether one row is predicted within the budget."""

from __future__ import annotations

import time
from typing import Final

import numpy as np

from mlapi.bundle import Bundle
from mlapi.training.gates.contest import Contest, Outcome, Verdict

CALLS: Final = 500  # of one row, in each of ROUNDS rounds; the best round counts, a busy machine is no slow model
ROUNDS: Final = 3
WARM_UP: Final = 50


class LatencyGate:
    """Refuses a version whose 99th percentile of one-row predictions is beyond the budget."""

    name = "latency"

    def __init__(self, budget_ms: float) -> None:
        """Take the budget, milliseconds; it is for the bundle alone, without network and HTTP."""
        self._budget_ms = budget_ms

    def judge(self, contest: Contest) -> Verdict:
        """See `Gate.judge`."""
        p50_ms, p99_ms = one_row_ms(contest.challenger.bundle)
        figures = {"p50_ms": p50_ms, "p99_ms": p99_ms, "budget_ms": self._budget_ms}
        reason = f"one row takes {p99_ms:.3f} ms at the 99th percentile; the budget is {self._budget_ms:g} ms"
        return Verdict(self.name, Outcome.PASSED if p99_ms <= self._budget_ms else Outcome.REFUSED, reason, figures)


def one_row_ms(bundle: Bundle) -> tuple[float, float]:
    """Give median and 99th percentile of predicting the example row, milliseconds."""
    rows = [bundle.schema.example_row()]
    for _ in range(WARM_UP):
        bundle.predict(rows)
    rounds = [_round_ms(bundle, rows) for _ in range(ROUNDS)]
    p50, p99 = min((np.quantile(one, (0.5, 0.99)) for one in rounds), key=lambda found: float(found[1]))
    return float(p50), float(p99)


def _round_ms(bundle: Bundle, rows: list[dict[str, str | int | float | bool | None]]) -> list[float]:
    taken = []
    for _ in range(CALLS):
        begin = time.perf_counter()
        bundle.predict(rows)
        taken.append((time.perf_counter() - begin) * 1000)
    return taken
