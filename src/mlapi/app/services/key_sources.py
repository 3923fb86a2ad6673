"""Where API keys are kept: settings, a file, AWS Secrets Manager, AWS Systems Manager's parameter store."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mlapi.app.services.keyring import KeySourceFailed
from mlapi.ops.key_entry import KeyEntry, read_fields, read_text

Connect = Callable[[], Any]  # gives a client of boto3; nothing is imported or called before the first look


class KeptElsewhere:
    """A source that does not keep when keys were used."""

    def used(self, last: Mapping[str, float]) -> None:
        """Nobody writes there."""


class ConfiguredKeys(KeptElsewhere):
    """Those of the settings."""

    name = "settings"

    def __init__(self, texts: Sequence[str]) -> None:
        """Take the texts; ValueError for a wrong one."""
        self._entries = tuple(map(read_text, texts))

    def read(self) -> Sequence[KeyEntry]:
        """See `KeySource`."""
        return self._entries


class FileKeys(KeptElsewhere):
    """Those of a TOML or JSON file with a list `keys`."""

    name = "file"

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Sequence[KeyEntry]:
        """See `KeySource`."""
        try:
            return read_document(self._path.read_text(encoding="utf-8"), is_json=self._path.suffix == ".json")
        except OSError as error:
            raise KeySourceFailed((error.strerror or "input/output error").lower()) from error
        except ValueError as error:
            raise KeySourceFailed(f"the keys file is not valid: {_harmless(error)}") from error


class SecretKeys(KeptElsewhere):
    """Those of one secret: JSON with a list `keys`, or texts separated by commas or lines."""

    name = "secrets-manager"

    def __init__(self, connect: Connect, secret: str) -> None:
        self._connect = connect
        self._secret = secret

    def read(self) -> Sequence[KeyEntry]:
        """See `KeySource`."""
        text = _ask(lambda: self._connect().get_secret_value(SecretId=self._secret)["SecretString"])
        try:
            if text.lstrip().startswith("{"):
                return read_document(text, is_json=True)
            return [read_text(part) for line in text.splitlines() for part in line.split(",") if part.strip()]
        except ValueError as error:
            raise KeySourceFailed(f"the secret holds no keys: {_harmless(error)}") from error


class ParameterKeys(KeptElsewhere):
    """Those below one path, a parameter a key, whose name ends with the key's id unless the text says another."""

    name = "parameter-store"

    def __init__(self, connect: Connect, path: str) -> None:
        self._connect = connect
        self._path = path

    def read(self) -> Sequence[KeyEntry]:
        """See `KeySource`."""
        found = _ask(lambda: list(self._parameters()))
        try:
            return [_named(one["Value"], one["Name"].rpartition("/")[2]) for one in found]
        except ValueError as error:
            raise KeySourceFailed(f"a parameter holds no key: {_harmless(error)}") from error

    def _parameters(self) -> Sequence[dict[str, str]]:
        pages = self._connect().get_paginator("get_parameters_by_path")
        given = pages.paginate(Path=self._path, Recursive=True, WithDecryption=True)
        return [one for page in given for one in page["Parameters"]]


def read_document(text: str, *, is_json: bool) -> Sequence[KeyEntry]:
    """Read a whole file of keys; ValueError, of which TOML's and JSON's own errors are kinds."""
    import tomllib

    document = json.loads(text) if is_json else tomllib.loads(text)
    entries = document.get("keys", []) if isinstance(document, dict) else None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ValueError("it has a list 'keys' of entries")  # what a file says wrongly is no TypeError
    return [read_fields(entry) for entry in entries]


def _named(text: str, name: str) -> KeyEntry:
    entry = read_text(text)
    return entry if ";id=" in text else entry._replace(id=name)


def _harmless(error: ValueError) -> str:
    """An error's text, unless it is a parser's own, which may quote a key."""
    import tomllib

    if isinstance(error, json.JSONDecodeError | tomllib.TOMLDecodeError | UnicodeDecodeError):
        return "it cannot be parsed"
    return str(error)


def _ask(call: Callable[[], Any]) -> Any:
    try:
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError as error:
        raise KeySourceFailed("boto3 is not installed; install ml-api-platform[s3]") from error
    try:
        return call()
    except ClientError as error:
        raise KeySourceFailed(f"AWS answers {error.response.get('Error', {}).get('Code', 'an error')}") from error
    except BotoCoreError as error:
        raise KeySourceFailed(f"AWS cannot be asked: {type(error).__name__}") from error
