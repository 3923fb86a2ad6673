"""A store through a process of its own: the same answers, and no fault of it that gets through."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import patch

import msgspec
import pytest

from mlapi.bundle.archive import read_directory
from mlapi.bundle.errors import ModelNotFound, StoreError, StoreUnavailable, VerificationError
from mlapi.bundle.store import isolated_child
from mlapi.bundle.store.directory import DirectoryStore
from mlapi.bundle.store.isolated import IsolatedStore
from mlapi.bundle.store.messages import Answer, Call, Opening
from mlapi.bundle.store.mlflow import MlflowStore
from tests.bundle.store.contract import write_bundle
from tests.fixtures.faulty_server import faulty_server
from tests.fixtures.mlflow_server import new_database

ROOT = Path(__file__).parents[3]


@pytest.fixture
def directory(tmp_path: Path) -> DirectoryStore:
    store = DirectoryStore(tmp_path / "store")
    store.add("m", write_bundle(tmp_path))
    store.promote("m", "production", "1", by="ada", reason="größer")
    return store


@pytest.fixture
def isolated(directory: DirectoryStore, tmp_path: Path) -> Iterator[IsolatedStore]:
    with IsolatedStore("file:store", state_dir=tmp_path) as store:
        yield store


def pid_of(store: IsolatedStore) -> int:
    assert store._child is not None
    return store._child.pid


def is_running(pid: int) -> bool:
    """Whether a process lives; one that has ended but was not waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Poll a condition; the deadline only ends a test that has failed."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_answers_are_the_stores_own(isolated: IsolatedStore, directory: DirectoryStore, tmp_path: Path) -> None:
    assert isolated.models() == ["m"]
    assert isolated.versions("m") == directory.versions("m")
    assert isolated.resolve("m", "production") == directory.resolve("m", "production")
    assert isolated.fetch("m", "1", tmp_path / "out") == tmp_path / "out"
    assert read_directory(tmp_path / "out") == read_directory(directory.directory("m", "1"))
    assert isolated.description == "file:store (through a process of its own)"


def test_errors_are_the_stores_own(isolated: IsolatedStore, directory: DirectoryStore, tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound) as missing:
        isolated.resolve("m", "staging")
    assert (missing.value.name, missing.value.version, missing.value.alias) == ("m", None, "staging")
    (directory.directory("m", "1") / "model.ubj").write_bytes(b"rust")
    with pytest.raises(VerificationError) as refused:
        isolated.fetch("m", "1", tmp_path / "out")
    assert refused.value.code == "digest_mismatch"
    directory.alias_path("m", "production").write_bytes(b"{")
    with pytest.raises(StoreUnavailable, match=r"directory .*production\.json"):
        isolated.resolve("m", "production")


def test_one_process_answers_all_questions(isolated: IsolatedStore) -> None:
    assert isolated._child is None
    isolated.models()
    pid = pid_of(isolated)
    isolated.models()
    assert pid_of(isolated) == pid
    isolated.close()
    assert not is_running(pid)
    isolated.close()


def test_a_question_that_hangs_is_cut_off_and_the_next_one_answered(directory: DirectoryStore, tmp_path: Path) -> None:
    with IsolatedStore("file:store", state_dir=tmp_path, call_s=0.3) as store:
        record = store.resolve("m", "production")
        pid = pid_of(store)
        alias = directory.alias_path("m", "production")
        content = alias.read_bytes()
        alias.unlink()
        os.mkfifo(alias)  # to open it waits for a writer, for ever
        with pytest.raises(StoreUnavailable, match=r"no answer within 0\.3 s"):
            store.resolve("m", "production")
        assert not is_running(pid)
        alias.unlink()
        alias.write_bytes(content)
        assert store.resolve("m", "production") == record


def test_a_process_that_dies_is_told_and_replaced(isolated: IsolatedStore) -> None:
    isolated.models()
    pid = pid_of(isolated)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not is_running(pid))
    with pytest.raises(StoreUnavailable, match="the process ended"):
        isolated.models()
    assert isolated.models() == ["m"]


def test_a_process_that_dies_over_a_question_is_told(isolated: IsolatedStore, directory: DirectoryStore) -> None:
    isolated.models()
    alias = directory.alias_path("m", "production")
    alias.unlink()
    os.mkfifo(alias)
    killer = "import os, sys; pipe = open(sys.argv[1], 'wb'); os.kill(int(sys.argv[2]), 9)"
    # opening the pipe to write waits until the child has opened it to read
    with (
        subprocess.Popen([sys.executable, "-c", killer, str(alias), str(pid_of(isolated))]),
        pytest.raises(StoreUnavailable, match=r"the process ended \(exit status -9\)"),
    ):
        isolated.resolve("m", "production")


def test_a_signal_that_ends_the_wait_ends_the_process(isolated: IsolatedStore, directory: DirectoryStore) -> None:
    isolated.models()
    pid = pid_of(isolated)
    with patch("select.select", side_effect=SystemExit(0)), pytest.raises(SystemExit):
        isolated.models()
    assert not is_running(pid)
    assert isolated.models() == ["m"]


