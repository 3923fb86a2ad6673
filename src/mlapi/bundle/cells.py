"""What one cell may be, for each kind of feature; asked of rows, and of the examples in a schema."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from mlapi.bundle.errors import cut
from mlapi.bundle.moments import seconds_of

NUMBER: Final = "a number"
WHOLE: Final = "a whole number"
TRUTH: Final = "true or false"
MOMENT: Final = "an ISO 8601 date or date and time, such as 2024-01-31 or 2024-01-31T09:30:00Z"
CATEGORIES_NAMED: Final = 10

# The least float64 that rounds to infinity in float32: half a step above float32's largest, (2 - 2**-23) * 2**127, and
# a half goes to the even side, which is infinity's (IEEE 754, 4.3.1). Exact in float64.
FLOAT32_OVERFLOW: Final = (2 - 2**-24) * 2.0**127


EXACT_INTEGERS: Final = 2.0**53  # below this float64 tells every integer from its neighbours


class Fault(NamedTuple):
    """Why a cell does not fit, and what would; the two fields of CellError of these names."""

    code: str
    expected: str


NOT_FINITE: Final = Fault("wrong_type", "a finite number")
OUT_OF_RANGE: Final = Fault("out_of_range", "a number of at most 3.4028235e38 in magnitude, float32's largest")
NOT_INTEGER: Final = Fault("not_integer", WHOLE)
NOT_MOMENT: Final = Fault("not_datetime", MOMENT)
INVALID_TEXT: Final = Fault("invalid_text", "text without NUL and without half a surrogate pair")


def number_fault(cell: object, expected: str = NUMBER) -> Fault | None:
    """Find fault with the cell of a numeric feature; a boolean is no number."""
    if not isinstance(cell, float | int) or isinstance(cell, bool):
        return Fault("wrong_type", expected)
    # An integer, however long it is, is compared exactly first and then as the float64 that it becomes.
    if abs(cell) < FLOAT32_OVERFLOW and abs(float(cell)) < FLOAT32_OVERFLOW:
        return None
    return NOT_FINITE if isinstance(cell, float) and not math.isfinite(cell) else OUT_OF_RANGE


def integer_fault(cell: object) -> Fault | None:
    """Find fault with the cell of an integer feature; 3.0 is an integer."""
    if fault := number_fault(cell, WHOLE):
        return fault
    return NOT_INTEGER if isinstance(cell, float) and not cell.is_integer() else None


def boolean_fault(cell: object) -> Fault | None:
    """Find fault with the cell of a boolean feature; 0 and 1 are integers."""
    return None if isinstance(cell, bool) else Fault("wrong_type", TRUTH)


def moment_fault(cell: object) -> Fault | None:
    """Find fault with the cell of a datetime feature; a number is none, whatever it counts."""
    if not isinstance(cell, str):
        return Fault("wrong_type", MOMENT)
    return NOT_MOMENT if seconds_of(cell) is None else None


def text_fault(cell: str) -> Fault | None:
    """Find fault with a text: UTF-8 has no half surrogates, and C libraries and databases end a text at NUL."""
    return None if is_storable(cell) else INVALID_TEXT


def is_storable(text: str) -> bool:
    """Tell whether every file and database can hold a text."""
    if "\0" in text:
        return False
    return text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text)


def one_of(names: Sequence[str]) -> str:
    """Spell a choice, ten of it at most and each cut to 100 characters."""
    more = f", … ({len(names)} in all)" if len(names) > CATEGORIES_NAMED else ""
    return "one of: " + ", ".join(map(cut, names[:CATEGORIES_NAMED])) + more


def whole(number: float) -> int | float:
    """Spell a whole number as an integer, but for those beyond 2**53, which JSON readers take for floats anyway."""
    return int(number) if abs(number) < EXACT_INTEGERS else number
