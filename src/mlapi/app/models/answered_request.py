"""The rows of one answered request, as one record. Importing it imports SQLAlchemy."""

from typing import Any

from sqlalchemy import JSON, Index
from sqlalchemy.orm import Mapped, mapped_column

from mlapi.app.models.answered import Answered
from mlapi.app.models.base import Base


class AnsweredRequestRecord(Answered, Base):
    """What was asked, what was answered, by which model version; the view `answered_rows` shows it row by row.

    A record a row costs seven times as much as this for a request of 1,000 rows.

    Attributes:
        id: that of the first row; see `mlapi.app.core.uuid7`.
        n_rows: as many as the lists below have.
        cells: the rows as they came, by feature; redacted cells hold "[redacted]", a row that was deleted is null.
        predictions: the labels as the dataset spells them.
        probabilities: by class name, a mapping a row.
    """

    __tablename__ = "answered_requests"
    __table_args__ = (Index("ix_answered_requests_created_at", "created_at"),)

    n_rows: Mapped[int]
    cells: Mapped[list[dict[str, Any] | None]] = mapped_column(JSON)
    predictions: Mapped[list[str | int | bool | None]] = mapped_column(JSON)
    probabilities: Mapped[list[dict[str, float] | None]] = mapped_column(JSON)
