"""What the prediction log keeps: of a request as it was answered, and of the model; and how it becomes records."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec

from mlapi.app.core import transaction
from mlapi.app.core.transaction import SqlValue
from mlapi.app.services.model_event import ModelEvent
from mlapi.app.services.snapshot import Snapshot
from mlapi.bundle.decimals import json_rows
from mlapi.bundle.moments import spelled
from mlapi.bundle.schema import Feature, FeatureKind, FeatureSchema
from mlapi.bundle.types import Cells, Floats, Label, Table

REDACTED: Final = "[redacted]"
STRING: Final = re.compile(rb'"[^"]*"')  # in a body that was decoded the native way, which takes no escapes
TEXT_BYTES: Final = 64  # of a short text in memory
LABEL_BYTES: Final = 8  # of a row's label in its list
ENTRY_BYTES: Final = 700  # of the rest of an entry
# What `record` gives, by the columns of `AnsweredRequestRecord`.
COLUMNS: Final = (
    "id", "request_id", "n_rows", "model_name", "model_version", "key_id", "duration_ms", "environment", "traffic",
    "created_at", "cells", "predictions", "probabilities",
)  # fmt: skip


class LogEntry(NamedTuple):
    """The rows of one request.

    Attributes:
        id: UUIDv7 of the first row; see `mlapi.app.core.uuid7`.
        snapshot: what answered.
        table: the cells; empty where `body` has them still.
        body: JSON of the request where it was decoded without a table.
        labels: one a row.
        probabilities: float32 of shape (n_rows, n_classes).
        traffic: what the client calls it.
        at: when it was answered, aware.
    """

    id: str
    n_rows: int
    snapshot: Snapshot
    table: Table
    body: bytes
    labels: Sequence[Label]
    probabilities: Floats
    request_id: str
    key_id: str | None
    traffic: str
    duration_ms: float
    at: datetime

    @property
    def size_bytes(self) -> int:
        """What the entry takes in memory, estimated."""
        texts = sum(cells.dtype == object for cells in self.table.values())
        row_bytes = LABEL_BYTES + 8 * len(self.table) + TEXT_BYTES * texts
        return ENTRY_BYTES + len(self.body) + self.n_rows * row_bytes + self.probabilities.nbytes

    def record(self, *, environment: str, redacted: Collection[str]) -> tuple[SqlValue, ...]:
        """Give its record, in the order of `COLUMNS`; lists of rows as JSON.

        Args:
            environment: the service's.
            redacted: features whose cells are not kept.

        Raises:
            ValueError: the body is none that was ever answered.
        """
        alias, decision = self.snapshot.alias, self.snapshot.bundle.decision
        return (
            self.id.replace("-", ""),
            self.request_id,
            self.n_rows,
            alias.name,
            alias.version,
            self.key_id,
            self.duration_ms,
            environment,
            self.traffic,
            transaction.spelled(self.at),
            self._cells(redacted).decode(),
            msgspec.json.encode(self.labels).decode(),
            json_rows(self.probabilities, decision.names).decode(),
        )

    def _cells(self, redacted: Collection[str]) -> bytes:
        """The rows as JSON: as the client wrote them where that says it all."""
        schema = self.snapshot.bundle.schema
        if self.table:
            return msgspec.json.encode(rows_of(schema, self.table, redacted))
        # The native way takes flat rows and nothing else in brackets, so the outermost ones are those of the rows.
        rows = self.body[self.body.index(b"[") : self.body.rindex(b"]") + 1]
        hidden = {name: REDACTED for name in schema.names if name in redacted} if redacted else {}
        if not hidden and self._n_keys(rows) == self.n_rows * len(schema.features):
            return rows
        absent = dict.fromkeys(schema.names)
        return msgspec.json.encode([absent | row | hidden for row in msgspec.json.decode(rows)])

    def _n_keys(self, rows: bytes) -> int:
        """How many keys rows have: there is a colon after each."""
        return (STRING.sub(b"", rows) if self.snapshot.has_colons else rows).count(b":")


def rows_of(schema: FeatureSchema, table: Table, redacted: Collection[str] = ()) -> list[dict[str, Any]]:
    """Give a table row by row as JSON spells its cells, missing ones as null."""
    n_rows = len(next(iter(table.values())))
    columns = [
        [REDACTED] * n_rows if feature.name in redacted else _plain(feature, table[feature.name])
        for feature in schema.features
    ]
    return [dict(zip(schema.names, cells, strict=True)) for cells in zip(*columns, strict=True)]


def _plain(feature: Feature, cells: Cells) -> list[Any]:
    if feature.kind is FeatureKind.CATEGORICAL:
        return list(cells)
    spell = _SPELL.get(feature.kind, float)
    return [spell(cell) if cell == cell else None for cell in cells.tolist()]  # NaN is unlike itself


_SPELL: Final[Mapping[FeatureKind, Callable[[float], Any]]] = {
    FeatureKind.BOOLEAN: bool,
    FeatureKind.INTEGER: int,
    FeatureKind.DATETIME: spelled,
}


def event_record(event: ModelEvent, *, id_: str, environment: str, at: datetime) -> dict[str, SqlValue]:
    """Give what `ModelEventRecord` takes."""
    return {
        "id": id_.replace("-", ""),
        "kind": event.kind,
        "model_name": event.name,
        "model_version": event.version,
        "generation": event.generation,
        "code": event.code,
        "reason": event.reason,
        "environment": environment,
        "created_at": transaction.spelled(at),
    }
