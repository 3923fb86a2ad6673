"""The fast way: msgspec decodes the body into types made from the feature schema.

It either vouches for a body completely or raises, and then `RequestDecoder` asks the complete way. msgspec refuses bad
syntax, wrong types, NaN, Infinity and numbers beyond float64 by itself; like every parser it keeps the last of two
equal keys, so the colons outside strings are counted: as many as keys were decoded means that none stood twice.
"""

import re
from collections.abc import Sequence
from functools import reduce
from operator import attrgetter, or_
from typing import Annotated, Any, Protocol

import msgspec

from mlapi.app.core.request import MOST_EXPLAINED, NOTHING_ASKED, Ask, Decoded
from mlapi.app.schemas.columns import ABSENT, Columns, Doubt, cell_type
from mlapi.app.schemas.names import fits_names
from mlapi.bundle.schema import Feature, FeatureSchema

# Above this many features msgspec's search for keys out of order costs more than a dictionary: 2,000 features take
# 162 µs a row in order and 18,630 µs reversed.
WIDEST_STRUCT = 128
STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
NUL = b"\\u0000"  # msgspec accepts it, the feature schema does not


class Options(msgspec.Struct, forbid_unknown_fields=True):
    """What the fast way takes as options, in the order of `Ask`; any other one goes the complete way."""

    probabilities: bool | msgspec.UnsetType = msgspec.UNSET
    explain: Annotated[int, msgspec.Meta(ge=0, le=MOST_EXPLAINED)] | msgspec.UnsetType = msgspec.UNSET
    threshold: Annotated[float, msgspec.Meta(ge=0, le=1)] | msgspec.UnsetType = msgspec.UNSET


class Rows(Protocol):
    """How the rows of a body are held once decoded."""

    row_type: Any  # what msgspec decodes one row to

    def columns(self, rows: Sequence[Any]) -> list[Sequence[object]]:
        """Cells by feature, in the schema's order, ABSENT where a row lacks the key; raises Doubt."""
        ...


class StructRows:
    """One generated struct a row: the fastest, for tables of ordinary width and names."""

    def __init__(self, schema: FeatureSchema) -> None:
        fields = [(f"f{index}", *_field(feature)) for index, feature in enumerate(schema.features)]
        names = {field[0]: feature.name for field, feature in zip(fields, schema.features, strict=True)}
        self.row_type = msgspec.defstruct(
            "Row", fields, rename=names, kw_only=True, forbid_unknown_fields=True, gc=False
        )

    def columns(self, rows: Sequence[Any]) -> list[Sequence[object]]:
        """See `Rows.columns`; msgspec has checked every type."""
        return list(zip(*map(msgspec.structs.astuple, rows), strict=True))


class DictRows:
    """One dictionary a row: for wide tables, and names that no generated decoder can look for."""

    def __init__(self, schema: FeatureSchema) -> None:
        missing = {type(None), type(ABSENT)}
        self._features = [
            (feature.name, {cell_type(feature), *(missing if feature.nullable else ())}) for feature in schema.features
        ]
        self.row_type = dict.__class_getitem__((str, reduce(or_, map(cell_type, schema.features)) | None))

    def columns(self, rows: Sequence[Any]) -> list[Sequence[object]]:
        """See `Rows.columns`; msgspec only knows that a cell is of a type that some feature has."""
        return [self._column(rows, name, types) for name, types in self._features]

    def _column(self, rows: Sequence[Any], name: str, types: set[type]) -> Sequence[object]:
        cells = [row.get(name, ABSENT) for row in rows]
        if not types.issuperset(map(type, cells)):
            raise Doubt
        return cells


class FastDecoder:
    """Decodes good bodies for one feature schema."""

    def __init__(self, schema: FeatureSchema, *, max_rows: int) -> None:
        self._columns = Columns(schema.features)
        self._n_features = len(schema.features)
        self._max_rows = max_rows
        self._rows: Rows = StructRows(schema) if fits_struct(schema) else DictRows(schema)
        envelope = msgspec.defstruct(
            "Envelope",
            [
                ("data", list.__class_getitem__(self._rows.row_type)),
                ("options", Options | msgspec.UnsetType, msgspec.UNSET),
            ],
            forbid_unknown_fields=True,
        )
        self._decode = msgspec.json.Decoder(envelope).decode
        self._envelope = attrgetter("data", "options")

    def decode(self, body: bytes) -> Decoded:
        """Decode a good body.

        Raises:
            Doubt, msgspec.DecodeError, UnicodeDecodeError: perhaps it is not good.
        """
        if NUL in body:
            raise Doubt
        rows, options = self._envelope(self._decode(body))
        if not 1 <= len(rows) <= self._max_rows:
            raise Doubt
        ask, n_keys = _options(options)
        table, n_absent = self._columns.table(self._rows.columns(rows))
        n_keys += len(rows) * self._n_features - n_absent
        if body.count(b":") != n_keys and STRING.sub(b"", body).count(b":") != n_keys:
            raise Doubt
        return Decoded(table, len(rows), ask, exact=False)


def fits_struct(schema: FeatureSchema) -> bool:
    """Whether a struct can be generated whose keys msgspec finds, and finds quickly."""
    return len(schema.features) <= WIDEST_STRUCT and fits_names(schema.features)


def _field(feature: Feature) -> tuple[Any, ...]:
    return (cell_type(feature) | None, ABSENT) if feature.nullable else (cell_type(feature),)


def _options(options: Any) -> tuple[Ask, int]:
    """What was asked for, and how many keys the envelope had."""
    if options is msgspec.UNSET:
        return NOTHING_ASKED, 1
    given = [None if value is msgspec.UNSET else value for value in msgspec.structs.astuple(options)]
    return Ask(*given), 2 + len(given) - given.count(None)
