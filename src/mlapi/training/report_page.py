"""The report on the data as a page of Markdown, for those who look at a run."""

from __future__ import annotations

from collections.abc import Iterable

from mlapi.training.markdown_page import to_markdown
from mlapi.training.page import Block, Data, Page, Paragraph, Points, Section, Table
from mlapi.training.report import DataReport


def report_page(report: DataReport) -> bytes:
    """Give the page as UTF-8; every name that came from data is escaped."""
    classes = [(name, count, f"{count / report.n_rows:.2%}") for name, count in report.classes.items()]
    columns = [(one.name, one.kind, one.feature or "none", one.n_missing, one.n_distinct) for one in report.columns]
    repeated = Paragraph([f"{report.repeated_rows} rows equal an earlier one in every feature."])
    summary = [f"{report.n_rows} rows; the target is ", Data(report.target), "."]
    sections = [
        _points("To look at", report.warnings()),
        _points("Done", report.done()),
        Section("Rows", [Table(("part", "rows"), list(report.parts.items())), repeated]),
        Section("Classes", [Table(("class", "rows", "share"), classes)]),
        Section("Columns", [Table(("column", "read as", "feature", "missing", "distinct"), columns)]),
    ]
    return to_markdown(Page(["Data of ", Data(report.source)], summary, sections))


def _points(title: str, lines: Iterable[str]) -> Section:
    items = [[Data(line)] for line in lines]
    found: Block = Points(items) if items else Paragraph(["Nothing."])
    return Section(title, [found])
