"""One step of the follower: what is adopted, what is refused, and what stays whatever happens."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import msgspec
import pytest

from mlapi.bundle import load
from mlapi.bundle.archive import read_directory, write_directory
from mlapi.bundle.errors import StoreUnavailable, VerificationError
from mlapi.bundle.follow import Follower, FollowEvent, FollowState
from mlapi.bundle.listing import Lister
from mlapi.bundle.manifest import MANIFEST_FILE, manifest_digest
from mlapi.bundle.refusals import Refusals
from mlapi.bundle.signing import SIGNATURE_FILE
from mlapi.bundle.store.directory import DirectoryStore
from mlapi.bundle.store.protocol import AliasRecord, VersionRecord
from mlapi.bundle.verify import verify
from tests.bundle.store.contract import PROVE, write_bundle
from tests.bundle.test_breaker import Clock
from tests.fixtures.bundles import META, binary, numeric, with_manifest
from tests.fixtures.zygote import Job, zygote


class Upstream:
    """A directory store that can be away, counts downloads, and can say what it is told to."""

    def __init__(self, root: Path) -> None:
        self.store = DirectoryStore(root)
        self.away = False
        self.fetched: list[str] = []
        self.says: AliasRecord | None = None
        self.gives: dict[str, bytes] | None = None
        self.description = "upstream"

    def models(self) -> list[str]:
        return self.store.models()

    def versions(self, name: str) -> list[VersionRecord]:
        return self.store.versions(name)

    def resolve(self, name: str, alias: str) -> AliasRecord:
        if self.away:
            raise StoreUnavailable(self.description, "does not answer")
        return self.says or self.store.resolve(name, alias)

    def fetch(self, name: str, version: str, destination: Path) -> Path:
        self.fetched.append(version)
        if self.gives is None:
            return self.store.fetch(name, version, destination)
        write_directory(destination, self.gives)
        return destination

    def promote(self, bundle: Path) -> AliasRecord:
        """Add a bundle and put it into production."""
        return self.store.promote("m", "production", self.store.add("m", bundle).version, by="ada")


def verify_here(path: Path, **expectation: Any) -> None:
    """The checks in this process: a child for each takes half a second."""
    verify(path, **expectation)


class Follow:
    """A follower, and what it has told."""

    def __init__(self, upstream: Upstream, root: Path, **more: Any) -> None:
        self.events: list[FollowEvent] = []
        self.local = DirectoryStore(root)
        options = {"verify": verify_here, "notify": self.events.append, **more}
        self.follower = Follower(upstream, self.local, "m", "production", **options)
        self.follower.lister = Lister(upstream, self.local, "m")
        self.clock = Clock()
        self.follower.refusals = Refusals(self.clock)

    def step(self) -> FollowState:
        state = self.follower.step()
        assert state == FollowState.read(self.local, "m")
        return state

    def told(self) -> list[str]:
        kinds: list[str] = [event.kind for event in self.events]
        self.events.clear()
        return kinds

    @property
    def here(self) -> AliasRecord:
        """What is served: a bundle that loads."""
        record = self.local.resolve("m", "production")
        load(self.local.directory("m", record.version), expected_manifest=record.manifest_sha256)
        return record


@pytest.fixture
def upstream(tmp_path: Path) -> Upstream:
    return Upstream(tmp_path / "upstream")


@pytest.fixture
def follow(upstream: Upstream, tmp_path: Path) -> Follow:
    return Follow(upstream, tmp_path / "serving")


def test_what_the_alias_names_is_brought_and_adopted(upstream: Upstream, follow: Follow, tmp_path: Path) -> None:
    copies = [follow.follower.has_copy]
    record = upstream.promote(write_bundle(tmp_path))
    state = follow.step()
    copies.append(follow.follower.has_copy)
    assert (state.state, state.code, state.reason) == ("ok", None, None)
    assert (state.version, state.generation) == ("1", record.generation)
    assert follow.here == record
    assert copies == [False, True]
    assert follow.told() == ["adopted"]
    assert read_directory(follow.local.directory("m", "1")) == read_directory(upstream.store.directory("m", "1"))
    assert {path.name for path in (follow.local.root / "m").iterdir()} == {
        ".lock",
        "aliases",
        "versions",
        "follow.json",
        "registry.json",
    }


def test_nothing_is_downloaded_or_told_where_nothing_is_new(upstream: Upstream, follow: Follow, tmp_path: Path) -> None:
    upstream.promote(write_bundle(tmp_path))
    for _ in range(3):
        assert follow.step().state == "ok"
    assert upstream.fetched == ["1"]
    assert follow.told() == ["adopted"]


def test_where_a_start_must_be_quick_the_alias_alone_is_asked(
    upstream: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upstream.promote(write_bundle(tmp_path))
    monkeypatch.delattr(Upstream, "versions")
    quick = Follow(upstream, tmp_path / "serving")
    quick.follower.lister = None
    quick.follower.recheck()
    assert quick.step().state == "ok"
    assert not (tmp_path / "serving" / "m" / "registry.json").exists()


def test_promotions_are_followed_and_the_last_three_versions_kept(
    upstream: Upstream, follow: Follow, tmp_path: Path
) -> None:
    for _ in range(5):
        record = upstream.promote(write_bundle(tmp_path))
        follow.step()
        assert follow.here == record
    assert [one.version for one in follow.local.versions("m")] == ["3", "4", "5"]
    assert follow.told() == ["adopted"] * 5


def test_a_step_back_to_a_version_that_is_here_takes_no_download(
    upstream: Upstream, follow: Follow, tmp_path: Path
) -> None:
    for _ in range(2):
        upstream.promote(write_bundle(tmp_path))
        follow.step()
    record = upstream.store.promote("m", "production", "1", by="ada", action="rollback")
    follow.step()
    assert follow.here == record
    assert upstream.fetched == ["1", "2"]


def test_a_kept_version_that_was_damaged_is_downloaded_again(
    upstream: Upstream, follow: Follow, tmp_path: Path
) -> None:
    for _ in range(2):
        upstream.promote(write_bundle(tmp_path))
        follow.step()
    (follow.local.directory("m", "1") / "model.ubj").write_bytes(b"rust")
    upstream.store.promote("m", "production", "1", by="ada")
    assert follow.step().state == "ok"
    assert follow.here.version == "1"
    assert upstream.fetched == ["1", "2", "1"]


@pytest.mark.parametrize("damage", ["changed", "removed", "no record"])
def test_a_copy_that_was_damaged_is_repaired_at_the_start_and_on_a_kick(
    upstream: Upstream, follow: Follow, tmp_path: Path, damage: str
) -> None:
    def spoil() -> None:
        place = follow.local.directory("m", "1")
        if damage == "changed":
            (place / "model.ubj").write_bytes(b"rust")
        elif damage == "removed":
            place.rename(tmp_path / f"away-{len(upstream.fetched)}")
        else:
            (place / "manifest.json").unlink()

    upstream.promote(write_bundle(tmp_path))
    follow.step()
    spoil()
    restarted = Follow(upstream, follow.local.root)
    assert restarted.step().state == "ok"
    assert restarted.here.version == "1"
    spoil()
    assert restarted.step().state == "ok"  # not looked at: it was whole a moment ago
    assert upstream.fetched == ["1"] * 2
    restarted.follower.recheck()
    restarted.step()
    assert restarted.here.version == "1"
    assert upstream.fetched == ["1"] * 3


def test_a_whole_copy_is_not_downloaded_at_the_start(upstream: Upstream, follow: Follow, tmp_path: Path) -> None:
    upstream.promote(write_bundle(tmp_path))
    follow.step()
    restarted = Follow(upstream, follow.local.root)
    assert restarted.step().state == "ok"
    assert upstream.fetched == ["1"]
    assert restarted.told() == []


def other_golden() -> bytes:
    golden = json.loads(binary().files["golden.json"])
    golden["margin"][0][0] += 0.5
    return json.dumps(golden).encode()


BAD: dict[str, tuple[Callable[[], dict[str, bytes]], str]] = {
    "golden rows that score otherwise": (lambda: binary().changed(golden=other_golden()), "golden_mismatch"),
    "a model of another bundle": (lambda: binary().changed(model=numeric().files["model.ubj"]), "structure_invalid"),
    "a newer xgboost": (
        lambda: with_manifest(binary().files, msgspec.structs.replace(META, requires={"xgboost": "99.0"})),
        "version_unsupported",
    ),
    "a newer format": (
        lambda: {
            **binary().files,
            "manifest.json": binary().files["manifest.json"].replace(b'"format_version": 1', b'"format_version": 2'),
        },
        "version_unsupported",
    ),
    "no signature": (lambda: dict(binary().files), "signature_missing"),
}


def publish_unchecked(upstream: Upstream, files: dict[str, bytes], folder: Path) -> AliasRecord:
    """Put into production what no honest store would take."""
    record = upstream.promote(write_bundle(folder))
    upstream.says = msgspec.structs.replace(record, manifest_sha256=manifest_digest(files[MANIFEST_FILE]))
    upstream.gives = files
    return upstream.says


@pytest.mark.parametrize(("make", "code"), BAD.values(), ids=BAD)
def test_a_bad_bundle_is_refused_with_a_code_and_the_last_good_one_stays(
    upstream: Upstream, tmp_path: Path, make: Callable[[], dict[str, bytes]], code: str
) -> None:
    follow = Follow(upstream, tmp_path / "serving")
    good = upstream.promote(write_bundle(tmp_path))
    follow.step()
    if code == "signature_missing":
        follow = Follow(upstream, tmp_path / "serving", require_signature=True, public_key=b"unused")
        follow.follower._copy._proved = True
    follow.told()
    bad = publish_unchecked(upstream, make(), tmp_path)
    for _ in range(3):
        state = follow.step()
        assert (state.state, state.code) == ("refused", code)
        assert (state.version, state.generation) == (bad.version, bad.generation)
        assert state.reason
    assert follow.here == good
    assert follow.told() == ["refused"]
    assert upstream.fetched.count(bad.version) == 1


def test_files_that_were_changed_upstream_are_refused(upstream: Upstream, follow: Follow, tmp_path: Path) -> None:
    good = upstream.promote(write_bundle(tmp_path))
    follow.step()
    upstream.promote(write_bundle(tmp_path))
    (upstream.store.directory("m", "2") / "decision.json").write_bytes(b"{}")
    assert follow.step().code == "digest_mismatch"
    assert follow.here == good


def test_a_refused_bundle_is_tried_again_after_a_while_and_on_a_kick(
    upstream: Upstream, follow: Follow, tmp_path: Path
) -> None:
    record = upstream.promote(write_bundle(tmp_path))
    artifact = upstream.store.directory("m", "1") / "model.ubj"
    content = artifact.read_bytes()
    artifact.write_bytes(b"half")
    for seconds, downloads in ((0, 1), (59, 1), (1, 2), (119, 2), (1, 3)):
        follow.clock.now_s += seconds
        assert follow.step().state == "refused"
        assert len(upstream.fetched) == downloads
    artifact.write_bytes(content)
    follow.step()
    assert len(upstream.fetched) == 3
    follow.follower.recheck()
    assert follow.step().state == "ok"
    assert follow.here == record
    assert follow.told() == ["refused", "adopted"]


def test_after_a_refusal_the_next_promotion_is_followed(upstream: Upstream, follow: Follow, tmp_path: Path) -> None:
    upstream.promote(write_bundle(tmp_path))
    (upstream.store.directory("m", "1") / "model.ubj").write_bytes(b"half")
    follow.step()
    record = upstream.promote(write_bundle(tmp_path))
    assert follow.step().state == "ok"
    assert follow.here == record


def test_an_older_generation_is_a_replay_and_refused(upstream: Upstream, follow: Follow, tmp_path: Path) -> None:
    old = upstream.promote(write_bundle(tmp_path))
    follow.step()
    new = upstream.promote(write_bundle(tmp_path))
    follow.step()
    upstream.says = old
    state = follow.step()
    assert (state.state, state.code) == ("refused", "replayed")
    assert follow.here == new
    assert upstream.fetched == ["1", "2"]


def test_the_same_generation_with_another_version_is_a_move_by_hand_and_followed(
    upstream: Upstream, follow: Follow, tmp_path: Path
) -> None:
    upstream.promote(write_bundle(tmp_path))
    follow.step()
    record = upstream.store.add("m", write_bundle(tmp_path))
    upstream.says = msgspec.structs.replace(
        upstream.store.resolve("m", "production"), version="2", manifest_sha256=record.manifest_sha256
    )
    assert follow.step().state == "ok"
    assert follow.here.version == "2"


def test_a_version_number_that_was_given_again_brings_the_new_bundle(
    upstream: Upstream, follow: Follow, tmp_path: Path
) -> None:
    upstream.promote(write_bundle(tmp_path))
    follow.step()
    upstream.store.add("m", write_bundle(tmp_path), version="1", replace=True)
    record = upstream.store.promote("m", "production", "1", by="ada")
    assert follow.step().state == "ok"
    assert follow.here == record


def test_a_store_that_is_away_changes_nothing_and_is_told_once(
    upstream: Upstream, follow: Follow, tmp_path: Path
) -> None:
    good = upstream.promote(write_bundle(tmp_path))
    follow.step()
    upstream.away = True
    for _ in range(3):
        state = follow.step()
        assert (state.state, state.code, state.version) == ("unreachable", "store_unavailable", None)
        assert state.reason == "upstream: does not answer"
    assert follow.here == good
    upstream.away = False
    assert follow.step().state == "ok"
    assert follow.told() == ["adopted", "unreachable", "recovered"]


def test_news_is_not_told_again_after_a_restart(upstream: Upstream, follow: Follow) -> None:
    upstream.away = True
    follow.step()
    restarted = Follow(upstream, follow.local.root)
    restarted.step()
    assert restarted.told() == []


def test_an_alias_that_names_nothing_is_told(upstream: Upstream, follow: Follow, tmp_path: Path) -> None:
    upstream.store.add("m", write_bundle(tmp_path))
    state = follow.step()
    assert (state.state, state.code) == ("refused", "model_not_found")
    assert not follow.follower.has_copy


def test_a_missing_key_is_told_as_a_mistake_of_the_configuration(upstream: Upstream, tmp_path: Path) -> None:
    follow = Follow(upstream, tmp_path / "serving", require_signature=True)
    publish_unchecked(upstream, {**binary().files, SIGNATURE_FILE: b"x"}, tmp_path)
    state = follow.step()
    assert (state.state, state.code) == ("refused", "misconfigured")


def test_a_disk_that_refuses_is_no_crash(upstream: Upstream, follow: Follow, tmp_path: Path) -> None:
    upstream.promote(write_bundle(tmp_path))
    follow.local.root.write_text("a file where the directory should be")
    state = follow.follower.step()
    assert (state.state, state.code) == ("unreachable", "store_unavailable")
    assert follow.told() == ["unreachable"]
    follow.local.root.unlink()
    with patch("mlapi.bundle.local_copy.staging_directory", side_effect=OSError(28, "No space left on device")):
        assert "No space left" in (follow.step().reason or "")
    assert follow.step().state == "ok"


def test_the_checks_run_in_a_process_of_their_own_unless_told_otherwise(upstream: Upstream, tmp_path: Path) -> None:
    upstream.promote(write_bundle(tmp_path))
    follower = Follower(upstream, DirectoryStore(tmp_path / "serving"), "m", "production")
    assert follower.step().state == "ok"
    upstream.promote(write_bundle(tmp_path))
    with patch("subprocess.run", side_effect=OSError(11, "Resource temporarily unavailable")):
        assert follower.step().state == "unreachable"


def test_a_process_that_crashes_over_a_bundle_refuses_it(upstream: Upstream, follow: Follow, tmp_path: Path) -> None:
    upstream.promote(write_bundle(tmp_path))

    def crash(path: Path, **expectation: Any) -> None:
        raise VerificationError("structure", "structure_invalid", "the verifying process died (exit status -11)")

    crashing = Follow(upstream, tmp_path / "serving", verify=crash)
    assert crashing.step().code == "structure_invalid"
    assert not crashing.follower.has_copy


def test_a_follower_killed_at_any_instant_leaves_a_copy_that_loads(upstream: Upstream, tmp_path: Path) -> None:
    root = tmp_path / "serving"
    kills = 60 if PROVE else 12
    local = DirectoryStore(root)
    old = upstream.promote(write_bundle(tmp_path))
    Follow(upstream, root).step()
    new = upstream.promote(write_bundle(tmp_path))
    job: Job = {
        "do": "follow",
        "place": {"address": "file:upstream", "state_dir": str(tmp_path), "tracking_uri": None},
        "name": "m",
        "alias": "production",
        "local": str(root),
    }
    saved = read_all(root)
    total = zygote().run([{**job, "kill_at": 0}])[0]["calls"]
    for number in range(kills):
        restore_all(root, saved)
        zygote().run([{**job, "kill_at": 1 + number * (total - 1) // (kills - 1)}])
        found = local.resolve("m", "production")
        assert found in (old, new)
        load(local.directory("m", found.version), expected_manifest=found.manifest_sha256)
        after = Follow(upstream, root)
        assert after.follower.step().state == "ok"
        assert after.here == new
        assert sorted(path.name for path in (root / "m").iterdir() if path.name != ".lock") == [
            "aliases",
            "follow.json",
            "registry.json",
            "versions",
        ]


def read_all(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def restore_all(root: Path, files: dict[str, bytes]) -> None:
    shutil.rmtree(root)
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
