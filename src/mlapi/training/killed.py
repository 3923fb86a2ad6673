"""Runs whose process ended without a word: they are marked, so that nothing stays RUNNING for ever."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from mlapi.bundle.errors import StoreUnavailable
from mlapi.training.processes import PROCESS_TAG, Process

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

FAILURE_TAG = "mlapi.failure"
PARENT_TAG = "mlflow.parentRunId"
VERSION_TAG = "mlapi.version"


class Killed(NamedTuple):
    """A run that was marked, and why it failed; None where it had done its work."""

    run: Run
    reason: str | None


def mark_killed(client: MlflowClient, version_of: Callable[[Run], str | None]) -> list[Killed]:
    """Mark the runs of this host that are RUNNING and whose process is gone.

    One that was killed after its version had been registered has done what it was for and is FINISHED; any other is
    FAILED with its reason.

    Args:
        client: of the database that the runs are in.
        version_of: gives the version that a run has made, None if none; may raise StoreUnavailable.

    Returns:
        What was marked, without the runs below another.
    """
    marked = []
    for run, process in list(_gone(client)):
        try:
            version = version_of(run)
        except StoreUnavailable:
            continue  # nobody can tell now; the next one looks again
        reason = None if version else f"killed: process {process.pid} on {process.host} ended without a word"
        key, value = (FAILURE_TAG, reason) if reason else (VERSION_TAG, version)
        client.set_tag(run.info.run_id, key, value)
        client.set_terminated(run.info.run_id, "FAILED" if reason else "FINISHED")
        if PARENT_TAG not in run.data.tags:
            marked.append(Killed(run, reason))
    return marked


def _gone(client: MlflowClient) -> Iterator[tuple[Run, Process]]:
    experiments = [one.experiment_id for one in client.search_experiments(max_results=1000)]
    token: str | None = ""
    while token is not None:
        page = client.search_runs(experiments, "attributes.status = 'RUNNING'", page_token=token or None)
        for run in page:
            process = Process.from_tag(run.data.tags.get(PROCESS_TAG, ""))
            if process is not None and process.is_gone:
                yield run, process
        token = page.token or None
