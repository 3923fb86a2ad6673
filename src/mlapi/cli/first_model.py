"""Following before it is known what: the one model of a store, as soon as there is one."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from mlapi.bundle.errors import StoreError
from mlapi.bundle.follow_state import FollowState
from mlapi.bundle.store.durable import now
from mlapi.cli.stores import Models, only_model
from mlapi.ops.errors import SettingsError

if TYPE_CHECKING:
    from mlapi.bundle.follow import Follower
    from mlapi.bundle.store.directory import DirectoryStore

log = logging.getLogger(__name__)


class FirstModel:
    """Steps of a follower, made when the model's name is known; driven by `mlapi.bundle.following.run`."""

    def __init__(
        self, source: Models, local: DirectoryStore, name: str | None, make: Callable[[str], Follower]
    ) -> None:
        """Take where to look for the name, unless it is given, and what makes the follower of a model."""
        self.local = local
        self._source = source
        self._make = make
        self._follower = make(name) if name is not None else None
        self._said = ""

    @property
    def has_copy(self) -> bool:
        """Whether anything could be served."""
        return self._follower is not None and self._follower.has_copy

    def recheck(self) -> None:
        """Look at everything again with the next step."""
        if self._follower is not None:
            self._follower.recheck()

    def step(self) -> FollowState:
        """Look once: for the name, then for what its alias names."""
        if self._follower is None:
            try:
                self._follower = self._make(self._name())
            except StoreError as error:
                return self._waiting(FollowState(state="unreachable", checked_at=now(), reason=str(error)))
            except SettingsError as error:
                return self._waiting(FollowState(state="refused", checked_at=now(), reason=str(error)))
        return self._follower.step()

    def _name(self) -> str:
        """Give the model that is here already, which needs no store, else the store's only one."""
        here = self.local.models()
        return here[0] if len(here) == 1 else only_model(self._source)

    def _waiting(self, state: FollowState) -> FollowState:
        """Say why nothing is followed, once."""
        if state.reason and state.reason != self._said:
            self._said = state.reason
            log.warning("nothing to follow yet: %s", state.reason)
        return state
