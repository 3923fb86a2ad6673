"""What one cell may be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mlapi.bundle.cells import (
    FLOAT32_OVERFLOW,
    boolean_fault,
    integer_fault,
    is_storable,
    number_fault,
    one_of,
    text_fault,
    whole,
)

FLOAT32_MAX = float(np.finfo(np.float32).max)
LONGEST = int(np.nextafter(FLOAT32_OVERFLOW, 0)) + 2**74 - 1  # the last integer below the middle between two float64s


@given(st.floats(allow_nan=False))
@example(FLOAT32_OVERFLOW)
@example(-FLOAT32_OVERFLOW)
@example(float(np.nextafter(FLOAT32_OVERFLOW, 0)))
@example(FLOAT32_MAX)
def test_a_number_fits_exactly_if_it_rounds_to_a_finite_float32(number: float) -> None:
    with np.errstate(over="ignore"):
        finite = bool(np.isfinite(np.float32(number)))
    assert (number_fault(number) is None) == finite


@pytest.mark.parametrize("cell", [0, 1.5, -0.0, 10**38, -(10**38), 5e-324, np.float64(3), LONGEST, -LONGEST], ids=repr)
def test_a_numeric_feature_takes_any_number_within_float32(cell: object) -> None:
    assert number_fault(cell) is None


@pytest.mark.parametrize(
    ("cell", "code", "expected"),
    [
        (True, "wrong_type", "a number"),
        ("3", "wrong_type", "a number"),
        ([1], "wrong_type", "a number"),
        ({}, "wrong_type", "a number"),
        (3j, "wrong_type", "a number"),
        (float("nan"), "wrong_type", "a finite number"),
        (float("inf"), "wrong_type", "a finite number"),
        (float("-inf"), "wrong_type", "a finite number"),
        (1e39, "out_of_range", "float32"),
        (10**39, "out_of_range", "float32"),
        (int(FLOAT32_OVERFLOW) - 1, "out_of_range", "float32"),  # float64 rounds it up to what overflows
        (1 - int(FLOAT32_OVERFLOW), "out_of_range", "float32"),
        (10**400, "out_of_range", "float32"),
        (-(10**400), "out_of_range", "float32"),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_a_numeric_feature_refuses(cell: object, code: str, expected: str) -> None:
    fault = number_fault(cell)
    assert fault is not None
    assert fault.code == code
    assert expected in fault.expected


@pytest.mark.parametrize("cell", [3, 3.0, -0.0, 1e30, 2**60], ids=repr)
def test_an_integer_feature_takes_whole_numbers_however_they_are_spelled(cell: object) -> None:
    assert integer_fault(cell) is None


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        (3.5, "not_integer"),
        (True, "wrong_type"),
        ("3", "wrong_type"),
        (1e39, "out_of_range"),
        (10**400, "out_of_range"),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_an_integer_feature_refuses(cell: object, code: str) -> None:
    fault = integer_fault(cell)
    assert fault is not None
    assert fault.code == code


def test_an_integer_feature_asks_for_a_whole_number() -> None:
    assert integer_fault("3") == ("wrong_type", "a whole number")


@pytest.mark.parametrize("cell", [0, 1, 0.0, "true", "false", None], ids=repr)
def test_a_boolean_feature_takes_true_and_false_only(cell: object) -> None:
    assert boolean_fault(True) is None
    assert boolean_fault(False) is None
    assert boolean_fault(cell) == ("wrong_type", "true or false")


@pytest.mark.parametrize("text", ["", " ", "é", "e\u0301", "💥", "\n", "\x7f", "\U0010ffff"], ids=ascii)
def test_text_may_be_anything_that_utf8_can_hold(text: str) -> None:
    assert text_fault(text) is None


@pytest.mark.parametrize("text", ["\0", "a\0b", "\ud800", "é\udfff", "\ud83d\ude00"], ids=ascii)
def test_nul_and_half_surrogates_are_no_text(text: str) -> None:
    fault = text_fault(text)
    assert fault is not None
    assert fault.code == "invalid_text"


@given(st.text(st.characters(exclude_characters="\0")))
def test_storable_text_is_what_encodes_to_utf8(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        assert not is_storable(text)
    else:
        assert is_storable(text)


def test_a_choice_names_ten_at_most_and_cuts_long_ones() -> None:
    assert one_of(["a", "b"]) == "one of: a, b"
    assert one_of([str(n) for n in range(10)]).endswith("8, 9")
    assert one_of([str(n) for n in range(11)]) == "one of: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, … (11 in all)"
    assert len(one_of(["x" * 5000] * 10)) < 1100


@pytest.mark.parametrize(("number", "spelled"), [(3.0, 3), (-0.0, 0), (2.0**53, 2.0**53), (-1e30, -1e30)], ids=repr)
def test_a_whole_number_is_an_integer_unless_json_would_lose_it(number: float, spelled: float) -> None:
    assert whole(number) == spelled
    assert type(whole(number)) is type(spelled)
