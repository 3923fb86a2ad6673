"""Rewrite the table of settings inside a Markdown file: `python -m mlapi.ops.settings_table README.md`."""

import sys
from pathlib import Path

from mlapi.ops.settings import settings_table

BEGIN, END = "<!-- settings -->", "<!-- /settings -->"


def replace_table(text: str) -> str:
    """Put the present table between the two markers of a document.

    Raises:
        ValueError: a marker is missing.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"no {BEGIN} … {END} in the file")
    return f"{before}{BEGIN}\n{settings_table()}{END}{after}"


def main(arguments: list[str]) -> None:
    """Rewrite the files that are named."""
    for name in arguments:
        path = Path(name)
        path.write_text(replace_table(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
