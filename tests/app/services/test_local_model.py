"""The local directory, read while another process writes it."""

from pathlib import Path

import pytest

from mlapi.app.services.local_model import LocalModel, identify
from mlapi.bundle import load
from mlapi.bundle.follow_state import FollowState
from mlapi.bundle.store.directory import DirectoryStore
from tests.app.bundles import bundle
from tests.app.service import publish


def model(state_dir: Path, name: str | None = "churn", alias: str = "production") -> LocalModel:
    return LocalModel(state_dir / "serving", name=name, alias=alias)


def test_finds_the_version_that_the_alias_names(tmp_path: Path) -> None:
    version = publish(tmp_path, "churn", bundle())
    candidate = model(tmp_path).look()
    assert candidate is not None
    assert candidate.alias.version == version
    assert candidate.path == tmp_path / "serving" / "churn" / "versions" / version
    assert (candidate.path / "manifest.json").is_file()


def test_finds_nothing_where_nothing_has_been_brought_yet(tmp_path: Path) -> None:
    assert model(tmp_path).look() is None
    assert model(tmp_path, None).look() is None
    assert model(tmp_path, None).status is None
    publish(tmp_path, "churn", bundle(), alias="staging")
    assert model(tmp_path).look() is None


def test_takes_the_only_model_when_none_is_named(tmp_path: Path) -> None:
    publish(tmp_path, "churn", bundle())
    local = model(tmp_path, None)
    assert local.look() is not None
    publish(tmp_path, "other", bundle())
    assert local.look() is None


def test_sees_a_promotion(tmp_path: Path) -> None:
    publish(tmp_path, "churn", bundle())
    local = model(tmp_path)
    first = local.look()
    assert first is not None
    assert local.look() is first
    publish(tmp_path, "churn", bundle(seed=2))
    second = local.look()
    assert second is not None
    assert (first.alias.generation, second.alias.generation) == (1, 2)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff"])
def test_a_record_that_cannot_be_read_leaves_the_one_before(tmp_path: Path, content: bytes) -> None:
    publish(tmp_path, "churn", bundle())
    local = model(tmp_path)
    first = local.look()
    DirectoryStore(tmp_path / "serving").alias_path("churn", "production").write_bytes(content)
    assert local.look() is first
    assert model(tmp_path).look() is None


def test_knows_every_alias_of_a_version(tmp_path: Path) -> None:
    publish(tmp_path, "churn", bundle(), alias="canary")
    publish(tmp_path, "churn", bundle(), alias="staging")
    publish(tmp_path, "churn", bundle(seed=2), alias="production")
    local = model(tmp_path, alias="canary")
    assert local.aliases("churn", "1") == ("canary", "staging")
    assert local.aliases("churn", "2") == ("production",)


def test_reads_what_the_follower_says(tmp_path: Path) -> None:
    publish(tmp_path, "churn", bundle())
    path = tmp_path / "serving" / "churn" / "follow.json"
    assert model(tmp_path).status is None
    path.write_text(
        '{"state": "refused", "code": "replayed", "checked_at": "", "reason": null, "version": "2", "more": 1}'
    )
    assert model(tmp_path).status == FollowState(state="refused", checked_at="", code="replayed", version="2")
    path.write_text('{"state": 1}')
    assert model(tmp_path).status is None


def test_a_replaced_file_has_another_identity(tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert identify(path) is None
    path.write_text("a")
    before = identify(path)
    assert before == identify(path)
    (tmp_path / "next").write_text("b")
    (tmp_path / "next").replace(path)
    assert identify(path) != before


def test_earlier_versions_are_those_that_the_alias_named_and_that_are_here(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path)
    for seed in (1, 2, 3):
        store.add("churn", bundle(seed=seed))
    for version in ("1", "2", "1", "3"):
        store.promote("churn", "production", version, by="test")
    local = LocalModel(tmp_path, name="churn", alias="production")
    earlier = list(local.earlier())
    assert [(one.alias.version, one.alias.generation) for one in earlier] == [("1", 3), ("2", 2)]
    assert [load(one.path, expected_manifest=one.alias.manifest_sha256).path.name for one in earlier] == ["1", "2"]
    (tmp_path / "churn" / "versions" / "2.json").unlink()
    assert [one.alias.version for one in local.earlier()] == ["1"]


def test_where_nothing_is_named_nothing_was_earlier(tmp_path: Path) -> None:
    assert not list(LocalModel(tmp_path, name="churn", alias="production").earlier())
