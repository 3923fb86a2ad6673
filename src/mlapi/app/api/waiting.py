"""Going on, inside a task, with a coroutine that was begun by hand and had to wait."""

from collections.abc import Coroutine, Generator
from types import coroutine
from typing import Any


@coroutine
def resumed(work: Coroutine[Any, Any, None], awaited: Any) -> Generator[Any, Any, None]:
    """Go on with some work.

    Args:
        work: whose `send(None)` was called and gave `awaited`.
        awaited: what it waits for.
    """
    while True:
        try:
            try:
                came = yield awaited
            except BaseException as error:  # noqa: BLE001  # a cancellation is the work's to hear of
                awaited = work.throw(error)
            else:
                awaited = work.send(came)
        except StopIteration:
            return
