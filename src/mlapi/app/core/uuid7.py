"""UUIDv7 (RFC 9562 §5.7): sorted by time, so that an index of them grows at its end.

The rows of a request have one id between them, whose last 20 bits are the row's number: one record can then hold them
all, and any row's id leads to it. 54 bits are random.
"""

import os
import time
from functools import cache
from typing import Final

VERSION: Final = "7"
VARIANT: Final = "89ab"  # one digit: binary 10, and two bits that are random
NUMBER_DIGITS: Final = 5  # hexadecimal, at the end
MOST_ROWS: Final = 16**NUMBER_DIGITS
_AT_HAND: Final = 1000  # endings that are spelled once


def uuid7s(n: int) -> list[str]:
    """Give the ids of the rows 0 to n - 1 of a new request, spelled as usual; n is at most `MOST_ROWS`."""
    instant, random = f"{time.time_ns() // 1_000_000:012x}", os.urandom(7).hex()
    variant = VARIANT[int(random[3], 16) % 4]
    head = f"{instant[:8]}-{instant[8:]}-{VERSION}{random[:3]}-{variant}{random[4:7]}-{random[7:]}"
    return [head + ending for ending in (_endings()[:n] if n <= _AT_HAND else map(_ending, range(n)))]


def row_of(id_: str) -> tuple[str, int]:
    """Tell which request the row with an id belongs to, by the id of its first row, and the row's number."""
    return id_[:-NUMBER_DIGITS] + _ending(0), int(id_[-NUMBER_DIGITS:], 16)


@cache
def _endings() -> list[str]:
    return [_ending(number) for number in range(_AT_HAND)]


def _ending(number: int) -> str:
    return f"{number:05x}"
