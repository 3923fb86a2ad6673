"""From a request's bytes to its rows: the native way, and the general ways where that doubts.

What the general ways need, NumPy first of all, is imported when they are first needed.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mlapi.app.core.request import Decoded
from mlapi.app.schemas.native import NativeDecoder
from mlapi.bundle.steps import Stepped
from mlapi.bundle.types import Row

if TYPE_CHECKING:
    from mlapi.app.schemas.general import GeneralDecoder


class RequestDecoder:
    """Decodes the bodies of predict requests for one model.

    All ways give the same for the same body, and only the complete way explains a refusal.
    """

    def __init__(self, of: Stepped, *, max_rows: int, max_depth: int) -> None:
        """Take the model's bundle, or its encoder, and the limits of a request."""
        self._schema = of.schema
        self._max_rows = max_rows
        self._max_depth = max_depth
        self._native = NativeDecoder.made_for(of, max_rows=max_rows)

    def decode(self, body: bytes) -> Decoded:
        """Decode by the fastest way that vouches for the body.

        Raises:
            InvalidJSON, InvalidRequest, RowCountError: what the body is not.
            RowsError: cells that do not fit the schema.
        """
        if self._native is not None and (decoded := self._native.decode(body)) is not None:
            return decoded
        return self._general.decode_table(body)

    def decode_plain(self, body: bytes) -> Decoded | None:
        """Decode by the native way alone; None where it doubts."""
        return None if self._native is None else self._native.decode(body)

    def decode_table(self, body: bytes) -> Decoded:
        """Decode likewise, but always to a table, whose cells can be shown and kept."""
        return self._general.decode_table(body)

    def decode_exactly(self, body: bytes) -> Decoded:
        """Decode by the complete way; raises as `decode`."""
        return self._general.decode_exactly(body)

    def decode_lines(self, body: bytes) -> Decoded:
        """Decode newline-delimited JSON; raises as `decode`."""
        return self._general.decode_lines(body)

    def decode_csv(self, body: bytes) -> Decoded:
        """Decode CSV; raises as `decode`."""
        return self._general.decode_csv(body)

    def check(self, rows: Sequence[Row]) -> Decoded:
        """See `Decoder.check`."""
        return self._general.check(rows)

    def parse(self, body: bytes, *, nan_is_null: bool = False) -> Any:
        """See `Decoder.parse`."""
        from mlapi.app.schemas import strict_json

        return strict_json.parse(body, max_depth=self._max_depth, nan_is_null=nan_is_null)

    @cached_property
    def _general(self) -> "GeneralDecoder":
        from mlapi.app.schemas.general import GeneralDecoder

        return GeneralDecoder(self._schema, max_rows=self._max_rows, max_depth=self._max_depth)
