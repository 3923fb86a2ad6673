"""A model card as a web page: headings, tables, lists and paragraphs, as `training/card.py` writes them.

Whatever else stands in a card is shown as text; nothing of it becomes markup.
"""

import html
import re
from itertools import groupby
from typing import Final

HEADING: Final = re.compile(r"(#{1,6}) (.*)")
CELL_BORDER: Final = re.compile(r"(?<!\\)\|")
ESCAPED: Final = re.compile(r"\\([!-/:-@\[-`{-~])")  # Markdown's backslash before ASCII punctuation
PAGE: Final = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222; }}
table {{ border-collapse: collapse; margin: 1rem 0; }}
th, td {{ border: 1px solid #ccc; padding: .25rem .6rem; text-align: left; }}
th {{ background: #f4f4f4; }}
code {{ background: #f4f4f4; padding: .1rem .3rem; }}
@media (prefers-color-scheme: dark) {{
body {{ background: #1b1b1b; color: #ddd; }} th, code {{ background: #2a2a2a; }} th, td {{ border-color: #444; }}
a {{ color: #8ab4f8; }}
}}
</style>
</head>
<body>
{body}
</body>
</html>
"""
POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff"}


def render(title: str, markdown: str) -> str:
    """Give the page of a card."""
    blocks = (list(lines) for filled, lines in groupby(markdown.splitlines(), bool) if filled)
    return PAGE.format(title=html.escape(title), body="\n".join(map(_block, blocks)))


def _block(lines: list[str]) -> str:
    heading = HEADING.fullmatch(lines[0])
    if heading:
        level = len(heading[1])
        rest = f"\n{_block(lines[1:])}" if lines[1:] else ""
        return f"<h{level}>{_text(heading[2])}</h{level}>{rest}"
    if all(line.startswith("|") for line in lines):
        return _table(lines)
    if all(line.startswith(("- ", "* ")) for line in lines):
        return "<ul>\n" + "\n".join(f"<li>{_text(line[2:])}</li>" for line in lines) + "\n</ul>"
    return f"<p>{_text(' '.join(lines))}</p>"


def _table(lines: list[str]) -> str:
    rows = [[cell.strip() for cell in CELL_BORDER.split(line.strip().strip("|"))] for line in lines]
    marked = [("th", rows[0]), *(("td", row) for row in rows[2:])]  # the second line only separates
    drawn = ("".join(f"<{tag}>{_text(cell)}</{tag}>" for cell in row) for tag, row in marked)
    return "<table>\n" + "\n".join(f"<tr>{row}</tr>" for row in drawn) + "\n</table>"


def _text(markdown: str) -> str:
    return html.escape(html.unescape(ESCAPED.sub(r"\1", markdown)))
