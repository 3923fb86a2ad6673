"""A directory is replaced in one step, whatever happens meanwhile."""

import ctypes
import errno
import fcntl
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from mlapi.bundle.archive import read_directory, write_directory
from mlapi.bundle.atomic import replace_directory, staging_directory

OLD, NEW = {"a": b"old", "b": b"old"}, {"a": b"new"}
ROOT = Path(__file__).parents[2]


def names(path: Path) -> list[str]:
    return sorted(entry.name for entry in path.iterdir())


def test_a_writer_killed_at_any_instant_leaves_the_old_directory_or_the_new_one(tmp_path: Path) -> None:
    count = 400 if os.environ.get("MLAPI_PROVE") else 40
    command = [sys.executable, "-m", "tests.fixtures.killed_writer", str(tmp_path / "w"), str(count)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    found = Counter(json.loads(done.stdout))
    assert found.keys() == {"old", "new"}
    assert found.total() == count


def test_an_existing_directory_is_replaced_with_nothing_left_beside_it(tmp_path: Path) -> None:
    write_directory(tmp_path / "1", OLD)
    write_directory(tmp_path / "1", NEW)
    assert read_directory(tmp_path / "1") == NEW
    assert names(tmp_path) == ["1"]


def test_a_reader_that_has_the_old_directory_open_keeps_it_whole_until_the_exchange(tmp_path: Path) -> None:
    write_directory(tmp_path / "1", OLD)
    with staging_directory(tmp_path / "1") as staging:
        (staging / "a").write_bytes(b"half")
        assert read_directory(tmp_path / "1") == OLD
    assert read_directory(tmp_path / "1") == OLD
    assert names(tmp_path) == ["1"]


def test_what_a_dead_writer_left_is_removed_and_what_a_live_one_writes_is_not(tmp_path: Path) -> None:
    dead = tmp_path / ".1.dead.new"
    dead.mkdir()
    (dead / "a").touch()
    (tmp_path / ".2.another.new").mkdir()
    (tmp_path / "1.txt").touch()
    with staging_directory(tmp_path / "1") as live:
        (live / "a").touch()
        with staging_directory(tmp_path / "1"):
            assert not dead.exists()
            assert (live / "a").exists()
    assert names(tmp_path) == [".2.another.new", "1.txt"]


@pytest.mark.parametrize("locked", [True, False], ids=["before it was locked", "while it was being locked"])
def test_a_staging_directory_that_another_writer_swept_away_is_made_again(
    locked: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = fcntl.flock
    swept: list[str] = []

    def flock(descriptor: int, operation: int) -> None:
        if not swept:
            swept.append(names(tmp_path)[0])
            (tmp_path / swept[0]).rmdir()
            if locked:
                raise BlockingIOError
        real(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", flock)
    with staging_directory(tmp_path / "1") as staging:
        assert staging.name != swept[0]
        assert staging.exists()


def test_a_staging_directory_is_locked_while_it_is_written(tmp_path: Path) -> None:
    with staging_directory(tmp_path / "1") as staging:
        other = os.open(staging, os.O_RDONLY)
        try:
            with pytest.raises(BlockingIOError):
                fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        finally:
            os.close(other)


def test_a_file_is_not_replaced_by_a_directory(tmp_path: Path) -> None:
    (tmp_path / "1").write_bytes(b"file")
    with pytest.raises(NotADirectoryError):
        write_directory(tmp_path / "1", NEW)
    assert (tmp_path / "1").read_bytes() == b"file"
    assert names(tmp_path) == ["1"]


def test_a_directory_stays_where_the_system_cannot_exchange_two(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_directory(tmp_path / "1", OLD)
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: object())
    with pytest.raises(FileExistsError):
        write_directory(tmp_path / "1", NEW)
    assert read_directory(tmp_path / "1") == OLD


def test_a_refused_exchange_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_directory(tmp_path / "1", OLD)
    with staging_directory(tmp_path / "1") as staging:
        (staging / "a").touch()
        monkeypatch.setattr("mlapi.bundle.atomic._RENAME_EXCHANGE", 1 << 20)  # a flag that no kernel knows
        with pytest.raises(OSError, match="Invalid argument") as refusal:
            replace_directory(staging, tmp_path / "1")
    assert refusal.value.errno == errno.EINVAL
    assert read_directory(tmp_path / "1") == OLD
