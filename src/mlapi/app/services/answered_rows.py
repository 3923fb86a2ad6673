"""Single rows of what the prediction log keeps by request. SQLAlchemy is imported by the functions that need it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from mlapi.app.core.uuid7 import row_of
from mlapi.bundle.decision import class_name

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from mlapi.app.models.answered_request import AnsweredRequestRecord
    from mlapi.app.models.prediction_log import PredictionRecord


def find(session: Session, ids: Collection[str]) -> dict[str, PredictionRecord]:
    """Give the rows with these ids that are kept, as records of their own that are in no session."""
    from sqlalchemy import select

    from mlapi.app.models.answered_request import AnsweredRequestRecord as Request
    from mlapi.app.models.prediction_log import PredictionRecord

    alone = session.scalars(select(PredictionRecord).where(PredictionRecord.id.in_(ids)))
    found = {record.id: record for record in alone}
    sought = _by_request(set(ids) - found.keys())
    for request in session.scalars(select(Request).where(Request.id.in_(sought))):
        found |= {row.id: row for id_, number in sought[request.id] if (row := _row(request, id_, number)) is not None}
    session.expunge_all()
    return found


def find_locked(session: Session, ids: Collection[str]) -> dict[str, PredictionRecord]:
    """Likewise, and nobody else changes them before the transaction ends, which begins with this."""
    _lock(session, ids)
    return find(session, ids)


def forget(session: Session, ids: Collection[str]) -> set[str]:
    """Delete rows with their outcomes; gives the ids of those that were there."""
    from sqlalchemy import delete, select

    from mlapi.app.models.answered_request import AnsweredRequestRecord as Request
    from mlapi.app.models.prediction_log import PredictionRecord

    _lock(session, ids)
    alone = delete(PredictionRecord).where(PredictionRecord.id.in_(ids)).returning(PredictionRecord.id)
    gone = set(session.scalars(alone))
    sought = _by_request(ids)
    for request in session.scalars(select(Request).where(Request.id.in_(sought))):
        gone |= _blank(request, sought[request.id])
        if all(row is None for row in request.cells):
            session.delete(request)
    return gone


def _lock(session: Session, ids: Collection[str]) -> None:
    """Keep others from the requests of rows; by a write, since on SQLite who has read cannot wait for a writer."""
    from sqlalchemy import update

    from mlapi.app.models.answered_request import AnsweredRequestRecord as Request

    session.execute(update(Request).where(Request.id.in_(_by_request(ids))).values(n_rows=Request.n_rows))


def _by_request(ids: Iterable[str]) -> dict[str, list[tuple[str, int]]]:
    """Ids and numbers of rows by their request's id."""
    sought: dict[str, list[tuple[str, int]]] = {}
    for id_ in ids:
        request_id, number = row_of(id_)
        sought.setdefault(request_id, []).append((id_, number))
    return sought


def _row(request: AnsweredRequestRecord, id_: str, number: int) -> PredictionRecord | None:
    """One row, None where there is none, or no longer."""
    from mlapi.app.models.answered import SHARED
    from mlapi.app.models.prediction_log import PredictionRecord

    if number >= request.n_rows or request.cells[number] is None or (label := request.predictions[number]) is None:
        return None
    return PredictionRecord(
        **{name: getattr(request, name) for name in SHARED},
        id=id_,
        row_number=number,
        cells=request.cells[number],
        prediction=class_name(label),
        probabilities=request.probabilities[number],
    )


def _blank(request: AnsweredRequestRecord, rows: Iterable[tuple[str, int]]) -> set[str]:
    """Take rows out of a record; gives the ids of those that were there."""
    there = {number: id_ for id_, number in rows if number < request.n_rows and request.cells[number] is not None}
    for name in ("cells", "predictions", "probabilities"):
        kept = [None if number in there else one for number, one in enumerate(getattr(request, name))]
        setattr(request, name, kept)
    return set(there.values())
