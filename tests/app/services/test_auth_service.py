"""From a header to a principal."""

import hashlib

import pytest

from mlapi.app.core.errors import InsufficientScope, Unauthorized
from mlapi.app.core.security import ALL_SCOPES, Principal
from mlapi.app.services.auth_service import AuthService, require

KEY = "mlk_one"
OTHER = "mlk_other"
AUTH = AuthService([KEY, "sha256:" + hashlib.sha256(OTHER.encode()).hexdigest()])


@pytest.mark.parametrize("key", [KEY, OTHER])
@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_knows_a_key_given_in_clear_or_as_a_digest(scheme: str, key: str) -> None:
    principal = AUTH.authenticate(f"{scheme} {key}".encode())
    assert principal == (hashlib.sha256(key.encode()).hexdigest()[:8], ALL_SCOPES)


@pytest.mark.parametrize(
    "header",
    [
        None,
        b"",
        b"Bearer",
        b"Bearer ",
        KEY.encode(),
        b"Basic " + KEY.encode(),
        b"Bearer " + KEY[:-1].encode(),
        b"Bearer " + KEY.upper().encode(),
        b"Bearer mlk_one, Bearer mlk_one",
        b"Bearer\tmlk_one",
        b"Bearer sha256:" + hashlib.sha256(OTHER.encode()).hexdigest().encode(),
        b"Bearer \xff\x00",
    ],
)
def test_gives_everything_else_the_same_refusal(header: bytes | None) -> None:
    with pytest.raises(Unauthorized) as caught:
        AUTH.authenticate(header)
    assert str(caught.value) == str(Unauthorized())


def test_without_keys_nobody_is_known() -> None:
    with pytest.raises(Unauthorized):
        AuthService([]).authenticate(b"Bearer ")


def test_refuses_a_digest_that_is_none() -> None:
    with pytest.raises(ValueError, match="64 hexadecimal"):
        AuthService(["sha256:abcd"])


def test_asks_for_a_scope() -> None:
    reader = Principal("id", frozenset({"read"}))
    require(reader, "read")
    require(None, "read")
    with pytest.raises(InsufficientScope, match="'predict'"):
        require(reader, "predict")
