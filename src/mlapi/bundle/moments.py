"""Dates and times: from ISO 8601 text to whole seconds since 1970 in UTC, and back."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

DAY_S: Final = 86_400
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001  # without a zone: an offset is taken off by hand, so that none is guessed
_SHAPE: Final = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d(?::?\d\d)?)?)?", re.ASCII
)
_FRACTION: Final = re.compile(r"\.\d+")
EARLIEST: Final = -62_135_596_800  # 0001-01-01T00:00:00Z
LATEST: Final = 253_402_300_799  # 9999-12-31T23:59:59Z

PARTS: Final = ("year", "month", "day", "weekday", "day_of_year", "hour", "minute")
"""Years; months and days (of a month, of a year) from 1; days of the week from 0, Monday; hours, minutes. In UTC."""


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
