"""Moving the aliases that say which version is in use: through gates, with a history, and back."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from mlapi.bundle.errors import GenerationConflict, ModelNotFound, VerificationError
from mlapi.bundle.store.protocol import AliasRecord, Promotion, Store, VersionRecord
from mlapi.bundle.verify import verify_in_subprocess
from mlapi.training.errors import GatesRefused, PromotionError
from mlapi.training.gates.contest import Contender, Contest, Gate, Outcome, Verdict
from mlapi.training.registry import PRODUCTION, STAGING, current_user
from mlapi.training.undo import undo_stack

Hear = Callable[[Verdict], None]


class ModelPromotion:
    """Moves an alias from version to version; nothing unverified gets one."""

    def __init__(
        self,
        store: Store,
        *,
        by: str | None = None,
        public_key: bytes | None = None,
        require_signature: bool = False,
        gates: Sequence[Gate] = (),
        hear: Hear = lambda verdict: None,
    ) -> None:
        """Say where, in whose name, under which conditions.

        Args:
            store: has the versions and the aliases.
            by: for the history; the system's user if None.
            public_key: PEM of the Ed25519 key that a bundle must be signed with.
            require_signature: refuse a bundle without a signature.
            gates: asked in this order, after the bundle has been verified.
            hear: hears of each verdict.
        """
        self._store = store
        self._by = by or current_user()
        self._public_key = public_key
        self._require_signature = require_signature
        self._gates = tuple(gates)
        self._hear = hear

    def promote(
        self,
        name: str,
        version: str | None = None,
        *,
        to: str = PRODUCTION,
        expect_generation: int | None = None,
        reason: str = "",
        metrics: Mapping[str, float] | None = None,
        waive: Collection[str] = (),
    ) -> AliasRecord:
        """Point an alias at a version.

        Args:
            name: the model's name.
            version: the version; `staging`'s if None.
            to: the alias.
            expect_generation: refuse if somebody moved the alias since this generation.
            reason: for the history.
            metrics: for the history, beside the gates' own.
            waive: names of gates whose refusal does not count.

        Raises:
            ModelNotFound: no such version, or nothing is in staging.
            VerificationError: the bundle is not what was registered, or does not predict what it should.
            GatesRefused: a gate says no.
            GenerationConflict: somebody else was faster; what the gates compared with is in use no longer.
        """
        chosen = version or self._store.resolve(name, STAGING).version
        seen = self._generation(name, to)
        if expect_generation not in (None, seen):
            raise GenerationConflict(name, to, expect_generation or 0, seen)
        verdicts = self._judged(name, chosen, to, waive)
        refusals = {one.gate: one.reason for one in verdicts if one.outcome is Outcome.REFUSED}
        if refusals:
            raise GatesRefused(name, to, refusals)
        figures = {f"{one.gate}.{key}": value for one in verdicts for key, value in one.figures.items()}
        return self._store.promote(
            name,
            to,
            chosen,
            by=self._by,
            reason=reason,
            expect_generation=seen if self._gates else expect_generation,
            metrics={**figures, **(metrics or {})},
        )

    def rollback(self, name: str, *, alias: str = PRODUCTION, reason: str = "") -> AliasRecord:
        """Point an alias at the version before; a second call goes one further back. No gate but verification is asked.

        Raises:
            PromotionError: there is no version before.
            VerificationError: the version before is damaged.
            GenerationConflict: somebody moved the alias at the same time.
        """
        history = self._store.history(name, alias)
        trail = undo_stack(history)
        if len(trail) < 2:
            raise PromotionError(name, alias, "there is no version before to go back to")
        with tempfile.TemporaryDirectory() as scratch:
            self._verified(self._store.version(name, trail[-2]), Path(scratch))
        generation = history[-1].generation
        return self._store.promote(
            name, alias, trail[-2], by=self._by, reason=reason, expect_generation=generation, action="rollback"
        )

    def history(self, name: str, alias: str = PRODUCTION) -> list[Promotion]:
        """Give every move of an alias, the oldest first."""
        return self._store.history(name, alias)

    def _generation(self, name: str, alias: str) -> int:
        """Give the generation that the gates' verdicts hold for; read before the champion is looked up."""
        history = self._store.history(name, alias)
        return history[-1].generation if history else 0

    def _judged(self, name: str, version: str, alias: str, waive: Collection[str]) -> list[Verdict]:
        verdicts = []
        with self._contest(name, version, alias) as contest:
            for gate in self._gates:
                verdict = gate.judge(contest)
                if verdict.outcome is Outcome.REFUSED and gate.name in waive:
                    verdict = replace(verdict, outcome=Outcome.WAIVED)
                self._hear(verdict)
                verdicts.append(verdict)
        return verdicts

    @contextmanager
    def _contest(self, name: str, version: str, alias: str) -> Iterator[Contest]:
        with tempfile.TemporaryDirectory() as scratch:
            challenger = self._verified(self._store.version(name, version), Path(scratch))
            if not self._gates:
                yield Contest(challenger, None)
                return
            try:
                champion = self._champion(name, version, alias, Path(scratch))
            except ModelNotFound:
                yield Contest(challenger, None, f"nothing is in {alias} yet")
            except VerificationError as error:
                yield Contest(challenger, None, f"the version in {alias} is damaged ({error.code})")
            else:
                yield Contest(challenger, champion, f"version {version} is in {alias} already")

    def _champion(self, name: str, version: str, alias: str, scratch: Path) -> Contender | None:
        present = self._store.resolve(name, alias).version
        if present == version:
            return None
        record = self._store.version(name, present)
        champion = Contender(record, self._store.fetch(name, present, scratch / "champion"))
        champion.open()  # here, where its damage is no verdict on the challenger
        return champion

    def _verified(self, record: VersionRecord, scratch: Path) -> Contender:
        path = self._store.fetch(record.name, record.version, scratch / "challenger")
        verify_in_subprocess(
            path,
            expected_manifest=record.manifest_sha256,
            public_key=self._public_key,
            require_signature=self._require_signature,
        )
        return Contender(record, path)
