"""Every setting that production refuses, by its name."""

import pytest

from mlapi.ops.errors import SettingsError
from mlapi.ops.settings import load_settings

SAFE = {"MLAPI_ENVIRONMENT": "production", "MLAPI_API_KEYS": "mlk_Zk3xQ9vT2mLw8RbN"}
UNSAFE = [
    ("MLAPI_API_KEYS", "changeme-changeme-changeme"),
    ("MLAPI_API_KEYS", "tiny-key"),
    ("MLAPI_API_KEYS", "aaaaaaaaaaaaaaaaaaaaaaaa"),
    ("MLAPI_API_KEYS", "your-api-key-goes-here;scopes=read"),
    ("MLAPI_API_KEYS", "tiny;owner=somebody-with-a-long-name"),
    ("MLAPI_CORS_ORIGINS", "*"),
    ("MLAPI_CORS_ORIGINS", "null"),
    ("MLAPI_CORS_ORIGINS", "https://*.example.org"),
    ("MLAPI_HTTPS_ONLY", "false"),
    ("MLFLOW_TRACKING_URI", "http://mlflow.example.org:5000"),
    ("MLAPI_DATABASE_URL", "postgresql://mlapi@db.example.org/mlapi"),
    ("MLAPI_DATABASE_URL", "postgresql://mlapi@db.example.org/mlapi?sslmode=prefer"),
    ("MLAPI_RATE_LIMIT_STORE", "redis://redis.example.org:6379/0"),
    ("MLAPI_ALERT_WEBHOOK_URL", "http://hooks.example.org/x"),
]
SAFE_ENOUGH = [
    ("MLAPI_CORS_ORIGINS", "https://app.example.org"),
    ("MLFLOW_TRACKING_URI", "https://mlflow.example.org"),
    ("MLFLOW_TRACKING_URI", "http://127.0.0.1:5000"),
    ("MLAPI_DATABASE_URL", "postgresql://mlapi@db.example.org/mlapi?sslmode=verify-full"),
    ("MLAPI_DATABASE_URL", "postgresql://mlapi@[::1]/mlapi"),
    ("MLAPI_RATE_LIMIT_STORE", "rediss://redis.example.org:6379/0"),
    ("MLAPI_RATE_LIMIT_STORE", "redis://localhost:6379/0"),
    ("MLAPI_RATE_LIMIT_STORE", "gateway"),
]


@pytest.mark.parametrize(("name", "value"), UNSAFE)
def test_production_names_what_it_refuses_and_shows_no_key(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(environ=SAFE | {name: value})
    assert caught.value.setting == name
    assert name != "MLAPI_API_KEYS" or value not in str(caught.value)


@pytest.mark.parametrize(("name", "value"), SAFE_ENOUGH)
def test_production_takes_what_is_encrypted_or_goes_nowhere(name: str, value: str) -> None:
    load_settings(environ=SAFE | {name: value})


def test_a_host_may_be_named_that_is_reached_in_clear() -> None:
    given = {"MLAPI_RATE_LIMIT_STORE": "redis://redis:6379/0", "MLAPI_INSECURE_HOSTS": "redis,db"}
    load_settings(environ=SAFE | given)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MLAPI_CORS_ORIGINS", "*"),
        ("MLAPI_CORS_ORIGINS", "null"),
        ("MLAPI_TRUSTED_PROXIES", "the-proxy"),
        ("MLAPI_TRUSTED_PROXIES", "10.0.0.1/8"),
        ("MLAPI_RATE_LIMIT_STORE", "memcached://x"),
        ("MLAPI_TLS_KEY", "key.pem"),
        ("MLAPI_API_KEYS", "sha256:abcd"),
        ("MLAPI_API_KEYS", "mlk_a;scopes=root"),
        ("MLAPI_API_KEYS", "mlk_a;role=admin"),
        ("MLAPI_API_KEYS", "mlk_a;expires=soon"),
        ("MLAPI_API_KEYS", "mlk_a;id=a b"),
    ],
)
def test_what_cannot_be_used_is_refused_everywhere(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(environ={name: value})
    assert caught.value.setting == name
