"""Writing the file of API keys; `key_sources.FileKeys` reads it."""

import fcntl
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mlapi.app.services.keyring import KeySourceFailed
from mlapi.ops.key_entry import KeyEntry, read_fields

Fields = dict[str, Any]


class KeyFile:
    """A TOML or JSON file, by its suffix, with a list `keys`; whoever reads it sees it before a change or after."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def entries(self) -> list[Fields]:
        """Give what stands in it, nothing where there is no file; raises KeySourceFailed."""
        import tomllib

        try:
            text = self._path.read_text(encoding="utf-8")
            document = json.loads(text) if self._is_json else tomllib.loads(text)
            return [dict(one) for one in document.get("keys", [])]
        except FileNotFoundError:
            return []
        except (ValueError, TypeError, AttributeError) as error:
            raise KeySourceFailed("the keys file is not valid") from error

    def add(self, entry: KeyEntry) -> None:
        """Keep a new key, by its digest; raises KeySourceFailed, OSError."""
        with self._alone() as entries:
            if any(read_fields(one).id == entry.id for one in entries):
                raise KeySourceFailed(f"there is a key {entry.id} already")
            entries.append(fields_of(entry))

    def revoke(self, key_id: str) -> bool:
        """Take a key out; gives whether it was there; raises KeySourceFailed, OSError."""
        with self._alone() as entries:
            kept = [one for one in entries if read_fields(one).id != key_id]
            found = len(kept) < len(entries)
            entries[:] = kept
        return found

    @property
    def _is_json(self) -> bool:
        return self._path.suffix == ".json"

    @contextmanager
    def _alone(self) -> Iterator[list[Fields]]:
        """The entries, to be changed while no other process does."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with open(self._path.with_name(f".{self._path.name}.lock"), "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            entries = self.entries()
            yield entries
            self._write(entries)

    def _write(self, entries: list[Fields]) -> None:
        text = json.dumps({"keys": entries}, indent=1) + "\n" if self._is_json else "\n".join(map(_toml, entries))
        descriptor, name = tempfile.mkstemp(
            dir=self._path.parent, prefix=f".{self._path.name}."
        )  # readable by its owner
        with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            opened.write(text)
            opened.flush()
            os.fsync(opened.fileno())
        Path(name).replace(self._path)


def fields_of(entry: KeyEntry) -> Fields:
    """An entry as files have it."""
    fields: Fields = {"id": entry.id, "sha256": entry.digest.hex(), "scopes": sorted(entry.scopes)}
    if entry.owner:
        fields["owner"] = entry.owner
    if entry.expires_at is not None:
        fields["expires"] = datetime.fromtimestamp(entry.expires_at, UTC).isoformat()
    return fields


def _toml(entry: Mapping[str, Any]) -> str:
    """One table; a JSON text or list of texts is a TOML one too."""
    lines = [f"{name} = {json.dumps(value, ensure_ascii=True, default=str)}" for name, value in entry.items()]
    return "\n".join(["[[keys]]", *lines, ""])
