"""What the cells of a column are: numbers, booleans, dates or categories, as they look or as somebody says."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mlapi.bundle.moments import spelled
from mlapi.bundle.profile import ColumnKind
from mlapi.bundle.schema import FeatureKind
from mlapi.training.columns import Column, RawColumn, TextColumn, counts, finite, of_codes
from mlapi.training.errors import ColumnError, count_of, shown
from mlapi.training.spelling import is_number, looks_like_date, number_of, seconds_of_all, truth_of

STRAY_SHARE = 0.05  # up to this share of odd texts is a dirty number column, above it a column of categories
STRAYS_NAMED = 5
REMEDY = (
    "correct them, leave the column out (--drop), or say its kind in a file given with --schema "
    '(kind = "numeric" reads them as missing, "categorical" keeps them)'
)


def as_column(raw: RawColumn, kind: FeatureKind | None = None) -> Column:
    """Give a column's cells, as the kind that the configuration or the training table says, or as they look.

    Raises:
        ColumnError: a number is infinite or beyond float32; or at most one in twenty cells of numbers or dates is
            neither.
    """
    if isinstance(raw, Column):
        return _recast(raw, kind)
    if kind is FeatureKind.CATEGORICAL:
        return _texts(raw)
    if kind in (FeatureKind.NUMERIC, FeatureKind.INTEGER):
        return _numbers(raw)
    if kind is FeatureKind.DATETIME:
        return _moments(raw)
    numbers = is_number(raw.levels)[counts(raw) > 0]
    if kind is FeatureKind.BOOLEAN and not (len(numbers) and numbers.all()):
        return _booleans(raw)
    return _by_looks(raw)  # numbers that are said to be boolean are 0 and 1, which the schema's inference checks


def lost_cells(raw: RawColumn, column: Column) -> int:
    """Count the cells that hold text in the file and nothing in the column that was made of it."""
    if not isinstance(raw, TextColumn) or column.kind is ColumnKind.TEXT:
        return 0
    return int(np.count_nonzero((raw.codes >= 0) & np.isnan(column.cells.astype(np.float64))))


def _by_looks(raw: TextColumn) -> Column:
    used = counts(raw)
    seen = used > 0
    if not seen.any():  # all missing: left out and reported by the schema's inference
        return Column(raw.name, ColumnKind.NUMBER, np.full(len(raw.codes), np.nan))
    if used[looks_like_date(raw.levels)].sum() >= (1 - STRAY_SHARE) * used.sum():
        return _dates_by_looks(raw, used)
    if raw.typed:
        return _texts(raw)
    if not np.isnan(truth_of(raw.levels)[seen]).any():
        return _booleans(raw)
    odd = seen & ~is_number(raw.levels)
    if not odd.any():
        return _numbers(raw)
    if used[odd].sum() <= STRAY_SHARE * used.sum():
        raise ColumnError(raw.name, f"numbers, but for {_strays(raw.texts[odd], used[odd])}; {REMEDY}")
    return _texts(raw)


def _dates_by_looks(raw: TextColumn, used: NDArray[np.int64]) -> Column:
    odd = (used > 0) & np.isnan(seconds_of_all(raw.levels))
    if not odd.any():
        return _moments(raw)
    if used[odd].sum() <= STRAY_SHARE * used.sum():
        remedy = REMEDY.replace('"numeric"', '"datetime"')
        raise ColumnError(raw.name, f"dates, but for {_strays(raw.texts[odd], used[odd])}; {remedy}")
    return _texts(raw)


def mixture(raw: RawColumn, column: Column) -> str | None:
    """Tell of text taken for categories though most of its cells are numbers; None where there is nothing odd."""
    if not isinstance(raw, TextColumn) or raw.typed or column.kind is not ColumnKind.TEXT:
        return None
    used = counts(raw)
    odd = (used > 0) & ~is_number(raw.levels)
    if used[odd].sum() * 2 >= used.sum():
        return None
    return f"took {shown(raw.name)} for categories: numbers, but for {_strays(raw.texts[odd], used[odd])}"


def _strays(texts: NDArray[np.object_], used: NDArray[np.int64]) -> str:
    most = np.argsort(-used, kind="stable")[:STRAYS_NAMED]
    named = ", ".join(f"{shown(texts[place])} ({used[place]})" for place in most)
    more = f" and {len(texts) - STRAYS_NAMED} more" if len(texts) > STRAYS_NAMED else ""
    return f"{count_of(int(used.sum()), 'cell')} of text: {named}{more}"


def _numbers(raw: TextColumn) -> Column:
    return finite(Column(raw.name, ColumnKind.NUMBER, of_codes(number_of(raw.levels), raw.codes, np.nan)))


def _moments(raw: TextColumn) -> Column:
    return Column(raw.name, ColumnKind.DATETIME, of_codes(seconds_of_all(raw.levels), raw.codes, np.nan))


def _booleans(raw: TextColumn) -> Column:
    return Column(raw.name, ColumnKind.BOOLEAN, of_codes(truth_of(raw.levels), raw.codes, np.nan))


def _texts(raw: TextColumn) -> Column:
    return Column(raw.name, ColumnKind.TEXT, of_codes(raw.texts, raw.codes, None))


def _recast(column: Column, kind: FeatureKind | None) -> Column:
    if kind is FeatureKind.CATEGORICAL and column.kind in _SPELLED:
        spell = _SPELLED[column.kind]
        texts = [None if np.isnan(cell) else spell(cell) for cell in column.cells.astype(np.float64).tolist()]
        return Column(column.name, ColumnKind.TEXT, np.array([*texts, None], dtype=np.object_)[:-1])
    return column


def digits(cell: float) -> str:
    """Spell a number as a category: a whole one as its decimals."""
    return str(int(cell)) if cell.is_integer() else repr(cell)


_SPELLED = {ColumnKind.NUMBER: digits, ColumnKind.DATETIME: spelled}
