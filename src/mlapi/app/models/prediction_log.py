"""One answered row, as a record. Importing it imports SQLAlchemy."""

from typing import Any

from sqlalchemy import JSON, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from mlapi.app.models.answered import Answered
from mlapi.app.models.base import Base


class PredictionRecord(Answered, Base):
    """What was asked, what was answered, by which model version.

    Attributes:
        id: of the `prediction_ids` of the answer.
        row_number: position in the request, from 0.
        cells: the row as it came, by feature; redacted cells hold "[redacted]".
        prediction: the label by class name.
        probabilities: by class name.
    """

    __tablename__ = "predictions"
    __table_args__ = (Index("ix_predictions_created_at", "created_at"),)

    row_number: Mapped[int]
    cells: Mapped[dict[str, Any]] = mapped_column(JSON)
    prediction: Mapped[str] = mapped_column(Text)
    probabilities: Mapped[dict[str, float]] = mapped_column(JSON)
