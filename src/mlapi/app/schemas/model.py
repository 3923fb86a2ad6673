"""What `/models` and what is below it say."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Interval = Annotated[list[float], Field(min_length=2, max_length=2)]
Stage = Literal["production", "staging", "none"]


class ModelMetadata(BaseModel):
    """The loaded model version: where it comes from, how good it was, and how it is run."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())

    model_name: str = Field(description="Name of the registered model.")
    version: str = Field(description="The registry's version, an integer as text.")
    stage: Stage = Field(description="Derived from the aliases.")
    algorithm: str = Field(description="Such as `xgboost`.")
    metrics: dict[str, float] = Field(description="Figures on the test rows.")
    created_at: datetime = Field(description="When the model was exported (RFC 3339, UTC).")
    tags: dict[str, str] = Field(description="As given at training.")
    aliases: list[str] = Field(description="Aliases that name this version.")
    metric_intervals: dict[str, Interval] = Field(description="Confidence intervals of the metrics.")
    digest: str = Field(description="SHA-256 over the model's contents; equal for equal data, configuration and seed.")
    engine: str = Field(description="What computes the trees.")
    loaded_at: datetime = Field(description="When this process loaded the version (RFC 3339, UTC).")
    degraded: str | None = Field(description="What is wrong behind the service while it still predicts, as a code.")
    degraded_reason: str | None = Field(description="The same in a sentence.")


class ReloadResponse(BaseModel):
    """The registry will be looked at; what comes of it stands in `/models/current`."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())

    status: Literal["accepted"]
    model_version: str | None = Field(description="The version that answers now, null while none does.")
    timestamp: datetime = Field(description="When the request was accepted (RFC 3339, UTC).")


class ModelSummary(BaseModel):
    """A model of which this service has versions."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())

    name: str
    loaded_version: str | None = Field(
        description="The version that answers predictions; null if it is not this model."
    )
    versions: list[str] = Field(description="Versions that are here, the latest first.")
    aliases: dict[str, str] = Field(description="The version that each alias names.")


class ModelList(BaseModel):
    """The models that this service knows."""

    model_config = ConfigDict(extra="forbid")

    models: list[ModelSummary]


class ModelVersion(BaseModel):
    """A version that is here or in the registry."""

    model_config = ConfigDict(extra="forbid")

    version: str = Field(description="The registry's version, an integer as text.")
    stage: Stage = Field(description="Derived from the aliases.")
    aliases: list[str] = Field(description="Aliases that name this version.")
    digest: str = Field(description="SHA-256 over the model's contents.")
    created_at: datetime = Field(
        description="When it was registered, or came here where the registry has not been asked (RFC 3339, UTC)."
    )
    local: bool = Field(description="Whether it is here: in use, or to be fallen back on.")
    loaded: bool = Field(description="Whether it answers predictions.")


class ModelVersions(BaseModel):
    """The versions of a model that are here, and those that the registry had when it was last asked."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())

    model_name: str
    versions: list[ModelVersion] = Field(description="The latest first.")
    registry_checked_at: datetime | None = Field(
        description="When the registry was last asked for its versions (RFC 3339, UTC); null if it never was."
    )
