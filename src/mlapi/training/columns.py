"""From a file's column to cells: numbers, booleans or text, with the file's missing marks taken out.

Which text is missing is ruled in docs/decisions: exactly empty, blank, `?` and `NA`. pandas' longer list is not used,
because `none` and `null` are categories in real tables (credit-g).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mlapi.bundle.profile import ColumnKind
from mlapi.bundle.schema import FeatureKind
from mlapi.bundle.types import Cells
from mlapi.training.errors import ColumnError, count_of, shown

MISSING_MARKS = ("", "?", "NA")
NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
INFINITY = r"^(?i)[+-]?inf(inity)?$"
STRAY_SHARE = (
    0.05  # up to this share of odd texts among numbers is a dirty number column, above it a column of categories
)
STRAYS_NAMED = 5
FLOAT32_LIMIT = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class TextColumn:
    """Cells as text: each distinct text once, and for every row its place among them, -1 where missing.

    `typed` says that the file itself calls them text, so that nothing is guessed at.
    """

    name: str
    levels: pa.StringArray
    codes: NDArray[np.int32]
    typed: bool = False

    @property
    def texts(self) -> NDArray[np.object_]:
        """The distinct texts as an object array of str."""
        return np.array(self.levels.to_pylist(), dtype=np.object_)


@dataclass(frozen=True)
class Column:
    """A feature's cells: float64, NaN for missing (numbers; booleans as 0.0 and 1.0), or objects str | None (text)."""

    name: str
    kind: ColumnKind
    cells: Cells

    def take(self, rows: NDArray[np.intp]) -> Column:
        """Give the same column with these rows only."""
        return Column(self.name, self.kind, self.cells[rows])


RawColumn = TextColumn | Column


def text_column(name: str, values: pa.Array | pa.ChunkedArray, *, typed: bool = False) -> TextColumn:
    """Split text into levels and codes; the missing marks become -1.

    Args:
        name: the column's name.
        values: Arrow strings, null where the file has none.
        typed: the file calls them text.
    """
    encoded = pc.dictionary_encode(values)
    whole = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
    levels = whole.dictionary.cast(pa.string())
    codes = whole.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
    marks = pc.is_in(pc.utf8_trim_whitespace(levels), pa.array(MISSING_MARKS))
    missing = marks.to_numpy(zero_copy_only=False).astype(bool)
    return TextColumn(name, levels, np.where(_of_codes(missing, codes, True), np.int32(-1), codes), typed)


def as_column(raw: RawColumn, kind: FeatureKind | None = None) -> Column:
    """Give a column's cells, as the kind that the configuration or the training table says, or as they look.

    Raises:
        ColumnError: a number is infinite or beyond float32; or at most one in twenty cells is no number.
    """
    if isinstance(raw, Column):
        return _recast(raw, kind)
    if kind is FeatureKind.CATEGORICAL:
        return _texts(raw)
    if kind in (FeatureKind.NUMERIC, FeatureKind.INTEGER):
        return _numbers(raw)
    numbers = is_number(raw.levels)[counts(raw) > 0]
    if kind is FeatureKind.BOOLEAN and not (len(numbers) and numbers.all()):
        return _booleans(raw)
    return _by_looks(raw)  # numbers that are said to be boolean are 0 and 1, which the schema's inference checks


def lost_cells(raw: RawColumn, column: Column) -> int:
    """Count the cells that hold text in the file and nothing in the column that was made of it."""
    if not isinstance(raw, TextColumn) or column.kind is ColumnKind.TEXT:
        return 0
    return int(np.count_nonzero((raw.codes >= 0) & np.isnan(column.cells.astype(np.float64))))


def counts(raw: TextColumn) -> NDArray[np.int64]:
    """Give how many rows hold each level, shape (n_levels,)."""
    return np.bincount(raw.codes[raw.codes >= 0], minlength=len(raw.levels)).astype(np.int64)


def is_number(levels: pa.StringArray) -> NDArray[np.bool_]:
    """Tell which texts are numbers, infinities among them; blanks around a number are allowed, NaN is not a number."""
    trimmed = pc.utf8_trim_whitespace(levels)
    found = pc.or_(pc.match_substring_regex(trimmed, NUMBER), pc.match_substring_regex(trimmed, INFINITY))
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=bool)


