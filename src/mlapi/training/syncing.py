"""Bringing to the tracking server and the store what was kept here while they were away; run twice, nothing changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mlapi.bundle import load
from mlapi.bundle.errors import BundleError
from mlapi.bundle.store.durable import locked
from mlapi.training.copying import TARGET_TAG
from mlapi.training.errors import TrackingError
from mlapi.training.killed import PARENT_TAG
from mlapi.training.mirror import Direct, Mirror
from mlapi.training.processes import PROCESS_TAG, Process
from mlapi.training.progress import Progress, silent
from mlapi.training.recording import Recording, tracking_event
from mlapi.training.registry import ModelRegistrar, Source
from mlapi.training.spool import Spool, Waiting
from mlapi.training.stores import open_at
from mlapi.training.tracking_server import TrackingServer

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

    from mlapi.bundle.store.protocol import Store
    from mlapi.ops.notify import Notifier
    from mlapi.ops.settings import Settings


@dataclass
class Synced:
    """What was done: runs sent, versions registered and linked as (model, version), and what could not be done."""

    runs: int = 0
    registered: list[tuple[str, str]] = field(default_factory=list)
    linked: list[tuple[str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Ended:
    """A bundle that waits, and its run: where it is recorded, what others know it by, when it ended (milliseconds)."""

    waiting: Waiting
    bundle: Path
    run_id: str
    end_ms: int
    failed: bool


class Sync:
    """Sends runs, then registers bundles.

    One rule of precedence: what the store has stays as it is. Bundles get the next numbers in the order in which their
    runs ended, ties by the runs' ids; one whose content is there already is linked to that version. No alias is moved.
    """

    def __init__(self, settings: Settings, notifier: Notifier | None = None) -> None:
        """Take what was kept and where it belongs, and whom to tell."""
        self._settings = settings
        self._spool = Spool(settings.state_dir)
        self._server = TrackingServer(settings.mlflow)
        self._recording = Recording(settings, notifier)

    def run(self, progress: Progress = silent) -> Synced:
        """Do it all.

        Args:
            progress: hears of each run and bundle.

        Raises:
            TrackingError: the tracking server does not answer, or refuses.
        """
        done = Synced()
        self._server.check()
        if self._spool.exists:
            self._send_runs(done, progress)
        self._register(done, progress)
        if not done.problems:
            self._recording.tell(tracking_event(None))
        return done

    def _send_runs(self, done: Synced, progress: Progress) -> None:
        with self._spool.prepare().reached() as client:
            self._recording.mark_killed(client, Direct())  # sent below, with the others
            mirror = Mirror(client, self._spool.copying_lock, self._server)
            for run in sorted(_idle(client), key=_lowest_first):
                progress(f"sending run {run.info.run_id}")
                try:
                    mirror.copy(run.info.run_id)
                    done.runs += 1
                except TrackingError as error:
                    done.problems.append(f"run {run.info.run_id}: {error}")

    def _register(self, done: Synced, progress: Progress) -> None:
        if not any(self._spool.waiting()):
            return
        with self._home.reached() as client, locked(self._spool.registering_lock):
            ended = [one for pair in self._spool.waiting() if (one := _ended(client, *pair)) is not None]
            store = open_at(self._settings)
            for one in sorted(ended, key=lambda one: (one.end_ms, one.waiting.run_id)):
                progress(f"registering {one.waiting.name}")
                try:
                    self._settle(store, one, done)
                except (BundleError, TrackingError) as error:
                    done.problems.append(f"bundle of run {one.waiting.run_id}: {error}")
                    break  # a later one must not get the number of an earlier one

    def _settle(self, store: Store, one: Ended, done: Synced) -> None:
        """Give a bundle its version, or the one that has its content; a run that failed leaves none."""
        waiting = one.waiting
        if not one.failed:
            same = [
                record for record in store.versions(waiting.name) if record.content_digest == waiting.content_digest
            ]
            version = same[0].version if same else _added(store, one)
            (done.linked if same else done.registered).append((waiting.name, version))
            with self._server.reached() as client:
                client.set_tag(one.run_id, "mlapi.version", version)
        self._spool.drop(waiting)

    @property
    def _home(self) -> TrackingServer:
        """Where the runs of waiting bundles are recorded."""
        return self._spool.server if self._server.far and self._spool.exists else self._server


def _added(store: Store, one: Ended) -> str:
    bundle = load(one.bundle)
    source = Source(one.run_id, bundle.schema, bundle.decision)
    return ModelRegistrar(store).add(one.waiting.name, one.bundle, source, one.waiting.tags).version


def _ended(client: MlflowClient, waiting: Waiting, bundle: Path) -> Ended | None:
    """Find the run of a bundle that waits; None while it goes on."""
    run = client.get_run(waiting.run_id)
    if run.info.end_time is None:
        return None
    run_id = run.data.tags.get(TARGET_TAG, waiting.run_id)
    return Ended(waiting, bundle, run_id, run.info.end_time, run.info.status == "FAILED")


def _idle(client: MlflowClient) -> list[Run]:
    """Give the runs that no living process is at; the others send themselves."""
    experiments = [one.experiment_id for one in client.search_experiments(max_results=1000)]
    found: list[Run] = []
    token: str | None = ""
    while token is not None:
        page = client.search_runs(experiments, page_token=token or None)
        found += [run for run in page if not _is_busy(run)]
        token = page.token or None
    return found


def _is_busy(run: Run) -> bool:
    process = Process.from_tag(run.data.tags.get(PROCESS_TAG, ""))
    return run.info.status == "RUNNING" and process is not None and not process.is_gone


def _lowest_first(run: Run) -> tuple[bool, int]:
    """Order runs so that what is below goes before what it is below, and otherwise by their begin."""
    return PARENT_TAG not in run.data.tags, run.info.start_time
