"""The line of a worker."""

import asyncio
from typing import Any

import pytest

from mlapi.app.api.admission import WAITING, WORKING, Admission, Turn
from mlapi.app.api.body import ClientGone
from mlapi.app.api.exchange import CONNECTION
from mlapi.app.core.errors import Overloaded


class Connection:
    """What the server's connection tells: tasks that are under way, and whether the client has gone."""

    def __init__(self, tasks: int = 1, *, gone: bool = False) -> None:
        self.tasks = range(tasks)
        self.transport = self
        self.gone = gone

    def is_closing(self) -> bool:
        return self.gone


def used_to(seconds: float) -> Admission:
    """A line whose turns have taken so long for a while."""
    admission = Admission()
    for _ in range(200):
        admission.took(seconds)
    return admission


def turn(admission: Admission, connection: Connection | None = None, *, more: bool = False) -> Turn:
    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": more}

    return admission.turn({CONNECTION: connection}, receive)


def test_more_than_the_line_holds_are_refused_before_they_are_read() -> None:
    async def burst() -> None:
        admission = used_to(0.021)
        worked, most, now = 0, 0, 0

        async def one() -> None:
            nonlocal worked, most, now
            mine = turn(admission, Connection(40))
            try:
                await mine.receive()
                now += 1
                most = max(most, now)
                await asyncio.sleep(0.01)  # the work
                worked += 1
                now -= 1
            finally:
                mine.end()

        results = await asyncio.gather(*[one() for _ in range(40)], return_exceptions=True)
        assert worked == WORKING + WAITING
        assert most == WORKING
        assert sum(isinstance(result, Overloaded) for result in results) == 40 - worked
        assert [result for result in results if result and not isinstance(result, Overloaded)] == []
        assert (admission._working, admission._reading, len(admission._line)) == (0, 0, 0)

    asyncio.run(burst())


def test_a_line_that_does_not_move_is_left_and_so_is_one_whose_client_gives_up() -> None:
    async def stuck() -> None:
        admission = used_to(0.021)
        working = [turn(admission) for _ in range(WORKING)]
        for one in working:
            await one.receive()
        waiting = [turn(admission) for _ in range(WAITING)]
        tasks = [asyncio.create_task(one.receive()) for one in waiting]
        await asyncio.sleep(0)
        with pytest.raises(Overloaded):
            turn(admission)
        tasks[0].cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(result) for result in results] == [asyncio.CancelledError, *[Overloaded] * (WAITING - 1)]
        for one in (*waiting, *working):
            one.end()
        assert (admission._working, admission._reading, len(admission._line)) == (0, 0, 0)
        last = turn(admission)
        await last.receive()
        last.end()

    asyncio.run(stuck())


def test_a_turn_that_comes_while_its_client_gives_up_is_handed_on() -> None:
    async def crossing() -> None:
        admission = Admission()
        working = [turn(admission) for _ in range(WORKING)]
        for one in working:
            await one.receive()
        first, second = turn(admission), turn(admission)
        tasks = [asyncio.create_task(one.receive()) for one in (first, second)]
        await asyncio.sleep(0)
        working[0].end()  # gives the turn to the first in line
        tasks[0].cancel()  # who does not live to see it
        await asyncio.gather(tasks[0], return_exceptions=True)
        assert (await tasks[1])["type"] == "http.request"
        for one in (first, second, working[1]):
            one.end()
        assert admission._working == 0

    asyncio.run(crossing())


def test_nothing_is_predicted_for_a_client_that_has_gone() -> None:
    async def gone() -> None:
        admission = Admission()
        mine = turn(admission, Connection(gone=True))
        with pytest.raises(ClientGone):
            await mine.receive()
        mine.end()
        assert (admission._working, admission._reading) == (0, 0)

    asyncio.run(gone())


def test_a_body_on_its_way_holds_no_turn() -> None:
    async def slow() -> None:
        admission = Admission()
        slow = [turn(admission, more=True) for _ in range(50)]
        for one in slow:
            await one.receive()
        quick = turn(admission)
        await quick.receive()
        for one in (quick, *slow):
            one.end()
        assert (admission._working, admission._reading) == (0, 0)

    asyncio.run(slow())


async def _taken(admission: Admission, n: int) -> int:
    """How many of some requests that come together have or await a turn."""
    tries = [asyncio.ensure_future(admission.take()) for _ in range(n)]
    await asyncio.sleep(0)
    taken = sum(not one.done() or one.exception() is None for one in tries)
    for one in tries:
        one.cancel()
    await asyncio.gather(*tries, return_exceptions=True)
    return taken


def test_the_line_is_as_long_as_turns_are_short() -> None:
    slow, quick = used_to(0.05), used_to(0.0001)
    assert asyncio.run(_taken(slow, 100)) == WORKING + WAITING
    assert asyncio.run(_taken(quick, 100)) == 100


def test_nobody_stands_in_line_where_all_will_have_had_their_turns_soon() -> None:
    async def quick() -> None:
        admission = Admission(waited=lambda seconds: pytest.fail("somebody stood in line"))
        for _ in range(100):
            admission.took(0.0001)
        for n_under_way in (1, 2, 32):
            mine = turn(admission, Connection(n_under_way))
            with pytest.raises(StopIteration):  # without giving way to the event loop
                mine.receive().send(None)
            mine.end()

    asyncio.run(quick())


def test_turns_are_taken_at_once_by_no_more_than_work() -> None:
    admission, slow = used_to(0.0001), used_to(0.015)
    assert [admission.took_at_once(1) for _ in range(WORKING + 1)] == [True] * WORKING + [False]
    assert [slow.took_at_once(n) for n in (2, 1)] == [False, True]


def test_a_turn_that_was_interrupted_does_not_shorten_the_line() -> None:
    interrupted, slower = used_to(0.0001), used_to(0.0001)
    interrupted.took(0.1)
    for _ in range(100):
        slower.took(0.05)
    assert asyncio.run(_taken(interrupted, 100)) == 100
    assert asyncio.run(_taken(slower, 100)) == WORKING + WAITING


def test_a_round_of_the_event_loop_has_many_short_turns() -> None:
    """Two a round were 26 answers a second where each round refused 500 others."""

    async def together() -> None:
        admission = Admission(waited=lambda seconds: pytest.fail("somebody stood in line"))
        for _ in range(200):
            admission.took(0.0001)
        came = [turn(admission, Connection(1000)) for _ in range(150)]
        await asyncio.gather(*(one.receive() for one in came))
        for one in came:
            one.end()

    asyncio.run(together())
