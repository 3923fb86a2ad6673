"""What is written about a model: the card in both forms, the figures for programs, the pictures."""

from __future__ import annotations

from dataclasses import dataclass

from mlapi.training.boosting import Boosted
from mlapi.training.card import CardFacts, card_page
from mlapi.training.config import TrainingConfig
from mlapi.training.explaining import explain
from mlapi.training.html_page import to_html
from mlapi.training.markdown_page import to_markdown
from mlapi.training.outcome import Trained
from mlapi.training.plots import draw_all
from mlapi.training.preparation import Prepared

EVALUATION_FILE = "evaluation.json"


@dataclass(frozen=True)
class Papers:
    """The files; `card` is Markdown, `page` is HTML, `pictures` are PNG by file name."""

    card: bytes
    page: bytes
    evaluation: bytes
    pictures: dict[str, bytes]

    @property
    def for_run(self) -> dict[str, bytes]:
        """The files that the run keeps, by path."""
        plots = {f"plots/{name}": content for name, content in self.pictures.items()}
        return {"card.md": self.card, "card.html": self.page, EVALUATION_FILE: self.evaluation, **plots}

    @property
    def for_bundle(self) -> dict[str, bytes]:
        """The files that the bundle holds beside `README.md`, by path."""
        return {"card.html": self.page, EVALUATION_FILE: self.evaluation}


def write_papers(prepared: Prepared, boosted: Boosted, trained: Trained, config: TrainingConfig) -> Papers:
    """Draw and write everything; equal models give equal bytes."""
    importance = boosted.importance(trained.model.encoder.feature_of_column)
    explained = explain(prepared, boosted)
    search = boosted.search
    pictures = draw_all(trained.scored, importance, search.curves, search.best_round, explained)
    fitted = prepared.preprocessing
    page = card_page(
        CardFacts(
            dataset=prepared.facts,
            schema=fitted.schema,
            left_out=fitted.left_out,
            assessment=trained.assessment,
            parameters=trained.parameters,
            classes=prepared.report.classes,
            importance=importance,
            texts=config.card,
            pictures=pictures,
        )
    )
    return Papers(to_markdown(page), to_html(page), trained.assessment.to_json(), pictures)
