"""What `/models/current` says of the loaded model."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class ModelMetadata(BaseModel):
    """The loaded model version: where it comes from, how good it was, and how it is run."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())

    model_name: str = Field(description="Name of the registered model.")
    version: str = Field(description="The registry's version, an integer as text.")
    stage: Literal["production", "staging", "none"] = Field(description="Derived from the aliases.")
    algorithm: str = Field(description="Such as `xgboost`.")
    metrics: dict[str, float] = Field(description="Figures on the test rows.")
    created_at: datetime = Field(description="When the model was exported (RFC 3339, UTC).")
    tags: dict[str, str] = Field(description="As given at training.")
    aliases: list[str] = Field(description="Aliases that name this version.")
    metric_intervals: dict[str, tuple[float, float]] = Field(description="Confidence intervals of the metrics.")
    digest: str = Field(description="SHA-256 over the model's contents; equal for equal data, configuration and seed.")
    engine: str = Field(description="What computes the trees.")
    loaded_at: datetime = Field(description="When this process loaded the version (RFC 3339, UTC).")
    degraded: str | None = Field(description="What is wrong behind the service while it still predicts, as a code.")
