"""Numbers counted in place, and read by others while they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlapi.ops import tallies
from mlapi.ops.tallies import HEADER, SCRATCH, Tallies

keys = st.lists(st.text(max_size=20), min_size=1, max_size=4).map(tuple)


@given(st.dictionaries(keys, st.lists(st.floats(allow_nan=False), min_size=1, max_size=5), max_size=20))
def test_what_is_counted_is_what_others_read(counted: dict[tuple[str, ...], list[float]]) -> None:
    area = bytearray(64 * 1024)
    made = Tallies(area)
    for key, values in counted.items():
        at = made.place(key, len(values))
        for offset, value in enumerate(values):
            made.values[at + offset] += value
    expected = {key: tuple(0.0 + value for value in values) for key, values in counted.items()}
    assert tallies.read(bytes(area)) == made.entries() == expected


def test_a_process_goes_on_where_another_stopped() -> None:
    area = bytearray(64 * 1024)
    first = Tallies(area)
    first.values[first.place(("hits", "ä\n"))] += 2
    second = Tallies(area)
    second.values[second.place(("other",))] += 7
    second.values[second.place(("hits", "ä\n"))] += 1
    assert second.entries() == {("hits", "ä\n"): (3.0,), ("other",): (7.0,)}


def test_what_no_longer_fits_is_counted_where_nobody_sees_it() -> None:
    area = bytearray(HEADER.size + 8 * SCRATCH + 64)
    made = Tallies(area)
    for number in range(50):
        made.values[made.place((f"key{number}",))] += 1
    assert made.entries() == {("key0",): (1.0,), ("key1",): (1.0,)}
    assert tallies.used_bytes(bytes(area)) <= len(area) - 8 * SCRATCH


def test_many_values_that_no_longer_fit_are_refused() -> None:
    made = Tallies(bytearray(HEADER.size + 8 * SCRATCH + 64))
    with pytest.raises(ValueError, match="no room"):
        made.place(("many",), SCRATCH + 1)


def test_what_is_no_area_has_no_entries() -> None:
    assert tallies.read(b"") == tallies.read(bytes(1000)) == {}
    assert tallies.process_of(bytes(1000)) == tallies.used_bytes(bytes(1000)) == 0
