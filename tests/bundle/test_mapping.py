"""Files that stay mapped."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from mlapi.bundle import load, mapping, native
from mlapi.bundle.mapping import LEAST_BYTES, shared
from tests.fixtures.bundles import binary
from tests.fixtures.extension import needs_extension

LARGE = bytes(range(256)) * (LEAST_BYTES // 256)


def test_a_large_file_is_mapped_and_a_removed_one_stays(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(LARGE)
    view = shared(path, LARGE)
    assert isinstance(view, memoryview)
    assert view.readonly
    path.unlink()
    assert bytes(view) == LARGE


@pytest.mark.parametrize("there", [None, b"", LARGE[:-1], LARGE[:-1] + b"?"], ids=["gone", "empty", "shorter", "other"])
def test_what_was_verified_is_kept_where_the_file_is_another(tmp_path: Path, there: bytes | None) -> None:
    path = tmp_path / "file"
    if there is not None:
        path.write_bytes(there)
    assert shared(path, LARGE) is LARGE


def test_a_small_file_is_not_mapped(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(LARGE[1:])
    assert shared(path, small := LARGE[1:]) is small


@needs_extension
def test_a_mapped_model_predicts_and_explains_the_same_when_its_directory_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = binary().write(tmp_path / "1")
    matrix = load(path).encoder.encode(binary().sample.rows())
    copied = load(path).engine
    monkeypatch.setattr(mapping, "LEAST_BYTES", 1)
    mapped = load(path).engine
    assert sum(str(path) in line for line in Path("/proc/self/maps").read_text().splitlines()) > 5
    shutil.rmtree(path)
    np.testing.assert_array_equal(mapped.margin(matrix), copied.margin(matrix))
    np.testing.assert_array_equal(mapped.contributions(matrix), copied.contributions(matrix))


def test_without_the_extension_nothing_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "extension", lambda: None)
    native.trim()
