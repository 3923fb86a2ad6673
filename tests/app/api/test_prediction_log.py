"""The prediction log from a client's side, on SQLite and on PostgreSQL."""

import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from mlapi.app.core.database import Database
from mlapi.app.models.model_event import ModelEventRecord
from tests.app.bundles import ROW, bundle
from tests.app.models.databases import url
from tests.app.service import KEY, Service, publish, settings
from tests.app.services.test_sinks import kept
from tests.app.test_server import until

__all__ = ["url"]


@contextmanager
def logging_to(url: str, state_dir: Path, **more: str) -> Iterator[Service]:
    publish(state_dir, "churn", bundle(("no", "yes")))
    given = {"prediction_log": "on", "database_url": url, **more}
    with Service(settings(state_dir, **given)) as service:
        yield service


def test_it_is_off_unless_asked_for(service: Service, state_dir: Path) -> None:
    assert "prediction_ids" not in service.post({"data": [ROW]}).json()
    assert not (state_dir / "service.db").exists()
    for answer in (service.get("/models/current/quality"), service.post({}, "/feedback")):
        assert answer.status_code in (400, 404)
    told = {"prediction_id": str(uuid.uuid4()), "outcome": 0}
    answer = service.post(told, "/v1/feedback")
    assert (answer.status_code, answer.json()["error"]) == (404, "log_off")
    assert "MLAPI_PREDICTION_LOG" in answer.json()["message"]


@pytest.mark.parametrize("sink", ["queue", "direct"])
def test_answers_carry_the_ids_of_what_is_kept(url: str, tmp_path: Path, sink: str) -> None:
    unseen = ROW | {"town": "Atlantis"}
    with logging_to(url, tmp_path, prediction_log_sink=sink, prediction_log_redact="income") as service:
        answer = service.post(
            {"data": [ROW, unseen], "options": {"probabilities": True}}, headers={"X-Traffic-Label": "replay"}
        )
        request_id = answer.headers["x-request-id"]
        body = answer.json()
    first, second = sorted(kept(url), key=lambda record: record.row_number)
    assert body["prediction_ids"] == [first.id, second.id]
    assert {uuid.UUID(id_).version for id_ in body["prediction_ids"]} == {7}
    assert (first.cells, second.cells["town"]) == (ROW | {"income": "[redacted]"}, "Atlantis")
    assert [first.prediction, second.prediction] == body["predictions"]
    assert [first.probabilities, second.probabilities] == body["probabilities"]
    assert (first.request_id, first.model_version, first.traffic) == (request_id, "1", "replay")
    assert first.key_id is not None
    assert KEY not in str(first)


def test_every_way_in_is_kept_and_a_client_may_say_no(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'service.db'}"
    with logging_to(url, tmp_path) as service:
        lines = service.call(
            "POST", "/predict", content=b'{"age":1,"member":true,"plan":"plus"}\n',
            headers={"Content-Type": "application/x-ndjson", "Accept": "application/x-ndjson"},
        )  # fmt: skip
        assert service.post({"dataframe_records": [ROW]}, "/invocations").status_code == 200
        without = service.post({"data": [ROW]}, headers={"X-Prediction-Log": "off"})
        assert "prediction_ids" not in without.json()
        assert service.post({"data": [{}]}).status_code == 422
    assert sorted(record.cells["age"] for record in kept(url)) == [1, 40]
    assert lines.json()["prediction_id"] in {record.id for record in kept(url)}


def test_events_of_the_model_are_kept(url: str, tmp_path: Path) -> None:
    with logging_to(url, tmp_path) as service:
        publish(tmp_path, "churn", bundle(("no", "yes"), seed=2))
        assert service.models is not None
        service.models.load_now()
        broken = publish(tmp_path, "churn", bundle(("no", "yes"), seed=3))
        (tmp_path / "serving" / "churn" / "versions" / broken / "manifest.json").write_bytes(b"{}")
        service.models.load_now()
    database = Database(url)
    with database.sessions() as session:
        found = list(session.scalars(select(ModelEventRecord).order_by(ModelEventRecord.created_at)))
    database.close()
    assert [(event.kind, event.model_version) for event in found] == [("load", "1"), ("swap", "2"), ("refusal", "3")]
    assert found[2].code == "digest_mismatch"


