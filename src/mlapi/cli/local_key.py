"""The API key that this machine keeps for itself, so that a first try needs no setting."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from mlapi.cli.keys import new_key

if TYPE_CHECKING:
    from mlapi.ops.settings import Settings


def with_key(settings: Settings) -> Settings:
    """Give settings with a key: the configured ones as they are, else the kept one, made if there is none.

    Raises:
        OSError: the file cannot be read or written.
    """
    from mlapi.ops.fields import Secret

    if settings.has_keys:
        return settings
    api = settings.api.replaced(api_key=Secret(kept_key(settings.key_file)))
    return settings.replaced(api=api)


def kept_key(file: Path) -> str:
    """Read the key of a file, which is made with a new one, readable by its owner only, where there is none."""
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        if found := file.read_text(encoding="ascii").strip():
            return found
        descriptor = os.open(file, os.O_WRONLY | os.O_TRUNC)  # its writer was killed before it wrote
    key = new_key()
    with os.fdopen(descriptor, "w", encoding="ascii") as opened:
        opened.write(f"{key}\n")
    return key


def shown_key(settings: Settings) -> str:
    """Give a key in clear for a command to paste, or what to put there where all are kept as digests."""
    values = (key.get_secret_value().partition(";")[0] for key in settings.api.keys)
    return next((value for value in values if not value.startswith("sha256:")), "YOUR_KEY")
