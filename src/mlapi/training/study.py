"""Where a search keeps its trials: a journal beside the other state, or a database that several machines share.

A process that works on a study holds a shared lock, which the system takes away when the process ends, however it
ends. Whoever can have the lock alone knows that trials which still count as running belong to the dead.
"""

from __future__ import annotations

import fcntl
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from mlapi.bundle.store.mlflow.border import without_credentials
from mlapi.training.errors import SearchError

if TYPE_CHECKING:
    import optuna
    from optuna.trial import FrozenTrial

WORKER = "worker"  # what a trial carries as soon as its process is at it: the number of that
BUSY = "another process is at this search; join it with --resume, or wait"
HEARTBEAT_S, STALE_S = 10, 40  # of a database: a machine that is silent for so long is taken for dead


@dataclass(frozen=True)
class StudyPlace:
    """Where the study of one table and one configuration is."""

    folder: Path
    name: str
    database: str | None = None

    @property
    def journal(self) -> Path:
        """The file of trials, where no database keeps them."""
        return self.folder / f"{self.name}.journal"

    @contextmanager
    def claimed(self, *, resume: bool) -> Iterator[Claim]:
        """Begin the study anew, or take an earlier one up where there is one.

        Raises:
            SearchError: somebody is at work on it.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / f"{self.name}.lock").open("a") as file:
            alone = _alone(file.fileno())
            if not alone and not resume:
                raise SearchError(self.name, BUSY)
            if not alone:
                fcntl.flock(file, fcntl.LOCK_SH)
            with self._opened(fresh=not resume) as study:
                claim = Claim(study, file.fileno(), self.database is None)
                claim.recover()
                yield claim

    @contextmanager
    def joined(self) -> Iterator[Claim]:
        """Work on a study that another process on this machine has claimed."""
        with (self.folder / f"{self.name}.lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            with self._opened(fresh=False) as study:
                yield Claim(study, file.fileno(), self.database is None)

    @contextmanager
    def _opened(self, *, fresh: bool) -> Iterator[optuna.Study]:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        if fresh and self.database is None:
            self.journal.unlink(missing_ok=True)
        kept = nullcontext(open_journal(self.journal)) if self.database is None else _database(self.database)
        with kept as storage:
            if fresh and self.name in optuna.study.get_all_study_names(storage):
                earlier = optuna.load_study(study_name=self.name, storage=storage)
                recover_shared(earlier)
                if running(earlier):
                    raise SearchError(self.name, BUSY)
                optuna.delete_study(study_name=self.name, storage=storage)
            yield optuna.create_study(storage=storage, study_name=self.name, load_if_exists=True, direction="minimize")


class Claim:
    """A study that this process works on."""

    def __init__(self, study: optuna.Study, lock: int, local: bool) -> None:
        self.study = study
        self._lock = lock
        self._local = local

    def recover(self) -> None:
        """Mark trials of dead processes as failed, so that they are tried again.

        A journal's trials all belong to this machine; a database knows by itself who has gone silent.
        """
        if self._local and _alone(self._lock):
            for trial in running(self.study):
                _fail(self.study, trial)
        elif not self._local:
            recover_shared(self.study)
        fcntl.flock(self._lock, fcntl.LOCK_SH)


def running(study: optuna.Study) -> list[FrozenTrial]:
    """Give the trials that count as running."""
    from optuna.trial import TrialState

    return study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))


def recover_shared(study: optuna.Study) -> None:
    """Mark trials as failed whose machine has gone silent, or whose process died before it gave a first sign."""
    import optuna

    with quiet():
        optuna.storages.fail_stale_trials(study)
    latest = datetime.now() - timedelta(seconds=STALE_S)  # noqa: DTZ005 # optuna keeps local times without a zone
    for trial in running(study):
        if WORKER not in trial.user_attrs and trial.datetime_start is not None and trial.datetime_start < latest:
            _fail(study, trial)


def _fail(study: optuna.Study, trial: FrozenTrial) -> None:
    from optuna.trial import TrialState

    study.tell(trial.number, state=TrialState.FAIL)


def open_journal(path: Path) -> optuna.storages.JournalStorage:
    """Open a journal; a last line that a full disk or a crash cut short is cut off, or no later one could be read."""
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

    class Lock(JournalFileOpenLock):  # optuna's own locks outlive a killed process by 30 s
        _file = -1

        def acquire(self) -> bool:
            self._file = os.open(path.with_suffix(".writing"), os.O_CREAT | os.O_RDWR, 0o644)
            fcntl.flock(self._file, fcntl.LOCK_EX)
            return True

        def release(self) -> None:
            os.close(self._file)

    lock = Lock(str(path))
    lock.acquire()
    if path.exists() and (whole := path.read_bytes()) and not whole.endswith(b"\n"):
        os.truncate(path, whole.rfind(b"\n") + 1)
    lock.release()
    return JournalStorage(JournalFileBackend(str(path), lock_obj=lock))


@contextmanager
def quiet() -> Iterator[None]:
    """Keep optuna's remarks on what it calls experimental from the user."""
    from optuna.exceptions import ExperimentalWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        yield


@contextmanager
def _database(address: str) -> Iterator[optuna.storages.RDBStorage]:
    from optuna.exceptions import StorageInternalError
    from optuna.storages import RDBStorage
    from sqlalchemy.exc import SQLAlchemyError

    try:
        with quiet():
            storage = RDBStorage(address, heartbeat_interval=HEARTBEAT_S, grace_period=STALE_S)
    except Exception as error:  # whatever SQLAlchemy or the driver says: there is no tree of theirs
        raise _refused(address, error) from error
    try:
        yield storage
    except (SQLAlchemyError, StorageInternalError) as error:
        raise _refused(address, error) from error
    finally:
        storage.remove_session()
        storage.engine.dispose()


def _refused(address: str, error: Exception) -> SearchError:
    cause = error.__cause__ or error  # optuna's own words tell nothing of what the database said
    reason = without_credentials((str(cause).splitlines() or [type(cause).__name__])[0])
    return SearchError(without_credentials(address), reason)


def _alone(lock: int) -> bool:
    """Try to have the lock for this process only."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
