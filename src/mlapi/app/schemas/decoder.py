"""From a request's bytes to a table: the native way, the fast way where that doubts, the complete way where both do."""

from collections.abc import Sequence
from typing import Any

import msgspec

from mlapi.app.core.request import NOTHING_ASKED, Ask, Decoded
from mlapi.app.schemas import strict_json
from mlapi.app.schemas.columns import Doubt
from mlapi.app.schemas.csv_rows import parse_csv
from mlapi.app.schemas.envelope import check_count, open_envelope
from mlapi.app.schemas.fast import FastDecoder
from mlapi.app.schemas.lines import parse_lines
from mlapi.app.schemas.native import NativeDecoder
from mlapi.bundle.encoder import Encoder
from mlapi.bundle.rows import check_rows
from mlapi.bundle.types import Row


class RequestDecoder:
    """Decodes the bodies of predict requests for one model.

    All ways give the same for the same body, and only the complete way explains a refusal.
    """

    def __init__(self, encoder: Encoder, *, max_rows: int, max_depth: int) -> None:
        self._schema = encoder.schema
        self._max_rows = max_rows
        self._max_depth = max_depth
        self._native = NativeDecoder.made_for(encoder, max_rows=max_rows)
        self._fast = FastDecoder(self._schema, max_rows=max_rows)

    def decode(self, body: bytes) -> Decoded:
        """Decode by the fastest way that vouches for the body.

        Raises:
            InvalidJSON, InvalidRequest, RowCountError: what the body is not.
            RowsError: cells that do not fit the schema.
        """
        if self._native is not None and (decoded := self._native.decode(body)) is not None:
            return decoded
        return self.decode_table(body)

    def decode_plain(self, body: bytes) -> Decoded | None:
        """Decode by the native way alone; None where it doubts."""
        return None if self._native is None else self._native.decode(body)

    def decode_table(self, body: bytes) -> Decoded:
        """Decode likewise, but always to a table, whose cells can be shown and kept."""
        try:
            return self._fast.decode(body)
        except (Doubt, msgspec.DecodeError, UnicodeDecodeError):
            return self.decode_exactly(body)

    def decode_exactly(self, body: bytes) -> Decoded:
        """Decode by the complete way; raises as `decode`."""
        document = strict_json.parse(body, max_depth=self._max_depth)
        envelope = open_envelope(document, max_rows=self._max_rows)
        return self._checked(envelope.rows, envelope.ask)

    def decode_lines(self, body: bytes) -> Decoded:
        """Decode newline-delimited JSON; raises as `decode`."""
        return self._checked(parse_lines(body, max_rows=self._max_rows, max_depth=self._max_depth))

    def decode_csv(self, body: bytes) -> Decoded:
        """Decode CSV; raises as `decode`."""
        return self._checked(parse_csv(body, self._schema, max_rows=self._max_rows))

    def check(self, rows: Sequence[Row]) -> Decoded:
        """See `Decoder.check`."""
        check_count(len(rows), self._max_rows)
        return self._checked(rows)

    def parse(self, body: bytes, *, nan_is_null: bool = False) -> Any:
        """See `Decoder.parse`."""
        return strict_json.parse(body, max_depth=self._max_depth, nan_is_null=nan_is_null)

    def _checked(self, rows: Sequence[Row], ask: Ask = NOTHING_ASKED) -> Decoded:
        return Decoded(check_rows(self._schema, rows), len(rows), ask, exact=True)
