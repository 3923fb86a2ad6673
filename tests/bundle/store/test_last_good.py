from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from mlapi.bundle.errors import GenerationConflict, ModelNotFound
from mlapi.bundle.store.directory import DirectoryStore
from mlapi.bundle.store.last_good import adopt, prune
from mlapi.bundle.store.protocol import AliasRecord
from tests.bundle.store.contract import write_bundle


@pytest.fixture
def local(tmp_path: Path) -> DirectoryStore:
    store = DirectoryStore(tmp_path / "serving")
    for _ in range(6):
        store.add("m", write_bundle(tmp_path))
    return store


def record(local: DirectoryStore, version: str, generation: int, alias: str = "production") -> AliasRecord:
    return AliasRecord(
        name="m",
        alias=alias,
        version=version,
        manifest_sha256=local.version("m", version).manifest_sha256,
        generation=generation,
        promoted_at="2026-01-02T03:04:05Z",
        promoted_by="ada",
        reason="better",
        previous="1",
    )


def test_the_local_alias_is_the_upstream_one_generation_included(local: DirectoryStore) -> None:
    upstream = record(local, "4", 17)
    adopt(local, upstream)
    assert local.resolve("m", "production") == upstream
    move = local.history("m", "production")[-1]
    assert (move.generation, move.version, move.by, move.reason) == (17, "4", "ada", "better")


def test_the_same_generation_may_name_another_version(local: DirectoryStore) -> None:
    adopt(local, record(local, "4", 17))
    adopt(local, record(local, "5", 17))
    assert local.resolve("m", "production").version == "5"


def test_an_older_generation_is_never_adopted(local: DirectoryStore) -> None:
    adopt(local, record(local, "4", 17))
    with pytest.raises(GenerationConflict) as caught:
        adopt(local, record(local, "5", 16))
    assert (caught.value.expected, caught.value.found) == (16, 17)
    assert local.resolve("m", "production").version == "4"


def test_a_version_that_is_not_here_is_not_adopted(local: DirectoryStore) -> None:
    with pytest.raises(ModelNotFound):
        adopt(local, msgspec.structs.replace(record(local, "4", 1), version="7"))
    with pytest.raises(ModelNotFound):
        local.resolve("m", "production")


def test_a_hundred_moves_are_remembered(local: DirectoryStore) -> None:
    for generation in range(1, 103):
        adopt(local, record(local, "4", generation))
    assert [move.generation for move in local.history("m", "production")] == list(range(3, 103))


def test_the_last_three_versions_of_an_alias_stay_and_those_in_use(local: DirectoryStore) -> None:
    adopt(local, record(local, "1", 1, alias="staging"))
    for generation, version in enumerate(["2", "3", "6", "4", "3", "5", "3"], start=1):
        adopt(local, record(local, version, generation))
    (local.root / "m" / "versions" / "7").mkdir()  # what a killed writer left
    (local.root / "m" / "versions" / ".3.0123.new").mkdir()
    prune(local, "m", "production")
    kept = {"1", "3", "4", "5"}
    assert {one.version for one in local.versions("m")} == kept
    assert {path.stem for path in (local.root / "m" / "versions").iterdir()} == kept
