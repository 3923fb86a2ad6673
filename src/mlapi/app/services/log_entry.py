"""What the prediction log keeps: of a request as it was answered, and of the model; and how it becomes records."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import numpy as np

from mlapi.app.services.model_event import ModelEvent
from mlapi.app.services.snapshot import Snapshot
from mlapi.bundle.decision import class_name, shortest
from mlapi.bundle.moments import spelled
from mlapi.bundle.schema import Feature, FeatureKind, FeatureSchema
from mlapi.bundle.types import Cells, Label, Probabilities, Table

REDACTED: Final = "[redacted]"
TEXT_BYTES: Final = 64  # of a short text in memory
ROW_BYTES: Final = 400  # of the rest of a row: its id, its label and the lists' room for them


class LogEntry(NamedTuple):
    """The rows of one request.

    Attributes:
        ids: UUIDv7, one a row.
        snapshot: what answered.
        table: the cells; empty where `body` has them still.
        body: JSON of the request where it was decoded without a table.
        labels: one a row.
        probabilities: float32 of shape (n_rows, n_classes).
        traffic: what the client calls it.
        at: when it was answered, aware.
    """

    ids: Sequence[str]
    snapshot: Snapshot
    table: Table
    body: bytes
    labels: Sequence[Label]
    probabilities: Probabilities
    request_id: str
    key_id: str | None
    traffic: str
    duration_ms: float
    at: datetime

    @property
    def size_bytes(self) -> int:
        """What the entry takes in memory, estimated."""
        n_rows = len(self.ids)
        texts = sum(cells.dtype == object for cells in self.table.values())
        cells = len(self.body) + n_rows * (8 * len(self.table) + TEXT_BYTES * texts)
        return cells + n_rows * ROW_BYTES + self.probabilities.nbytes

    def records(self, *, environment: str, redacted: Collection[str]) -> list[dict[str, Any]]:
        """Give what `PredictionRecord` takes, one a row.

        Args:
            environment: the service's.
            redacted: features whose cells are not kept.
        """
        alias, decision = self.snapshot.alias, self.snapshot.bundle.decision
        table = self.table or self.snapshot.decoder.decode_table(self.body).table
        same = {
            "request_id": self.request_id,
            "model_name": alias.name,
            "model_version": alias.version,
            "key_id": self.key_id,
            "duration_ms": self.duration_ms,
            "environment": environment,
            "traffic": self.traffic,
            "created_at": self.at,
        }
        cells = rows_of(self.snapshot.bundle.schema, table, redacted)
        rows = zip(self.ids, cells, self.labels, shortest(self.probabilities), strict=True)
        return [
            {
                **same,
                "id": id_,
                "row_number": number,
                "cells": row,
                "prediction": class_name(label),
                "probabilities": dict(zip(decision.names, probabilities, strict=True)),
            }
            for number, (id_, row, label, probabilities) in enumerate(rows)
        ]


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
    return [None if np.isnan(cell) else spell(cell) for cell in cells.tolist()]


_SPELL: Final[Mapping[FeatureKind, Callable[[float], Any]]] = {
    FeatureKind.BOOLEAN: bool,
    FeatureKind.INTEGER: int,
    FeatureKind.DATETIME: spelled,
}


def event_record(event: ModelEvent, *, id_: str, environment: str, at: datetime) -> Mapping[str, Any]:
    """Give what `ModelEventRecord` takes."""
    return {
        "id": id_,
        "kind": event.kind,
        "model_name": event.name,
        "model_version": event.version,
        "generation": event.generation,
        "code": event.code,
        "reason": event.reason,
        "environment": environment,
        "created_at": at,
    }
