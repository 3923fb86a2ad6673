"""One answered row, as a record. Importing it imports SQLAlchemy."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from mlapi.app.models.base import Base, Instant


class PredictionRecord(Base):
    """What was asked, what was answered, by which model version.

    Attributes:
        id: UUIDv7 (RFC 9562), the `prediction_ids` of the answer.
        row_number: position in the request, from 0.
        cells: the row as it came, by feature; redacted cells hold "[redacted]".
        prediction: the label by class name.
        probabilities: by class name.
        duration_ms: from the request's headers to its answer; the same for all rows of a request.
        traffic: what the client called it, `live` by default.
    """

    __tablename__ = "predictions"
    __table_args__ = (Index("ix_predictions_created_at", "created_at"),)

    id: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    request_id: Mapped[str] = mapped_column(String(128))
    row_number: Mapped[int]
    model_name: Mapped[str] = mapped_column(String(255))
    model_version: Mapped[str] = mapped_column(String(64))
    cells: Mapped[dict[str, Any]] = mapped_column(JSON)
    prediction: Mapped[str] = mapped_column(Text)
    probabilities: Mapped[dict[str, float]] = mapped_column(JSON)
    key_id: Mapped[str | None] = mapped_column(String(64))
    duration_ms: Mapped[float]
    environment: Mapped[str] = mapped_column(String(32))
    traffic: Mapped[str] = mapped_column(String(32))
    created_at: Mapped[datetime] = mapped_column(Instant)