def test_a_store_that_cannot_be_opened_is_told_each_time(tmp_path: Path) -> None:
    with IsolatedStore("ftp://models", state_dir=tmp_path) as store:
        for _ in range(2):
            with pytest.raises(StoreError, match="there is no store"):
                store.models()


def test_an_address_with_a_password_is_not_on_the_command_line(tmp_path: Path) -> None:
    uri = "http://ada:secret@127.0.0.1:1"
    with IsolatedStore("mlflow", state_dir=tmp_path, tracking_uri=uri) as store:
        with patch.object(store, "_connected", new=True), pytest.raises(ModelNotFound):
            store.fetch("no/name", "1", tmp_path / "out")
        command = Path(f"/proc/{pid_of(store)}/cmdline").read_bytes()
    assert b"secret" not in command
    assert b"isolated_child" in command


def test_a_process_does_not_outlive_the_one_that_asks(directory: DirectoryStore, tmp_path: Path) -> None:
    alias = directory.alias_path("m", "production")
    alias.unlink()
    os.mkfifo(alias)
    program = (
        "import sys, pathlib; from mlapi.bundle.store.isolated import IsolatedStore\n"
        "store = IsolatedStore('file:store', state_dir=pathlib.Path(sys.argv[1])); store.models()\n"
        "print(store._child.pid, flush=True); store.resolve('m', 'production')"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE) as asking:
        assert asking.stdout is not None
        pid = int(asking.stdout.readline())
        asking.kill()  # while the other one hangs on the pipe, which nobody will ever write
    wait_until(lambda: not is_running(pid))


@pytest.mark.filterwarnings("ignore")
def test_an_mlflow_that_is_empty_first_is_connected_to_later(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    with IsolatedStore("mlflow", state_dir=tmp_path, tracking_uri=uri) as store:
        assert store.models() == []
        with pytest.raises(ModelNotFound):
            store.resolve("m", "production")
        new_database(tmp_path)
        registry = MlflowStore(uri)
        registry.add("m", write_bundle(tmp_path))
        record = registry.promote("m", "production", "1", by="ada")
        assert store.resolve("m", "production") == record
        store.fetch("m", "1", tmp_path / "out")


def test_a_registry_that_is_broken_in_any_way_is_unavailable_in_time(tmp_path: Path) -> None:
    with (
        faulty_server() as server,
        IsolatedStore("mlflow", state_dir=tmp_path, tracking_uri=server.address, call_s=6) as store,
    ):
        for fault in ("error", "garbage", "drip"):
            server.fault = fault
            with pytest.raises(StoreUnavailable):
                store.resolve("m", "production")
        assert store._child is None  # a drip does not end by itself


class Answers(io.BytesIO):
    """Keeps what a child writes."""

    @property
    def read_back(self) -> list[Answer]:
        return [msgspec.json.decode(line, type=Answer) for line in self.getvalue().splitlines()]


def serve(opening: Opening, *calls: Call) -> list[Answer]:
    questions = io.BytesIO(b"".join(msgspec.json.encode(line) + b"\n" for line in (opening, *calls)))
    answers = Answers()
    isolated_child.serve(questions, answers)
    return answers.read_back


def test_the_child_answers_each_line_with_a_line(directory: DirectoryStore, tmp_path: Path) -> None:
    opening = Opening("file:store", str(tmp_path), None)
    opened, connected, models, versions, found, fetched, unknown = serve(
        opening,
        Call("connect", []),
        Call("models", []),
        Call("versions", ["m"]),
        Call("resolve", ["m", "production"]),
        Call("fetch", ["m", "1", str(tmp_path / "out")]),
        Call("promote", ["m", "production", "1"]),
    )
    assert opened.error is None
    assert msgspec.json.decode(connected.value) is True
    assert msgspec.json.decode(models.value) == ["m"]
    assert [one["version"] for one in msgspec.json.decode(versions.value)] == ["1"]
    assert msgspec.json.decode(found.value)["version"] == "1"
    assert msgspec.json.decode(fetched.value) == str(tmp_path / "out")
    assert (unknown.error, unknown.made_from) == (
        "StoreUnavailable",
        ["file:store", "ValueError: no such call: promote"],
    )


def test_the_child_connects_to_mlflow_when_there_is_something(tmp_path: Path) -> None:
    opening = Opening("mlflow", str(tmp_path), f"sqlite:///{tmp_path / 'mlflow.db'}")
    _, connected = serve(opening, Call("connect", []))
    assert msgspec.json.decode(connected.value) is False


def test_the_child_says_why_it_cannot_open(tmp_path: Path) -> None:
    answers = serve(Opening("ftp://models", str(tmp_path), None), Call("models", []))
    assert [answer.error for answer in answers] == ["StoreError"]


def test_the_child_ends_when_nobody_asks_any_more(tmp_path: Path) -> None:
    opening = msgspec.json.encode(Opening("file:store", str(tmp_path), None)) + b"\n"
    command = [sys.executable, "-m", "mlapi.bundle.store.isolated_child"]
    done = subprocess.run(command, input=opening, capture_output=True, check=True, cwd=ROOT)
    assert msgspec.json.decode(done.stdout, type=Answer).error is None
