import hashlib
import json

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
    assert digest == "sha256:" + hashlib.sha256(key.encode()).hexdigest()
    assert "MLAPI_API_KEYS" in result.stderr
