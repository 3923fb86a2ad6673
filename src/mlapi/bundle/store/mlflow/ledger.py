"""The history of a model's aliases in MLflow: one run whose parameters are written once.

    gen.000007   who moved which alias from where to where, when and why (`Promotion` as JSON)
    set.000007   the alias has been set accordingly

MLflow refuses to change a parameter, so writing generation n + 1 is a compare-and-set: of several promoters one wins. A
generation without its mark is under way, or its promoter was interrupted. All aliases of a model share one sequence.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec

from mlapi.bundle.errors import StoreError
from mlapi.bundle.store.records import Promotion

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

_KEY: Final = re.compile(r"(gen|set)\.([0-9]{6,18})", re.ASCII)
_LONGEST_VALUE: Final = 6000  # MLflow cuts a longer parameter off without a word (mlflow/utils/validation.py)


class Moves:
    """What a ledger held when it was read.

    Attributes:
        last: the highest generation that is taken, 0 for an empty ledger.
    """

    def __init__(self, params: dict[str, str]) -> None:
        """Sort a run's parameters; what is none of ours is passed over."""
        found = [(match[1], int(match[2]), value) for key, value in params.items() if (match := _KEY.fullmatch(key))]
        taken = sorted((generation, value) for kind, generation, value in found if kind == "gen")
        self.last = taken[-1][0] if taken else 0
        self._set = {generation for kind, generation, _ in found if kind == "set"}
        self._moves = [move for _, value in taken if (move := _read(value))]

    def of(self, alias: str) -> list[Promotion]:
        """Give the moves of an alias, the oldest first."""
        return [move for move in self._moves if move.alias == alias]

    def newest(self, alias: str) -> Promotion | None:
        """Give an alias's newest move, finished or not."""
        return next(reversed(self.of(alias)), None)

    def is_set(self, move: Promotion) -> bool:
        """Tell whether a move's promoter has finished."""
        return move.generation in self._set

    def effective(self, alias: str, version: str) -> Promotion | None:
        """Give the move that an alias is at, given the version it names: the newest that has been carried out."""
        moves = self.of(alias)
        while moves and moves[-1].version != version and not self.is_set(moves[-1]):
            moves.pop()
        return moves[-1] if moves else None


class Ledger:
    """One run of MLflow's, as a ledger."""

    def __init__(self, client: MlflowClient, run: Run) -> None:
        """Take the run as it has just been read."""
        self._client = client
        self._run = run

    @property
    def run_id(self) -> str:
        """The run's."""
        return str(self._run.info.run_id)

    @property
    def is_deleted(self) -> bool:
        """Whether the run is in MLflow's bin; it can be read there, not written."""
        return bool(self._run.info.lifecycle_stage == "deleted")

    @property
    def moves(self) -> Moves:
        """What it held when it was last read."""
        return Moves(self._run.data.params)

    def read(self) -> Moves:
        """Give what it holds now."""
        self._run = self._client.get_run(self.run_id)
        return self.moves

    def claim(self, move: Promotion) -> bool:
        """Write a move under its generation; of several writers one succeeds.

        Returns:
            Whether this is the one. An answer that got lost is made up for by looking.

        Raises:
            StoreError: the move is too long to be kept whole.
        """
        value = msgspec.json.encode(move).decode()
        if len(value) > _LONGEST_VALUE:
            raise StoreError(f"reason and metrics of a promotion take {_LONGEST_VALUE} characters at most")
        key = f"gen.{move.generation:06d}"
        try:
            self._client.log_param(self.run_id, key, value)
        except Exception:
            written = self._client.get_run(self.run_id).data.params.get(key)
            if written is None:
                raise
            return bool(written == value)
        return True

    def mark(self, move: Promotion) -> None:
        """Note that the alias has been set according to a move."""
        self._client.log_param(self.run_id, f"set.{move.generation:06d}", "1")


def _read(value: str) -> Promotion | None:
    try:
        return msgspec.json.decode(value, type=Promotion)
    except msgspec.DecodeError:
        return None
