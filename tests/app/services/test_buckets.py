"""Token buckets by name."""

import os
import tracemalloc

import pytest

from mlapi.app.services.buckets import Buckets

PROVE = bool(os.environ.get("MLAPI_PROVE"))


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_full_bucket_gives_all_its_tokens_and_then_one_at_a_time() -> None:
    clock = Clock()
    buckets = Buckets(5, 10.0, clock=clock)
    assert [buckets.take("a").remaining for _ in range(5)] == [4, 3, 2, 1, 0]
    assert buckets.take("a")[:2] == (False, 0)
    assert buckets.take("a").wait_s == pytest.approx(2.0)
    assert buckets.take("b").allowed  # of its own
    clock.now += 2.0
    assert [buckets.take("a").allowed for _ in range(2)] == [True, False]
    clock.now += 1000
    assert [buckets.take("a").remaining for _ in range(5)] == [4, 3, 2, 1, 0]


def test_a_long_run_gives_what_the_rate_says() -> None:
    clock = Clock()
    buckets = Buckets(10, 60.0, clock=clock)
    allowed = 0
    for _ in range(6000):  # ten a second, for ten minutes
        allowed += buckets.take("a").allowed
        clock.now += 0.1
    assert 108 <= allowed <= 111


def test_a_million_names_need_little_memory() -> None:
    tracemalloc.start()
    buckets = Buckets(10, 60.0)
    for number in range(1_000_000 if PROVE else 150_000):
        buckets.take(f"{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}.{number >> 24}")
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size < 50_000_000
