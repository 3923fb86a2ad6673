"""A holder of an API key, as a record. Importing it imports SQLAlchemy."""

from datetime import datetime

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from mlapi.app.models.base import Base, Instant


class UserRecord(Base):
    """One API key at rest.

    Attributes:
        key_id: what logs show.
        digest: SHA-256 of the key, 32 bytes; the key itself is kept nowhere.
        owner: a person or a system.
        scopes: among `predict`, `read` and `admin`, separated by blanks.
        expires_at: None never expires.
        revoked_at: from when on it no longer counts.
        last_used_at: up to a minute late.
    """

    __tablename__ = "api_keys"

    key_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    owner: Mapped[str] = mapped_column(String(255))
    scopes: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime | None] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
    last_used_at: Mapped[datetime | None] = mapped_column(Instant)
