"""The header of an ARFF file (Weka's format, and OpenML's): names and types of the attributes.

Source: the Attribute-Relation File Format, Weka manual, "ARFF". Keywords are taken in any case; names and values may
stand in single or double quotes, with backslashes before what would end them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

QUOTED = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
ATTRIBUTE = re.compile(rf"@attribute\s+({QUOTED}|[^\s'\"{{][^\s{{]*)\s*(.*)", re.IGNORECASE)
VALUE = re.compile(rf"\s*({QUOTED}|(?!['\"])[^,]*)\s*(?:,|$)")
ESCAPE = re.compile(r"\\(.)")
ESCAPED = {"n": "\n", "r": "\r", "t": "\t"}
NUMBERS = ("numeric", "real", "integer")
TEXTS = ("string", "date")


@dataclass(frozen=True)
class Attribute:
    """A column: `values` are those that a nominal one may hold, empty for numbers and for free text."""

    name: str
    is_number: bool
    values: frozenset[str] = frozenset()


def read_attribute(line: str) -> Attribute:
    """Read an `@attribute` line.

    Raises:
        ValueError: it is none, or of a type that has no cells.
    """
    found = ATTRIBUTE.fullmatch(line.strip())
    if found is None:
        raise ValueError("not `@attribute NAME TYPE`")
    name, kind = unquoted(found[1]), found[2].strip()
    if kind.startswith("{") and kind.endswith("}"):
        return Attribute(name, False, frozenset(split(kind[1:-1])))
    word = kind.split(None, 1)[0].lower() if kind else ""
    if word not in NUMBERS + TEXTS:
        raise ValueError(
            f"{word or 'nothing'} is no type that can be read; there are {{…}}, {', '.join(NUMBERS + TEXTS)}"
        )
    return Attribute(name, word in NUMBERS)


def split(line: str) -> list[str]:
    """Split values at commas and take their quotes away.

    Raises:
        ValueError: a quote does not end before the next comma.
    """
    if not any(mark in line for mark in "'\"\\"):
        return [cell.strip() for cell in line.split(",")]
    cells: list[str] = []
    place = 0
    while place < len(line) or (cells and line[place - 1] == ","):
        found = VALUE.match(line, place)
        if found is None:
            raise ValueError("a quote is not closed, or text follows it")
        cells.append(unquoted(found[1].strip()))
        place = found.end()
        if place == len(line) and not found[0].endswith(","):
            break
    return cells


def unquoted(text: str) -> str:
    """Take the quotes away, where there are any, and resolve the backslashes between them."""
    if len(text) < 2 or text[0] not in "'\"" or text[-1] != text[0]:
        return text
    return ESCAPE.sub(lambda found: ESCAPED.get(found[1], found[1]), text[1:-1])
