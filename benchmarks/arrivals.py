"""When requests arrive, laid down before any is sent, so that a slow server cannot slow down who asks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

GRID = 1000  # points within a stretch between which the rate counts as constant


@dataclass(frozen=True)
class Stretch:
    """A time in which the rate goes evenly from one figure to another.

    Attributes:
        seconds: its length.
        rate: requests/s at its begin.
        end_rate: requests/s at its end; the same as at its begin where it is not given.
    """

    seconds: float
    rate: float
    end_rate: float | None = None


def poisson(stretches: Sequence[Stretch], seed: int) -> NDArray[np.float64]:
    """Give seconds since the begin at which independent clients would ask, ascending.

    A Poisson process of changing rate: the number of arrivals is Poisson with the integral of the rate as its mean,
    and each stands independently where a uniform share of that integral is reached (Devroye, Non-Uniform Random
    Variate Generation, 1986, chapter VI.1.3, inversion).
    """
    rng = np.random.default_rng(seed)
    times, rates = _course(stretches)
    steps = np.diff(times) * (rates[1:] + rates[:-1]) / 2
    reached = np.concatenate([[0.0], np.cumsum(steps)])
    count = rng.poisson(reached[-1])
    shares = np.sort(rng.uniform(0.0, reached[-1], count))
    return np.asarray(np.interp(shares, reached, times), np.float64)


def _course(stretches: Sequence[Stretch]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    times, rates, begin = [], [], 0.0
    for stretch in stretches:
        end_rate = stretch.rate if stretch.end_rate is None else stretch.end_rate
        times.append(np.linspace(begin, begin + stretch.seconds, GRID))
        rates.append(np.linspace(stretch.rate, end_rate, GRID))
        begin += stretch.seconds
    return np.concatenate(times), np.concatenate(rates)
