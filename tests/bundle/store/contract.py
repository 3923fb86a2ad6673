"""What every store promises, whatever it is made of. A subclass says where the store is."""

from __future__ import annotations

import os
import uuid
from itertools import count
from pathlib import Path
from typing import cast

import pytest

from mlapi.bundle.archive import read_directory, write_directory
from mlapi.bundle.errors import GenerationConflict, ModelNotFound, StoreError, VerificationError, VersionExists
from mlapi.bundle.manifest import MANIFEST_FILE, Manifest, manifest_digest
from mlapi.bundle.store import open_store
from mlapi.bundle.store.protocol import Store
from tests.fixtures.bundles import binary
from tests.fixtures.zygote import Done, Job, Place, zygote

PROVE = bool(os.environ.get("MLAPI_PROVE"))
PROCESSES = 8
_numbers = count(1)


def write_bundle(folder: Path) -> Path:
    """Write a small bundle that no other equals, and give its directory."""
    number = next(_numbers)
    path = folder / f"bundle-{number}"
    write_directory(path, binary().changed(README=f"# {number} {uuid.uuid4()}\n".encode()))
    return path


def new_name() -> str:
    return f"model-{uuid.uuid4().hex[:8]}"


def manifest_sha256(bundle: Path) -> str:
    return manifest_digest((bundle / MANIFEST_FILE).read_bytes())


