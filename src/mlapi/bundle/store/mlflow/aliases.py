"""Aliases of MLflow's registered models, with generations and a history that MLflow does not keep."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from mlapi.bundle.errors import GenerationConflict, ModelNotFound
from mlapi.bundle.store.durable import now
from mlapi.bundle.store.mlflow.border import is_missing
from mlapi.bundle.store.mlflow.ledger import Ledger, Moves
from mlapi.bundle.store.mlflow.ledgers import Ledgers
from mlapi.bundle.store.records import Action, Promotion

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import RegisteredModel

_LOOKS = 10  # at an alias that moves while it is looked at; then the last look counts


class Standing(NamedTuple):
    """Where an alias points, and the model's moves as they were at that time."""

    version: str | None
    moves: Moves
    model: RegisteredModel
    ledger: Ledger | None


class MlflowAliases:
    """The aliases of one MLflow."""

    def __init__(self, client: MlflowClient, ledgers: Ledgers) -> None:
        """Take the client and the ledgers to write moves into."""
        self._client = client
        self._ledgers = ledgers

    def look(self, name: str, alias: str) -> Standing | None:
        """Read an alias and the ledger so that they belong together, None without such a model; nothing is written.

        The two cannot be read at once. Where they differ the alias is read again: if it has not changed, somebody moved
        it by MLflow's own means, or a promotion is under way.
        """
        try:
            model = self._client.get_registered_model(name)
        except Exception as error:
            if is_missing(error):
                return None
            raise
        ledger = self._ledgers.find(model)
        moves = ledger.moves if ledger else Moves({})
        version = _target(model, alias)
        for _ in range(_LOOKS):
            newest = moves.newest(alias)
            if newest is None or newest.version == version:
                break
            before, version = version, _target(self._client.get_registered_model(name), alias)
            if before == version:
                break
            moves = ledger.read() if ledger else moves
        return Standing(version, moves, model, ledger)

    def promote(
        self,
        name: str,
        alias: str,
        version: str,
        *,
        by: str,
        reason: str,
        expect_generation: int | None,
        metrics: Mapping[str, float],
        action: Action,
    ) -> Promotion:
        """Claim the next generation, then set the alias.

        Raises:
            GenerationConflict: somebody moved the alias since; a move that was interrupted is finished first.
            ModelNotFound: the model has been removed meanwhile.
        """
        while True:
            standing = self.look(name, alias)
            if standing is None:
                raise ModelNotFound(name)
            if self._ledgers.prepare(standing.model, standing.ledger):
                continue
            assert standing.ledger is not None
            newest = standing.moves.newest(alias)
            found = newest.generation if newest else 0
            if expect_generation not in (None, found):
                if newest and not standing.moves.is_set(newest):
                    self._set(name, standing.ledger, newest)
                raise GenerationConflict(name, alias, expect_generation or 0, found)
            move = Promotion(
                generation=standing.moves.last + 1,
                at=now(),
                by=by,
                alias=alias,
                version=version,
                previous=_before(standing, newest),
                reason=reason,
                nonce=secrets.token_hex(8),
                metrics=dict(metrics),
                action=action,
            )
            if standing.ledger.claim(move):
                self._set(name, standing.ledger, move)
                return move

    def _set(self, name: str, ledger: Ledger, move: Promotion) -> None:
        """Set the alias to a claimed move, or to a newer one: whoever is late puts right what it has overwritten."""
        while True:
            self._client.set_registered_model_alias(name, move.alias, move.version)
            newest = ledger.read().newest(move.alias)
            if newest is None or newest.generation <= move.generation:
                break
            move = newest
        ledger.mark(move)


def _target(model: RegisteredModel, alias: str) -> str | None:
    """Give the version that an alias names; the embedded registry has it as a number."""
    version = model.aliases.get(alias)
    return None if version is None else str(version)


def _before(standing: Standing, newest: Promotion | None) -> str | None:
    """Give the version that a new move leaves: the alias's own, or that of a move which has yet to be set."""
    return newest.version if newest and not standing.moves.is_set(newest) else standing.version


def hand_move(alias: str, standing: Standing) -> Promotion | None:
    """Give the last move of an alias as far as it was made by other means than ours, None if it was not.

    It has the generation of the move before it: nothing was written, and going back there must not look like a step
    into the past. A return to the version before counts as a rollback.
    """
    newest = standing.moves.effective(alias, standing.version or "")
    if standing.version is None or (newest and newest.version == standing.version):
        return None
    return Promotion(
        generation=newest.generation if newest else 0,
        at="",
        by="",
        alias=alias,
        version=standing.version,
        previous=newest.version if newest else None,
        reason="moved by other means than mlapi",
        action="rollback" if newest and newest.previous == standing.version else "promote",
    )
