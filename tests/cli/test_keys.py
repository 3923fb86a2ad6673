import hashlib
import json
from pathlib import Path

import pytest

from mlapi.app.services.key_sources import FileKeys
from mlapi.ops.settings import load_settings
from tests.cli.run import mlapi


def test_create_prints_a_key_and_the_digest_that_settings_take() -> None:
    result = mlapi("keys", "create", "--json")
    made = json.loads(result.stdout)
    assert made["key"].startswith("mlk_")
    assert made["sha256"] == hashlib.sha256(made["key"].encode()).hexdigest()
    environ = {"MLAPI_ENVIRONMENT": "production", "MLAPI_API_KEYS": f"{made['key']},sha256:{made['sha256']}"}
    assert len(load_settings(environ=environ).api.keys) == 2


def test_two_keys_differ() -> None:
    assert mlapi("keys", "create").stdout != mlapi("keys", "create").stdout


def test_a_person_is_told_where_each_goes() -> None:
    result = mlapi("keys", "create")
    key, digest = (line.split()[1] for line in result.stdout.splitlines())
    assert digest == f"sha256:{hashlib.sha256(key.encode()).hexdigest()};id={key[4:12]}"
    assert "MLAPI_API_KEYS" in result.stderr


@pytest.mark.parametrize("name", ["keys.toml", "keys.json"])
def test_a_file_keeps_what_the_service_reads_until_it_is_revoked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    file = tmp_path / "made" / name
    monkeypatch.setenv("MLAPI_KEYS_FILE", str(file))
    flags = ["--scopes", "predict,read", "--owner", 'the "web" team', "--expires", "90d", "--json"]
    made = json.loads(mlapi("keys", "create", *flags).stdout)
    mlapi("keys", "create")
    first, second = FileKeys(file).read()
    assert (first.id, first.digest.hex(), first.owner) == (made["id"], made["sha256"], 'the "web" team')
    assert [sorted(one.scopes) for one in (first, second)] == [["predict", "read"], ["admin", "predict", "read"]]
    assert first.expires_at is not None
    assert file.stat().st_mode & 0o077 == 0
    assert made["key"] not in file.read_text()
    listed = json.loads(mlapi("keys", "list", "--json").stdout)["keys"]
    assert [one["id"] for one in listed] == [first.id, second.id]
    assert second.id in mlapi("keys", "list").stdout
    assert mlapi("keys", "revoke", first.id).exit_code == 0
    assert [one.id for one in FileKeys(file).read()] == [second.id]
    again = mlapi("keys", "revoke", first.id)
    assert (again.exit_code, "mlapi keys list" in again.stderr) == (1, True)


def test_the_database_keeps_revoked_keys_in_its_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLAPI_STATE_DIR", str(tmp_path))
    assert "MLAPI_KEYS_IN_DATABASE" in mlapi("keys", "create", "--store", "database").stderr
    monkeypatch.setenv("MLAPI_KEYS_IN_DATABASE", "true")
    made = json.loads(mlapi("keys", "create", "--scopes", "read", "--json").stdout)
    assert made["store"] == "database"
    assert json.loads(mlapi("keys", "revoke", made["id"], "--json").stdout) == {
        "id": made["id"],
        "revoked_from": ["database"],
    }
    [listed] = json.loads(mlapi("keys", "list", "--json").stdout)["keys"]
    assert (listed["id"], listed["scopes"], listed["source"]) == (made["id"], ["read"], "database")
    assert listed["revoked"] is not None


@pytest.mark.parametrize("flags", [["--scopes", "root"], ["--scopes", ""], ["--expires", "soon"], ["--store", "moon"]])
def test_create_refuses_what_makes_no_key(flags: list[str]) -> None:
    assert mlapi("keys", "create", *flags).exit_code == 2
