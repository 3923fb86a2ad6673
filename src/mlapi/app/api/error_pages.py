"""The documentation of the error codes, from the one table: pages of the service, and one file of the repository.

`python -m mlapi.app.api.error_pages docs/errors.md` writes the file.
"""

import sys
from pathlib import Path
from typing import Final

import msgspec

from mlapi.app.api.error_body import example_of
from mlapi.app.api.errors import INTERNAL, TABLE, Entry
from mlapi.app.api.remedies import REMEDIES

INTRODUCTION: Final = """\
Every answer from 400 on has this shape, whatever failed: `error` is a code that stays the same, `message` says in a
sentence what is wrong and what to do, `request_id` is what X-Request-ID says, and `details` holds more for programs or
is null.
"""


def entries() -> dict[str, Entry]:
    """The first entry of each code, by status and code."""
    found: dict[str, Entry] = {}
    for entry in sorted((*TABLE.values(), INTERNAL), key=lambda entry: (entry.status, entry.code)):
        found.setdefault(entry.code, entry)
    return found


def overview(link: str) -> str:
    """The page of all codes.

    Args:
        link: where a code's page is, with `{code}` in its place.
    """
    rows = [
        f"| {entry.status} | [`{code}`]({link.format(code=code)}) | {entry.description} |"
        for code, entry in entries().items()
    ]
    return "\n".join(["# Errors", "", INTRODUCTION, "| Status | Code | Meaning |", "|---|---|---|", *rows, ""])


def page(code: str, *, level: int = 1) -> str:
    """The page of one code; raises KeyError for an unknown one."""
    entry = entries()[code]
    example = msgspec.json.format(msgspec.json.encode(example_of(entry)), indent=2).decode()
    heading = f"{'#' * level} {code}"
    return f"{heading}\n\nStatus {entry.status}. {entry.description}\n\n{REMEDIES[code]}\n```json\n{example}\n```\n"


def document() -> str:
    """All of them in one file."""
    pages = (page(code, level=2) for code in entries())
    return "\n".join(["<!-- Written by `make docs`. -->", overview("#{code}"), *pages])


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(document(), encoding="utf-8")
