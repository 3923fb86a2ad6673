"""Names in pictures."""

import pytest

from mlapi.training.plots.canvas import room, told_apart


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (["a", "b"], ["a", "b"]),
        (["short", "x" * 20], ["short", "x" * 9 + "…"]),
        (["the letter A with a tail", "the letter B with a tail"], ["…A…", "…B…"]),
        (["a long beginning 1", "a long beginning 12"], ["…1", "…12"]),
        (["x" * 20, "x" * 20], ["x" * 9 + "…"] * 2),
    ],
    ids=["short", "one is cut", "alike but for the middle", "one begins as the other", "equal"],
)
def test_names_that_would_look_alike_lose_what_they_share(names: list[str], shown: list[str]) -> None:
    assert told_apart(names, 10) == shown


def test_longer_names_get_more_room() -> None:
    assert room([]) < room(["ab"]) < room(["a", "x" * 30]) < 0.4