class StoreContract:
    """Inherited by the tests of each implementation and each wrapper."""

    # each to prove, and otherwise
    promotions = (200, 2)  # of each of eight processes at the same time
    kills = (100, 4)  # at different instants of a promotion, and of an addition
    additions = (11, 3)  # one after another

    @pytest.fixture(scope="class")
    @classmethod
    def place(cls, tmp_path_factory: pytest.TempPathFactory) -> Place:
        """Where the store is; only the subclass knows. All its tests share it: some stores take seconds to make."""
        raise NotImplementedError

    @pytest.fixture(scope="class")
    @classmethod
    def store(cls, place: Place) -> Store:
        return open_store(place["address"], state_dir=Path(place["state_dir"]), tracking_uri=place["tracking_uri"])

    @pytest.fixture(scope="class")
    @classmethod
    def model(cls, store: Store, tmp_path_factory: pytest.TempPathFactory) -> str:
        """A model with versions 1 and 2; each test has an alias of its own."""
        folder = tmp_path_factory.mktemp("bundles")
        name = new_name()
        for _ in range(2):
            store.add(name, write_bundle(folder))
        return name

    @pytest.fixture
    def alias(self) -> str:
        return f"alias-{uuid.uuid4().hex[:8]}"

    @pytest.fixture
    def name(self) -> str:
        """A model that is not there."""
        return new_name()

    @pytest.fixture
    def bundle(self, tmp_path: Path) -> Path:
        return write_bundle(tmp_path)

    def test_an_unknown_model_has_no_versions_and_no_history(self, store: Store, name: str) -> None:
        assert store.versions(name) == []
        assert store.history(name, "production") == []
        assert name not in store.models()

    def test_an_unknown_model_version_or_alias_is_not_found(self, store: Store, name: str, tmp_path: Path) -> None:
        for ask in (
            lambda: store.version(name, "1"),
            lambda: store.fetch(name, "1", tmp_path / "out"),
            lambda: store.resolve(name, "production"),
            lambda: store.promote(name, "production", "1", by="ada"),
        ):
            with pytest.raises(ModelNotFound) as caught:
                ask()
            assert caught.value.name == name
        assert not (tmp_path / "out").exists()
        assert name not in store.models()

    def test_an_unknown_version_or_alias_of_a_known_model_is_not_found(
        self, store: Store, model: str, alias: str
    ) -> None:
        for version in ("3", "0", "01", "-1", "latest", "1/../2", ""):
            with pytest.raises(ModelNotFound):
                store.version(model, version)
        with pytest.raises(ModelNotFound):
            store.promote(model, alias, "3", by="ada")
        with pytest.raises(ModelNotFound):
            store.resolve(model, alias)
        assert store.history(model, alias) == []

    def test_a_bundle_becomes_a_version_with_its_digests_and_tags(self, store: Store, name: str, bundle: Path) -> None:
        record = store.add(name, bundle, tags={"team": "risk", "größe": "zwei Zeilen\nText"})
        manifest = Manifest.from_json((bundle / MANIFEST_FILE).read_bytes())
        assert (record.name, record.version) == (name, "1")
        assert record.manifest_sha256 == manifest_sha256(bundle)
        assert record.content_digest == manifest.content_digest
        assert record.tags == {"team": "risk", "größe": "zwei Zeilen\nText"}
        assert record.created_at[-1] == "Z"
        assert store.version(name, "1") == record
        assert store.versions(name) == [record]
        assert name in store.models()

    def test_versions_ascend_as_numbers(self, store: Store, name: str, tmp_path: Path) -> None:
        added = [store.add(name, write_bundle(tmp_path)).version for _ in range(self.additions[not PROVE])]
        assert added == [str(number) for number in range(1, len(added) + 1)]
        assert [record.version for record in store.versions(name)] == added

    def test_a_bundle_that_is_there_already_keeps_its_version_and_tags(
        self, store: Store, name: str, bundle: Path, tmp_path: Path
    ) -> None:
        record = store.add(name, bundle, tags={"by": "ada"})
        store.add(name, write_bundle(tmp_path))
        assert store.add(name, bundle, tags={"by": "bob"}) == record
        assert store.add(name, bundle, version=record.version) == record
        assert len(store.versions(name)) == 2

    def test_a_version_is_never_given_to_another_bundle(
        self, store: Store, name: str, bundle: Path, tmp_path: Path
    ) -> None:
        record = store.add(name, bundle)
        with pytest.raises(VersionExists) as caught:
            store.add(name, write_bundle(tmp_path), version=record.version)
        assert caught.value.digest == record.manifest_sha256
        assert store.versions(name) == [record]

    def test_a_directory_that_is_no_whole_bundle_leaves_nothing_behind(
        self, store: Store, name: str, bundle: Path, tmp_path: Path
    ) -> None:
        (bundle / "model.ubj").write_bytes(b"half")
        for path in (bundle, tmp_path / "nowhere"):
            with pytest.raises(VerificationError):
                store.add(name, path)
        assert store.versions(name) == []
        assert name not in store.models()

    @pytest.mark.parametrize("unsafe", ["", ".", "..", "a/b", "a b", "-x", "x'y", "ä", "x" * 101, "a\nb", "a\0"])
    def test_a_name_that_is_no_safe_name_is_refused(self, store: Store, bundle: Path, unsafe: str) -> None:
        with pytest.raises(StoreError):
            store.add(unsafe, bundle)
        assert store.versions(unsafe) == []
        assert store.history(unsafe, "production") == []
        for ask in (lambda: store.version(unsafe, "1"), lambda: store.resolve(unsafe, "production")):
            with pytest.raises(ModelNotFound):
                ask()

    def test_an_alias_that_has_no_safe_name_is_refused(self, store: Store, model: str, alias: str) -> None:
        with pytest.raises(StoreError):
            store.promote(model, "a/b", "1", by="ada")
        with pytest.raises(ModelNotFound):
            store.resolve(model, "a/b")
        assert store.history(model, "a/b") == []

    def test_a_fetched_bundle_is_the_added_one_in_place_of_what_was_there(
        self, store: Store, name: str, bundle: Path, tmp_path: Path
    ) -> None:
        version = store.add(name, bundle).version
        out = tmp_path / "new" / "out"
        assert store.fetch(name, version, out) == out
        (out / "README.md").write_text("changed")
        (out / "more").write_text("more")
        store.fetch(name, version, out)
        assert read_directory(out) == read_directory(bundle)
        assert list(out.parent.iterdir()) == [out]

    def test_a_promotion_moves_the_alias_and_is_written_down(self, store: Store, model: str, alias: str) -> None:
        first, second = "1", "2"
        before = store.promote(model, alias, first, by="ada", reason="first")
        after = store.promote(
            model, alias, second, by="bob", reason="Größer:\n'\"", metrics={"auc": 0.1 + 0.2}, action="rollback"
        )
        assert (before.version, before.previous, before.promoted_by) == (first, None, "ada")
        assert (after.version, after.previous, after.reason) == (second, first, "Größer:\n'\"")
        assert after.manifest_sha256 == store.version(model, second).manifest_sha256
        assert after.generation > before.generation > 0
        assert store.resolve(model, alias) == after
        one, other = store.history(model, alias)
        assert (one.generation, one.version, one.action) == (before.generation, first, "promote")
        assert (other.generation, other.version, other.action) == (after.generation, second, "rollback")
        assert (other.alias, other.at, other.previous) == (alias, after.promoted_at, first)
        assert other.metrics == {"auc": 0.1 + 0.2}
        assert one.nonce != other.nonce

    def test_promoting_the_same_version_again_is_a_move_too(self, store: Store, model: str, alias: str) -> None:
        before = store.promote(model, alias, "1", by="ada")
        after = store.promote(model, alias, "1", by="ada")
        assert after.generation > before.generation
        assert after.previous == "1"

    def test_aliases_do_not_touch_one_another(self, store: Store, model: str, alias: str) -> None:
        other = store.promote(model, f"{alias}-2", "2", by="ada")
        one = store.promote(model, alias, "1", by="ada")
        assert store.resolve(model, f"{alias}-2") == other
        assert store.resolve(model, alias) == one
        assert [move.version for move in store.history(model, f"{alias}-2")] == ["2"]

    def test_an_expected_generation_must_be_the_present_one(self, store: Store, model: str, alias: str) -> None:
        first = store.promote(model, alias, "1", by="ada", expect_generation=0)
        second = store.promote(model, alias, "2", by="ada", expect_generation=first.generation)
        for expected in (0, first.generation, second.generation + 1):
            with pytest.raises(GenerationConflict) as caught:
                store.promote(model, alias, "1", by="bob", expect_generation=expected)
            assert (caught.value.expected, caught.value.found) == (expected, second.generation)
        assert store.resolve(model, alias) == second
        assert len(store.history(model, alias)) == 2

    def test_concurrent_adders_get_versions_of_their_own(self, place: Place, name: str, tmp_path: Path) -> None:
        processes = min(PROCESSES, self.additions[not PROVE])
        jobs = [self._job(place, name, do="add", bundles=[str(write_bundle(tmp_path))]) for _ in range(processes)]
        done = self._run(jobs)
        assert sorted(int(version) for one in done for version in one["acks"]) == list(range(1, processes + 1))

    def test_concurrent_promoters_lose_nothing_and_share_no_generation(
        self, place: Place, store: Store, model: str, alias: str
    ) -> None:
        times = self.promotions[not PROVE]
        done = self._run(
            [
                self._job(place, model, alias=alias, do="promote", versions=["1", "2"], times=times)
                for _ in range(PROCESSES)
            ]
        )
        acks = {tuple(ack) for one in done for ack in one["acks"]}
        assert len(acks) == len({generation for generation, *_ in acks}) == PROCESSES * times
        history = store.history(model, alias)
        assert {(move.generation, move.version, move.by) for move in history} == acks
        assert [move.generation for move in history] == sorted(generation for generation, *_ in acks)
        now = store.resolve(model, alias)
        assert (now.generation, now.version) == (history[-1].generation, history[-1].version)

    def test_of_promoters_that_saw_the_same_generation_one_wins(
        self, place: Place, store: Store, model: str, alias: str
    ) -> None:
        start = store.promote(model, alias, "1", by="ada").generation
        times = self.promotions[not PROVE]
        done = self._run(
            [self._job(place, model, alias=alias, do="race", versions=["2"], times=times) for _ in range(PROCESSES)]
        )
        won = sorted(tuple(ack) for one in done for ack in one["acks"])
        chain = [start, *(generation for _, generation in won)]
        assert [seen for seen, _ in won] == chain[:-1]
        assert store.resolve(model, alias).generation == chain[-1]

    def test_a_promoter_killed_at_any_instant_leaves_the_old_or_the_new(
        self, place: Place, store: Store, model: str, alias: str
    ) -> None:
        store.promote(model, alias, "1", by="ada")
        job = self._job(place, model, alias=alias, do="promote", versions=["2"], times=1)
        for at in self._instants(job):
            old = store.promote(model, alias, "1", by="ada")
            self._kill(job, at)
            found = store.resolve(model, alias)
            assert (found.version, found.generation > old.generation) in {("1", False), ("2", True)}
            after = store.promote(model, alias, "2", by="ada")
            assert after.generation > old.generation
            assert store.resolve(model, alias) == after
        generations = [move.generation for move in store.history(model, alias)]
        assert generations == sorted(set(generations))

    def test_an_adder_killed_at_any_instant_leaves_a_whole_version_or_none(
        self, place: Place, store: Store, name: str, tmp_path: Path
    ) -> None:
        instants = self._instants(self._job(place, name, do="add", bundles=[str(write_bundle(tmp_path))]))
        for number, at in enumerate(instants):
            bundle = write_bundle(tmp_path)
            model = f"{name}-{number}"
            self._kill(self._job(place, model, do="add", bundles=[str(bundle)]), at)
            for record in store.versions(model):
                store.fetch(model, record.version, tmp_path / "out")
            record = store.add(model, bundle)
            assert manifest_sha256(store.fetch(model, record.version, tmp_path / "out")) == manifest_sha256(bundle)
            assert store.versions(model) == [record]

    def _job(self, place: Place, name: str, **job: object) -> Job:
        return cast("Job", {"place": place, "name": name, "by": uuid.uuid4().hex[:6], **job})

    def _run(self, jobs: list[Job]) -> list[Done]:
        done = zygote().run(jobs)
        assert {one["status"] for one in done} == {0}
        return done

    def _instants(self, job: Job) -> list[int]:
        """Calls into C of a job, spread over it, among them the first and the last."""
        total = self._run([{**job, "kill_at": 0}])[0]["calls"]
        kills = self.kills[not PROVE]
        return [1 + number * (total - 1) // (kills - 1) for number in range(kills)]

    def _kill(self, job: Job, at: int) -> None:
        zygote().run([{**job, "kill_at": at}])
