"""A decoded predict request, as the decoder hands it to the prediction service."""

from typing import NamedTuple, Protocol

from mlapi.bundle.types import Matrix, Table


class Ask(NamedTuple):
    """What the client wants beside the labels; None where it did not say."""

    probabilities: bool | None = None


class Decoded(NamedTuple):
    """Rows by column, and what was asked for.

    `exact` tells that every cell was checked one by one; otherwise a refusal by the encoder is to be explained by
    `Decoder.decode_exactly`, whose word on errors is final. Where the way that decoded it has encoded it too, `matrix`
    is that and the table is empty.
    """

    table: Table
    n_rows: int
    ask: Ask
    exact: bool
    matrix: Matrix | None = None


class Decoder(Protocol):
    """From the bytes of a request body to a table; made for one feature schema."""

    def decode(self, body: bytes) -> Decoded:
        """Decode by the fastest way that accepts the body.

        Raises:
            AppError: the body is no JSON, not the envelope, or has too few or too many rows.
            RowsError: cells do not fit the schema.
        """
        ...

    def decode_exactly(self, body: bytes) -> Decoded:
        """Decode by the complete way; raises as `decode`."""
        ...
