"""What turned out to be true of an answered row, as a record. Importing it imports SQLAlchemy."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from mlapi.app.models.base import Base, Instant


class OutcomeRecord(Base):
    """The last outcome that somebody told of a prediction, compared with it once and for all.

    Attributes:
        outcome: the true class, by name.
        correct: whether it is the predicted one.
        confidence: the probability that the model gave to its prediction.
        loss: minus the natural logarithm of the probability that it gave to the truth.
        key_id: of the key that told.
    """

    __tablename__ = "outcomes"
    __table_args__ = (Index("ix_outcomes_model", "model_name", "model_version"),)

    prediction_id: Mapped[str] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("predictions.id", ondelete="CASCADE"), primary_key=True
    )
    model_name: Mapped[str] = mapped_column(String(255))
    model_version: Mapped[str] = mapped_column(String(64))
    outcome: Mapped[str] = mapped_column(Text)
    correct: Mapped[bool]
    confidence: Mapped[float]
    loss: Mapped[float]
    key_id: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(Instant)
