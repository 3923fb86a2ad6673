"""The model card: whatever names data brings, they stay text, in Markdown and in HTML."""

import io
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from PIL import Image

from mlapi.bundle.decision import Decision
from mlapi.bundle.manifest import Dataset
from mlapi.bundle.profile import LeftOut
from mlapi.bundle.schema import Feature, FeatureKind, FeatureSchema
from mlapi.bundle.types import Label
from mlapi.training.assessment import Assessment
from mlapi.training.card import CardFacts, card_page
from mlapi.training.deciding import Decided
from mlapi.training.evaluation import Figures, ModelEvaluator
from mlapi.training.html_page import to_html
from mlapi.training.markdown_page import escaped, to_markdown
from mlapi.training.slices import Slice

PNG = io.BytesIO()
Image.new("RGB", (4, 4)).save(PNG, "png")
PICTURES = ("roc", "precision_recall", "calibration", "confusion", "importance", "shap", "learning_curve")
FIGURES = Figures(40, {"accuracy": 0.5, "roc_auc": 0.5}, {"accuracy": (0.4, 0.6), "roc_auc": (0.4, 0.6)})


def facts(
    name: str = "age",
    category: str = "a",
    left_out: tuple[LeftOut, ...] = (),
    classes: tuple[Label, ...] = ("no", "yes"),
    target: str = "y",
    texts: dict[str, str] | None = None,
) -> CardFacts:
    features = (
        Feature(name=name, kind=FeatureKind.NUMERIC, nullable=True, minimum=0.5, maximum=9.0),
        Feature(
            name="plan of a client", kind=FeatureKind.CATEGORICAL, categories=tuple(sorted({category, *"bcdefghijklm"}))
        ),
        Feature(name="is active", kind=FeatureKind.BOOLEAN, description=name),
    )
    schema = FeatureSchema(features=features, target=target)
    codes = np.tile(np.arange(len(classes)), 20).astype(np.int32)
    probabilities = np.random.default_rng(1).dirichlet(np.ones(len(classes)), len(codes)).astype(np.float32)
    decision = Decision(classes=classes)
    evaluation = ModelEvaluator(decision, bootstrap=20).evaluate(codes, probabilities)
    assessment = Assessment(
        evaluation,
        Decided(decision, "f1" if len(classes) == 2 else "", {"none": 0.5, "platt": 0.6}),
        {"majority": FIGURES},
        (Slice(name, category, FIGURES),),
        ({"accuracy": 0.5}, {"accuracy": 0.7}),
    )
    dataset = Dataset(name="t.csv", fingerprint="f" * 64, n_rows=10, n_train=6, n_validation=2, n_test=2)
    return CardFacts(
        dataset,
        schema,
        left_out,
        assessment,
        (("max_depth", 6),),
        classes={str(label): 5 for label in classes},
        importance={name: 0.75},
        texts=texts or {},
        pictures={f"{picture}.png": PNG.getvalue() for picture in PICTURES},
    )


def write_card(card: CardFacts) -> bytes:
    return to_markdown(card_page(card))


