"""What an answer may say of a row beside its label: why it was answered so, and what is odd about its cells."""

import msgspec

from mlapi.bundle.types import Label


class Contribution(msgspec.Struct, frozen=True):
    """What one feature adds to the margin."""

    feature: str
    contribution: float


class Explanation(msgspec.Struct, frozen=True):
    """Of one row: base value + contributions + rest = margin, to within 1e-5.

    Attributes:
        label: the class whose margin it is: the second of two, else the one that was predicted.
        margin: in log-odds for two classes, before any calibration.
        base_value: the margin of a row of which nothing is known.
        contributions: of the features that weigh most, the heaviest first.
        rest: of all other features together.
    """

    label: Label
    margin: float
    base_value: float
    contributions: list[Contribution]
    rest: float


class Remark(msgspec.Struct, frozen=True):
    """Something about one cell of an answered row."""

    row: int  # zero-based position in the request
    feature: str
    code: str
    message: str
