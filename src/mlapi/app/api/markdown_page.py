"""Markdown as a web page: the headings, tables, lists, code and links of model cards and error pages.

Whatever else stands there is shown as text; nothing of it becomes markup.
"""

import html
import re
from collections.abc import Iterator
from typing import Final

HEADING: Final = re.compile(r"(#{1,6}) (.*)")
CELL_BORDER: Final = re.compile(r"(?<!\\)\|")
FENCE: Final = "```"
CODE: Final = re.compile(r"(?<!\\)(`[^`]+`)")
LINK: Final = re.compile(r"\[([^\[\]]+)\]\(([a-z0-9_/#.-]+)\)")
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
pre {{ background: #f4f4f4; padding: .8rem; white-space: pre-wrap; }} pre code {{ padding: 0; }}
@media (prefers-color-scheme: dark) {{
body {{ background: #1b1b1b; color: #ddd; }} th, code, pre {{ background: #2a2a2a; }} th, td {{ border-color: #444; }}
a {{ color: #8ab4f8; }}
}}
</style>
</head>
<body>
{body}
</body>
</html>
"""
# Pictures stand in the page itself; a bundle's own page may bring some, and no script
POLICY: Final = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
HEADERS: Final = {"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff"}


def render(title: str, markdown: str) -> str:
    """Give the page of a text."""
    return PAGE.format(title=html.escape(title), body="\n".join(map(_block, _blocks(markdown.splitlines()))))


def _blocks(lines: list[str]) -> Iterator[list[str]]:
    """Lines between blank lines; a fenced block is one, blank lines and all."""
    block: list[str] = []
    fenced = False
    for line in lines:
        opens = line.startswith(FENCE)
        if (not line and not fenced) or (opens and not fenced):
            yield block
            block = []
        block += [line] if line or fenced else []
        fenced ^= opens
    yield block


def _block(lines: list[str]) -> str:
    if not lines:
        return ""
    heading = HEADING.fullmatch(lines[0])
    if heading:
        level = len(heading[1])
        return f"<h{level}>{_text(heading[2])}</h{level}>\n{_block(lines[1:])}".rstrip()
    if lines[0].startswith(FENCE):
        code = "\n".join(line for line in lines if not line.startswith(FENCE))
        return f"<pre><code>{html.escape(code)}</code></pre>"
    if all(line.startswith("|") for line in lines):
        return _table(lines)
    if lines[0].startswith(("- ", "* ")):
        return "<ul>\n" + "\n".join(f"<li>{_text(item)}</li>" for item in _items(lines)) + "\n</ul>"
    return f"<p>{_text(' '.join(lines))}</p>"


def _items(lines: list[str]) -> list[str]:
    """The items of a list; a line without a mark goes on with the item before."""
    items: list[str] = []
    for line in lines:
        if line.startswith(("- ", "* ")):
            items.append(line[2:])
        else:
            items[-1] += f" {line.strip()}"
    return items


def _table(lines: list[str]) -> str:
    rows = [[cell.strip() for cell in CELL_BORDER.split(line.strip().strip("|"))] for line in lines]
    marked = [("th", rows[0]), *(("td", row) for row in rows[2:])]  # the second line only separates
    drawn = ("".join(f"<{tag}>{_text(cell)}</{tag}>" for cell in row) for tag, row in marked)
    return "<table>\n" + "\n".join(f"<tr>{row}</tr>" for row in drawn) + "\n</table>"


def _text(markdown: str) -> str:
    """Words, code between backticks, and links to places on this host."""
    return LINK.sub(r'<a href="\2">\1</a>', "".join(map(_span, CODE.split(markdown))))


def _span(part: str) -> str:
    if len(part) > 1 and part.startswith("`"):
        return f"<code>{html.escape(part[1:-1])}</code>"
    return html.escape(html.unescape(ESCAPED.sub(r"\1", part)))
