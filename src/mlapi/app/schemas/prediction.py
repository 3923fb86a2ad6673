"""Request and answer of a prediction, as declared; `row_model` makes the rows' own type from the loaded model."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, StrictBool, StrictFloat, WithJsonSchema

from mlapi.app.core.request import MOST_EXPLAINED


def _whole(number: float) -> float:
    """JSON does not tell 3 from 3.0."""
    if not number.is_integer():
        raise ValueError("a whole number")
    return number


Count = Annotated[
    StrictFloat,
    Field(ge=0, le=MOST_EXPLAINED),
    AfterValidator(_whole),
    WithJsonSchema({"type": "integer", "minimum": 0, "maximum": MOST_EXPLAINED}),
]
Share = Annotated[StrictFloat, Field(ge=0, le=1)]
EXPLAIN = "Give this many features that weigh most in each row, with what they add to its margin."
THRESHOLD = (
    "The second class is the label where its probability is at least this, in place of the model's own threshold; "
    "models of two classes only."
)
PROBABILITIES = "Give the probability of every class."


class FeatureRow(BaseModel):
    """One row while no model is loaded: any mapping from feature name to cell."""

    model_config = ConfigDict(extra="allow")

    __pydantic_extra__: dict[str, JsonValue]


class PredictionOptions(BaseModel):
    """What the answer should hold beside the labels; the same names work as query parameters."""

    model_config = ConfigDict(extra="forbid")

    probabilities: StrictBool = Field(default=False, description=PROBABILITIES)
    explain: Count = Field(default=0, description=EXPLAIN)
    threshold: Share = Field(default=0.5, description=THRESHOLD)


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
    code: Literal["unknown_category", "out_of_range"] = Field(
        description="A category that training has not seen, taken as missing; or a number outside of its range."
    )
    message: str


class FeatureContribution(BaseModel):
    """What one feature adds to the margin."""

    model_config = ConfigDict(extra="forbid")

    feature: str
    contribution: float


class PredictionExplanation(BaseModel):
    """SHAP values of one row: base_value + contributions + rest = margin."""

    model_config = ConfigDict(extra="forbid")

    label: str | int | bool = Field(
        description="The class whose margin it is: the second of two, else the predicted one."
    )
    margin: float = Field(description="Raw output of the trees; log-odds for two classes.")
    base_value: float = Field(description="The margin of a row of which nothing is known.")
    contributions: list[FeatureContribution] = Field(description="The features that weigh most, the heaviest first.")
    rest: float = Field(description="All other features together.")


class PredictionResponse(BaseModel):
    """One prediction a row, in the order of the request."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())

    predictions: list[str | int | bool] = Field(description="Labels, spelled as in the training data.")
    model_version: str = Field(description="Version of the model that made these predictions.")
    timestamp: datetime = Field(description="When they were made (RFC 3339, UTC).")
    probabilities: list[dict[str, float]] | None = Field(
        default=None, description="Probability by class name, one object a row; only if asked for."
    )
    explanations: list[PredictionExplanation] | None = Field(
        default=None, description="Why each row was answered so; only if asked for."
    )
    warnings: list[PredictionWarning] | None = Field(
        default=None, description="Cells that are unlike those of the training data; left out if there are none."
    )
    prediction_ids: list[UUID] | None = Field(
        default=None, description="UUIDv7 of each row in the prediction log, for feedback; left out if it is off."
    )
