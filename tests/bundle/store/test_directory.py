"""The directory store: the contract, and what is its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlapi.bundle.errors import StoreError, StoreUnavailable, VerificationError
from mlapi.bundle.store.directory import DirectoryStore
from tests.bundle.store.contract import StoreContract, manifest_sha256, write_bundle
from tests.fixtures.zygote import Place


class TestDirectoryStore(StoreContract):
    promotions = (200, 20)
    kills = (200, 25)
    additions = (40, 11)

    @pytest.fixture(scope="class")
    @classmethod
    def place(cls, tmp_path_factory: pytest.TempPathFactory) -> Place:
        return {"address": "file:store", "state_dir": str(tmp_path_factory.mktemp("state")), "tracking_uri": None}


@pytest.fixture
def store(tmp_path: Path) -> DirectoryStore:
    return DirectoryStore(tmp_path / "store")


def test_looking_makes_nothing(store: DirectoryStore) -> None:
    assert (store.models(), store.versions("m"), store.history("m", "production")) == ([], [], [])
    assert not store.root.exists()


def test_a_chosen_version_is_kept_and_the_next_number_follows_it(store: DirectoryStore, tmp_path: Path) -> None:
    assert store.add("m", write_bundle(tmp_path), version="7").version == "7"
    assert store.add("m", write_bundle(tmp_path)).version == "8"
    assert store.add("m", write_bundle(tmp_path), version="2").version == "2"
    assert [record.version for record in store.versions("m")] == ["2", "7", "8"]


@pytest.mark.parametrize("version", ["", "0", "01", "1.0", "../1", "v1"])
def test_a_version_that_is_no_number_cannot_be_chosen(store: DirectoryStore, tmp_path: Path, version: str) -> None:
    with pytest.raises(StoreError):
        store.add("m", write_bundle(tmp_path), version=version)


def test_a_version_can_be_replaced_on_purpose(store: DirectoryStore, tmp_path: Path) -> None:
    store.add("m", write_bundle(tmp_path))
    other = write_bundle(tmp_path)
    record = store.add("m", other, version="1", replace=True)
    assert record == store.version("m", "1")
    assert record.manifest_sha256 == manifest_sha256(other)
    assert manifest_sha256(store.fetch("m", "1", tmp_path / "out")) == manifest_sha256(other)


def test_replacing_a_version_by_itself_repairs_it(store: DirectoryStore, tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path)
    store.add("m", bundle)
    (store.directory("m", "1") / "model.ubj").write_bytes(b"rust")
    with pytest.raises(VerificationError, match=r"model\.ubj"):
        store.fetch("m", "1", tmp_path / "out")
    store.add("m", bundle, version="1", replace=True)
    store.fetch("m", "1", tmp_path / "out")


def test_a_directory_without_a_record_is_no_version_and_is_overwritten(store: DirectoryStore, tmp_path: Path) -> None:
    store.add("m", write_bundle(tmp_path))
    store.directory("m", "1").with_suffix(".json").unlink()
    assert (store.versions("m"), store.models()) == ([], [])
    bundle = write_bundle(tmp_path)
    assert store.add("m", bundle).version == "1"
    assert manifest_sha256(store.fetch("m", "1", tmp_path / "out")) == manifest_sha256(bundle)


def test_a_bundle_that_is_not_the_recorded_one_is_not_given_out(store: DirectoryStore, tmp_path: Path) -> None:
    store.add("m", write_bundle(tmp_path))
    whole_but_other = write_bundle(tmp_path)
    store.directory("m", "1").rename(tmp_path / "away")
    whole_but_other.rename(store.directory("m", "1"))
    with pytest.raises(VerificationError) as caught:
        store.fetch("m", "1", tmp_path / "out")
    assert caught.value.code == "digest_mismatch"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b'{"current": 1}'], ids=["empty", "object", "bytes", "type"])
def test_a_file_that_is_none_of_ours_makes_the_store_unavailable(
    store: DirectoryStore, tmp_path: Path, content: bytes
) -> None:
    store.add("m", write_bundle(tmp_path))
    store.promote("m", "production", "1", by="ada")
    store.alias_path("m", "production").write_bytes(content)
    with pytest.raises(StoreUnavailable, match=r"production\.json"):
        store.resolve("m", "production")
    store.directory("m", "1").with_suffix(".json").write_bytes(content)
    with pytest.raises(StoreUnavailable, match=r"1\.json"):
        store.versions("m")


def test_what_the_disk_refuses_makes_the_store_unavailable(store: DirectoryStore, tmp_path: Path) -> None:
    store.root.write_text("a file where the directory should be")
    for ask in (
        lambda: store.add("m", write_bundle(tmp_path)),
        lambda: store.version("m", "1"),
        lambda: store.resolve("m", "production"),
    ):
        with pytest.raises(StoreUnavailable, match="Not a directory"):
            ask()


def test_files_of_others_in_the_directory_are_passed_over(store: DirectoryStore, tmp_path: Path) -> None:
    store.add("m", write_bundle(tmp_path))
    (store.root / "a b" / "versions").mkdir(parents=True)
    (store.root / "a b" / "versions" / "1.json").write_text("{}")
    (store.root / "m" / "versions" / "notes.json").write_text("{}")
    assert store.models() == ["m"]
    assert [record.version for record in store.versions("m")] == ["1"]


def test_a_version_that_is_removed_while_versions_are_listed_is_left_out(
    store: DirectoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.add("m", write_bundle(tmp_path))
    monkeypatch.setattr(store._layout, "numbers", lambda name: ["1", "2"])
    assert [record.version for record in store.versions("m")] == ["1"]


def test_the_description_says_where_it_is(store: DirectoryStore) -> None:
    assert store.description == f"directory {store.root}"
