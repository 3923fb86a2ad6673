"""What the service derives from its settings."""

from pathlib import Path

import pytest

from mlapi.app.core.clock import timestamp
from mlapi.app.core.config import ConfigManager


def manager(tmp_path: Path, **environ: str) -> ConfigManager:
    given = {"MLAPI_STATE_DIR": str(tmp_path), "MLAPI_STORE": "file:models", "MLAPI_API_KEYS": "mlk_0123456789abcdef"}
    return ConfigManager.load(environ={**given, **environ})


@pytest.mark.parametrize(
    ("environ", "public"),
    [
        ({}, True),
        ({"MLAPI_ENVIRONMENT": "production"}, False),
        ({"MLAPI_ENVIRONMENT": "production", "MLAPI_DOCS_PUBLIC": "true"}, True),
    ],
)
def test_says_whether_the_documentation_is_public(tmp_path: Path, environ: dict[str, str], public: bool) -> None:
    assert manager(tmp_path, **environ).docs_are_public is public


def test_gives_the_keys_of_both_settings(tmp_path: Path) -> None:
    keys = manager(tmp_path, MLAPI_API_KEY="mlk_fedcba9876543210").keys
    assert set(keys) == {"mlk_fedcba9876543210", "mlk_0123456789abcdef"}


def test_spells_an_instant_as_rfc_3339_with_milliseconds() -> None:
    assert len(timestamp()) == len("2026-01-31T09:30:00.125Z")
    assert timestamp().endswith("Z")
