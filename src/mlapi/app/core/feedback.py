"""An outcome, as the client's words become it."""

from typing import NamedTuple
from uuid import UUID


class Told(NamedTuple):
    """What turned out to be true of one prediction; the outcome as the dataset spells its labels."""

    prediction_id: UUID
    outcome: str | int | bool
