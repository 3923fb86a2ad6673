"""Keys from wherever they are kept, as fresh as revocation needs."""

import asyncio
import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from mlapi.app.core.database import Database
from mlapi.app.services.key_records import DatabaseKeys
from mlapi.app.services.key_settings import sources
from mlapi.app.services.key_sources import FileKeys
from mlapi.app.services.keyring import REVOKED_WITHIN_S, WAIT_S, Keyring, KeySourceFailed
from mlapi.ops.key_entry import KeyEntry, read_text, read_value
from tests.app.models.databases import database, url
from tests.app.service import settings
from tests.fixtures.moto_server import KEYS, moto_server

JSON_FILE = json.dumps({"keys": [{"sha256": read_text("mlk_a").digest.hex(), "scopes": ["read"], "id": "a"}]})
JSON_SECRET = json.dumps({"keys": [{"key": "mlk_s", "scopes": ["read"], "id": "s"}]})
__all__ = ["database", "url"]


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Shelf:
    """A source that a test fills and breaks."""

    name = "shelf"

    def __init__(self, *keys: str) -> None:
        self.keys = list(keys)
        self.broken = False
        self.last: dict[str, float] = {}

    def read(self) -> Sequence[KeyEntry]:
        if self.broken:
            raise KeySourceFailed("it is broken")
        return [read_text(key) for key in self.keys]

    def used(self, last: Mapping[str, float]) -> None:
        self.last.update(last)


def known(keyring: Keyring, *keys: str) -> list[bool]:
    async def look() -> list[bool]:
        table = await keyring.fresh()
        await asyncio.sleep(0)
        return [table.find(key.encode()) is not None for key in keys]

    return asyncio.run(look())


def test_two_keys_count_in_overlap_and_a_revoked_one_no_longer_than_a_minute() -> None:
    clock, shelf = Clock(), Shelf("old")
    keyring = Keyring([shelf], clock=clock)
    keyring.read_now()
    shelf.keys = ["old", "new"]
    clock.now += keyring.stale_s
    assert known(keyring, "old", "new") == [True, True]
    shelf.keys = ["new"]
    assert known(keyring, "old", "new") == [True, True]  # too early to look again
    clock.now += keyring.stale_s
    assert known(keyring, "old", "new") == [False, True]
    assert keyring.stale_s + WAIT_S < REVOKED_WITHIN_S <= 60


def test_under_load_nobody_waits_for_a_look() -> None:
    clock, shelf = Clock(), Shelf("old")
    keyring = Keyring([shelf], clock=clock)
    keyring.read_now()

    async def load() -> None:
        shelf.keys = ["new"]
        clock.now += keyring.refresh_s
        assert (await keyring.fresh()).find(b"old")  # begins the look, and does not wait for it
        assert keyring._reading is not None
        await keyring._reading
        assert not (await keyring.fresh()).find(b"old")
        await keyring.close()

    asyncio.run(load())


def test_a_source_that_fails_keeps_its_keys_and_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    clock, shelf, other = Clock(), Shelf("kept"), Shelf("other")
    other.name = "other"
    keyring = Keyring([shelf, other], clock=clock)
    keyring.read_now()
    shelf.broken, other.keys = True, ["another"]
    for _ in range(3):
        clock.now += keyring.stale_s
        assert known(keyring, "kept", "other", "another") == [True, False, True]
    shelf.broken = False
    clock.now += keyring.stale_s
    assert known(keyring, "kept") == [True]
    actions = [record.__dict__["fields"]["event.action"] for record in caplog.records if record.levelno > logging.INFO]
    assert actions == ["keys-unavailable"]


