"""mlapi openapi: the document that the service gives at /openapi.json."""

from __future__ import annotations

import asyncio
import json
from collections.abc import MutableMapping
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from mlapi.cli.command import Command
from mlapi.cli.invocation import Invocation

if TYPE_CHECKING:
    from mlapi.ops.settings import Settings

FILE = click.Path(path_type=Path)


@click.command(cls=Command, epilog="Example: mlapi openapi --out openapi.json")
@click.option("--model-name", metavar="MODEL", help="The model; needed where this machine has copies of more than one.")
@click.option("--contract", is_flag=True, help="Without any model: what holds for all of them.")
@click.option("--against", type=FILE, metavar="FILE", help="Print what breaks clients of this document; exit 1 if any.")
@click.option("--out", type=FILE, metavar="FILE", help="Write there; else to standard output.")
@click.pass_obj
def openapi(
    invocation: Invocation, model_name: str | None, contract: bool, against: Path | None, out: Path | None
) -> None:
    """Print the OpenAPI document. It describes this machine's copy of the model (see `mlapi follow --once`)."""
    settings = invocation.settings(model_name=model_name)
    document = _contract(settings) if contract else asyncio.run(_asked(settings))
    if against is not None:
        _compare(against, document)
    elif out is None:
        click.echo(document)
    else:
        out.write_bytes(document)


def _contract(settings: Settings) -> bytes:
    """The document of a service that has no model, laid out so that a reader sees what changes."""
    with TemporaryDirectory() as empty:
        document = asyncio.run(_asked(settings.replaced(state_dir=Path(empty))))
    return json.dumps(_without_examples(json.loads(document)), indent=1, ensure_ascii=False).encode() + b"\n"


def _without_examples(node: Any) -> Any:
    """Leave out what is shown and not promised."""
    if isinstance(node, dict):
        shown = ("example", "examples", "x-codeSamples")
        return {name: _without_examples(child) for name, child in node.items() if name not in shown}
    return [_without_examples(child) for child in node] if isinstance(node, list) else node


def _compare(against: Path, document: bytes) -> None:
    """Print the breaks, and fail if there are any."""
    from mlapi.app.api.compatibility import breaking

    found = breaking(json.loads(against.read_bytes()), json.loads(document), datetime.now(UTC).date())
    for line in found:
        click.echo(line)
    if found:
        raise click.ClickException(f"{len(found)} changes break clients of {against}")
    click.echo(f"clients of {against} are served as before")


async def _asked(settings: Settings) -> bytes:
    """Ask the app itself, over ASGI without a socket, so that what is printed is what is served."""
    from mlapi.app.main import create_app
    from mlapi.cli.keys import new_key
    from mlapi.ops.fields import Secret

    key = new_key()
    api = settings.api.replaced(api_keys=(Secret(key),))
    app = create_app(settings.replaced(api=api))
    async with app.lifespan() as state:
        scope = _scope(key) | {"state": dict(state)}
        sent: list[MutableMapping[str, Any]] = []

        async def receive() -> MutableMapping[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: MutableMapping[str, Any]) -> None:
            sent.append(message)

        await app(scope, receive, send)
    if sent[0]["status"] != 200:
        raise click.ClickException(f"the app answered {sent[0]['status']} for its own document")
    return b"".join(message.get("body", b"") for message in sent[1:])


def _scope(key: str) -> dict[str, Any]:
    """An HTTPS request for the document (ASGI HTTP connection scope 2.3)."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "https",
        "path": "/openapi.json",
        "raw_path": b"/openapi.json",
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"localhost"), (b"authorization", f"Bearer {key}".encode())],
        "client": ("127.0.0.1", 0),
        "server": ("127.0.0.1", 443),
    }
