"""mlapi keys: make API keys."""

import hashlib
import secrets

import click

from mlapi.cli.command import Group
from mlapi.cli.output import print_json

PREFIX = "mlk_"  # lets a key be recognised wherever it should not be


@click.group(cls=Group)
def keys() -> None:
    """Make API keys."""


@keys.command(epilog="Example: mlapi keys create")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def create(as_json: bool) -> None:
    """Print a new key, and its digest for MLAPI_API_KEYS. The key is kept nowhere: copy it now."""
    key = new_key()
    digest = hashlib.sha256(key.encode()).hexdigest()
    if as_json:
        print_json({"key": key, "sha256": digest})
        return
    click.echo(f"key     {key}\ndigest  sha256:{digest}")
    click.echo(
        "Give the key to the client; set MLAPI_API_KEYS to the digest (or to the key) where the service runs.", err=True
    )


def new_key() -> str:
    """Make a key of 256 random bits, 47 letters."""
    return PREFIX + secrets.token_urlsafe(32)
