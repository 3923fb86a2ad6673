"""A page as plain values, before it becomes Markdown or HTML: sections of paragraphs, lists, tables and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Data(str):
    """Text that data, a file or a person brought: it is always shown as it is and never read as markup."""

    __slots__ = ()


Words = Sequence[str]  # one after the other; those that are `Data` are escaped


class Paragraph(NamedTuple):
    """Some words."""

    words: Words


class Points(NamedTuple):
    """A list of short remarks."""

    items: Sequence[Words]


class Table(NamedTuple):
    """Cells below a header; the header is ours, every cell is shown as it is."""

    header: Sequence[str]
    rows: Sequence[Sequence[object]]


class Picture(NamedTuple):
    """A PNG, with words for those who cannot see it; a form without pictures leaves it out."""

    png: bytes
    words: str


Block = Paragraph | Points | Table | Picture


class Section(NamedTuple):
    """A heading and what stands below it."""

    title: str
    blocks: Sequence[Block]


class Page(NamedTuple):
    """A title, a line below it, and the sections."""

    title: Words
    summary: Words
    sections: Sequence[Section]
