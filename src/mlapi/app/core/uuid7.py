"""UUIDv7 (RFC 9562 §5.7): sorted by time, so that an index of them grows at its end."""

import os
import time
from typing import Final

VARIANT: Final = 0b10 << 62
VERSION: Final = 0x7 << 76


def uuid7s(n: int) -> list[str]:
    """Give n new ids of one instant, spelled as usual; the 74 bits that are not time are random."""
    head = (int(time.time() * 1000) & 0xFFFF_FFFF_FFFF) << 80 | VERSION | VARIANT
    random = os.urandom(10 * n)
    return [_spelled(head, random[at : at + 10]) for at in range(0, 10 * n, 10)]


def _spelled(head: int, random: bytes) -> str:
    tail = int.from_bytes(random, "big")
    digits = f"{head | (tail >> 68 & 0xFFF) << 64 | tail & 0x3FFF_FFFF_FFFF_FFFF:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
