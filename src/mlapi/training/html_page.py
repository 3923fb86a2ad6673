"""A page as one HTML file that needs nothing else: styles and pictures stand in it, and it may ask for nothing."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Sequence

from mlapi.training.markdown_page import FIGURES, cut
from mlapi.training.page import Block, Page, Paragraph, Picture, Points, Section, Table, Words

NAME_LENGTH = 200
INTERVAL = re.compile(r"[0-9.]+ (\([0-9.]+ to [0-9.]+\)|± [0-9.]+)")
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
STYLE = """
:root { color-scheme: light; }
body {
  font: 16px/1.5 system-ui, sans-serif; color: #1f2328; background: #fff;
  max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
}
h1 { font-size: 1.8rem; line-height: 1.2; margin: 0 0 .3rem; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; margin: 2.2rem 0 .6rem; padding-bottom: .2rem; border-bottom: 1px solid #d1d9e0; }
.summary { color: #59636e; margin: 0; overflow-wrap: anywhere; }
nav { margin: 1rem 0; font-size: .9rem; }
nav a { display: inline-block; margin-right: .9rem; color: #0550ae; }
p, li { overflow-wrap: anywhere; }
.scroll { overflow-x: auto; margin: .8rem 0; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { border: 1px solid #d1d9e0; padding: .25rem .6rem; text-align: left; vertical-align: top; }
td { overflow-wrap: break-word; max-width: 24rem; }
th { background: #f6f8fa; font-weight: 600; }
td:first-child { min-width: 7rem; }
td.n { text-align: right; white-space: nowrap; }
td.i { white-space: nowrap; }
figure { display: inline-block; width: min(100%, 28.5rem); margin: .4rem .5rem .4rem 0; vertical-align: top; }
img { width: 100%; height: auto; border: 1px solid #d1d9e0; border-radius: 4px; }
@media print { body { max-width: none; } figure, tr { break-inside: avoid; } }
""".strip()
FRAME = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{style}
</style>
</head>
<body>
<h1>{title}</h1>
<p class="summary">{summary}</p>
<nav aria-label="Sections">{links}</nav>
{sections}
</body>
</html>
"""


def to_html(page: Page) -> bytes:
    """Give the page as UTF-8; whatever its words say, only the tags of this module are in it."""
    filled = FRAME.format(
        policy=POLICY,
        style=STYLE,
        title=_words(page.title),
        summary=_words(page.summary),
        links="".join(f'<a href="#s{place}">{_text(one.title)}</a>' for place, one in enumerate(page.sections)),
        sections="\n".join(_section(place, one) for place, one in enumerate(page.sections)),
    )
    return filled.encode()


def _section(place: int, section: Section) -> str:
    blocks = "\n".join(_block(one) for one in section.blocks)
    return f'<section aria-labelledby="s{place}">\n<h2 id="s{place}">{_text(section.title)}</h2>\n{blocks}\n</section>'


def _block(block: Block) -> str:
    match block:
        case Paragraph(words):
            return f"<p>{_words(words)}</p>"
        case Points(items):
            return "<ul>\n" + "\n".join(f"<li>{_words(item)}</li>" for item in items) + "\n</ul>"
        case Table(header, rows):
            return _table(header, rows)
        case Picture(png, words):
            source = base64.b64encode(png).decode()
            return f'<figure><img alt="{_text(words)}" src="data:image/png;base64,{source}"></figure>'


def _table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    head = "".join(f'<th scope="col">{_text(cell)}</th>' for cell in header)
    body = "\n".join("<tr>" + "".join(map(_cell, row)) + "</tr>" for row in rows)
    table = f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"
    return f'<div class="scroll" tabindex="0">{table}</div>'


def _cell(cell: object) -> str:
    text = str(cell)
    kind = ' class="n"' if FIGURES.fullmatch(text) else ' class="i"' if INTERVAL.fullmatch(text) else ""
    return f"<td{kind}>{_text(cut(text, NAME_LENGTH))}</td>"


def _words(words: Words) -> str:
    return "".join(_text(one) for one in words)


def _text(text: str) -> str:
    return html.escape("".join(letter if letter.isprintable() else " " for letter in text), quote=True)
