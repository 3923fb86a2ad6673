"""Patterns in the use of keys."""

from mlapi.app.services.usage_watch import MANY_KEYS, MANY_PEERS, MOST, WINDOW_S, UsageWatch


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_many_keys_from_one_peer_are_told_once_a_window() -> None:
    clock, told = Clock(), list[str]()
    watch = UsageWatch(lambda event, *_: told.append(event), clock=clock)
    for _ in range(3):
        for number in range(3 * MANY_KEYS):
            watch.saw(f"key{number}", "192.0.2.1")
    assert told == ["many-keys-from-one-peer"]
    clock.now += WINDOW_S
    for number in range(MANY_KEYS):
        watch.saw(f"key{number}", "192.0.2.1")
    assert told == ["many-keys-from-one-peer"] * 2


def test_one_key_from_many_peers_is_told_with_the_key() -> None:
    told = list[tuple[str, str, str]]()
    watch = UsageWatch(lambda *event: told.append(event))
    for number in range(2 * MANY_PEERS):
        watch.saw("leaked", f"192.0.2.{number}")
    assert told == [("one-key-from-many-peers", "leaked", f"192.0.2.{MANY_PEERS - 1}")]


def test_remembers_no_more_than_it_has_room_for() -> None:
    watch = UsageWatch(lambda *_: None)
    for number in range(2 * MOST):
        watch.saw("key", str(number))
    assert len(watch._seen) <= MOST
