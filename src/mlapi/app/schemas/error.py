"""The body of every answer that is not a success."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class ErrorResponse(BaseModel):
    """One shape for every status from 400 on, unknown paths and the framework's own errors included."""

    model_config = ConfigDict(extra="forbid")

    error: str = Field(description="Code of the error, stable across versions.")
    message: str = Field(description="What is wrong and what to do, for people.")
    timestamp: datetime = Field(description="When the error was answered (RFC 3339, UTC).")
    request_id: str = Field(description="As in the header X-Request-ID; quote it when asking for help.")
    details: dict[str, Any] | None = Field(description="More about the error, such as one entry for every bad cell.")
