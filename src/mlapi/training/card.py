"""The model card: what a model is for, what it learnt from, how good it is and where it is not. It holds no date."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from mlapi.bundle.manifest import Dataset
from mlapi.bundle.profile import LeftOut
from mlapi.bundle.schema import Feature, FeatureSchema
from mlapi.training.assessment import Assessment
from mlapi.training.card_figures import classes_section, decision_section, figures_section, slices_section
from mlapi.training.card_limits import limits
from mlapi.training.card_texts import PARTS
from mlapi.training.page import Block, Data, Page, Paragraph, Picture, Points, Section, Table

CATEGORIES_NAMED = 10
MOST_FEATURES = 300  # with a line of their own; schema.json has all of them


@dataclass(frozen=True)
class CardFacts:
    """What a card tells.

    Neither the model's name nor the file's is among it: they are the manifest's, and equal models have equal cards.

    Attributes:
        dataset: how many rows, and their fingerprint.
        schema: the features.
        left_out: columns that are no features, and why.
        assessment: the figures.
        parameters: name and value.
        classes: rows of the training table by class.
        importance: each column's share of the total gain.
        texts: what the owner says, by the names of `card_texts.PARTS`.
        pictures: PNG by file name.
    """

    dataset: Dataset
    schema: FeatureSchema
    left_out: Sequence[LeftOut]
    assessment: Assessment
    parameters: Sequence[tuple[str, object]]
    classes: Mapping[str, int] = field(default_factory=dict)
    importance: Mapping[str, float] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    pictures: Mapping[str, bytes] = field(default_factory=dict)

    def picture(self, name: str, words: str) -> Iterator[Picture]:
        """Give a picture, where it was drawn."""
        if name in self.pictures:
            yield Picture(self.pictures[name], words)


def card_page(facts: CardFacts) -> Page:
    """Give the card as a page."""
    n_features, n_classes = len(facts.schema.features), len(facts.assessment.evaluation.per_class)
    sections = [
        Section("Use", _use(facts)),
        Section("Limits", (limits(facts.assessment, facts.schema),)),
        Section("Data", _data(facts)),
        figures_section(facts.assessment, [*_roc(facts)]),
        decision_section(facts.assessment, [*facts.picture("calibration.png", "Calibration curve")]),
        classes_section(facts.assessment, [*facts.picture("confusion.png", "Confusion of true and predicted classes")]),
        *slices_section(facts.assessment),
        Section("Features", _features(facts)),
        *_left_out(facts.left_out),
        Section("Training", _training(facts)),
    ]
    summary = f"XGBoost, {n_features} features, {n_classes} classes, trained on {facts.dataset.n_rows} rows."
    return Page(("Model of ", Data(facts.schema.target)), (summary,), sections)


def _use(facts: CardFacts) -> Sequence[Block]:
    said = [(f"{title}: ", Data(facts.texts[name])) for name, title in PARTS.items() if name in facts.texts]
    unsaid = [title for name, title in PARTS.items() if name not in facts.texts]
    blocks: list[Block] = [Points(said)] if said else []
    if unsaid:
        blocks.append(Paragraph((f"Not stated by the owner: {', '.join(unsaid)}.",)))
    return blocks


def _data(facts: CardFacts) -> Sequence[Block]:
    data = facts.dataset
    rows = [
        ("rows", data.n_rows),
        ("train / validation / test", f"{data.n_train} / {data.n_validation} / {data.n_test}"),
        ("fingerprint", data.fingerprint),
    ]
    total = max(sum(facts.classes.values()), 1)
    counts = [(name, count, f"{count / total:.4f}") for name, count in facts.classes.items()]
    return [Table(("", "value"), rows), *([Table(("class", "rows", "share"), counts)] if counts else [])]


def _roc(facts: CardFacts) -> Iterator[Picture]:
    yield from facts.picture("roc.png", "ROC curve")
    yield from facts.picture("precision_recall.png", "Precision-recall curve")


def _features(facts: CardFacts) -> Sequence[Block]:
    shown = facts.schema.features[:MOST_FEATURES]
    rows = [
        (one.name, one.kind.value, _range(one), "yes" if one.nullable else "no", _share(facts, one), one.description)
        for one in shown
    ]
    blocks: list[Block] = [
        Table(("feature", "kind", "seen in training", "may be missing", "importance", "description"), rows),
        *facts.picture("importance.png", "Share of the total gain by feature"),
        *facts.picture("shap.png", "Contributions of the features to predictions"),
    ]
    if len(shown) < len(facts.schema.features):
        blocks.insert(
            1, Paragraph((f"{len(facts.schema.features) - len(shown)} further features stand in schema.json.",))
        )
    return blocks


def _share(facts: CardFacts, feature: Feature) -> str:
    return f"{facts.importance[feature.name]:.4f}" if feature.name in facts.importance else ""


def _range(feature: Feature) -> str:
    if feature.categories:
        more = len(feature.categories) - CATEGORIES_NAMED
        return ", ".join(feature.categories[:CATEGORIES_NAMED]) + (f" and {more} more" if more > 0 else "")
    return "" if feature.minimum is None else f"{feature.minimum:g} to {feature.maximum:g}"


def _left_out(left_out: Sequence[LeftOut]) -> Iterator[Section]:
    if left_out:
        rows = [(one.name, one.reason) for one in left_out]
        yield Section("Columns left out", (Table(("column", "reason"), rows),))


def _training(facts: CardFacts) -> Sequence[Block]:
    return [
        Table(("parameter", "value"), [(name, value) for name, value in facts.parameters]),
        *facts.picture("learning_curve.png", "Log loss on the validation rows by round"),
    ]
