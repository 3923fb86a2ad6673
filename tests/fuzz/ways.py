"""What each way makes of a body, and whether they say the same."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import numpy as np

from mlapi.app.api.error_body import body_of
from mlapi.app.api.errors import is_foreseen
from mlapi.app.core.request import Decoded
from mlapi.app.schemas.decoder import RequestDecoder
from mlapi.app.schemas.native import NativeDecoder
from mlapi.app.services.remarks import remarks
from mlapi.bundle.encoded import Encoded
from mlapi.bundle.encoder import Encoder
from mlapi.bundle.errors import RowsError
from mlapi.bundle.model import Prediction
from mlapi.bundle.schema import FeatureSchema
from tests.fuzz.corpus import Entry
from tests.fuzz.schemas import MAX_DEPTH, MAX_ROWS

DIGITS = re.compile(r"\d+")


class Accepted(NamedTuple):
    """A body that is answered: all that the answer depends on."""

    n_rows: int
    ask: str  # with the types of its values
    matrix: bytes
    remarks: tuple[Any, ...]


class Refused(NamedTuple):
    """A body that is not: all of the answer but id and time."""

    code: str
    message: str
    details: Any


Verdict = Accepted | Refused


class Difference(Exception):
    """Two ways do not say the same of a body.

    Attributes:
        entry: the body, once the fuzzer has named it.
    """

    entry: Entry | None = None


class Ways:
    """The native, the fast and the complete way for one schema."""

    def __init__(self, schema: FeatureSchema) -> None:
        self.schema = schema
        self._encoder = Encoder.fit(schema, {})
        self.native: Any = NativeDecoder.made_for(self._encoder, max_rows=MAX_ROWS)
        self.general = RequestDecoder(self._encoder, max_rows=MAX_ROWS, max_depth=MAX_DEPTH)

    def look(self, body: bytes) -> str:
        """Take a body all ways.

        Returns:
            The outcome in short: the fastest way that vouched for it, and what was said.

        Raises:
            Difference: two ways say different things, or one fails in a way that nobody foresaw.
        """
        exactly, _ = self._verdict(self.general.decode_exactly, body)
        generally, exact = self._verdict(self.general.decode_table, body)
        _compare("the fast way", generally, exactly)
        way = "complete" if exact else "fast"
        if self.native is not None and (decoded := self.native.decode(body)) is not None:
            _compare("the native way", self._accepted(decoded), exactly)
            way = "native"
        return f"{way} {_short(exactly)}"

    def verdict(self, decode: Any, body: bytes) -> Verdict:
        """What the client would be told of a body that is decoded so."""
        return self._verdict(decode, body)[0]

    def _verdict(self, decode: Any, body: bytes) -> tuple[Verdict, bool]:
        """What the client would be told, as `PredictEndpoint` does it, and whether the complete way said it."""
        decoded: Decoded | None = None
        try:
            decoded = decode(body)
            return self._accepted(decoded), decoded.exact
        except RowsError as error:
            if decoded is None:
                return _refused(error), True
            if decoded.exact:
                raise Difference(f"every cell was checked, and still the encoder refuses: {error}") from error
            return self._verdict(self.general.decode_exactly, body)
        except Exception as error:  # noqa: BLE001  # whatever comes is what is looked for
            return _refused(error), True

    def _accepted(self, decoded: Decoded) -> Accepted:
        if decoded.matrix is not None:
            return Accepted(decoded.n_rows, _typed(decoded), decoded.matrix.tobytes(), ())
        encoded: Encoded = self._encoder.encode_table(decoded.table)
        none = np.empty((0, 0), np.float32)
        noted = remarks(self.schema, decoded.table, Prediction([], none, none, encoded.unknown, none))
        return Accepted(decoded.n_rows, _typed(decoded), encoded.matrix.tobytes(), tuple(noted))


def _typed(decoded: Decoded) -> str:
    return repr(decoded.ask)


def _refused(error: Exception) -> Refused:
    if not is_foreseen(error):
        raise Difference(f"nobody foresaw {error!r:.200}") from error
    body = body_of(error, "", "")
    return Refused(body.error, body.message, body.details)


def _compare(way: str, found: Verdict, expected: Verdict) -> None:
    if found != expected:
        raise Difference(f"{way} says {_told(found)}, the complete way {_told(expected)}")


def _told(verdict: Verdict) -> str:
    if isinstance(verdict, Refused):
        return f"{verdict!r:.300}"
    matrix = np.frombuffer(verdict.matrix, np.float32).reshape(verdict.n_rows, -1)
    return f"{verdict.n_rows} rows {matrix.tolist()!r:.200} {verdict.ask} {verdict.remarks!r:.100}"


def _short(verdict: Verdict) -> str:
    if isinstance(verdict, Accepted):
        return f"accepted {verdict.ask} {sorted({remark.code for remark in verdict.remarks})}"
    cells = (verdict.details or {}).get("errors", ())
    return f"{verdict.code} {DIGITS.sub('#', verdict.message)} {sorted({cell['code'] for cell in cells})}"
