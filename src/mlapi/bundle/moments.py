"""Dates and times: from ISO 8601 text to whole seconds since 1970 in UTC, back, and into parts for the trees."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

DAY_S: Final = 86_400
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001  # without a zone: an offset is taken off by hand, so that none is guessed
_SHAPE: Final = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d(?::?\d\d)?)?)?", re.ASCII
)
_FRACTION: Final = re.compile(r"\.\d+")
EARLIEST: Final = -62_135_596_800  # 0001-01-01T00:00:00Z
LATEST: Final = 253_402_300_799  # 9999-12-31T23:59:59Z

Seconds = NDArray[np.float64]
"""(n_rows,) whole seconds since 1970-01-01T00:00:00Z, NaN where missing; float64 holds them all exactly."""


def seconds_of(text: str) -> int | None:
    """Read a date, or a date with a time of day, as RFC 3339 has it; the time may lack seconds, zone, or be absent.

    A fraction of a second is cut off. A time without a zone is taken for UTC.

    Returns:
        Whole seconds since 1970-01-01T00:00:00Z, or None where the text is no such thing, or no day of the calendar.
    """
    if not _SHAPE.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(_FRACTION.sub("", text))
    except ValueError:  # 2024-02-30, or 25:00
        return None
    seconds = (moment.replace(tzinfo=None) - _EPOCH - (moment.utcoffset() or timedelta())) // timedelta(seconds=1)
    return seconds if EARLIEST <= seconds <= LATEST else None


def spelled(seconds: float) -> str:
    """Give whole seconds since 1970 as text: `2024-01-31T09:30:00Z`; `seconds_of` reads them back.

    Raises:
        OverflowError: beyond the years 1 to 9999.
    """
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(seconds))
    return moment.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


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
PARTS: Final = tuple(_PARTS)
"""Years; months and days (of a month, of a year) from 1; days of the week from 0, Monday; hours, minutes. In UTC."""


def parts_of(seconds: Seconds, parts: Iterable[str]) -> list[Seconds]:
    """Take moments apart.

    Args:
        seconds: (n_rows,), see `Seconds`.
        parts: names from PARTS.

    Returns:
        (n_rows,) for each part, NaN where missing.
    """
    missing = np.isnan(seconds)
    whole = np.where(missing, 0.0, seconds).astype(np.int64)
    days = (whole // DAY_S).astype("datetime64[D]")
    of_day = whole % DAY_S
    return [np.where(missing, np.nan, _PARTS[part](days, of_day)) for part in parts]
