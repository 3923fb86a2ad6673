import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mlapi.ops.aws import AWSClients
from mlapi.ops.errors import SettingsError
from mlapi.ops.settings import load_settings

ROLE = "arn:aws:iam::123456789012:role/mlapi"


@pytest.fixture(autouse=True)
def _some_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "example")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.delenv("AWS_PROFILE", raising=False)


def clients(**environ: str) -> AWSClients:
    return AWSClients.from_settings(load_settings(environ={"AWS_REGION": "eu-west-1", **environ}))


def test_a_client_has_the_region_and_waits_that_end() -> None:
    meta = clients().client("s3").meta
    assert meta.region_name == "eu-west-1"
    assert (meta.config.connect_timeout, meta.config.read_timeout) == (2, 10)
    assert meta.config.retries["total_max_attempts"] == 6


def test_a_client_is_made_once() -> None:
    aws = clients()
    assert aws.client("s3") is aws.client("s3")
    assert aws.client("sns") is not aws.client("s3")


def test_a_role_is_assumed_when_a_client_first_needs_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("botocore.client.BaseClient._make_api_call", _sts_stand_in(asked))
    s3 = clients(MLAPI_IAM_ROLE_ARN=ROLE).client("s3")
    assert asked == []
    assert s3._request_signer._credentials.get_frozen_credentials().access_key == "ASIAROLE"
    assert asked == [ROLE]


def _sts_stand_in(asked: list[str]) -> Any:
    """Imitates STS's AssumeRole; the real one checks rights and gives a session token of its own."""

    def answer(client: Any, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        assert operation == "AssumeRole"
        asked.append(arguments["RoleArn"])
        expiration = datetime.now(UTC) + timedelta(hours=1)
        keys = {"AccessKeyId": "ASIAROLE", "SecretAccessKey": "x", "SessionToken": "y", "Expiration": expiration}
        return {"Credentials": keys}

    return answer


def test_a_missing_boto3_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(SettingsError, match=r"boto3 is not installed; install ml-api-platform\[s3\]"):
        clients().client("s3")


def test_settings_and_logs_import_nothing_heavy() -> None:
    code = (
        "import sys, mlapi.ops.settings, mlapi.ops.logs, mlapi.ops.metrics, mlapi.ops.notify, mlapi.ops.aws;"
        "print([m for m in ('boto3', 'numpy', 'mlflow', 'fastapi', 'pydantic_settings') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
