"""Notices when keys and peers mix as they should not: many keys from one peer, or one key from many peers."""

import time
from collections.abc import Callable
from typing import Final

WINDOW_S: Final = 600.0
MANY_KEYS: Final = 5  # of one peer within the window: a stolen list being tried, or a gateway that should have one key
MANY_PEERS: Final = 20  # of one key within the window: a key that was published
MOST: Final = 10_000  # pairs that are remembered; then the window ends early
Tell = Callable[[str, str, str], None]  # event, key id, peer


class UsageWatch:
    """Remembers who used which key, for a while; tells once a window of each key and each peer."""

    def __init__(self, *tell: Tell, clock: Callable[[], float] = time.monotonic) -> None:
        """Take whom to tell."""
        self._tell = tell
        self._clock = clock
        self._seen: set[tuple[str, str]] = set()
        self._forget()

    def saw(self, key_id: str, peer: str) -> None:
        """Note a use of a key; most are known already, which costs one look."""
        pair = (key_id, peer)
        if pair in self._seen and self._clock() < self._ends_at:
            return
        if self._clock() >= self._ends_at or len(self._seen) >= MOST:
            self._forget()
        self._seen.add(pair)
        self._count(self._keys, peer, MANY_KEYS, ("many-keys-from-one-peer", key_id, peer))
        self._count(self._peers, key_id, MANY_PEERS, ("one-key-from-many-peers", key_id, peer))

    def _count(self, counts: dict[str, int], name: str, many: int, event: tuple[str, str, str]) -> None:
        counts[name] = counts.get(name, 0) + 1
        if counts[name] == many:
            for tell in self._tell:
                tell(*event)

    def _forget(self) -> None:
        self._seen.clear()
        self._keys: dict[str, int] = {}
        self._peers: dict[str, int] = {}
        self._ends_at = self._clock() + WINDOW_S
