"""What both kinds of records of answers have. Importing it imports SQLAlchemy."""

from datetime import datetime
from typing import Final

from sqlalchemy import String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from mlapi.app.models.base import Instant


class Answered:
    """What is the same for all rows of a request, and an id.

    Attributes:
        id: UUIDv7 (RFC 9562).
        duration_ms: from the request's headers to its answer.
        traffic: what the client called it, `live` by default.
    """

    id: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    request_id: Mapped[str] = mapped_column(String(128))
    model_name: Mapped[str] = mapped_column(String(255))
    model_version: Mapped[str] = mapped_column(String(64))
    key_id: Mapped[str | None] = mapped_column(String(64))
    duration_ms: Mapped[float]
    environment: Mapped[str] = mapped_column(String(32))
    traffic: Mapped[str] = mapped_column(String(32))
    created_at: Mapped[datetime] = mapped_column(Instant)


SHARED: Final = tuple(name for name in Answered.__annotations__ if name != "id")  # by the rows of a request
