"""Entries for the prediction log, made by a real bundle."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from mlapi.app.core.request import Ask
from mlapi.app.core.uuid7 import uuid7s
from mlapi.app.schemas.decoder import RequestDecoder
from mlapi.app.services.loading import SnapshotLoader
from mlapi.app.services.local_model import LocalModel
from mlapi.app.services.log_entry import LogEntry
from mlapi.app.services.prediction_service import PredictionService
from mlapi.app.services.snapshot import Snapshot
from tests.app.bundles import ROW, bundle
from tests.app.service import publish

AT = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)


@cache
def snapshot() -> Snapshot:
    state_dir = Path(mkdtemp(prefix="logged-"))
    publish(state_dir, "churn", bundle(("no", "yes")))
    local = LocalModel(state_dir / "serving", name="churn", alias="production")
    candidate = local.look()
    assert candidate is not None
    return SnapshotLoader(local, partial(RequestDecoder, max_rows=1000, max_depth=32))(candidate)


def entry(rows: Sequence[dict[str, Any]] = (ROW,), *, at: datetime | None = None, id_: str | None = None) -> LogEntry:
    """What the service would log of a request for these rows."""
    body = json.dumps({"data": list(rows)}).encode()
    decoded = snapshot().decoder.decode(body)
    answered = PredictionService().predict(snapshot(), decoded, Ask())
    return LogEntry(
        id=id_ or uuid7s(1)[0],
        n_rows=len(rows),
        snapshot=snapshot(),
        table=decoded.table,
        body=decoded.body,
        labels=answered.prediction.labels,
        probabilities=answered.prediction.probabilities,
        request_id="request-1",
        key_id="abcdef12",
        traffic="live",
        duration_ms=1.5,
        at=at or datetime.now(UTC),
    )


def ids_of(entry: LogEntry) -> list[str]:
    """The ids of its rows, as the answer has them."""
    return [f"{entry.id[:-5]}{number:05x}" for number in range(entry.n_rows)]
