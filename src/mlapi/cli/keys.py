"""mlapi keys: make API keys, list them, and revoke them."""

from __future__ import annotations

import re
import secrets
import time
from typing import TYPE_CHECKING, Any

import click

from mlapi.cli.command import Group
from mlapi.cli.invocation import Invocation
from mlapi.cli.output import print_json, print_table

if TYPE_CHECKING:
    from mlapi.ops.key_entry import KeyEntry
    from mlapi.ops.settings import Settings

PREFIX = "mlk_"  # lets a key be recognised wherever it should not be
ID_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"  # 32, none of which is taken for another
STORES = ("print", "file", "database")
KEEP = "Where it is kept: in MLAPI_KEYS_FILE, in the database, or nowhere.  [default: the first that the settings name]"
DAYS = re.compile(r"(\d{1,5})d")


@click.group(cls=Group)
def keys() -> None:
    """Make, list and revoke API keys."""


@keys.command(epilog="Example: mlapi keys create --scopes predict --expires 90d --owner web")
@click.option("--scopes", default="predict,read,admin", show_default=True, help="What it may do.")
@click.option("--expires", metavar="WHEN", help="2027-01-31, an RFC 3339 instant, or 90d for in 90 days.")
@click.option("--owner", default="", metavar="NAME", help="Who uses it.")
@click.option("--store", type=click.Choice(STORES), help=KEEP)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def create(
    invocation: Invocation, /, *, scopes: str, expires: str | None, owner: str, store: str | None, as_json: bool
) -> None:
    """Print a new key. Only its digest is kept: copy the key now."""
    from mlapi.ops.key_entry import read_value

    key = new_key()
    try:
        entry = read_value(
            key, scopes=[one.strip() for one in scopes.split(",")], owner=owner, expires=_instant(expires)
        )
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    settings = invocation.settings()
    where = store or _usual(settings)
    if where != "print":
        _store(settings, where).add(entry)
    digest = entry.digest.hex()
    if as_json:
        print_json({"key": key, "sha256": digest, "id": entry.id, "scopes": sorted(entry.scopes), "store": where})
        return
    click.echo(f"key     {key}\ndigest  sha256:{digest}{_suffix(entry)}")
    told = "Set MLAPI_API_KEYS to the digest (or to the key) where the service runs."
    click.echo(f"Give the key to the client. {told if where == 'print' else 'It counts within a minute.'}", err=True)


@keys.command("list", epilog="Example: mlapi keys list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def list_(invocation: Invocation, /, *, as_json: bool) -> None:
    """List the keys of the settings, the file and the database; never the keys themselves."""
    listed = list(_listed(invocation.settings()))
    if as_json:
        print_json({"keys": listed})
        return
    header = ("id", "scopes", "owner", "expires", "revoked", "last_used", "source")
    print_table(header, [[_cell(one.get(name)) for name in header] for one in listed])


@keys.command(epilog="Example: mlapi keys revoke ab12cd34")
@click.argument("key_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def revoke(invocation: Invocation, /, key_id: str, *, as_json: bool) -> None:
    """Let a key of the file or the database no longer count, within a minute, without a restart."""
    from mlapi.ops.errors import OpsError

    settings = invocation.settings()
    found = [where for where in STORES[1:] if _names(settings, where) and _store(settings, where).revoke(key_id)]
    if not found:
        raise OpsError(f"no key {key_id} that counts is in the file or the database; 'mlapi keys list' shows them")
    if as_json:
        print_json({"id": key_id, "revoked_from": found})
        return
    click.echo(f"key {key_id} is revoked ({', '.join(found)})")


def new_key() -> str:
    """Make a key: an id of 40 bits, which logs show, and a secret of 256."""
    return f"{PREFIX}{''.join(secrets.choice(ID_LETTERS) for _ in range(8))}_{secrets.token_urlsafe(32)}"


def _instant(expires: str | None) -> str | None:
    days = DAYS.fullmatch(expires or "")
    if days is None:
        return expires
    return time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(time.time() + int(days[1]) * 86_400))


def _suffix(entry: KeyEntry) -> str:
    """What stands behind a digest in MLAPI_API_KEYS, so that the service knows all that was said of the key."""
    parts = [f";id={entry.id}"]
    if len(entry.scopes) < 3:
        parts.append(f";scopes={'+'.join(sorted(entry.scopes))}")
    if entry.owner and not set(",;") & set(entry.owner):
        parts.append(f";owner={entry.owner}")
    if entry.expires_at is not None:
        parts.append(time.strftime(";expires=%Y-%m-%dT%H:%M:%SZ", time.gmtime(entry.expires_at)))
    return "".join(parts)


def _names(settings: Settings, where: str) -> bool:
    security = settings.security
    return security.keys_file is not None if where == "file" else security.keys_in_database


def _usual(settings: Settings) -> str:
    return next((where for where in STORES[1:] if _names(settings, where)), "print")


def _store(settings: Settings, where: str) -> Any:
    """The writer of a store; SettingsError where the settings do not name it."""
    from mlapi.app.core.database import Database
    from mlapi.app.services.key_file import KeyFile
    from mlapi.app.services.key_records import DatabaseKeys
    from mlapi.ops.errors import SettingsError

    if where == "database":
        if not settings.security.keys_in_database:
            raise SettingsError("MLAPI_KEYS_IN_DATABASE", "set it to true, or the service will not look there")
        return DatabaseKeys(Database.of(settings))
    if settings.security.keys_file is None:
        raise SettingsError("MLAPI_KEYS_FILE", "set it to the file that the service reads")
    return KeyFile(settings.security.keys_file)


def _listed(settings: Settings) -> Any:
    from mlapi.ops.key_entry import read_fields, read_text

    for key in settings.api.keys:
        yield _shown(read_text(key.get_secret_value()), "settings")
    if _names(settings, "file"):
        for fields in _store(settings, "file").entries():
            yield _shown(read_fields(fields), "file")
    if _names(settings, "database"):
        from mlapi.app.services.key_records import entry_of

        for record in _store(settings, "database").records():
            times = {"revoked": record.revoked_at, "last_used": record.last_used_at}
            yield _shown(entry_of(record), "database") | {name: _spelled(at) for name, at in times.items()}


def _shown(entry: KeyEntry, source: str) -> dict[str, object]:
    from datetime import UTC, datetime

    expires = None if entry.expires_at is None else datetime.fromtimestamp(entry.expires_at, UTC)
    return {
        "id": entry.id,
        "scopes": sorted(entry.scopes),
        "owner": entry.owner,
        "expires": _spelled(expires),
        "source": source,
    }


def _spelled(at: Any) -> str | None:
    return None if at is None else at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _cell(value: object) -> object:
    return ",".join(value) if isinstance(value, list) else value or "-"
