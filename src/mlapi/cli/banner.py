"""What a newcomer sees before the service starts: where it is, the key, and a request that works when pasted."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from mlapi.cli.local_key import shown_key
from mlapi.cli.stores import open_local

if TYPE_CHECKING:
    from mlapi.ops.settings import Settings

ANY_ADDRESS = ("0.0.0.0", "::", "")  # noqa: S104 # compared with, not bound


def banner(settings: Settings) -> Iterator[str]:
    """Give the lines."""
    address, key = url(settings), shown_key(settings)
    yield f"URL   {address}  (documentation: {address}/docs)"
    yield f"Key   {key}"
    yield "Try   " + curl(address, key, _examples(settings))


def url(settings: Settings) -> str:
    """Give the address that a client on this machine uses."""
    if settings.api.public_url:
        return settings.api.public_url
    host = "127.0.0.1" if settings.api.host in ANY_ADDRESS else settings.api.host
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.api.port}"


def curl(address: str, key: str, rows: list[dict[str, Any]]) -> str:
    """Give a command line for a POSIX shell; whatever stands in names or categories stays inside its quotes."""
    body = msgspec.json.encode({"data": rows}).decode()
    headers = ("Authorization: Bearer " + key, "Content-Type: application/json")
    words = ["curl", "-sS", f"{address}/predict", *(word for header in headers for word in ("-H", header)), "-d", body]
    return " ".join(map(shlex.quote, words))


def _examples(settings: Settings) -> list[dict[str, Any]]:
    """Give two synthetic rows of the model that will be served."""
    from mlapi.app.schemas.examples import example_rows
    from mlapi.bundle.schema import FeatureSchema

    local = open_local(settings)
    assert settings.api.model_name is not None
    record = local.resolve(settings.api.model_name, settings.api.model_stage)
    path = settings.serving_dir / record.name / "versions" / record.version / "schema.json"
    return example_rows(FeatureSchema.from_json(path.read_bytes()))