def test_a_database_that_is_away_degrades_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "service.db").mkdir()
    with logging_to(f"sqlite:///{tmp_path / 'service.db'}", tmp_path) as service:
        assert service.post({"data": [ROW]}).status_code == 200
        until(lambda: service.get("/health/ready").json()["status"] == "degraded")
        current = service.get("/models/current").json()
        assert current["degraded"] == "log_unavailable"
        assert str(tmp_path) not in current["degraded_reason"]
        quality = service.get("/models/current/quality")
        assert (quality.status_code, quality.json()["error"]) == (503, "log_unavailable")
        assert quality.headers["retry-after"] == "5"


def told(service: Service, body: Any, **arguments: Any) -> Any:
    """Tell outcomes, when the rows are written."""
    until(lambda: service.post(body, "/feedback", **arguments).status_code != 404)
    return service.post(body, "/feedback", **arguments)


class TestFeedback:
    """Outcomes, one or many."""

    def test_the_same_outcome_again_changes_nothing_and_another_replaces(self, url: str, tmp_path: Path) -> None:
        with logging_to(url, tmp_path) as service:
            [id_] = service.post({"data": [ROW]}).json()["prediction_ids"]
            yes = {"prediction_id": id_, "outcome": "yes"}
            until(lambda: len(kept(url)) == 1)
            counted = [service.post(yes, "/v1/feedback").json()]
            outcomes = [{"prediction_id": id_, "outcome": outcome} for outcome in ("yes", "no", "no", "yes")]
            counted += [service.post(outcome, "/feedback").json() for outcome in outcomes]
            assert [max(one, key=lambda name: one[name] if name != "rejected" else 0) for one in counted] == [
                "recorded", "unchanged", "replaced", "unchanged", "replaced",
            ]  # fmt: skip
            assert all(one["rejected"] == [] for one in counted)
            [version] = service.get("/models/current/quality").json()["versions"]
            assert version["n_outcomes"] == 1

    def test_of_many_the_good_ones_are_taken_and_the_others_named(self, url: str, tmp_path: Path) -> None:
        unknown = str(uuid.uuid4())
        with logging_to(url, tmp_path) as service:
            first, second = service.post({"data": [ROW, ROW]}).json()["prediction_ids"]
            body = {"prediction_id": first, "outcome": "no"}
            told(service, body)
            answer = service.post(
                {
                    "outcomes": [
                        body,
                        {"prediction_id": unknown, "outcome": "no"},
                        {"prediction_id": second, "outcome": "?"},
                    ]
                },
                "/feedback",
            )
        assert answer.json() == {
            "recorded": 0,
            "replaced": 0,
            "unchanged": 1,
            "rejected": [
                {"index": 1, "prediction_id": unknown, "code": "prediction_not_found"},
                {"index": 2, "prediction_id": second, "code": "invalid_outcome"},
            ],
        }

    def test_one_alone_that_cannot_be_taken_is_an_error(self, url: str, tmp_path: Path) -> None:
        with logging_to(url, tmp_path) as service:
            [id_] = service.post({"data": [ROW]}).json()["prediction_ids"]
            wrong = told(service, {"prediction_id": id_, "outcome": "perhaps"})
            missing = service.post({"prediction_id": str(uuid.uuid4()), "outcome": "yes"}, "/feedback")
        assert (wrong.status_code, wrong.json()["error"]) == (422, "invalid_outcome")
        assert wrong.json()["details"] == {"expected": ["no", "yes"]}
        assert (missing.status_code, missing.json()["error"]) == (404, "prediction_not_found")

    @pytest.mark.parametrize(
        "body",
        [
            b"[]",
            b"{}",
            b'{"outcomes": []}',
            b'{"outcomes": {}}',
            b'{"outcomes": [1]}',
            b'{"prediction_id": "no id", "outcome": 1}',
            b'{"prediction_id": 7, "outcome": 1}',
            b'{"prediction_id": "019bf3a45c2e7d119a3b0c1d2e3f4a5b", "outcome": 1}',
            b'{"prediction_id": "urn:uuid:019bf3a4-5c2e-7d11-9a3b-0c1d2e3f4a5b", "outcome": 1}',
            b'{"prediction_id": "{019bf3a4-5c2e-7d11-9a3b-0c1d2e3f4a5b}", "outcome": 1}',
            b'{"prediction_id": "019bf3a4-5c2e-7d11-9a3b-0c1d2e3f4a5b", "outcome": 1.5}',
            b'{"prediction_id": "019bf3a4-5c2e-7d11-9a3b-0c1d2e3f4a5b", "outcome": null}',
            b'{"prediction_id": "019bf3a4-5c2e-7d11-9a3b-0c1d2e3f4a5b", "outcome": 1, "more": 1}',
            b'{"outcomes": '
            + str([{"prediction_id": str(uuid.UUID(int=7)), "outcome": "a"}] * 2).replace("'", '"').encode()
            + b"}",
        ],
        ids=range(14),
    )
    def test_what_is_no_outcome_is_a_bad_request(self, tmp_path: Path, body: bytes) -> None:
        with logging_to(f"sqlite:///{tmp_path / 'service.db'}", tmp_path) as service:
            answer = service.post(body, "/feedback")
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")

    def test_a_locked_database_asks_to_come_back(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("mlapi.app.core.database.Database.__init__.__kwdefaults__", {"wait_s": 0.05})
        with logging_to(f"sqlite:///{tmp_path / 'service.db'}", tmp_path) as service:
            [id_] = service.post({"data": [ROW]}).json()["prediction_ids"]
            body = {"prediction_id": id_, "outcome": "yes"}
            told(service, body)
            connection = sqlite3.connect(tmp_path / "service.db", isolation_level=None)
            connection.execute("BEGIN IMMEDIATE")
            answer = service.post(body | {"outcome": "no"}, "/feedback")
            connection.execute("ROLLBACK")
            connection.close()
            assert (answer.status_code, answer.json()["error"]) == (503, "log_unavailable")
            assert service.post(body | {"outcome": "no"}, "/feedback").json()["replaced"] == 1


def test_quality_is_that_of_the_outcomes_by_version(url: str, tmp_path: Path) -> None:
    rows = [ROW | {"age": age, "plan": plan} for age in range(0, 90, 9) for plan in ("basic", "plus")]
    with logging_to(url, tmp_path) as service:
        service.post({"data": rows})
        until(lambda: len(kept(url)) == len(rows))
        records = kept(url)
        outcomes = [{"prediction_id": record.id, "outcome": "yes"} for record in records]
        assert service.post({"outcomes": outcomes}, "/v1/feedback").json()["recorded"] == len(rows)
        quality = service.get("/v1/models/current/quality").json()
        metrics = service.get("/metrics").text
    [version] = quality["versions"]
    assert (quality["model_name"], quality["version"], version["version"]) == ("churn", "1", "1")
    assert version["n_outcomes"] == sum(one["n"] for one in version["calibration"]) == len(rows)
    expected = expected_quality(records)
    assert version["accuracy"] == pytest.approx(expected["accuracy"])
    assert version["log_loss"] == pytest.approx(expected["log_loss"])
    assert version["calibration_error"] == pytest.approx(expected["calibration_error"])
    lower, upper = version["accuracy_interval"]
    assert 0 <= lower <= version["accuracy"] <= upper <= 1
    assert f'mlapi_feedback_total{{result="recorded"}} {len(rows)}' in metrics


def expected_quality(records: list[Any]) -> dict[str, float]:
    """By scikit-learn and NumPy, for outcomes that are all `yes`."""
    import numpy as np
    from sklearn.metrics import accuracy_score, log_loss

    truth = ["yes"] * len(records)
    predicted = [record.prediction for record in records]
    probabilities = np.array([[record.probabilities[name] for name in ("no", "yes")] for record in records])
    confidence = np.array([record.probabilities[record.prediction] for record in records])
    right = np.array(predicted) == "yes"
    place = np.minimum((confidence * 10).astype(int), 9)
    error = sum(
        (place == number).sum() * abs(confidence[place == number].mean() - right[place == number].mean())
        for number in set(place)
    )
    return {
        "accuracy": accuracy_score(truth, predicted),
        "log_loss": log_loss(truth, probabilities / probabilities.sum(axis=1, keepdims=True), labels=["no", "yes"]),
        "calibration_error": error / len(records),
    }
