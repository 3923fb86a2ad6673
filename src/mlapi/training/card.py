"""The model card: a page of Markdown inside the bundle (`README.md`). It holds no date."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mlapi.bundle.decision import class_name
from mlapi.bundle.manifest import Dataset
from mlapi.bundle.profile import LeftOut
from mlapi.bundle.schema import Feature, FeatureSchema
from mlapi.training.assessment import Assessment
from mlapi.training.evaluation import Evaluation

MARKS = re.compile(r"([\\`*_{}\[\]()#+.!|~$-])")
FIGURES = re.compile(r"[-+]?[0-9][0-9.e+-]*( (to|/) [-+]?[0-9][0-9.e+-]*)*")  # nothing in these is markup
CATEGORIES_NAMED = 10
NAME_LENGTH = 100


@dataclass(frozen=True)
class CardFacts:
    """What a card tells; `parameters` is a list of name and value.

    Neither the model's name nor the file's is among them: they are the manifest's, and equal models have equal cards.
    """

    dataset: Dataset
    schema: FeatureSchema
    left_out: Sequence[LeftOut]
    assessment: Assessment
    parameters: Sequence[tuple[str, object]]


def write_card(facts: CardFacts) -> bytes:
    """Give the page as UTF-8; every name that came from data is escaped, for Markdown and for HTML inside it."""
    parts = [
        f"# Model of {escaped(facts.schema.target)}",
        f"XGBoost, {len(facts.schema.features)} features, {len(facts.assessment.evaluation.per_class)} classes.",
        _data(facts),
        _figures(facts.assessment.evaluation),
        _classes(facts.assessment.evaluation),
        _features(facts.schema.features),
        _left_out(facts.left_out),
        "## Parameters\n\n" + _table(("parameter", "value"), ((name, value) for name, value in facts.parameters)),
    ]
    return "\n\n".join(part for part in parts if part).encode() + b"\n"


def escaped(text: object) -> str:
    """Give a name so that neither Markdown nor HTML sees anything but text; control characters become blanks."""
    whole = str(text)
    if FIGURES.fullmatch(whole):
        return whole
    cut = whole if len(whole) <= NAME_LENGTH else whole[: NAME_LENGTH - 1] + "…"
    flat = "".join(letter if letter.isprintable() else " " for letter in cut)
    return MARKS.sub(r"\\\1", html.escape(flat, quote=False))


def _table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [header, ["---"] * len(header)]
    body = [[escaped(cell) for cell in row] for row in rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in [*lines, *body])


def _data(facts: CardFacts) -> str:
    data = facts.dataset
    rows = (
        ("rows", data.n_rows),
        ("train / validation / test", f"{data.n_train} / {data.n_validation} / {data.n_test}"),
        ("fingerprint", data.fingerprint),
    )
    return "## Data\n\n" + _table(("", "value"), rows)


def _figures(evaluation: Evaluation) -> str:
    rows = [
        (name, f"{value:.4f}", f"{evaluation.intervals[name][0]:.4f} to {evaluation.intervals[name][1]:.4f}")
        for name, value in sorted(evaluation.metrics.items())
    ]
    head = f"## Figures\n\nOn {evaluation.n_rows} rows that the model has not seen; 95 % bootstrap intervals.\n\n"
    return head + _table(("figure", "value", "interval"), rows)


def _classes(evaluation: Evaluation) -> str:
    rows = (
        (class_name(label), *(_number(found.metrics.get(name)) for name in ("precision", "recall", "f1")), found.n_rows)
        for label, found in evaluation.per_class
    )
    return "## Classes\n\n" + _table(("class", "precision", "recall", "F1", "test rows"), rows)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _features(features: Sequence[Feature]) -> str:
    rows = ((one.name, one.kind.value, _range(one), "yes" if one.nullable else "no") for one in features)
    return "## Features\n\n" + _table(("feature", "kind", "seen in training", "may be missing"), rows)


def _range(feature: Feature) -> str:
    if feature.categories:
        more = len(feature.categories) - CATEGORIES_NAMED
        return ", ".join(feature.categories[:CATEGORIES_NAMED]) + (f" and {more} more" if more > 0 else "")
    return "" if feature.minimum is None else f"{feature.minimum:g} to {feature.maximum:g}"


def _left_out(left_out: Sequence[LeftOut]) -> str:
    if not left_out:
        return ""
    return "## Columns left out\n\n" + _table(("column", "reason"), ((one.name, one.reason) for one in left_out))
