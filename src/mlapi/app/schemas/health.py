"""The bodies of the health probes."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class HealthResponse(BaseModel):
    """At most 128 bytes; what is degraded stands in `/models/current` for those who may read it."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())

    status: Literal["alive", "ready", "degraded", "not_ready"] = Field(
        description="`degraded` still predicts, by the last good model."
    )
    model_version: str | None = Field(description="Version of the loaded model, null while none is.")
    timestamp: datetime = Field(description="When this was found (RFC 3339, UTC).")
