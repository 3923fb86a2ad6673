"""What `/models/current/quality` says, as declared."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]


class CalibrationBin(BaseModel):
    """Predictions of like confidence."""

    model_config = ConfigDict(extra="forbid")

    lower: Share
    upper: Share
    n: int = Field(ge=1)
    confidence: Share = Field(description="Mean probability that the model gave to its own prediction.")
    accuracy: Share = Field(description="How often it was right.")


class VersionQuality(BaseModel):
    """One version, over its predictions whose outcome is known."""

    model_config = ConfigDict(extra="forbid", title="VersionQuality")

    version: str
    n_outcomes: int = Field(ge=1)
    accuracy: Share
    accuracy_interval: tuple[Share, Share] = Field(description="95 %, Wilson's score interval.")
    log_loss: float = Field(ge=0, description="Mean of -ln of the probability given to the true class.")
    calibration_error: Share = Field(description="Expected calibration error over ten bins of confidence.")
    calibration: list[CalibrationBin]


class ModelQuality(BaseModel):
    """How good the versions of the loaded model are on what they were asked."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())

    model_name: str
    version: str = Field(description="The loaded version, which may have no outcomes yet.")
    versions: list[VersionQuality] = Field(description="Every version with known outcomes, the newest first.")
