"""Processor time of calls that take turns, so that a slow minute meets all of them."""

import time
from collections.abc import Callable, Mapping


def least_us(calls: Mapping[str, Callable[[], object]], *, rounds: int, repeats: int) -> dict[str, float]:
    """Give the least processor time of each call, in microseconds, over all threads of the process.

    Args:
        calls: by name.
        rounds: of which the least counts, which is what neighbours on the machine move least.
        repeats: of each call in a round.
    """
    best = dict.fromkeys(calls, float("inf"))
    for _ in range(rounds):
        for name, call in calls.items():
            begun = time.process_time()
            for _ in range(repeats):
                call()
            best[name] = min(best[name], (time.process_time() - begun) / repeats * 1e6)
    return best