class Tags(HTMLParser):
    """Collects the tags and the text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.addresses: list[str] = []
        self.policy = ""
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]
        if dict(attrs).get("http-equiv") == "Content-Security-Policy":
            self.policy = dict(attrs)["content"] or ""

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def rendered(card: bytes) -> Tags:
    page = Tags()
    page.feed(MarkdownIt("commonmark", {"html": True}).enable("table").render(card.decode()))
    return page


PLAIN_TAGS = {"h1", "h2", "p", "table", "thead", "tbody", "tr", "th", "td", "ul", "li"}
PAGE_TAGS = PLAIN_TAGS | {
    "html",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "nav",
    "a",
    "section",
    "div",
    "figure",
    "img",
}
NAMES = [
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
    '" onload="alert(1)',
    "</style><script>x</script>",
]


@pytest.mark.parametrize("name", NAMES)
def test_names_are_shown_as_text(name: str) -> None:
    card = facts(name, name, (LeftOut(name, name),), (name, "yes"), name + "y", {"intended_use": name})
    page = rendered(write_card(card))
    assert page.tags <= PLAIN_TAGS
    assert name.replace("\n", " ") in "".join(page.text)


@pytest.mark.parametrize("name", NAMES)
def test_names_are_shown_as_text_in_the_page_too(name: str) -> None:
    card = facts(name, name, (LeftOut(name, name),), (name, "yes"), name + "y", {"intended_use": name})
    page = Tags()
    page.feed(to_html(card_page(card)).decode())
    assert page.tags <= PAGE_TAGS
    assert page.attributes <= {"lang", "charset", "http-equiv", "content", "name", "class", "aria-label", "href",
                               "aria-labelledby", "id", "scope", "tabindex", "alt", "src"}  # fmt: skip
    assert "".join(page.text).count(name.replace("\n", " ")) >= 6


def test_the_page_loads_nothing_and_allows_no_script() -> None:
    page, card = Tags(), card_page(facts())
    page.feed(to_html(card).decode())
    assert len(page.addresses) == len(PICTURES) + len(card.sections)  # the sections' links
    assert all(address.startswith(("data:image/png;base64,", "#s")) for address in page.addresses)
    assert "default-src 'none'" in page.policy


@given(st.text(min_size=1, max_size=40))
def test_no_name_becomes_markup(name: str) -> None:
    page = Tags()
    page.feed(
        MarkdownIt("commonmark", {"html": True})
        .enable("table")
        .render(f"| a | b |\n| --- | --- |\n| {escaped(name)} | x |")
    )
    assert page.tags <= PLAIN_TAGS


PARTS = (
    "Model of y",
    "6 / 2 / 2",
    "balanced accuracy",
    "log loss (less is better)",
    "majority",
    "mean of 2 folds",
    "0.6000 ± 0.1414",
    "chosen on the validation rows for f1",
    "yes",
    "By age:",
    "0.5000 (0.4000 to 0.6000)",
    "0.5 to 9",
    "and 3 more",
    "0.7500",
    "identifier-like",
    "max_depth",
    "Intended use: to sort letters",
    "Not stated by the owner: Not to be used for",
)


@pytest.mark.parametrize("part", PARTS)
def test_the_card_tells_use_data_figures_decision_classes_parts_features_and_parameters(part: str) -> None:
    card = facts(left_out=(LeftOut("id", "identifier-like text"),), texts={"intended_use": "to sort letters"})
    assert part in "".join(rendered(write_card(card)).text)
    page = Tags()
    page.feed(to_html(card_page(card)).decode())
    assert part in "".join(page.text)


def test_a_card_of_many_classes_and_features_names_the_first_and_counts_the_rest() -> None:
    card = facts(classes=tuple(range(210)))
    many = [Feature(name=f"x{place}", kind=FeatureKind.BOOLEAN) for place in range(310)]
    text = write_card(CardFacts(card.dataset, FeatureSchema(features=tuple(many)), (), card.assessment, ())).decode()
    assert "10 further features stand in schema.json" in text
    assert "10 further classes stand in evaluation.json" in text
    assert "The label is the most probable class" in text


def test_a_card_without_left_out_columns_has_no_such_part() -> None:
    assert b"left out" not in write_card(facts())


def test_equal_facts_give_equal_bytes() -> None:
    assert write_card(facts()) == write_card(facts())
    assert to_html(card_page(facts())) == to_html(card_page(facts()))


@pytest.mark.parametrize("figures", ["0.5", "-1.5e-07", "0.25 to 9", "6 / 2 / 2"])
def test_figures_are_left_as_they_are(figures: str) -> None:
    assert escaped(figures) == figures


def test_long_names_are_cut_in_tables_and_whole_in_what_the_owner_says() -> None:
    assert len(escaped("x" * 500)) == 100
    assert b"x" * 500 in write_card(facts(texts={"limits": "x" * 500}))
