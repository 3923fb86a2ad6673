"""mlapi openapi: the document that the service gives at /openapi.json."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mlapi.cli.command import Command
from mlapi.cli.invocation import Invocation

if TYPE_CHECKING:
    from mlapi.ops.settings import Settings


@click.command(cls=Command, epilog="Example: mlapi openapi --out openapi.json")
@click.option("--model-name", metavar="MODEL", help="The model; needed where this machine has copies of more than one.")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Write there; else to standard output.")
@click.pass_obj
def openapi(invocation: Invocation, model_name: str | None, out: Path | None) -> None:
    """Print the OpenAPI document. It describes this machine's copy of the model (see `mlapi follow --once`)."""
    document = asyncio.run(_asked(invocation.settings(model_name=model_name)))
    if out is None:
        click.echo(document)
    else:
        out.write_bytes(document)


async def _asked(settings: Settings) -> bytes:
    """Ask the app itself, over ASGI without a socket, so that what is printed is what is served."""
    from pydantic import SecretStr

    from mlapi.app.main import create_app
    from mlapi.cli.keys import new_key

    key = new_key()
    api = settings.api.model_copy(update={"api_keys": (SecretStr(key),)})
    app = create_app(settings.model_copy(update={"api": api}))
    async with app.router.lifespan_context(app) as state:
        scope = _scope(key) | {"state": dict(state or {})}
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
