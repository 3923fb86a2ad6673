"""Columns of dates and times: read from texts, and taken apart for the trees."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mlapi.bundle.moments import DAY_S, EARLIEST, LATEST, seconds_of

Seconds = NDArray[np.float64]
"""(n_rows,) whole seconds since 1970-01-01T00:00:00Z, NaN where missing; float64 holds them all exactly."""


def read_all(texts: Iterable[str | None]) -> Seconds:
    """Read texts, None where missing.

    Raises:
        ValueError: a text is no date.
    """
    return np.array([np.nan if text is None else _known(text) for text in texts], np.float64)


def _known(text: str) -> int:
    seconds = seconds_of(text)
    if seconds is None:
        raise ValueError("a text is no date")
    return seconds


def in_range(seconds: Seconds) -> NDArray[np.bool_]:
    """Tell which cells are missing or within the years 1 to 9999."""
    return np.isnan(seconds) | ((seconds >= EARLIEST) & (seconds <= LATEST))


Days = NDArray[np.datetime64]  # whole days since 1970


def _since(days: Days, unit: str) -> NDArray[np.int64]:
    return np.asarray(days - days.astype(f"datetime64[{unit}]"), dtype=np.int64)


# Each gives int64 from whole days and from seconds of the day. 1970-01-01 was a Thursday, three days after a Monday.
_PARTS: Final[Mapping[str, Callable[[Days, NDArray[np.int64]], NDArray[np.int64]]]] = {
    "year": lambda days, _: days.astype("datetime64[Y]").astype(np.int64) + 1970,
    "month": lambda days, _: days.astype("datetime64[M]").astype(np.int64) % 12 + 1,
    "day": lambda days, _: _since(days, "M") + 1,
    "weekday": lambda days, _: (days.astype(np.int64) + 3) % 7,
    "day_of_year": lambda days, _: _since(days, "Y") + 1,
    "hour": lambda _, seconds: seconds // 3600,
    "minute": lambda _, seconds: seconds // 60 % 60,
}


def parts_of(seconds: Seconds, parts: Iterable[str]) -> list[Seconds]:
    """Take moments apart.

    Args:
        seconds: (n_rows,), see `Seconds`.
        parts: names from `moments.PARTS`.

    Returns:
        (n_rows,) for each part, NaN where missing.
    """
    missing = np.isnan(seconds)
    whole = np.where(missing, 0.0, seconds).astype(np.int64)
    days = (whole // DAY_S).astype("datetime64[D]")
    of_day = whole % DAY_S
    return [np.where(missing, np.nan, _PARTS[part](days, of_day)) for part in parts]
