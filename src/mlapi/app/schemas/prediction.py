"""Request and answer of a prediction, as declared; `row_model` makes the rows' own type from the loaded model."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StrictBool


class FeatureRow(BaseModel):
    """One row while no model is loaded: any mapping from feature name to cell."""

    model_config = ConfigDict(extra="allow")

    __pydantic_extra__: dict[str, JsonValue]


class PredictionOptions(BaseModel):
    """What the answer should hold beside the labels; the same names work as query parameters."""

    model_config = ConfigDict(extra="forbid")

    probabilities: StrictBool = Field(default=False, description="Give the probability of every class.")


class PredictionRequest(BaseModel):
    """Rows to predict, one prediction each."""

    model_config = ConfigDict(extra="forbid")

    data: list[FeatureRow] = Field(min_length=1, description="The rows, each from feature name to cell.")
    options: PredictionOptions = Field(default=PredictionOptions(), description="What to answer beside the labels.")


class PredictionWarning(BaseModel):
    """Something about one cell of a row that was answered all the same."""

    model_config = ConfigDict(extra="forbid")

    row: int = Field(ge=0, description="Position of the row in the request, from 0.")
    feature: str
    code: Literal["unknown_category"]
    message: str


class PredictionResponse(BaseModel):
    """One prediction a row, in the order of the request."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())

    predictions: list[str | int | bool] = Field(description="Labels, spelled as in the training data.")
    model_version: str = Field(description="Version of the model that made these predictions.")
    timestamp: datetime = Field(description="When they were made (RFC 3339, UTC).")
    probabilities: list[dict[str, float]] | None = Field(
        default=None, description="Probability by class name, one object a row; only if asked for."
    )
    warnings: list[PredictionWarning] | None = Field(
        default=None, description="Cells that were taken as missing; left out if there are none."
    )
