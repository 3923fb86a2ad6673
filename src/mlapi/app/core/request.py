"""A decoded predict request, as the decoder hands it to the prediction service."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Protocol

import msgspec

from mlapi.bundle.types import Floats, Row, Table


class Ask(msgspec.Struct, frozen=True):
    """What the client wants beside the labels; None where it did not say.

    Attributes:
        probabilities: the probability of every class.
        explain: this many features that weigh most in each row, with what they add to the margin; 0 for none.
        threshold: in place of the model's own, 0 to 1; two classes only.
    """

    probabilities: bool | None = None
    explain: int | None = None
    threshold: float | None = None

    def or_else(self, other: Ask) -> Ask:
        """Take from another what was not said here."""
        return Ask(
            other.probabilities if self.probabilities is None else self.probabilities,
            other.explain if self.explain is None else self.explain,
            other.threshold if self.threshold is None else self.threshold,
        )


MOST_EXPLAINED: Final = 10_000  # features to explain; a number that large asks for all of them
NOTHING_ASKED: Final = Ask()


class Decoded(msgspec.Struct, frozen=True):
    """Rows by column, and what was asked for.

    `exact` tells that every cell was checked one by one; otherwise a refusal by the encoder is to be explained by
    `Decoder.decode_exactly`, whose word on errors is final. Where the way that decoded it has encoded it too, `matrix`
    is that, the table is empty, and `Decoder.decode_table` gives it from `body`.
    """

    table: Table
    n_rows: int
    ask: Ask
    exact: bool
    matrix: Floats | None = None
    body: bytes = b""


class Decoder(Protocol):
    """From the bytes of a request body to a table; made for one feature schema."""

    def decode(self, body: bytes) -> Decoded:
        """Decode by the fastest way that accepts the body.

        Raises:
            AppError: the body is no JSON, not the envelope, or has too few or too many rows.
            RowsError: cells do not fit the schema.
        """
        ...

    def decode_plain(self, body: bytes) -> Decoded | None:
        """Decode a body that is plain in every way; None for any other, good or bad."""
        ...

    def decode_table(self, body: bytes) -> Decoded:
        """Decode to a table even where there is a faster way; raises as `decode`."""
        ...

    def decode_exactly(self, body: bytes) -> Decoded:
        """Decode by the complete way; raises as `decode`."""
        ...

    def decode_lines(self, body: bytes) -> Decoded:
        """Decode newline-delimited JSON, a row a line; raises as `decode`."""
        ...

    def decode_csv(self, body: bytes) -> Decoded:
        """Decode CSV whose first line has the features' names; raises as `decode`."""
        ...

    def check(self, rows: Sequence[Row]) -> Decoded:
        """Check rows that stood in the body of another protocol.

        Raises:
            RowCountError: too few or too many; RowsError: cells do not fit the schema.
        """
        ...

    def parse(self, body: bytes, *, nan_is_null: bool = False) -> Any:
        """Parse the strict JSON of another protocol; raises InvalidJSON."""
        ...
