"""Texts that a spreadsheet would run as formulas, made harmless by a leading apostrophe (OWASP, "CSV Injection")."""

from __future__ import annotations

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from mlapi.training.spelling import NUMBER

_STARTS: Final = "=+-@\t\r"
_FORMULA: Final = r"^[=+\-@\t\r]"


def defused(table: pa.Table) -> pa.Table:
    """Put an apostrophe before every text that begins with = + - @, tab or carriage return; plain numbers stay."""
    for place, name in enumerate(table.column_names):
        column = table.column(place)
        if pa.types.is_dictionary(column.type) and pa.types.is_string(column.type.value_type):
            column = column.cast(pa.string())
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            table = table.set_column(place, name, _defused(column))
    return table.rename_columns(
        [f"'{name}" if name.startswith(tuple(_STARTS)) else name for name in table.column_names]
    )


def _defused(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    formula = pc.and_not(pc.match_substring_regex(texts, _FORMULA), pc.match_substring_regex(texts, NUMBER))
    if not pc.any(formula).as_py():
        return texts
    mark = pa.scalar("'", texts.type)
    return pc.if_else(formula, pc.binary_join_element_wise(mark, texts, pa.scalar("", texts.type)), texts)
