"""Single rows of requests that are kept as one record, on SQLite and PostgreSQL."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from mlapi.app.core.database import Database
from mlapi.app.core.feedback import Told
from mlapi.app.models.answered_request import AnsweredRequestRecord
from mlapi.app.models.outcome import OutcomeRecord
from mlapi.app.models.prediction_log import PredictionRecord
from mlapi.app.services.answered_rows import find, find_locked, forget
from mlapi.app.services.feedback_service import record_outcomes
from mlapi.app.services.log_entry import LogEntry
from mlapi.app.services.record_store import RecordStore
from tests.app.bundles import ROW
from tests.app.models.databases import database, url
from tests.app.services.logged import AT, entry, ids_of
from tests.app.services.test_sinks import kept, rig

__all__ = ["database", "url"]

ROWS = [ROW, ROW | {"age": 41}, ROW | {"age": 42}]


@pytest.fixture
def request_of_three(database: Database, url: str) -> LogEntry:
    given = entry(ROWS, at=AT)
    with rig("direct", url) as made:
        made.sink.put(given)
    return given


def ages(url: str) -> list[int]:
    return [row.cells["age"] for row in kept(url)]


def tell(database: Database, ids: Sequence[str], outcome: str = "yes") -> Any:
    return record_outcomes(RecordStore(database), [Told(uuid.UUID(id_), outcome) for id_ in ids], "abcdef12")


def outcomes(database: Database) -> list[str]:
    with database.sessions() as session:
        return sorted(session.scalars(select(OutcomeRecord.prediction_id)))


def delete(database: Database, ids: Sequence[str]) -> set[str]:
    with database.sessions.begin() as session:
        return forget(session, ids)


def test_rows_are_found_by_their_ids(database: Database, request_of_three: LogEntry) -> None:
    first, _, third = ids_of(request_of_three)
    beyond, unknown = f"{first[:-5]}00003", str(uuid.uuid4())
    with database.sessions() as session:
        found = find(session, [third, first, beyond, unknown])
    assert {id_: (row.row_number, row.cells["age"]) for id_, row in found.items()} == {first: (0, 40), third: (2, 42)}
    assert {(row.created_at, row.request_id, row.model_name) for row in found.values()} == {(AT, "request-1", "churn")}
    assert all(row.prediction in row.probabilities for row in found.values())


def test_a_deleted_row_is_gone_and_the_others_stay(database: Database, url: str, request_of_three: LogEntry) -> None:
    first, second, third = ids_of(request_of_three)
    unknown = f"{first[:-5]}00003"
    assert delete(database, [second, unknown]) == {second}
    assert delete(database, [second]) == set()
    assert ages(url) == [40, 42]
    with database.sessions.begin() as session:
        assert find_locked(session, [first, second]).keys() == {first}
        assert "41" not in str(session.scalars(select(AnsweredRequestRecord.cells)).all())
    assert delete(database, [first, third]) == {first, third}
    with database.sessions() as session:
        assert session.scalars(select(AnsweredRequestRecord.id)).all() == []


def test_outcomes_go_with_their_rows(database: Database, url: str, request_of_three: LogEntry) -> None:
    first, second, third = ids_of(request_of_three)
    assert tell(database, [first, third]).recorded == 2
    assert (ages(url), outcomes(database)) == ([40, 41, 42], [first, third])  # copied, and yet shown once
    assert tell(database, [first, second], "no").replaced == 1
    assert delete(database, [first]) == {first}
    assert (ages(url), outcomes(database)) == ([41, 42], [second, third])


def test_an_outcome_of_a_row_that_is_deleted_meanwhile_brings_nothing_back(
    database: Database, url: str, request_of_three: LogEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    [*_, third] = ids = ids_of(request_of_three)
    locked = find_locked

    def delete_first(session: Any, asked: Any) -> Any:
        monkeypatch.undo()
        delete(database, ids[:2])
        return locked(session, asked)

    monkeypatch.setattr("mlapi.app.services.feedback_service.find_locked", delete_first)
    tell(database, ids[:2])
    assert (ages(url), outcomes(database)) == ([42], [])
    monkeypatch.setattr("mlapi.app.services.feedback_service.find_locked", delete_first)
    tell(database, ids[1:])
    assert (ages(url), outcomes(database)) == ([42], [third])


def test_rows_that_an_older_version_kept_are_found_told_of_and_deleted(database: Database, url: str) -> None:
    id_ = str(uuid.uuid4())
    old = {
        "id": id_, "request_id": "r", "row_number": 7, "model_name": "churn", "model_version": "1", "cells": ROW,
        "prediction": "yes", "probabilities": {"no": 0.25, "yes": 0.75}, "key_id": None, "duration_ms": 1.0,
        "environment": "production", "traffic": "live", "created_at": datetime.now(UTC),
    }  # fmt: skip
    with database.sessions.begin() as session:
        session.execute(insert(PredictionRecord), [old])
    assert [(row.id, row.row_number, row.cells) for row in kept(url)] == [(id_, 7, ROW)]
    assert tell(database, [id_]).recorded == 1
    assert outcomes(database) == [id_]
    assert delete(database, [id_]) == {id_}
    assert (kept(url), outcomes(database)) == ([], [])


@pytest.mark.parametrize(
    ("labels", "names"),
    [([True, False, True], ["true", "false", "true"]), ([1, 0, 2], ["1", "0", "2"]), (["1", "ä'", "no"],) * 2],
    ids=["booleans", "integers", "texts"],
)
def test_labels_are_shown_by_class_name(
    database: Database, url: str, request_of_three: LogEntry, labels: list[Any], names: list[str]
) -> None:
    with database.sessions.begin() as session:
        session.execute(update(AnsweredRequestRecord).values(predictions=labels))
        found = find(session, ids_of(request_of_three))
    assert [row.prediction for row in kept(url)] == names
    assert [found[id_].prediction for id_ in ids_of(request_of_three)] == names
