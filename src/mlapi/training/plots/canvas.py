"""One look for all pictures."""

from __future__ import annotations

import io
import itertools
import warnings
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIZE_INCHES = (6.4, 4.8)
DOTS_PER_INCH = 120
NAME_LENGTH = 30
# Told apart with every kind of colour vision (Okabe and Ito, 2008), the darkest first
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000", "#999999")
FAINT = "0.7"


class Draw(Protocol):
    """Draws on one pair of axes."""

    def __call__(self, axes: Axes) -> None:
        """Draw."""


def picture(draw: Draw, *, left: float = 0.13, bottom: float = 0.12, right: float = 0.96) -> bytes:
    """Give one PNG of 768 x 576 dots; `left`, `bottom` and `right` are where the axes begin and end, as shares of it.

    Margins are fixed, since a layout that is worked out costs as much as the drawing.
    """
    from cycler import cycler
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from PIL import Image

    figure = Figure(figsize=SIZE_INCHES, dpi=DOTS_PER_INCH)
    figure.subplots_adjust(left=left, bottom=bottom, right=right, top=0.92)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_prop_cycle(cycler(color=COLOURS))
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(visible=True, color="0.92", linewidth=0.8)
    axes.set_axisbelow(True)
    draw(axes)
    out = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # a box stands for a letter that the font lacks
        canvas.draw()  # type: ignore[no-untyped-call] # matplotlib has no annotation there
    # A palette makes the file a third as large; 128 colours leave no step in the colour bars that an eye could see
    image = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")  # type: ignore[no-untyped-call] # likewise
    image.quantize(128, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(out, format="png", optimize=True)
    return out.getvalue()


def room(names: Iterable[str]) -> float:
    """Give the share of a picture's width that names beside the axes need."""
    return 0.1 + 0.0095 * max(map(len, names), default=0)


def plain(name: object, length: int = NAME_LENGTH) -> str:
    """Give a name for a picture: no formula (`$`), no control characters, cut where it is too long."""
    text = "".join(letter if letter.isprintable() else "?" for letter in str(name))
    cut = text if len(text) <= length else text[: length - 1] + "…"
    return cut.replace("$", r"\$")


def told_apart(names: Sequence[str], length: int = NAME_LENGTH) -> list[str]:
    """Give names for one picture; where cutting would make two alike, the words that all share at the ends go first."""
    cut = [plain(name, length) for name in names]
    if len(set(cut)) == len(cut) or len(set(names)) < len(names):
        return cut
    head = _shared(names)
    tail = min(_shared([name[::-1] for name in names]), min(map(len, names)) - head)
    before, after = "…" if head else "", "…" if tail else ""
    return [plain(f"{before}{name[head : len(name) - tail]}{after}", length) for name in names]


def _shared(names: Sequence[str]) -> int:
    """Count the letters that all names begin with, up to the end of a word."""
    columns = zip(*names, strict=False)
    count = sum(1 for _ in itertools.takewhile(lambda letters: len(set(letters)) == 1, columns))
    while count and names[0][count - 1].isalnum():
        count -= 1
    return count
