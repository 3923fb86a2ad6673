"""The contract of a sink, on SQLite and PostgreSQL; and what each does while its database cannot be used."""

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import MetaData, select

from mlapi.app.core.database import Database
from mlapi.app.models.migration import upgrade
from mlapi.app.models.model_event import ModelEventRecord
from mlapi.app.models.prediction_log import PredictionRecord
from mlapi.app.services import queue_sink
from mlapi.app.services.direct_sink import REST_S, DirectSink
from mlapi.app.services.log_writer import LogWriter
from mlapi.app.services.model_event import ModelEvent
from mlapi.app.services.prediction_log import LogMetrics, PredictionSink
from mlapi.app.services.queue_sink import QueueSink
from mlapi.app.services.record_store import RecordStore
from mlapi.app.utils.metrics import ServiceMetrics
from mlapi.ops.notify import Event
from tests.app.bundles import ROW
from tests.app.models.databases import database, url
from tests.app.services.logged import AT, entry, ids_of
from tests.app.test_server import until

__all__ = ["database", "url"]

SWAP = ModelEvent(kind="swap", name="churn", version="2", generation=2)
KINDS: dict[str, type[QueueSink] | type[DirectSink]] = {"queue": QueueSink, "direct": DirectSink}


class Heard:
    """A notifier that remembers."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def notify(self, event: Event) -> None:
        self.events.append(event)


class Rig:
    """A sink over a database, with what it counts and whom it tells."""

    def __init__(self, kind: str, url: str, *, wait_s: float = 0.1, keep_days: int = 3653, **arguments: Any) -> None:
        self.metrics = ServiceMetrics()
        self.heard = Heard()
        self.database = Database(url, wait_s=wait_s)
        self.writer = LogWriter(RecordStore(self.database), environment="development", keep_days=keep_days)
        self.sink: PredictionSink = KINDS[kind](self.writer, LogMetrics(self.metrics), self.heard, **arguments)

    def count(self, name: str) -> float:
        samples = {sample.definition.name: sample.value for sample in self.metrics.samples()}
        return samples.get(f"mlapi_prediction_log_{name}_total", 0.0)


@contextmanager
def rig(kind: str, url: str, **arguments: Any) -> Iterator[Rig]:
    made = Rig(kind, url, **arguments)
    try:
        yield made
    finally:
        made.sink.close()


@pytest.fixture(params=list(KINDS))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


VIEW = PredictionRecord.metadata.tables["predictions"].to_metadata(MetaData(), name="answered_rows")


def kept(url: str) -> list[Any]:
    """Every row, by id."""
    database = Database(url)
    upgrade(database)
    with database.engine.connect() as connection:
        found = list(connection.execute(select(VIEW).order_by(VIEW.c.id)))
    database.close()
    return found


class TestContract:
    """What holds of every sink over every database."""

    def test_keeps_what_it_was_given(self, kind: str, url: str) -> None:
        given = entry([ROW, ROW | {"town": None, "income": None}], at=AT)
        with rig(kind, url) as made:
            made.sink.put(given)
        first, second = sorted(kept(url), key=lambda record: record.row_number)
        assert (first.cells, second.cells) == (ROW, ROW | {"town": None, "income": None})
        assert [first.id, second.id] == ids_of(given)
        assert (first.created_at, first.key_id, first.duration_ms) == (AT, "abcdef12", 1.5)
        assert (first.traffic, first.environment, first.request_id) == ("live", "development", "request-1")
        assert first.probabilities[first.prediction] == max(first.probabilities.values())
        assert (made.count("rows"), made.count("dropped"), made.sink.trouble) == (2, 0, None)

    def test_keeps_a_thousand_rows_and_many_requests(self, kind: str, url: str) -> None:
        with rig(kind, url) as made:
            made.sink.put(entry([ROW] * 1000))
            for _ in range(50):
                made.sink.put(entry())
        assert len(kept(url)) == made.count("rows") == 1050

    def test_keeps_events_of_the_model(self, kind: str, url: str) -> None:
        with rig(kind, url) as made:
            made.sink.tell(SWAP, AT)
        database = Database(url)
        with database.sessions() as session:
            found = session.scalars(select(ModelEventRecord)).one()
        database.close()
        assert (found.kind, found.model_version, found.created_at) == ("swap", "2", AT)

    def test_a_row_that_is_there_already_is_left_as_it_is(self, kind: str, url: str) -> None:
        given = entry(at=AT)
        with rig(kind, url) as made:
            made.sink.put(given)
            made.sink.put(given._replace(request_id="another"))
        assert [record.request_id for record in kept(url)] == ["request-1"]

    def test_forgets_what_is_older_than_it_shall_keep(self, kind: str, url: str) -> None:
        old = datetime.now(UTC) - timedelta(days=8)
        with rig(kind, url) as made:
            made.sink.put(entry(at=old))
            made.sink.put(entry())
        with rig(kind, url, keep_days=7) as made:
            made.sink.put(entry())
        assert len(kept(url)) == 2
        assert all(record.created_at > old for record in kept(url))

    def test_an_entry_that_cannot_be_kept_is_dropped_alone(self, kind: str, url: str) -> None:
        with rig(kind, url, **({"clock": lambda: 0.0} if kind == "direct" else {})) as made:
            made.sink.put(entry())
            made.sink.put(entry()._replace(table={}, body=b"no JSON"))
            if kind == "queue":
                made.sink.put(entry())
        assert (made.count("rows"), made.count("dropped")) == (2 if kind == "queue" else 1, 1)


def sqlite_url(folder: Path) -> str:
    return f"sqlite:///{folder / 'service.db'}"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the write lock of a SQLite database, as another process would."""
    connection = sqlite3.connect(folder / "service.db", isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorter waits than those that are right for a service."""
    monkeypatch.setattr(queue_sink, "FIRST_WAIT_S", 0.05)
    monkeypatch.setattr(queue_sink, "GATHER_S", 0.01)


@contextmanager
def gone(folder: Path) -> Iterator[None]:
    """Take the directory away, and put a file in its place."""
    shutil.rmtree(folder)
    folder.touch()
    try:
        yield
    finally:
        folder.unlink()


Fault = Callable[[Path], Any]


@pytest.mark.usefixtures("quick")
class TestFaults:
    """A database that cannot be written."""

    @pytest.mark.parametrize("fault", [locked, gone], ids=["locked", "gone"])
    def test_the_queue_waits_without_delay_and_writes_when_it_can(self, tmp_path: Path, fault: Fault) -> None:
        folder = tmp_path / "db"
        with rig("queue", sqlite_url(folder)) as made:
            made.sink.put(entry())
            until(lambda: made.count("rows") == 1)
            given = entry()
            with fault(folder):
                for _ in range(20):
                    made.sink.put(given._replace(id=entry().id))
                until(lambda: made.count("failures") >= 2)
                assert made.sink.trouble is not None
                assert str(folder) not in made.sink.trouble
            until(lambda: made.count("rows") == 21)
            until(lambda: made.sink.trouble is None)
            until(lambda: len(made.heard.events) == 2)
        assert made.count("dropped") == 0
        assert sorted(event.resolved for event in made.heard.events) == [False, True]
        assert {event.key for event in made.heard.events} == {"prediction-log"}

    def test_a_full_queue_drops_the_oldest_and_tells_once(self, tmp_path: Path) -> None:
        upgrade(Database(sqlite_url(tmp_path)))
        limit_bytes = 10 * entry().size_bytes
        with locked(tmp_path), rig("queue", sqlite_url(tmp_path), limit_bytes=limit_bytes) as made:
            given = [entry() for _ in range(200)]
            for one in given:
                made.sink.put(one)
                assert isinstance(made.sink, QueueSink)
                assert made.sink.waiting_bytes <= limit_bytes
            until(lambda: made.count("failures") >= 1)
            assert made.count("dropped") >= 150
        assert made.count("dropped") == 200
        errors = [event for event in made.heard.events if event.severity == "error"]
        assert [event.summary for event in errors] == [
            "the prediction log has no room left; its oldest rows are dropped"
        ]

    def test_putting_never_waits_for_the_database(self, tmp_path: Path) -> None:
        upgrade(Database(sqlite_url(tmp_path)))
        with rig("queue", sqlite_url(tmp_path), wait_s=600) as made:  # a writer that hangs
            with locked(tmp_path):
                done = threading.Event()

                def put() -> None:
                    for _ in range(1000):
                        made.sink.put(given)
                    done.set()

                given = entry()
                threading.Thread(target=put, daemon=True).start()
                assert done.wait(30)
            until(lambda: made.count("rows") == 1000)

    def test_plenty_does_not_wait_for_company(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(queue_sink, "GATHER_S", 600)
        given = entry()
        with rig("queue", sqlite_url(tmp_path)) as made:
            for _ in range(queue_sink.PLENTY):
                made.sink.put(given._replace(id=entry().id))
            until(lambda: made.count("rows") == queue_sink.PLENTY)
            made.sink.put(entry([ROW] * 1000)._replace(body=entry([ROW] * 1000).body + b" " * queue_sink.BATCH_BYTES))
            until(lambda: made.count("rows") == queue_sink.PLENTY + 1000)
            made.sink.put(entry())
        assert made.count("rows") == queue_sink.PLENTY + 1001  # what is left is written at the end

    def test_a_full_disk_is_waited_out(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with rig("queue", sqlite_url(tmp_path)) as made:
            made.sink.put(entry())
            until(lambda: made.count("rows") == 1)
            database = made.database
            # As many pages as there are: SQLite then says that the disk is full.
            monkeypatch.setattr("mlapi.app.core.database.PRAGMAS", ("journal_mode = WAL", "max_page_count = 1"))
            database.close()
            made.sink.put(entry([ROW] * 500))
            until(lambda: made.sink.trouble == "database or disk is full")
            monkeypatch.setattr("mlapi.app.core.database.PRAGMAS", ("journal_mode = WAL", "max_page_count = 100000"))
            database.close()
            until(lambda: made.count("rows") == 501)

    def test_a_server_that_is_away_is_waited_for(self, tmp_path: Path) -> None:
        from tests.fixtures import postgres

        with postgres.running() as server:
            address = f"postgresql://{postgres.USER}@127.0.0.1:{server.port}/postgres"
            with rig("queue", address, wait_s=1) as made:
                made.sink.put(entry())
                until(lambda: made.count("rows") == 1)
                server.stop()
                made.sink.put(entry())
                until(lambda: made.count("failures") >= 2)
                server.start()
                until(lambda: made.count("rows") == 2)
            assert len(kept(address)) == 2

    def test_a_direct_sink_rests_after_a_failure(self, tmp_path: Path) -> None:
        upgrade(Database(sqlite_url(tmp_path)))
        now = [0.0]
        with rig("direct", sqlite_url(tmp_path), wait_s=0.01, clock=lambda: now[0]) as made:
            with locked(tmp_path):
                for _ in range(10):
                    made.sink.put(entry())
            made.sink.put(entry())
            assert (made.count("failures"), made.count("dropped"), made.count("rows")) == (1, 11, 0)
            now[0] = REST_S
            made.sink.put(entry())
            assert (made.count("rows"), made.sink.trouble) == (1, None)

    def test_a_driver_that_is_missing_is_told_and_harms_nothing(self) -> None:
        with rig("direct", "oracle://host/name") as made:
            made.sink.put(entry())
            assert made.sink.trouble is not None
            assert made.sink.trouble.startswith("MLAPI_DATABASE_URL: its driver is missing")


def test_what_waits_takes_no_more_memory_than_it_may() -> None:
    """RELIABILITY: 20 MB at most beside what the process had before, whatever is put in while nothing is written."""
    script = """
import sys
from pathlib import Path
from tests.app.services.test_sinks import Rig, entry
from tests.app.bundles import ROW

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6

made = Rig("queue", "sqlite:////dev/null/service.db")
large = [ROW | {"town": None, "income": float(n)} for n in range(1000)]
for _ in range(3):
    made.sink.put(entry(large))
before = resident()
for number in range(int(sys.argv[1])):
    made.sink.put(entry(large if number % 10 == 0 else large[:1]))
print(resident() - before, made.count("dropped"))
import os
os._exit(0)
"""
    n_requests = 20_000 if os.environ.get("MLAPI_PROVE") else 1000
    done = subprocess.run([sys.executable, "-c", script, str(n_requests)], capture_output=True, text=True, check=True)
    grown_mb, dropped = map(float, done.stdout.split())
    assert grown_mb <= 20
    assert dropped > 0
