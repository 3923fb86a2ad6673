"""Work on the records for a request: in a few threads, so that a database that hangs delays nobody else."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from mlapi.app.core.errors import LogUnavailable, Overloaded
from mlapi.app.services.record_store import RecordStore
from mlapi.ops.errors import SettingsError

N_THREADS: Final = 2
MOST_WAITING: Final = 16

log = logging.getLogger(__name__)
T = TypeVar("T")


class RecordReader:
    """Runs work on one store."""

    def __init__(self, store: RecordStore) -> None:
        """Take the store."""
        self._store = store
        self._pool = ThreadPoolExecutor(N_THREADS, thread_name_prefix="records")
        self._n_waiting = 0

    async def run(self, work: Callable[[RecordStore], T]) -> T:
        """Do something in a thread; raises LogUnavailable or Overloaded, and what the work raises of ours."""
        if self._n_waiting >= MOST_WAITING:
            raise Overloaded
        self._n_waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, self._guarded, work)
        finally:
            self._n_waiting -= 1

    def close(self) -> None:
        """Let what runs come to its end, and close the connections."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._store.close()

    def _guarded(self, work: Callable[[RecordStore], T]) -> T:
        from sqlalchemy.exc import SQLAlchemyError

        try:
            return work(self._store)
        except (SQLAlchemyError, OSError, SettingsError) as error:
            fields = {"event.action": "records", "error.type": type(error).__qualname__}
            log.warning("the prediction log cannot be used", extra={"fields": fields})
            raise LogUnavailable from error
