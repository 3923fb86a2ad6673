"""From a request's bytes to a table: the fast way, the complete way where that doubts, and other formats."""

from collections.abc import Sequence

import msgspec

from mlapi.app.core.request import NOTHING_ASKED, Ask, Decoded
from mlapi.app.schemas import strict_json
from mlapi.app.schemas.columns import Doubt
from mlapi.app.schemas.csv_rows import parse_csv
from mlapi.app.schemas.envelope import check_count, open_envelope
from mlapi.app.schemas.fast import FastDecoder
from mlapi.app.schemas.lines import parse_lines
from mlapi.bundle.rows import check_rows
from mlapi.bundle.schema import FeatureSchema
from mlapi.bundle.types import Row


class GeneralDecoder:
    """Decodes any body for one feature schema; see `Decoder` for what its methods give and raise."""

    def __init__(self, schema: FeatureSchema, *, max_rows: int, max_depth: int) -> None:
        self._schema = schema
        self._max_rows = max_rows
        self._max_depth = max_depth
        self._fast = FastDecoder(schema, max_rows=max_rows)

    def decode_table(self, body: bytes) -> Decoded:
        """The fast way, or the complete one."""
        try:
            return self._fast.decode(body)
        except (Doubt, msgspec.DecodeError, UnicodeDecodeError):
            return self.decode_exactly(body)

    def decode_exactly(self, body: bytes) -> Decoded:
        """The complete way."""
        document = strict_json.parse(body, max_depth=self._max_depth)
        envelope = open_envelope(document, max_rows=self._max_rows)
        return self._checked(envelope.rows, envelope.ask)

    def decode_lines(self, body: bytes) -> Decoded:
        """Newline-delimited JSON."""
        return self._checked(parse_lines(body, max_rows=self._max_rows, max_depth=self._max_depth))

    def decode_csv(self, body: bytes) -> Decoded:
        """CSV."""
        return self._checked(parse_csv(body, self._schema, max_rows=self._max_rows))

    def check(self, rows: Sequence[Row]) -> Decoded:
        """Rows of another protocol."""
        check_count(len(rows), self._max_rows)
        return self._checked(rows)

    def _checked(self, rows: Sequence[Row], ask: Ask = NOTHING_ASKED) -> Decoded:
        return Decoded(check_rows(self._schema, rows), len(rows), ask, exact=True)
