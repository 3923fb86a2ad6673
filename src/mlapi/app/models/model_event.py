"""Something that happened to the model of this service, as a record. Importing it imports SQLAlchemy."""

from datetime import datetime

from sqlalchemy import Index, String, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from mlapi.app.models.base import Base, Instant


class ModelEventRecord(Base):
    """A version was loaded, took over, was refused, or is served in place of a newer one.

    Attributes:
        kind: `load`, `swap`, `refusal` or `fallback`.
        generation: of the alias record that named the version.
        code: of a refusal, such as `digest_mismatch`.
        reason: a sentence for people.
    """

    __tablename__ = "model_events"
    __table_args__ = (Index("ix_model_events_created_at", "created_at"),)

    id: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    model_name: Mapped[str] = mapped_column(String(255))
    model_version: Mapped[str] = mapped_column(String(64))
    generation: Mapped[int]
    code: Mapped[str | None] = mapped_column(String(64))
    reason: Mapped[str | None] = mapped_column(Text)
    environment: Mapped[str] = mapped_column(String(32))
    created_at: Mapped[datetime] = mapped_column(Instant)
