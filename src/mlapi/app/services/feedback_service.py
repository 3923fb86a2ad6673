"""Outcomes: what turned out to be true of rows that were predicted and kept."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import msgspec

from mlapi.app.core.errors import InvalidRequest, OutcomeRefused, PredictionNotFound
from mlapi.app.core.feedback import Told
from mlapi.app.services.answered_rows import find, find_locked
from mlapi.app.services.record_store import RecordStore
from mlapi.bundle.decision import class_name

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite
    from sqlalchemy.orm import Session

    from mlapi.app.models.base import Base
    from mlapi.app.models.prediction_log import PredictionRecord

    Insert = postgresql.Insert | sqlite.Insert

LEAST_PROBABILITY: Final = 1e-15  # so that one impossible outcome does not make the log loss infinite; scikit-learn's


class Rejected(msgspec.Struct, frozen=True):
    """One that was not taken: `index` in the request, and the code of the error that it would be alone."""

    index: int
    prediction_id: UUID
    code: str


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What became of some outcomes, in numbers; told again, an outcome is `unchanged`, another one replaces it."""

    recorded: int = 0
    replaced: int = 0
    unchanged: int = 0
    rejected: list[Rejected] = []


def record_outcome(store: RecordStore, told: Told, key_id: str | None) -> Taken:
    """Record one outcome.

    Raises:
        PredictionNotFound, OutcomeRefused: it cannot be taken.
        sqlalchemy.exc.SQLAlchemyError, OSError, SettingsError: the database cannot be used.
    """
    with store.sessions()() as session:
        found = find(session, [str(told.prediction_id)]).get(str(told.prediction_id))
    if found is None:
        raise PredictionNotFound
    if class_name(told.outcome) not in found.probabilities:
        raise OutcomeRefused(list(found.probabilities))
    return record_outcomes(store, [told], key_id)


def record_outcomes(store: RecordStore, told: Sequence[Told], key_id: str | None) -> Taken:
    """Record many outcomes; those that cannot be taken are named in the result.

    Raises:
        InvalidRequest: a prediction stands twice.
        sqlalchemy.exc.SQLAlchemyError, OSError, SettingsError: the database cannot be used; nothing was recorded.
    """
    if len({one.prediction_id for one in told}) < len(told):
        raise InvalidRequest("A prediction_id stands twice")
    with store.sessions()() as session:
        predictions = find(session, [str(one.prediction_id) for one in told])
        known = _outcomes(session, predictions)
    rejected = [
        Rejected(index, one.prediction_id, code)
        for index, one in enumerate(told)
        if (code := _fault(one, predictions.get(str(one.prediction_id))))
    ]
    refused = {one.prediction_id for one in rejected}
    good = {str(one.prediction_id): class_name(one.outcome) for one in told if one.prediction_id not in refused}
    changed = {id_: outcome for id_, outcome in good.items() if known.get(id_) != outcome}
    _write(store, changed, key_id)
    replaced = len(changed.keys() & known.keys())
    return Taken(
        recorded=len(changed) - replaced, replaced=replaced, unchanged=len(good) - len(changed), rejected=rejected
    )


def _fault(told: Told, prediction: PredictionRecord | None) -> str | None:
    if prediction is None:
        return "prediction_not_found"
    return None if class_name(told.outcome) in prediction.probabilities else "invalid_outcome"


def _outcomes(session: Session, predictions: Mapping[str, object]) -> dict[str, str]:
    """The outcomes that are known already, by id of the prediction."""
    from sqlalchemy import select

    from mlapi.app.models.outcome import OutcomeRecord as Outcome

    asked = select(Outcome.prediction_id, Outcome.outcome).where(Outcome.prediction_id.in_(predictions))
    return {id_: outcome for id_, outcome in session.execute(asked)}  # noqa: C416  # rows, not pairs


def _record(prediction: PredictionRecord, outcome: str, key_id: str | None) -> dict[str, Any]:
    probabilities = prediction.probabilities
    return {
        "prediction_id": prediction.id,
        "model_name": prediction.model_name,
        "model_version": prediction.model_version,
        "outcome": outcome,
        "correct": outcome == prediction.prediction,
        "confidence": probabilities[prediction.prediction],
        "loss": -math.log(max(probabilities[outcome], LEAST_PROBABILITY)),
        "key_id": key_id,
        "created_at": datetime.now(UTC),
    }


def _write(store: RecordStore, outcomes: Mapping[str, str], key_id: str | None) -> None:
    """Keep outcomes by prediction id, each beside a record of its row alone; a row deleted meanwhile stays away."""
    from mlapi.app.models.outcome import OutcomeRecord
    from mlapi.app.models.prediction_log import PredictionRecord

    if not outcomes:
        return
    with store.sessions().begin() as session:
        rows = find_locked(session, outcomes)
        if not rows:
            return
        alone = [_values(row) for row in rows.values()]
        session.connection().execute(_insert_of(session, PredictionRecord).on_conflict_do_nothing(), alone)
        records = [_record(row, outcomes[id_], key_id) for id_, row in rows.items()]
        statement = _insert_of(session, OutcomeRecord)
        new = {name: statement.excluded[name] for name in records[0] if name != "prediction_id"}
        upsert = statement.on_conflict_do_update(index_elements=["prediction_id"], set_=new)
        session.connection().execute(upsert, records)


def _values(row: PredictionRecord) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in row.__table__.columns}


def _insert_of(session: Session, record: type[Base]) -> Insert:
    """The INSERT of a session's database that knows ON CONFLICT; SQLite's and PostgreSQL's are alike."""
    if session.get_bind().dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(record)
    from sqlalchemy.dialects import sqlite

    return sqlite.insert(record)
