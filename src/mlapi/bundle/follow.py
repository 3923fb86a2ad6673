"""Following an alias: what it names upstream is brought to the local directory, verified, or refused with a reason.

Runs in a process of its own beside the service (`following.run`), or once (`Follower.step`).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from mlapi.bundle.errors import ModelNotFound, StoreError, VerificationError
from mlapi.bundle.follow_state import FollowEvent, FollowState, State, news
from mlapi.bundle.following import KICK_FILE, run
from mlapi.bundle.listing import Lister
from mlapi.bundle.local_copy import LocalCopy
from mlapi.bundle.refusals import Refusals
from mlapi.bundle.store.directory import DirectoryStore
from mlapi.bundle.store.durable import now
from mlapi.bundle.store.protocol import Source
from mlapi.bundle.store.records import AliasRecord
from mlapi.bundle.verify import verify_in_subprocess

__all__ = ["KICK_FILE", "FollowEvent", "FollowState", "Follower", "run"]


class Follower:
    """Keeps the local copy of one alias.

    Attributes:
        lister: writes down which versions the source has; None, as at first, where a start must be quick.
    """

    def __init__(
        self,
        source: Source,
        local: DirectoryStore,
        name: str,
        alias: str,
        *,
        public_key: bytes | None = None,
        require_signature: bool = False,
        notify: Callable[[FollowEvent], None] = lambda event: None,
        verify: Callable[..., None] = verify_in_subprocess,
    ) -> None:
        """Take what to follow.

        Args:
            source: the store that says which version is in use.
            local: the directory of last-good copies; one follower writes it, the service reads it.
            name: the model's.
            alias: such as `production`.
            public_key: PEM of the Ed25519 key that signs bundles.
            require_signature: refuse a bundle without a signature.
            notify: hears of changes.
            verify: runs every check where a crash does no harm; as `verify_in_subprocess`.
        """
        self._source = source
        self.local = local
        self._name = name
        self._alias = alias
        self._key = public_key
        self._require_signature = require_signature
        self._notify = notify
        self._run_checks = verify
        self.refusals = Refusals()
        self._last = FollowState.read(local, name)
        self._copy = LocalCopy(local, name, alias, self._verify)
        self.lister: Lister | None = None

    @property
    def has_copy(self) -> bool:
        """Whether anything is here that could be served."""
        return self._copy.record is not None

    def recheck(self) -> None:
        """Let the next step look at everything again: refused bundles, every byte of the copy, the list of versions."""
        self.refusals.forget()
        self._copy.doubt()
        if self.lister is not None:
            self.lister.doubt()

    def step(self) -> FollowState:
        """Look once, and bring what the alias names; whatever goes wrong, the last good copy stays.

        Returns:
            What was found; it stands in `follow.json` too.
        """
        upstream = None
        adopted = False
        try:
            upstream = self._source.resolve(self._name, self._alias)
            adopted = self._follow(upstream)
            state = self._found("ok", upstream)
        except (StoreError, VerificationError, ValueError, OSError) as error:
            kind, code = _verdict(error)
            state = self._found(kind, upstream, code=code, reason=str(error))
        self._tell(state, adopted=adopted)
        if self.lister is not None and upstream is not None and state.state != "unreachable":
            if adopted:
                self.lister.doubt()
            self.lister.refresh(upstream)
        return state

    def _follow(self, upstream: AliasRecord) -> bool:
        """Take what is upstream, unless it is here already; gives whether it was taken."""
        here = self._copy.record
        if here is not None and here.generation > upstream.generation:
            reason = f"generation {upstream.generation} is older than {here.generation}, which is here already"
            raise VerificationError("generation", "replayed", reason)
        if here == upstream and self._copy.is_whole(upstream):
            return False
        self.refusals.raise_if_recent(upstream.manifest_sha256)
        try:
            self._copy.take(self._source, upstream)
        except VerificationError as error:
            self.refusals.add(upstream.manifest_sha256, error)
            raise
        return True

    def _verify(self, bundle: Path, upstream: AliasRecord) -> None:
        self._run_checks(
            bundle,
            expected_manifest=upstream.manifest_sha256,
            public_key=self._key,
            require_signature=self._require_signature,
        )

    def _found(
        self, state: State, upstream: AliasRecord | None, code: str | None = None, reason: str | None = None
    ) -> FollowState:
        return FollowState(
            state=state,
            checked_at=now(),
            reason=reason,
            code=code,
            version=upstream.version if upstream else None,
            generation=upstream.generation if upstream else None,
        )

    def _tell(self, state: FollowState, *, adopted: bool) -> None:
        """Write the state down, and tell of it if it is news."""
        last, self._last = self._last, state
        with suppress(StoreError):  # a full disk; `checked_at` shows that the file is old
            state.write(self.local, self._name)
        kind = news(last, state, adopted=adopted)
        if kind is not None:
            self._notify(
                FollowEvent(
                    kind=kind,
                    name=self._name,
                    alias=self._alias,
                    version=state.version,
                    generation=state.generation,
                    code=state.code,
                    reason=state.reason,
                )
            )


def _verdict(error: Exception) -> tuple[State, str]:
    if isinstance(error, VerificationError):
        return "refused", error.code
    if isinstance(error, ModelNotFound):
        return "refused", "model_not_found"
    if isinstance(error, ValueError):  # about the key that signatures are verified with
        return "refused", "misconfigured"
    return "unreachable", "store_unavailable"
