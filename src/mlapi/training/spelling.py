"""How files spell missing cells, numbers and truth; each function looks at distinct texts only, all at once.

Missing is exactly empty, blank, `?` and `NA`. pandas' longer list is not used: `none` is a category in credit-g.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mlapi.bundle.moments import seconds_of

MISSING_MARKS = ("", "?", "NA")
NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
DATE = r"^\s*[0-9]{4}-[0-9]{2}-[0-9]{2}"
INFINITY = r"^(?i)[+-]?inf(inity)?$"


def is_missing(levels: pa.StringArray) -> NDArray[np.bool_]:
    """Tell which texts stand for nothing."""
    marks = pc.is_in(pc.utf8_trim_whitespace(levels), pa.array(MISSING_MARKS))
    return np.asarray(marks.to_numpy(zero_copy_only=False), dtype=bool)


def is_number(levels: pa.StringArray) -> NDArray[np.bool_]:
    """Tell which texts are numbers, infinities among them; blanks around a number are allowed, NaN is not a number."""
    trimmed = pc.utf8_trim_whitespace(levels)
    found = pc.or_(pc.match_substring_regex(trimmed, NUMBER), pc.match_substring_regex(trimmed, INFINITY))
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=bool)


def seconds_of_all(levels: pa.StringArray) -> NDArray[np.float64]:
    """Give whole seconds since 1970 for each date, NaN for another text; see `moments.seconds_of`."""
    found = (seconds_of(text.strip()) for text in levels.to_pylist())
    return np.array([np.nan if seconds is None else seconds for seconds in found], np.float64)


def looks_like_date(levels: pa.StringArray) -> NDArray[np.bool_]:
    """Tell which texts begin as dates do, at a cost that does not matter for columns of anything else."""
    found = pc.match_substring_regex(levels, DATE)
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=bool)


def truth_of(levels: pa.StringArray) -> NDArray[np.float64]:
    """Give 1.0 for true, 0.0 for false in any case, NaN for another text."""
    lowered = pc.utf8_lower(pc.utf8_trim_whitespace(levels))
    places = pc.index_in(lowered, pa.array(["false", "true"]))
    return np.asarray(places.cast(pa.float64()).fill_null(float("nan")).to_numpy(zero_copy_only=False))


def number_of(levels: pa.StringArray) -> NDArray[np.float64]:
    """Give the number that a text spells, NaN for another text.

    Arrow's cast rounds correctly (fast_float), so this is the float64 that a JSON parser makes of the same digits.
    """
    spelled = pc.if_else(pa.array(is_number(levels)), pc.utf8_trim_whitespace(levels), None)
    return np.asarray(pc.cast(spelled, pa.float64()).fill_null(float("nan")).to_numpy(zero_copy_only=False))
