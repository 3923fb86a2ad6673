"""Pictures: every model gets all of them, and equal models equal ones."""

import io

import numpy as np
import pytest
from PIL import Image

from mlapi.bundle.decision import Decision
from mlapi.bundle.types import Label
from mlapi.training.evaluation import ModelEvaluator
from mlapi.training.plots import Explained, Scored, draw_all, plain

CURVES = {"validation": [0.6, 0.4, 0.45]}
NAMES = {
    "shap.png",
    "roc.png",
    "precision_recall.png",
    "confusion.png",
    "calibration.png",
    "importance.png",
    "learning_curve.png",
}


def scored(classes: tuple[Label, ...], n_rows: int = 300) -> Scored:
    random = np.random.default_rng(2)
    codes = random.integers(0, len(classes), n_rows).astype(np.int32)
    raw = random.random((n_rows, len(classes))) + 2 * np.eye(len(classes))[codes]
    probabilities = (raw / raw.sum(axis=1, keepdims=True)).astype(np.float32)
    evaluation = ModelEvaluator(Decision(classes=classes), bootstrap=20).evaluate(codes, probabilities)
    return Scored(classes, codes, probabilities, evaluation)


def explained(classes: tuple[Label, ...]) -> Explained:
    """Contributions to 30 rows of a number with gaps and a category."""
    random = np.random.default_rng(3)
    matrix = np.column_stack([random.normal(size=30), random.integers(0, 3, 30)]).astype(np.float32)
    matrix[:3, 0] = np.nan
    n_groups = 1 if len(classes) == 2 else len(classes)
    pushes = random.normal(size=(30, n_groups, 2)).astype(np.float32)
    return Explained(("x", "y"), ("q", "c"), matrix, pushes, classes)


@pytest.mark.parametrize(
    "classes",
    [("no", "yes"), (0, 1), (False, True), ("a", "b", "c"), tuple(range(30))],
    ids=["text", "integers", "booleans", "three", "thirty"],
)
def test_all_pictures_are_drawn_and_equal_for_equal_models(classes: tuple[Label, ...]) -> None:
    first = draw_all(scored(classes), {"x": 0.7, "y": 0.3}, CURVES, 2, explained(classes))
    assert set(first) == NAMES
    assert first == draw_all(scored(classes), {"x": 0.7, "y": 0.3}, CURVES, 2, explained(classes))
    for content in first.values():
        picture = Image.open(io.BytesIO(content))
        assert picture.size == (768, 576)
        assert len(picture.convert("RGB").getcolors(1 << 20) or ()) > 10


def test_pictures_hold_no_date_and_no_library_version() -> None:
    for content in draw_all(scored(("no", "yes")), {"x": 1.0}, CURVES, 2, explained(("no", "yes"))).values():
        assert set(Image.open(io.BytesIO(content)).info) <= {"dpi"}


def test_names_with_formulas_breaks_and_great_length_are_drawn_as_text() -> None:
    odd = {"$\\frac{": 0.5, "a\nb": 0.3, "x" * 500: 0.1, "名前": 0.1}
    assert draw_all(scored(("$a", "$b$")), odd, CURVES, 1)
    assert plain("a\n$") == r"a?\$"
    assert len(plain("x" * 500)) == 30


def test_pictures_are_drawn_for_test_rows_of_a_single_class() -> None:
    whole = scored(("no", "yes"), 40)
    rows = np.flatnonzero(whole.codes == 1)
    codes, probabilities = whole.codes[rows], whole.probabilities[rows]
    evaluation = ModelEvaluator(Decision(classes=whole.classes), bootstrap=20).evaluate(codes, probabilities)
    alone = Scored(whole.classes, codes, probabilities, evaluation)
    assert set(draw_all(alone, {"x": 1.0}, CURVES, 1)) == NAMES - {"shap.png"}
