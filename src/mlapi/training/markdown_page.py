"""A page as Markdown (CommonMark with tables); pictures are left out."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from mlapi.training.page import Block, Data, Page, Paragraph, Picture, Points, Section, Table, Words

MARKS = re.compile(r"([\\`*_{}\[\]()#+.!|~$-])")
FIGURES = re.compile(r"[-+]?[0-9][0-9.e+-]*( (to|/) [-+]?[0-9][0-9.e+-]*)*")  # nothing in these is markup
NAME_LENGTH = 100


def to_markdown(page: Page) -> bytes:
    """Give the page as UTF-8."""
    parts = [f"# {_words(page.title)}", _words(page.summary), *(_section(one) for one in page.sections)]
    return "\n\n".join(parts).encode() + b"\n"


def escaped(text: object) -> str:
    """Give a name so that neither Markdown nor HTML sees anything but text; control characters become blanks."""
    whole = str(text)
    if FIGURES.fullmatch(whole):
        return whole
    flat = "".join(letter if letter.isprintable() else " " for letter in cut(whole))
    return MARKS.sub(r"\\\1", html.escape(flat, quote=False))


def cut(text: str, length: int = NAME_LENGTH) -> str:
    """Give the beginning of what is too long."""
    return text if len(text) <= length else text[: length - 1] + "…"


def _section(section: Section) -> str:
    blocks = [_block(one) for one in section.blocks if not isinstance(one, Picture)]
    return "\n\n".join([f"## {section.title}", *blocks])


def _block(block: Block) -> str:
    match block:
        case Paragraph(words):
            return _words(words)
        case Points(items):
            return "\n".join(f"- {_words(item)}" for item in items)
        case Table(header, rows):
            return _table(header, rows)
        case _:
            return ""


def _words(words: Words) -> str:
    return "".join(escaped_whole(one) if isinstance(one, Data) else one for one in words)


def escaped_whole(text: str) -> str:
    """Escape a text of any length, in one line."""
    flat = "".join(letter if letter.isprintable() else " " for letter in text)
    return MARKS.sub(r"\\\1", html.escape(flat, quote=False))


def _table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [header, ["---"] * len(header), *([escaped(cell) for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)
