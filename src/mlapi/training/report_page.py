"""The report on the data as a page of Markdown, for those who look at a run."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Sequence

from mlapi.training.card import MARKS, escaped
from mlapi.training.report import DataReport


def report_page(report: DataReport) -> bytes:
    """Give the page as UTF-8; every name that came from data is escaped."""
    return ("\n".join(_lines(report)) + "\n").encode()


def _lines(report: DataReport) -> Iterator[str]:
    yield f"# Data of {_escaped(report.source)}"
    yield f"\n{report.n_rows} rows; `target` is {_escaped(report.target)}.\n"
    yield from _table(("part", "rows"), report.parts.items())
    yield from _table(("class", "rows", "share"), _shares(report))
    for title, entries in (("To look at", list(report.warnings())), ("Done", list(report.done()))):
        if entries:
            yield f"## {title}\n"
            yield from (f"- {_escaped(entry)}" for entry in entries)
            yield ""
    yield "## Columns\n"
    yield from _table(
        ("column", "read as", "feature", "missing", "distinct"),
        ((one.name, one.kind, one.feature or "none", one.n_missing, one.n_distinct) for one in report.columns),
    )
    yield f"{report.repeated_rows} rows equal an earlier one in every feature."


def _shares(report: DataReport) -> Iterator[tuple[object, ...]]:
    return ((name, count, f"{count / report.n_rows:.2%}") for name, count in report.classes.items())


def _table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield f"|{'---|' * len(header)}"
    for row in rows:
        yield f"| {' | '.join(map(escaped, row))} |"
    yield ""


def _escaped(text: object) -> str:
    """Give text on one line that is neither Markdown nor HTML, however long it is."""
    return MARKS.sub(r"\\\1", html.escape(" ".join(str(text).split()), quote=False))
