"""Lines that are written together."""

import asyncio
import io
import logging
import time
from collections.abc import Mapping

import pytest

from mlapi.ops import line_handler
from mlapi.ops.line_handler import LARGEST_WRITE_BYTES, LineFormatter, LineHandler, pieces, sole_handler


class Plain(LineFormatter):
    def line(self, seconds: float, level: int, message: str, logger: str, fields: Mapping[str, object]) -> str:
        assert abs(seconds - time.time()) < 60
        return message


class Stream(io.StringIO):
    """Remembers what was written at once."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[str] = []

    def write(self, text: str) -> int:
        self.writes.append(text)
        return super().write(text)


@pytest.fixture
def stream() -> Stream:
    return Stream()


@pytest.fixture
def handler(stream: Stream) -> LineHandler:
    return LineHandler(stream, Plain("%(message)s"))


def put(handler: LineHandler, message: str) -> None:
    handler.put(logging.INFO, message, "x", {})


def record(text: str) -> logging.LogRecord:
    return logging.LogRecord("x", logging.WARNING, "", 0, text, (), None)


def test_a_line_is_written_at_once_where_nobody_holds(handler: LineHandler, stream: Stream) -> None:
    put(handler, "one")
    assert stream.getvalue() == "one\n"


def test_held_lines_are_written_together_after_a_moment(handler: LineHandler, stream: Stream) -> None:
    async def busy() -> None:
        handler.hold(asyncio.get_running_loop())
        for number in range(3):
            put(handler, str(number))
        assert stream.writes == []
        await asyncio.sleep(3 * line_handler.HOLD_S)
        assert stream.writes == ["0\n1\n2\n"]
        put(handler, "3")
        await asyncio.sleep(3 * line_handler.HOLD_S)

    asyncio.run(busy())
    assert stream.writes == ["0\n1\n2\n", "3\n"]


def test_a_record_comes_behind_what_was_held_before_it(handler: LineHandler, stream: Stream) -> None:
    async def busy() -> None:
        handler.hold(asyncio.get_running_loop())
        put(handler, "first")
        handler.handle(record("second"))
        put(handler, "third")
        assert stream.getvalue() == "first\nsecond\n"
        handler.hold(None)  # as at the end

    asyncio.run(busy())
    assert stream.getvalue() == "first\nsecond\nthird\n"
    put(handler, "fourth")
    assert stream.getvalue().endswith("third\nfourth\n")


def test_what_is_held_at_the_end_of_the_process_is_written(handler: LineHandler, stream: Stream) -> None:
    async def busy() -> None:
        handler.hold(asyncio.get_running_loop())
        put(handler, "last")

    asyncio.run(busy())
    assert stream.getvalue() == ""
    logging.shutdown([lambda: handler])
    assert stream.getvalue() == "last\n"


def test_no_write_is_larger_than_a_pipe_takes_in_one_piece() -> None:
    lines = [letter * 1000 + "\n" for letter in "abcdé"] + ["x" * 2 * LARGEST_WRITE_BYTES + "\n", "y\n"]
    found = list(pieces(lines))
    assert "".join(found) == "".join(lines)
    assert all(piece.endswith("\n") for piece in found)
    assert [len(piece.encode()) > LARGEST_WRITE_BYTES for piece in found].count(True) == 1
    assert list(pieces([])) == []


def test_only_a_handler_that_nobody_listens_beside_is_written_to_directly(handler: LineHandler) -> None:
    parent, child = logging.getLogger("test.line_handler"), logging.getLogger("test.line_handler.child")
    parent.propagate = False  # pytest listens at the root
    try:
        parent.handlers[:] = [handler]
        assert sole_handler(child) is handler
        child.handlers[:] = [logging.NullHandler()]
        assert sole_handler(child) is None
        parent.handlers.clear()
        assert sole_handler(child) is None
        child.handlers.clear()
        assert sole_handler(child) is None
    finally:
        parent.handlers.clear()
        child.handlers.clear()
        parent.propagate = True
