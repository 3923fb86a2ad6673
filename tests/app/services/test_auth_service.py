"""From a header to a principal."""

import asyncio
import hashlib
import time
from collections.abc import Sequence

import pytest

from mlapi.app.core.errors import InsufficientScope, RateLimited, Unauthorized
from mlapi.app.core.security import ALL_SCOPES, Principal
from mlapi.app.services.auth_service import AuthService, network_of, require
from mlapi.app.services.key_sources import ConfiguredKeys
from mlapi.app.services.keyring import Keyring
from mlapi.app.services.usage_watch import UsageWatch

KEY = "mlk_one"
OTHER = "mlk_other"
MADE = "mlk_ab12cd34_" + "x" * 43
HASHED = "sha256:" + hashlib.sha256(OTHER.encode()).hexdigest()


def auth(*texts: str, failures: int = 0) -> AuthService:
    keyring = Keyring([ConfiguredKeys(texts)])
    keyring.read_now()
    return AuthService(keyring, UsageWatch(lambda *_: None), failures_per_minute=failures)


def ask(service: AuthService, header: bytes | None, peer: str = "192.0.2.1") -> Principal:
    return asyncio.run(service.authenticate(header, peer))


AUTH = auth(KEY, HASHED, MADE)


@pytest.mark.parametrize("key", [KEY, OTHER])
@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_knows_a_key_given_in_clear_or_as_a_digest(scheme: str, key: str) -> None:
    principal = ask(AUTH, f"{scheme} {key}".encode())
    assert principal == (hashlib.sha256(key.encode()).hexdigest()[:8], ALL_SCOPES)


def test_calls_a_key_by_the_id_that_it_was_made_with() -> None:
    assert ask(AUTH, f"Bearer {MADE}".encode()).key_id == "ab12cd34"


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
        b"Bearer " + HASHED.encode(),
        b"Bearer ab12cd34",
        b"Bearer \xff\x00",
    ],
)
def test_gives_everything_else_the_same_refusal(header: bytes | None) -> None:
    with pytest.raises(Unauthorized) as caught:
        ask(AUTH, header)
    assert str(caught.value) == str(Unauthorized())


def test_without_keys_nobody_is_known() -> None:
    with pytest.raises(Unauthorized):
        ask(auth(), b"Bearer ")


def test_refuses_a_digest_that_is_none() -> None:
    with pytest.raises(ValueError, match="64 hexadecimal"):
        auth("sha256:abcd")


def test_gives_the_scopes_that_stand_behind_a_key() -> None:
    service = auth(f"{HASHED};scopes=predict+read;id=web;owner=a person", "mlk_b;scopes=admin")
    assert ask(service, b"Bearer mlk_other") == Principal("web", frozenset({"predict", "read"}))
    assert ask(service, b"Bearer mlk_b").scopes == {"admin"}


def test_a_key_ends_when_it_expires() -> None:
    def expires(at: float) -> str:
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))

    service = auth(f"{KEY};expires={expires(time.time() - 2)}", f"{OTHER};expires={expires(time.time() + 60)}")
    assert ask(service, b"Bearer mlk_other").scopes == ALL_SCOPES
    with pytest.raises(Unauthorized) as caught:
        ask(service, b"Bearer mlk_one")
    assert caught.value.reason == "expired"


def statuses(service: AuthService, headers: Sequence[bytes | None], peer: str) -> list[str]:
    found = []
    for header in headers:
        try:
            ask(service, header, peer)
            found.append("ok")
        except (Unauthorized, RateLimited) as error:
            found.append(type(error).__name__)
    return found


def test_whoever_guesses_is_slowed_down_and_a_valid_key_is_not() -> None:
    service = auth(KEY, failures=10)
    mixed = [header for number in range(1000) for header in (f"Bearer guess{number}".encode(), b"Bearer mlk_one")]
    found = statuses(service, mixed, "192.0.2.1")
    assert set(found[1::2]) == {"ok"}
    assert found[:20:2] == ["Unauthorized"] * 10
    assert found[20::2].count("RateLimited") >= 0.95 * 990
    assert statuses(service, [b"Bearer guess"], "192.0.2.2") == ["Unauthorized"]  # nobody else is


def test_a_missing_key_is_no_guess() -> None:
    assert set(statuses(auth(KEY, failures=2), [None] * 50, "192.0.2.1")) == {"Unauthorized"}


def test_all_addresses_of_an_ipv6_network_guess_together() -> None:
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff:1") != network_of("2001:db8:0:1::1")
    assert network_of("192.0.2.1") != network_of("192.0.2.2")
    assert network_of("a:b") == "a:b"


def test_asks_for_a_scope() -> None:
    reader = Principal("id", frozenset({"read"}))
    require(reader, "read")
    require(None, "read")
    with pytest.raises(InsufficientScope, match="'predict'"):
        require(reader, "predict")
