"""The same command gives the same bundle."""

import json
from pathlib import Path

import pytest

from tests.end_to_end.service import mlapi


def _digest(state_dir: Path, *flags: str, threads: str) -> str:
    done = mlapi(state_dir, "train", *flags, "--json", extra={"OMP_NUM_THREADS": threads})
    assert done.returncode == 0, done.stderr
    digest: str = json.loads(done.stdout)["content_digest"]
    return digest


@pytest.mark.parametrize("dataset", ["breast_cancer", "wine"])
def test_same_data_configuration_and_seed_give_the_same_content_digest(dataset: str, tmp_path: Path) -> None:
    first = _digest(tmp_path / "a", "--dataset", dataset, threads="1")
    assert _digest(tmp_path / "b", "--dataset", dataset, threads="1") == first
    assert _digest(tmp_path / "c", "--dataset", dataset, threads="2") == first


def test_another_seed_gives_another_content_digest(tmp_path: Path) -> None:
    first = _digest(tmp_path, "--dataset", "wine", "--seed", "1", threads="1")
    assert _digest(tmp_path, "--dataset", "wine", "--seed", "2", threads="1") != first
