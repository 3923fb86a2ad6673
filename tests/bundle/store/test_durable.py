from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from mlapi.bundle.store.durable import locked, moment, now, replace_file


def test_a_file_is_made_and_replaced_with_nothing_left_beside_it(tmp_path: Path) -> None:
    for content in (b"old", b"new"):
        replace_file(tmp_path / "x.json", content)
        assert (tmp_path / "x.json").read_bytes() == content
    assert [path.name for path in tmp_path.iterdir()] == ["x.json"]


def test_what_a_killed_writer_left_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / ".x.json.new").write_bytes(b"half, and longer than what comes")
    replace_file(tmp_path / "x.json", b"whole")
    assert (tmp_path / "x.json").read_bytes() == b"whole"
    assert [path.name for path in tmp_path.iterdir()] == ["x.json"]


def test_a_lock_is_held_and_let_go_of(tmp_path: Path) -> None:
    path = tmp_path / "lock"

    def is_free() -> bool:
        other = os.open(path, os.O_RDWR)
        try:
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            os.close(other)
        return True

    with locked(path):
        assert not is_free()
    assert is_free()
    with pytest.raises(ZeroDivisionError), locked(path):
        raise ZeroDivisionError
    assert is_free()


def test_instants_are_told_in_utc_to_the_second() -> None:
    assert moment(0.9) == "1970-01-01T00:00:00Z"
    assert len(now()) == 20
    assert now()[-1] == "Z"
