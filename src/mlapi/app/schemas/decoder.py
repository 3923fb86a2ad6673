"""From a request's bytes to a table: the fast way first, the complete way where it does not vouch."""

import msgspec

from mlapi.app.core.request import Decoded
from mlapi.app.schemas import strict_json
from mlapi.app.schemas.columns import Doubt
from mlapi.app.schemas.envelope import open_envelope
from mlapi.app.schemas.fast import FastDecoder
from mlapi.bundle.rows import check_rows
from mlapi.bundle.schema import FeatureSchema


class RequestDecoder:
    """Decodes the bodies of predict requests for one feature schema.

    Both ways give the same table for the same body, and only the complete way explains a refusal.
    """

    def __init__(self, schema: FeatureSchema, *, max_rows: int, max_depth: int) -> None:
        self._schema = schema
        self._max_rows = max_rows
        self._max_depth = max_depth
        self._fast = FastDecoder(schema, max_rows=max_rows)

    def decode(self, body: bytes) -> Decoded:
        """Decode by the fast way, or by the complete way where that does not vouch.

        Raises:
            InvalidJSON, InvalidRequest, RowCountError: what the body is not.
            RowsError: cells that do not fit the schema.
        """
        try:
            return self._fast.decode(body)
        except (Doubt, msgspec.DecodeError, UnicodeDecodeError):
            return self.decode_exactly(body)

    def decode_exactly(self, body: bytes) -> Decoded:
        """Decode by the complete way; raises as `decode`."""
        document = strict_json.parse(body, max_depth=self._max_depth)
        envelope = open_envelope(document, max_rows=self._max_rows)
        table = check_rows(self._schema, envelope.rows)
        return Decoded(table, len(envelope.rows), envelope.ask, exact=True)
