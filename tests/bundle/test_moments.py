"""Dates and times as text, as seconds, and in parts; the standard library's calendar is the measure."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlapi.bundle.moment_columns import in_range, parts_of, read_all
from mlapi.bundle.moments import EARLIEST, LATEST, PARTS, seconds_of, spelled
from tests.fixtures.strategies import moments, seconds


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1970-01-01", 0),
        ("1970-01-01T00:00", 0),
        ("1970-01-02 00:00:01", 86_401),
        ("1970-01-01T00:00:00.999999999Z", 0),
        ("1969-12-31T23:59:59.5Z", -1),
        ("2024-02-29T12:00:00+02:00", 1_709_200_800),
        ("2024-02-29T12:00:00+0200", 1_709_200_800),
        ("2024-02-29T12:00:00+02", 1_709_200_800),
        ("0001-01-01", EARLIEST),
        ("9999-12-31T23:59:59Z", LATEST),
    ],
)
def test_iso_8601_is_read_as_seconds_in_utc(text: str, found: int) -> None:
    assert seconds_of(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "", "2024", "20240131", "2024-1-31", "2023-02-29", "2024-13-01", "2024-01-31T25:00", "2024-01-31T12",
        "2024-01-31T12:00:60", "31.01.2024", "01/31/2024", " 2024-01-31", "2024-01-31\n", "2024-W05-3", "2024-031",
        "２０２４-01-31", "2024-01-31t12:00z", "2024-01-31T12:00 Z", "2024-01-31Z", "2024-01-31T12:00+25:00",
        "0001-01-01T00:00+01:00", "9999-12-31T23:59:59-01:00", "now",
    ],
)  # fmt: skip
def test_anything_else_is_no_moment(text: str) -> None:
    assert seconds_of(text) is None


@given(seconds)
def test_seconds_come_back_from_their_text(number: int) -> None:
    assert seconds_of(spelled(number)) == number


@given(moments())
def test_every_spelling_is_a_moment(text: str) -> None:
    assert seconds_of(text) is not None


@given(st.lists(seconds, min_size=1, max_size=5))
def test_parts_are_those_of_the_calendar(numbers: list[int]) -> None:
    found = parts_of(np.array([*numbers, np.nan]), PARTS)
    assert all(np.isnan(part[-1]) for part in found)
    for row, number in enumerate(numbers):
        moment = datetime.fromisoformat(spelled(number)).astimezone(UTC)
        day_of_year = moment.timetuple().tm_yday
        told = (moment.year, moment.month, moment.day, moment.weekday(), day_of_year, moment.hour, moment.minute)
        assert tuple(part[row] for part in found) == told


def test_texts_are_read_together_and_one_that_is_none_is_refused() -> None:
    np.testing.assert_array_equal(read_all(["1970-01-01", None]), [0.0, np.nan])
    with pytest.raises(ValueError, match="no date"):
        read_all(["1970-01-01", "soon"])


def test_the_calendar_has_ends() -> None:
    assert in_range(np.array([EARLIEST, LATEST, np.nan, EARLIEST - 1.0, LATEST + 1.0])).tolist() == [
        True, True, True, False, False,
    ]  # fmt: skip
