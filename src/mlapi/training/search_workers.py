"""The other processes of a search: started beside this one, ended with it."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import msgspec

from mlapi.training.config import TrainingConfig
from mlapi.training.interruption import Interruption
from mlapi.training.preparation import Prepared
from mlapi.training.search_job import SearchJob, save_rows
from mlapi.training.search_rows import folded, threads
from mlapi.training.study import StudyPlace
from mlapi.training.trainer import trainer_arguments

log = logging.getLogger(__name__)


@contextmanager
def helped(job: SearchJob, count: int, interruption: Interruption) -> Iterator[None]:
    """Let further processes search along.

    Args:
        job: what each is told, its number apart.
        count: how many.
        interruption: where it was asked for, they end in the midst of their trials.

    They end by themselves when no trial is left to begin; the last of theirs are waited for. One that breaks is told of
    in the log, and its trial is tried again by those who are left.
    """
    with tempfile.TemporaryFile() as said:
        workers = [_started(msgspec.structs.replace(job, worker=number), said) for number in range(1, count + 1)]
        try:
            yield
        except BaseException:
            interruption.asked = True
            raise
        finally:
            for worker in workers:
                if interruption.asked and worker.poll() is None:
                    worker.send_signal(signal.SIGINT)
                if worker.wait() != 0 and not interruption.asked:
                    log.warning("a worker of the search ended with %d: %s", worker.returncode, _last_line(said))


@contextmanager
def helpers(
    prepared: Prepared, config: TrainingConfig, place: StudyPlace, interruption: Interruption
) -> Iterator[None]:
    """Let as many further processes search along as the configuration says."""
    if config.workers == 1:
        yield
        return
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch, "rows.npz")
        save_rows(file, *folded(prepared, config))
        job = SearchJob(
            rows=str(file),
            trainer=trainer_arguments(prepared, config) | {"threads": threads(config)},
            start=config.params.as_xgboost(),
            space={name: one.model_dump(mode="json") for name, one in config.search.items()},
            seed=config.seed,
            folder=str(place.folder),
            name=place.name,
            database=place.database,
            trials=config.trials,
            timeout_s=config.search_timeout_s,
        )
        with helped(job, config.workers - 1, interruption):
            yield


def _started(job: SearchJob, said: IO[bytes]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "mlapi.training.search_worker"]
    worker = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said)
    assert worker.stdin is not None
    with worker.stdin as pipe:
        pipe.write(msgspec.json.encode(job))
    return worker


def _last_line(said: IO[bytes]) -> str:
    said.seek(0)
    return (said.read().decode(errors="replace").strip().splitlines() or ["no word"])[-1]
