"""Files from HTTP and S3: whole, checked, and asked for again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlapi.training import retrying
from mlapi.training.downloads import Downloads
from mlapi.training.errors import AddressAway, AddressError
from tests.fixtures.files_server import FilesServer, files_server

BODY = b"age,y\n1,a\n" * 50


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrying, "BASE_S", 0.0)


@pytest.fixture
def server() -> Iterator[FilesServer]:
    with files_server() as started:
        started.files["/t.csv"] = BODY
        yield started


@pytest.fixture
def downloads(tmp_path: Path) -> Downloads:
    return Downloads(tmp_path, lambda: pytest.fail("no S3 is needed"))


def test_a_file_is_kept_under_its_own_name(server: FilesServer, downloads: Downloads) -> None:
    path = downloads.fetch(f"{server.address}/t.csv?token=1")
    assert (path.name, path.read_bytes()) == ("t.csv", BODY)


def test_without_a_digest_a_file_is_fetched_each_time_with_one_once(server: FilesServer, downloads: Downloads) -> None:
    address, right = f"{server.address}/t.csv", hashlib.sha256(BODY).hexdigest()
    for sha256 in (None, None, right, right):
        downloads.fetch(address, sha256)
    assert server.asked.count("/t.csv") == 2


def test_another_digest_is_refused_and_nothing_kept(server: FilesServer, downloads: Downloads, tmp_path: Path) -> None:
    with pytest.raises(AddressError, match=r"has the sha256 .* nothing was kept"):
        downloads.fetch(f"{server.address}/t.csv", "0" * 64)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize("trouble", ["503", "cut", "reset"])
def test_a_server_that_stumbles_is_asked_again(server: FilesServer, downloads: Downloads, trouble: str) -> None:
    server.trouble = [trouble] * 3
    assert downloads.fetch(f"{server.address}/t.csv").read_bytes() == BODY
    assert len(server.asked) == 4


def test_a_server_that_goes_on_stumbling_is_told_in_one_line(server: FilesServer, downloads: Downloads) -> None:
    server.trouble = ["503"] * 9
    with pytest.raises(AddressAway, match=r"t\.csv: the server answers 503 Service Unavailable"):
        downloads.fetch(f"{server.address}/t.csv")
    assert len(server.asked) == 4


def test_what_is_not_there_is_asked_for_once(server: FilesServer, downloads: Downloads) -> None:
    with pytest.raises(AddressError, match="the server answers 404"):
        downloads.fetch(f"{server.address}/other.csv")
    assert len(server.asked) == 1


def test_nobody_there_is_told_in_one_line(downloads: Downloads) -> None:
    with pytest.raises(AddressAway, match=r"cannot be reached .*; check the network, or use a local file") as caught:
        downloads.fetch("http://127.0.0.1:9/t.csv")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("address", ["http://example.com/t.csv", "http://10.0.0.1/t.csv", "https:///t.csv"])
def test_what_others_could_change_is_refused(downloads: Downloads, address: str) -> None:
    with pytest.raises(AddressError, match="give an https:// address"):
        downloads.fetch(address)


def test_a_redirect_to_an_unsafe_address_is_refused(server: FilesServer, downloads: Downloads) -> None:
    server.redirects["/moved.csv"] = f"{server.address}/t.csv"
    server.redirects["/away.csv"] = "http://example.com/t.csv"
    assert downloads.fetch(f"{server.address}/moved.csv").read_bytes() == BODY
    with pytest.raises(AddressError, match=r"example\.com.*give an https:// address"):
        downloads.fetch(f"{server.address}/away.csv")


def test_an_address_names_a_file(server: FilesServer, downloads: Downloads) -> None:
    with pytest.raises(AddressError, match="names no file"):
        downloads.fetch(f"{server.address}/")


def test_a_passing_secret_is_not_told(server: FilesServer, downloads: Downloads) -> None:
    with pytest.raises(AddressError) as caught:
        downloads.fetch(f"http://user:hidden@{server.address.removeprefix('http://')}/none.csv?signature=hidden")
    assert "hidden" not in str(caught.value)
