"""Outcomes of predictions, as declared, and what became of them."""

import re
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr

from mlapi.app.core.errors import InvalidRequest
from mlapi.app.core.feedback import Told
from mlapi.app.schemas import strict_json

MOST_OUTCOMES: Final = 1000
DEPTH: Final = 4
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")  # RFC 9562; Python's takes more


class Outcome(BaseModel):
    """What turned out to be true of one predicted row."""

    model_config = ConfigDict(extra="forbid")

    prediction_id: UUID = Field(description="One of the `prediction_ids` of an answer.")
    outcome: StrictStr | StrictInt | StrictBool = Field(description="The true label, as the model spells its labels.")


class OutcomeList(BaseModel):
    """Many outcomes at once."""

    model_config = ConfigDict(extra="forbid")

    outcomes: Annotated[list[Outcome], Field(min_length=1, max_length=MOST_OUTCOMES)]


class RejectedOutcome(BaseModel):
    """One of many that was not taken."""

    model_config = ConfigDict(extra="forbid")

    index: int = Field(ge=0, description="Position in the request, from 0.")
    prediction_id: UUID
    code: Literal["prediction_not_found", "invalid_outcome"]


class FeedbackResponse(BaseModel):
    """How many outcomes were taken. The same one again is `unchanged`, another one for the same row replaces it."""

    model_config = ConfigDict(extra="forbid")

    recorded: int = Field(ge=0)
    replaced: int = Field(ge=0)
    unchanged: int = Field(ge=0)
    rejected: list[RejectedOutcome] = Field(description="Those of many that were not taken.")


def read_feedback(body: bytes) -> tuple[list[Told], bool]:
    """Read the body of a feedback request.

    Returns:
        The outcomes, and whether it was the form with a list.

    Raises:
        InvalidJSON, InvalidRequest: it is neither form.
    """
    document = strict_json.parse(body, max_depth=DEPTH)
    if not isinstance(document, dict):
        raise InvalidRequest("The body must be an object: an outcome, or 'outcomes' with a list of them")
    if set(document) != {"outcomes"}:
        return [_told(document)], False
    listed = document["outcomes"]
    if not isinstance(listed, list) or not 1 <= len(listed) <= MOST_OUTCOMES:
        raise InvalidRequest(f"'outcomes' must be a list of 1 to {MOST_OUTCOMES} outcomes")
    return [_told(one) for one in listed], True


def _told(given: Any) -> Told:
    if not isinstance(given, dict) or set(given) != {"prediction_id", "outcome"}:
        raise InvalidRequest("An outcome is an object with the keys 'prediction_id' and 'outcome' only")
    id_, outcome = given["prediction_id"], given["outcome"]
    if not isinstance(outcome, str | int):  # a boolean is one
        raise InvalidRequest("An 'outcome' is a label: text, a whole number, true or false")
    if not isinstance(id_, str) or not _UUID.fullmatch(id_):
        raise InvalidRequest("A 'prediction_id' is a UUID, as in the 'prediction_ids' of an answer")
    return Told(UUID(id_), outcome)
