"""The model card: whatever names data brings, they stay text."""

from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from mlapi.bundle.decision import Decision
from mlapi.bundle.manifest import Dataset
from mlapi.bundle.profile import LeftOut
from mlapi.bundle.schema import Feature, FeatureKind, FeatureSchema
from mlapi.training.assessment import Assessment
from mlapi.training.card import CardFacts, escaped, write_card
from mlapi.training.deciding import Decided
from mlapi.training.evaluation import ModelEvaluator


def facts(name: str = "age", category: str = "a", left_out: tuple[LeftOut, ...] = ()) -> CardFacts:
    features = (
        Feature(name=name, kind=FeatureKind.NUMERIC, nullable=True, minimum=0.5, maximum=9.0),
        Feature(
            name="plan of a client", kind=FeatureKind.CATEGORICAL, categories=tuple(sorted({category, *"bcdefghijklm"}))
        ),
        Feature(name="is active", kind=FeatureKind.BOOLEAN),
    )
    schema = FeatureSchema(features=features, target="y")
    probabilities = np.array([[0.4, 0.6], [0.7, 0.3]], dtype=np.float32)
    evaluation = ModelEvaluator(Decision(classes=("no", "yes")), bootstrap=20).evaluate(
        np.array([1, 0], dtype=np.int32), probabilities
    )
    assessment = Assessment(evaluation, Decided(Decision(classes=("no", "yes")), "", {}))
    dataset = Dataset(name="t.csv", fingerprint="f" * 64, n_rows=10, n_train=6, n_validation=2, n_test=2)
    return CardFacts(dataset, schema, left_out, assessment, (("max_depth", 6),))


class Tags(HTMLParser):
    """Collects the tags and the text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def rendered(card: bytes) -> Tags:
    page = Tags()
    page.feed(MarkdownIt("commonmark", {"html": True}).enable("table").render(card.decode()))
    return page


PLAIN_TAGS = {"h1", "h2", "p", "table", "thead", "tbody", "tr", "th", "td"}


@pytest.mark.parametrize(
    "name",
    [
        "<script>alert(1)</script>",
        "a|b",
        "**bold**",
        "[x](http://x)",
        "![x](y)",
        "`code`",
        "a\n\n# title",
        "<!--",
        "&lt;",
        "| --- |",
        "\\",
    ],
)
def test_names_are_shown_as_text(name: str) -> None:
    card = write_card(facts(name))
    page = rendered(card)
    assert page.tags <= PLAIN_TAGS
    assert name.replace("\n", " ") in "".join(page.text)


@given(st.text(min_size=1, max_size=40))
def test_no_name_becomes_markup(name: str) -> None:
    page = Tags()
    page.feed(
        MarkdownIt("commonmark", {"html": True})
        .enable("table")
        .render(f"| a | b |\n| --- | --- |\n| {escaped(name)} | x |")
    )
    assert page.tags <= PLAIN_TAGS


def test_the_card_tells_data_figures_classes_features_and_parameters() -> None:
    text = "".join(rendered(write_card(facts(left_out=(LeftOut("id", "identifier-like text"),)))).text)
    for part in (
        "Model of y",
        "6 / 2 / 2",
        "balanced_accuracy",
        "yes",
        "0.5 to 9",
        "and 3 more",
        "identifier-like",
        "max_depth",
    ):
        assert part in text, part


def test_a_card_without_left_out_columns_has_no_such_part() -> None:
    assert b"left out" not in write_card(facts())


def test_equal_facts_give_equal_bytes() -> None:
    assert write_card(facts()) == write_card(facts())


@pytest.mark.parametrize("figures", ["0.5", "-1.5e-07", "0.25 to 9", "6 / 2 / 2"])
def test_figures_are_left_as_they_are(figures: str) -> None:
    assert escaped(figures) == figures


def test_long_names_are_cut() -> None:
    assert len(escaped("x" * 500)) == 100
