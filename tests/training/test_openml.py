"""Tables of OpenML, from a loopback server that speaks as its JSON API does."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mlapi.ops.settings import load_settings
from mlapi.training import retrying
from mlapi.training.config import TrainingConfig
from mlapi.training.errors import AddressAway, AddressError, ConfigError
from mlapi.training.fetching import fetched
from tests.fixtures.files_server import FilesServer, files_server

API = "/api/v1/json/data"
ARFF = (
    b"@relation t\n@attribute id numeric\n@attribute age numeric\n@attribute y {a,b}\n@data\n" + b"1,2,a\n2,3,b\n" * 20
)


class OpenMLServer:
    """A server of files that lists and describes one data set in two versions, as OpenML answers."""

    def __init__(self, server: FilesServer) -> None:
        self.server = server
        self.describe()
        listed = [{"did": 7, "name": "Toy", "version": 1}, {"did": 42, "name": "toy", "version": 2}]
        self.answer(f"{API}/list/data_name/toy/status/active", {"data": {"dataset": listed}})
        self.answer(
            f"{API}/list/data_name/none/status/active", {"error": {"code": "372", "message": "No results"}}, 412
        )

    def answer(self, path: str, body: object, status: int = 200) -> None:
        self.server.files[path] = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.server.statuses[path] = status

    def describe(self, **changed: Any) -> None:
        about = {
            "id": "42",
            "name": "toy",
            "version": "2",
            "format": "ARFF",
            "url": f"{self.server.address}/data/download/9/toy.arff",
            "md5_checksum": hashlib.md5(ARFF).hexdigest(),
            "default_target_attribute": "y",
            "row_id_attribute": "id",
            "tag": ["study_1"],
        }
        self.answer(f"{API}/42", {"data_set_description": about | changed})
        self.answer("/data/download/9/toy.arff", ARFF)


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrying, "BASE_S", 0.0)


@pytest.fixture
def openml() -> Iterator[OpenMLServer]:
    with files_server() as server:
        yield OpenMLServer(server)


def fetch(folder: Path, server: str, **values: Any) -> TrainingConfig:
    settings = load_settings(environ={"MLAPI_STATE_DIR": str(folder), "OPENML_SERVER": server})
    return fetched(TrainingConfig(**values), settings)


@pytest.mark.parametrize("values", [{"data": "openml:toy"}, {"dataset": "openml:toy"}, {"data": "openml:42"}])
def test_a_table_comes_by_name_or_number_with_what_openml_says_of_it(
    tmp_path: Path, openml: OpenMLServer, values: dict[str, str]
) -> None:
    config = fetch(tmp_path, openml.server.address, **values)
    assert isinstance(config.data, Path)
    assert config.data.read_bytes() == ARFF
    assert (config.dataset, config.target, config.drop, config.model_name) == (None, "y", ("id",), "toy")


def test_what_is_said_stands_above_what_openml_says(tmp_path: Path, openml: OpenMLServer) -> None:
    config = fetch(tmp_path, openml.server.address, data="openml:toy", target="id", name="mine", drop=("age",))
    assert (config.target, config.drop, config.model_name) == ("id", ("age",), "mine")


def test_the_second_time_needs_no_network(tmp_path: Path, openml: OpenMLServer) -> None:
    first = fetch(tmp_path, openml.server.address, data="openml:toy")
    assert fetch(tmp_path, "http://127.0.0.1:9", data="openml:toy") == first


def test_a_damaged_copy_is_fetched_again(tmp_path: Path, openml: OpenMLServer) -> None:
    first = fetch(tmp_path, openml.server.address, data="openml:toy")
    assert isinstance(first.data, Path)
    first.data.write_bytes(ARFF[:-3])
    fetch(tmp_path, openml.server.address, data="openml:toy")
    assert first.data.read_bytes() == ARFF


def test_a_file_of_another_digest_is_refused_and_not_kept(tmp_path: Path, openml: OpenMLServer) -> None:
    openml.answer("/data/download/9/toy.arff", ARFF + b"3,4,a\n")
    with pytest.raises(AddressError, match="another MD5 than OpenML says"):
        fetch(tmp_path, openml.server.address, data="openml:toy")
    assert not list(tmp_path.rglob("*.arff"))


def test_a_server_that_stumbles_is_asked_again(tmp_path: Path, openml: OpenMLServer) -> None:
    openml.server.trouble = ["503", "reset", "503"]
    assert fetch(tmp_path, openml.server.address, data="openml:toy").target == "y"


def test_without_a_network_one_line_says_so(tmp_path: Path) -> None:
    with pytest.raises(AddressAway, match=r"cannot be reached .*; check the network, or use a local file"):
        fetch(tmp_path, "http://127.0.0.1:9", data="openml:toy")


def test_an_unknown_name_or_number_is_told(tmp_path: Path, openml: OpenMLServer) -> None:
    with pytest.raises(AddressError, match="openml:none: OpenML has no active data set of this name"):
        fetch(tmp_path, openml.server.address, data="openml:none")
    with pytest.raises(AddressError, match="openml:43: OpenML has no such data set"):
        fetch(tmp_path, openml.server.address, data="openml:43")


def test_without_a_target_one_must_be_said(tmp_path: Path, openml: OpenMLServer) -> None:
    openml.describe(default_target_attribute="")
    with pytest.raises(ConfigError, match="--target: OpenML does not say what to predict of toy"):
        fetch(tmp_path, openml.server.address, data="openml:toy")


def test_a_format_that_cannot_be_read_is_told(tmp_path: Path, openml: OpenMLServer) -> None:
    openml.describe(format="Sparse_ARFF")
    with pytest.raises(AddressError, match="format Sparse_ARFF, which cannot be read"):
        fetch(tmp_path, openml.server.address, data="openml:toy")


def test_an_answer_of_another_kind_is_told(tmp_path: Path, openml: OpenMLServer) -> None:
    openml.answer(f"{API}/42", b"<html>")
    with pytest.raises(AddressError, match=r"OpenML has no such data set .*does not answer as OpenML does"):
        fetch(tmp_path, openml.server.address, data="openml:42")