def test_tells_the_sources_what_was_used_last() -> None:
    shelf = Shelf("a")
    keyring = Keyring([shelf])
    keyring.read_now()
    keyring.note("id-1")
    asyncio.run(keyring.close())
    assert list(shelf.last) == ["id-1"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("keys.toml", '[[keys]]\nkey = "mlk_a"\nscopes = ["read"]\nid = "a"\n'),
        (
            "keys.json",
            JSON_FILE,
        ),
    ],
)
def test_reads_a_file(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert FileKeys(tmp_path / name).read() == [read_value("mlk_a", id_="a", scopes=["read"])]


@pytest.mark.parametrize(
    "text",
    [
        "mlk_a",
        "[[keys]]\nkey = 'mlk_secretpart",
        "keys = 1",
        "keys = [1]",
        "[[keys]]\n",
        "[[keys]]\nkey = 'a'\nscopes = ['root']",
    ],
)
def test_says_what_is_wrong_with_a_file_without_its_content(tmp_path: Path, text: str) -> None:
    file = tmp_path / "keys.toml"
    with pytest.raises(KeySourceFailed, match="no such file"):
        FileKeys(file).read()
    file.write_text(text)
    with pytest.raises(KeySourceFailed, match="keys file is not valid") as caught:
        FileKeys(file).read()
    assert "secretpart" not in str(caught.value)


def test_keeps_keys_in_the_database(database: Database) -> None:
    keys = DatabaseKeys(database)
    entry = read_value("mlk_a", id_="a", scopes=["read"], owner="web", expires="2027-01-31")
    keys.add(entry)
    keys.add(read_value("mlk_b"))
    assert [one for one in keys.read() if one.id == "a"] == [entry]
    keys.used({"a": 1_800_000_000.0, "elsewhere": 1.0})
    assert [record.last_used_at.timestamp() for record in keys.records() if record.last_used_at] == [1_800_000_000.0]
    assert [keys.revoke("a"), keys.revoke("a"), keys.revoke("nobody")] == [True, False, False]
    assert [one.digest for one in keys.read()] == [read_text("mlk_b").digest]
    with pytest.raises(KeySourceFailed, match="IntegrityError"):
        keys.add(read_value("mlk_b", id_="twice"))


def test_a_database_that_cannot_be_used_is_a_source_that_fails() -> None:
    with pytest.raises(KeySourceFailed, match="cannot be used"):
        DatabaseKeys(Database("sqlite:////proc/nowhere/service.db")).read()


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Any:
    import boto3

    address = moto_server()
    for name, value in {**KEYS, "AWS_ENDPOINT_URL": address}.items():
        monkeypatch.setenv(name, value)
    return boto3


@pytest.mark.parametrize(
    "secret", [json.dumps({"keys": [{"key": "mlk_s", "scopes": ["read"], "id": "s"}]}), "mlk_s;scopes=read;id=s"]
)
def test_reads_secrets_manager_and_sees_a_rotation(aws: Any, tmp_path: Path, secret: str) -> None:
    client = aws.client("secretsmanager")
    given = settings(tmp_path, secrets_manager_enabled="true", keys_secret=f"keys-{len(secret)}")
    *_, source = sources(given)
    with pytest.raises(KeySourceFailed, match="ResourceNotFoundException"):
        source.read()
    client.create_secret(Name=f"keys-{len(secret)}", SecretString=secret)
    assert source.read() == [read_value("mlk_s", id_="s", scopes=["read"])]
    client.put_secret_value(SecretId=f"keys-{len(secret)}", SecretString="mlk_t")
    assert source.read() == [read_text("mlk_t")]
    client.put_secret_value(SecretId=f"keys-{len(secret)}", SecretString='{"keys": "mlk_s"}')
    with pytest.raises(KeySourceFailed, match="the secret holds no keys"):
        source.read()


def test_reads_the_parameter_store(aws: Any, tmp_path: Path) -> None:
    client = aws.client("ssm")
    given = settings(tmp_path, parameter_store_enabled="true", keys_parameters="/mlapi/api-keys")
    *_, source = sources(given)
    assert source.read() == []
    for number in range(12):  # more than a page
        client.put_parameter(Name=f"/mlapi/api-keys/k{number}", Value=f"mlk_{number};scopes=read", Type="SecureString")
    entries = source.read()
    assert sorted(entry.id for entry in entries) == sorted(f"k{number}" for number in range(12))
    client.delete_parameter(Name="/mlapi/api-keys/k3")
    assert len(source.read()) == 11
    client.put_parameter(Name="/mlapi/api-keys/k4", Value="mlk_4;role=root", Type="SecureString", Overwrite=True)
    with pytest.raises(KeySourceFailed, match="a parameter holds no key"):
        source.read()
