"""The rows of one answered request, as one record. Importing it imports SQLAlchemy."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from mlapi.app.models.base import Base, Instant


class AnsweredRequestRecord(Base):
    """What was asked, what was answered, by which model version; the view `answered_rows` shows it row by row.

    A record a row costs seven times as much as this for a request of 1,000 rows.

    Attributes:
        id: UUIDv7 (RFC 9562), that of the first row; see `mlapi.app.core.uuid7`.
        n_rows: as many as the lists below have.
        duration_ms: from the request's headers to its answer.
        traffic: what the client called it, `live` by default.
        cells: the rows as they came, by feature; redacted cells hold "[redacted]", a row that was deleted is null.
        predictions: the labels as the dataset spells them.
        probabilities: by class name, a mapping a row.
    """

    __tablename__ = "answered_requests"
    __table_args__ = (Index("ix_answered_requests_created_at", "created_at"),)

    id: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    request_id: Mapped[str] = mapped_column(String(128))
    n_rows: Mapped[int]
    model_name: Mapped[str] = mapped_column(String(255))
    model_version: Mapped[str] = mapped_column(String(64))
    key_id: Mapped[str | None] = mapped_column(String(64))
    duration_ms: Mapped[float]
    environment: Mapped[str] = mapped_column(String(32))
    traffic: Mapped[str] = mapped_column(String(32))
    created_at: Mapped[datetime] = mapped_column(Instant)
    cells: Mapped[list[dict[str, Any] | None]] = mapped_column(JSON)
    predictions: Mapped[list[str | int | bool | None]] = mapped_column(JSON)
    probabilities: Mapped[list[dict[str, float] | None]] = mapped_column(JSON)
