"""API keys in the service's own database. SQLAlchemy is imported by the functions that need it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mlapi.app.services.keyring import KeySourceFailed
from mlapi.ops.key_entry import KeyEntry

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from mlapi.app.core.database import Database
    from mlapi.app.models.user import UserRecord


class DatabaseKeys:
    """Those of the table `api_keys`."""

    name = "database"

    def __init__(self, database: Database) -> None:
        self._database = database
        self._migrated = False

    def read(self) -> Sequence[KeyEntry]:
        """See `KeySource`."""
        return [entry_of(record) for record in self.records() if record.revoked_at is None]

    def records(self) -> Sequence[UserRecord]:
        """Give all of them, revoked ones too, oldest first; raises KeySourceFailed."""
        from sqlalchemy import select

        from mlapi.app.models.user import UserRecord

        with self._session() as session:
            return list(session.scalars(select(UserRecord).order_by(UserRecord.created_at)))

    def add(self, entry: KeyEntry) -> None:
        """Keep a new key; raises KeySourceFailed."""
        from mlapi.app.models.user import UserRecord

        record = UserRecord(
            key_id=entry.id,
            digest=entry.digest,
            owner=entry.owner,
            scopes=" ".join(sorted(entry.scopes)),
            created_at=datetime.now(UTC),
            expires_at=None if entry.expires_at is None else datetime.fromtimestamp(entry.expires_at, UTC),
        )
        with self._session() as session:
            session.add(record)

    def revoke(self, key_id: str) -> bool:
        """Let a key no longer count; gives whether there was one that did; raises KeySourceFailed."""
        from mlapi.app.models.user import UserRecord

        with self._session() as session:
            record = session.get(UserRecord, key_id)
            if record is None or record.revoked_at is not None:
                return False
            record.revoked_at = datetime.now(UTC)
            return True

    def used(self, last: Mapping[str, float]) -> None:
        """See `KeySource`."""
        from sqlalchemy import update

        from mlapi.app.models.user import UserRecord

        with self._session() as session:
            for key_id, at in last.items():
                instant = datetime.fromtimestamp(at, UTC)
                session.execute(update(UserRecord).where(UserRecord.key_id == key_id).values(last_used_at=instant))

    @contextmanager
    def _session(self) -> Iterator[Session]:
        from sqlalchemy.exc import SQLAlchemyError

        from mlapi.app.models import migration
        from mlapi.ops.errors import SettingsError

        try:
            if not self._migrated:
                migration.upgrade(self._database)
                self._migrated = True
            with self._database.sessions.begin() as session:
                yield session
        except (SQLAlchemyError, SettingsError, OSError) as error:
            raise KeySourceFailed(f"the database cannot be used: {type(error).__name__}") from error


def entry_of(record: UserRecord) -> KeyEntry:
    """A record as the keyring takes it."""
    expires_at = record.expires_at.timestamp() if record.expires_at else None
    return KeyEntry(record.key_id, record.digest, frozenset(record.scopes.split()), record.owner, expires_at)
