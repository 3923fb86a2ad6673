"""Read an ARFF file: nominal and string attributes are text, numeric ones are looked at as a CSV file's columns are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from mlapi.training.arff_header import Attribute, read_attribute, split
from mlapi.training.columns import TextColumn, text_column
from mlapi.training.errors import TableError, count_of, shown
from mlapi.training.table import RawTable, check_names
from mlapi.training.text_file import open_text

KEYWORD = re.compile(r"@(relation|attribute|data)\b", re.IGNORECASE)

Line = tuple[int, str]


def read_arff(path: Path) -> RawTable:
    """Read a whole file.

    Raises:
        DataFileError: the file cannot be read or is not UTF-8 text.
        TableError: the header is wrong, there are no rows, a row is ragged, or holds what its attribute does not allow.
    """
    with open_text(path) as text:
        lines = _lines(text)
        attributes = _header(path, lines)
        numbered = list(_rows(path, lines, len(attributes)))
    numbers, rows = [number for number, _ in numbered], [cells for _, cells in numbered]
    columns: list[tuple[str, ...]] = list(zip(*rows, strict=True)) or [()] * len(attributes)
    found = [_column(*pair) for pair in zip(attributes, columns, strict=True)]
    for attribute, column in zip(attributes, found, strict=True):
        _check_values(path, attribute, column, numbers)
    return RawTable(path.name, tuple(found), len(rows))


def arff_rows(path: Path) -> Iterator[list[str]]:
    """Give the attributes' names, then the cells of one row after another.

    Raises:
        DataFileError: as `read_arff`, and so with TableError; which values a nominal attribute has is not looked at.
    """
    with open_text(path) as text:
        lines = _lines(text)
        attributes = _header(path, lines)
        yield [attribute.name for attribute in attributes]
        for _, cells in _rows(path, lines, len(attributes)):
            yield cells


def _lines(text: Iterator[str]) -> Iterator[Line]:
    """Give the lines that say something, with their numbers."""
    for number, line in enumerate(text, start=1):
        stripped = line.strip()
        if stripped and not stripped.startswith("%"):
            yield number, stripped


def _header(path: Path, lines: Iterator[Line]) -> list[Attribute]:
    attributes: list[Attribute] = []
    for number, line in lines:
        keyword = KEYWORD.match(line)
        word = keyword[1].lower() if keyword else ""
        if word == "data" and attributes:
            check_names(path.name, [attribute.name for attribute in attributes])
            return attributes
        if word not in ("relation", "attribute"):
            raise TableError(path.name, "not the header of an ARFF file: @relation, @attribute lines, @data", number)
        if word == "attribute":
            attributes.append(_attribute(path, number, line))
    raise TableError(path.name, "there is no @data line; the file may be cut off or of another kind")


def _attribute(path: Path, number: int, line: str) -> Attribute:
    try:
        return read_attribute(line)
    except ValueError as error:
        raise TableError(path.name, str(error), number) from error


def _rows(path: Path, lines: Iterator[Line], n_columns: int) -> Iterator[tuple[int, list[str]]]:
    """Give the number of every row's line, and its cells."""
    for number, line in lines:
        if line.startswith("{"):
            raise TableError(
                path.name, "sparse rows ({place value, …}) are not read; save the file in dense form", number
            )
        if KEYWORD.match(line):
            raise TableError(path.name, "this row repeats the header; remove it", number)
        cells = _cells(path, number, line)
        if len(cells) != n_columns:
            reason = f"{count_of(len(cells), 'cell')} where the header has {n_columns}"
            raise TableError(path.name, reason, number)
        yield number, cells


def _cells(path: Path, number: int, line: str) -> list[str]:
    try:
        return split(line)
    except ValueError as error:
        raise TableError(path.name, str(error), number) from error


def _column(attribute: Attribute, cells: Sequence[str]) -> TextColumn:
    return text_column(attribute.name, pa.array(cells, pa.string()), typed=not attribute.is_number)


def _check_values(path: Path, attribute: Attribute, column: TextColumn, numbers: Sequence[int]) -> None:
    """Refuse what a nominal attribute does not declare: a misspelt category would else be a category of its own."""
    if not attribute.values:
        return
    for code, text in enumerate(column.texts):
        rows = np.flatnonzero(column.codes == code)
        if text not in attribute.values and len(rows):
            reason = f"{shown(text)} is no value of the attribute {shown(attribute.name)}"
            raise TableError(path.name, reason, numbers[rows[0]])
