"""How many predictions a worker has in hand; more are refused before their bodies are read.

Work is done in the event loop, so it is never done side by side; what can pile up are requests that have come together
with their bodies. `WORKING` have a turn, or as many as a round of the event loop has time for; as many more stand in
line as will have theirs within `LONGEST_WAIT_S`, but four at least, and whoever comes then is told to try again at once
rather than late. Bodies that are still on their way hold no turn, for a slow client would hold it long.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Final

from starlette.types import Message, Receive, Scope

from mlapi.app.api.body import ClientGone
from mlapi.app.api.exchange import CONNECTION, Connection
from mlapi.app.core.errors import Overloaded

WORKING: Final = 2  # at least: one in the event loop, and one whose explanation is being computed in a thread
LONGEST_ROUND_S: Final = 0.02  # of turns in one round of the event loop, which may be a hundred of a row's
WAITING: Final = 4  # at least, however long a turn takes
LONGEST_WAIT_S: Final = 0.08  # in line as expected: four turns of 20 ms, or hundreds of a row's tenth of a millisecond
SOON_S: Final = 0.02  # standing in line costs a request of one row as much again as its turn
FIRST_GUESS_S: Final = 0.001  # for a turn; the first real ones are slow, and say little of the next
WEIGHT: Final = 0.1  # of the last turn in the mean that foretells the wait
MOST_TIMES: Final = 2.0  # the mean; a turn that a busy machine interrupts is no work, and a short line refuses for it
READING: Final = 256  # bodies on their way, 1 MiB each by default
PATIENCE_S: Final = 0.25  # in line


class Admission:
    """The line of a worker."""

    def __init__(self, *, waited: Callable[[float], None] = lambda seconds: None) -> None:
        """Take whom to tell how long somebody stood in line, in seconds."""
        self._working = 0
        self._reading = 0
        self._turn_s = FIRST_GUESS_S  # mean of what turns took lately
        self._line: deque[asyncio.Future[None]] = deque()
        self._waited = waited

    def turn(self, scope: Scope, receive: Receive) -> "Turn":
        """Let a request come in, before its body is read; raises Overloaded."""
        if self._is_full() or self._reading >= READING:
            raise Overloaded
        self._reading += 1
        return Turn(self, scope.get(CONNECTION), receive)

    def read(self) -> None:
        """A body has come, or nobody waits for it any more."""
        self._reading -= 1

    def has_time(self, round_at: float) -> bool:
        """Whether a request that is whole may be answered at once, ahead of nobody.

        Args:
            round_at: when this round of the event loop began, by the monotonic clock: what came together has come then.
        """
        return not self._line and self._working < WORKING and time.monotonic() - round_at < SOON_S

    def took_at_once(self, n_under_way: int) -> bool:
        """Take a turn where nobody stands in line and nobody needs to, for all will have had their turns very soon."""
        if self._line or self._working >= WORKING or n_under_way * self._turn_s > SOON_S:
            return False
        self._working += 1
        return True

    async def take(self) -> None:
        """Wait for a turn; raises Overloaded where the line is full, or does not move."""
        if self._working < WORKING or self._working * self._turn_s < LONGEST_ROUND_S:
            self._working += 1
            return
        if self._is_full():
            raise Overloaded
        began = time.perf_counter()
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._line.append(place)
        try:
            async with asyncio.timeout(PATIENCE_S):
                await place
        except BaseException as error:
            if place in self._line:
                self._line.remove(place)
            elif place.done() and not place.cancelled():
                self.give_back()  # it came, and nobody was there any more to take it
            if isinstance(error, TimeoutError):
                raise Overloaded from None
            raise
        finally:
            self._waited(time.perf_counter() - began)

    def took(self, seconds: float) -> None:
        """Learn how long a turn was."""
        self._turn_s += WEIGHT * (min(seconds, MOST_TIMES * self._turn_s) - self._turn_s)

    def _is_full(self) -> bool:
        return len(self._line) >= WAITING and len(self._line) * self._turn_s >= LONGEST_WAIT_S

    def give_back(self) -> None:
        """End a turn; the first in line has the next."""
        while self._line:
            place = self._line.popleft()
            if not place.done():
                place.set_result(None)
                return
        self._working -= 1


class Turn:
    """One request's way through the line: it has its turn from the last part of its body to its answer."""

    __slots__ = ("_admission", "_began", "_connection", "_has_turn", "_reads", "_receive")

    def __init__(self, admission: Admission, connection: Connection | None, receive: Receive) -> None:
        self._admission = admission
        self._connection = connection
        self._receive = receive
        self._reads = True
        self._has_turn = False
        self._began = 0.0

    async def receive(self) -> Message:
        """The ASGI channel of the request; its last part comes when the turn does."""
        message = await self._receive()
        if self._reads and not message.get("more_body", False):
            self._reads = False
            self._admission.read()
            if message["type"] == "http.request":
                await self._take()
        return message

    async def _take(self) -> None:
        connection = self._connection
        n_under_way = 1 if connection is None else len(connection.tasks)
        if self._admission.took_at_once(n_under_way):
            self._has_turn = True
        else:
            await self._admission.take()
            self._has_turn = True
            if n_under_way > 1:
                await asyncio.sleep(0)  # whoever came at the same time shall stand in line, or hear that it is full
        if connection is not None and connection.transport.is_closing():
            raise ClientGone
        self._began = time.perf_counter()

    def end(self) -> None:
        """The request is answered, or never will be."""
        if self._reads:
            self._admission.read()
        if self._has_turn:
            self._admission.took(time.perf_counter() - self._began)
            self._admission.give_back()