def truth_of(levels: pa.StringArray) -> NDArray[np.float64]:
    """Give 1.0 for true, 0.0 for false in any case, NaN for another text."""
    lowered = pc.utf8_lower(pc.utf8_trim_whitespace(levels))
    places = pc.index_in(lowered, pa.array(["false", "true"]))
    return np.asarray(places.cast(pa.float64()).fill_null(float("nan")).to_numpy(zero_copy_only=False))


def _by_looks(raw: TextColumn) -> Column:
    used = counts(raw)
    seen = used > 0
    if not seen.any():  # all missing: left out and reported by the schema's inference
        return Column(raw.name, ColumnKind.NUMBER, np.full(len(raw.codes), np.nan))
    if raw.typed:
        return _texts(raw)
    if not np.isnan(truth_of(raw.levels)[seen]).any():
        return _booleans(raw)
    odd = seen & ~is_number(raw.levels)
    if not odd.any():
        return _numbers(raw)
    if used[odd].sum() <= STRAY_SHARE * used.sum():
        raise ColumnError(raw.name, _strays(raw.texts[odd], used[odd]))
    return _texts(raw)


def _strays(texts: NDArray[np.object_], used: NDArray[np.int64]) -> str:
    most = np.argsort(-used, kind="stable")[:STRAYS_NAMED]
    named = ", ".join(f"{shown(texts[place])} ({used[place]})" for place in most)
    more = f" and {len(texts) - STRAYS_NAMED} more" if len(texts) > STRAYS_NAMED else ""
    return (
        f"numbers, but for {count_of(int(used.sum()), 'cell')} of text: {named}{more}; correct them, leave the column "
        'out (--drop), or say its kind in --schema (kind = "numeric" reads them as missing, "categorical" keeps them)'
    )


def _numbers(raw: TextColumn) -> Column:
    number = is_number(raw.levels)
    trimmed = pc.utf8_trim_whitespace(raw.levels)
    # Arrow's cast rounds correctly (fast_float): the same float64 that a JSON parser makes of the same digits
    parsed = pc.cast(pc.if_else(pa.array(number), trimmed, None), pa.float64())
    values = np.asarray(parsed.fill_null(float("nan")).to_numpy(zero_copy_only=False))
    return finite(Column(raw.name, ColumnKind.NUMBER, _of_codes(values, raw.codes, np.nan)))


def _booleans(raw: TextColumn) -> Column:
    return Column(raw.name, ColumnKind.BOOLEAN, _of_codes(truth_of(raw.levels), raw.codes, np.nan))


def _texts(raw: TextColumn) -> Column:
    return Column(raw.name, ColumnKind.TEXT, _of_codes(raw.texts, raw.codes, None))


def _of_codes(values: NDArray[np.generic], codes: NDArray[np.int32], missing: object) -> Cells:
    """Give each row its level's value; a last entry stands for code -1."""
    return np.append(values, np.array([missing], dtype=values.dtype))[codes]


def finite(column: Column) -> Column:
    """Give the column back if every number fits float32.

    Raises:
        ColumnError: a cell is infinite or beyond float32, which XGBoost would take for infinite.
    """
    beyond = np.flatnonzero(np.abs(column.cells.astype(np.float64)) > FLOAT32_LIMIT)
    if len(beyond):
        what = "inf" if np.isinf(column.cells[beyond[0]]) else "a number beyond float32"
        others = f" and {len(beyond) - 1} more" if len(beyond) > 1 else ""
        raise ColumnError(column.name, f"{what} in row {beyond[0] + 1}{others}; correct the cell or leave it empty")
    return column


def _recast(column: Column, kind: FeatureKind | None) -> Column:
    if kind is FeatureKind.CATEGORICAL and column.kind is ColumnKind.NUMBER:
        return Column(
            column.name, ColumnKind.TEXT, np.array([_digits(cell) for cell in column.cells], dtype=np.object_)
        )
    return column


def _digits(cell: float) -> str | None:
    if np.isnan(cell):
        return None
    return str(int(cell)) if float(cell).is_integer() else repr(float(cell))
