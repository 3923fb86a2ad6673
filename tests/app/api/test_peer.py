"""Who the client is, told by proxies that are trusted and by no others."""

import pytest

from mlapi.app.api.peer import Peer, Proxies

SPOOFED = {
    b"host": b"Service:8000",
    b"x-forwarded-for": b"203.0.113.9",
    b"x-forwarded-proto": b"https",
    b"x-forwarded-host": b"bank.example",
}


def peer(trusted: tuple[str, ...], client: str | None, headers: dict[bytes, bytes]) -> Peer:
    scope = {"client": (client, 1) if client else None, "scheme": "http"}
    return Proxies(trusted).peer(scope, headers)


@pytest.mark.parametrize("trusted", [(), ("10.0.0.0/8",), ("192.0.2.1",)])
@pytest.mark.parametrize("client", ["127.0.0.1", "192.0.2.7", "2001:db8::1", None])
def test_takes_nobody_elses_word(trusted: tuple[str, ...], client: str | None) -> None:
    assert peer(trusted, client, SPOOFED) == (client or "unknown", "http", "service:8000")


@pytest.mark.parametrize("client", ["10.1.2.3", "::ffff:10.1.2.3"])
def test_takes_a_trusted_proxys_word(client: str) -> None:
    assert peer(("10.0.0.0/8",), client, SPOOFED) == ("203.0.113.9", "https", "bank.example")


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        (b"", "10.0.0.1"),
        (b"203.0.113.9", "203.0.113.9"),
        (b"1.1.1.1, 203.0.113.9", "203.0.113.9"),  # the first is what the client has written
        (b"1.1.1.1, 203.0.113.9, 10.0.0.7", "203.0.113.9"),
        (b"10.0.0.8, 10.0.0.7", "10.0.0.8"),
        (b"203.0.113.9:4711", "203.0.113.9"),
        (b"[2001:db8::9]:4711", "2001:db8::9"),
        (b"2001:db8::9", "2001:db8::9"),
        (b"203.0.113.9, junk\xff", "10.0.0.1"),
        (b"203.0.113.9, junk, 10.0.0.7", "10.0.0.7"),
    ],
)
def test_finds_the_client_behind_a_row_of_proxies(forwarded: bytes, address: str) -> None:
    assert peer(("10.0.0.0/8",), "10.0.0.1", {b"x-forwarded-for": forwarded}).address == address


def test_the_nearest_proxy_says_how_the_client_speaks() -> None:
    headers = {b"x-forwarded-proto": b"https, http", b"x-forwarded-host": b"evil.example, ml.example"}
    assert peer(("10.0.0.1",), "10.0.0.1", headers) == ("10.0.0.1", "http", "ml.example")
