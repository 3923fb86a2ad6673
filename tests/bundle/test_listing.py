"""What the registry has is written down now and then; no trouble of it is trouble of the follower."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlapi.bundle import listing
from mlapi.bundle.errors import StoreUnavailable
from mlapi.bundle.listing import EVERY_S, Lister, Listing
from mlapi.bundle.store.directory import DirectoryStore
from mlapi.bundle.store.records import AliasRecord, VersionRecord
from tests.bundle.store.contract import write_bundle
from tests.bundle.test_breaker import Clock


class Registry(DirectoryStore):
    """A directory store that can be away, and counts how often its versions are asked for."""

    asked = 0
    away = False

    def versions(self, name: str) -> list[VersionRecord]:
        self.asked += 1
        if self.away:
            raise StoreUnavailable(self.description, "does not answer")
        return super().versions(name)


def promoted(store: DirectoryStore, path: Path, alias: str = "production") -> AliasRecord:
    version = DirectoryStore(store.root).add("m", write_bundle(path)).version  # which looks at the versions too
    return store.promote("m", alias, version, by="ada")


def test_versions_and_aliases_are_written_down(tmp_path: Path) -> None:
    registry, local = Registry(tmp_path / "registry"), DirectoryStore(tmp_path / "serving")
    record = promoted(registry, tmp_path)
    assert Listing.read(local, "m") is None
    Lister(registry, local, "m").refresh(record)
    found = Listing.read(local, "m")
    assert found is not None
    assert (found.versions, found.aliases) == (tuple(registry.versions("m")), {"production": "1"})
    promoted(registry, tmp_path, "staging")
    Lister(registry, local, "m").refresh(record)
    found = Listing.read(local, "m")
    assert found is not None
    assert (len(found.versions), found.aliases) == (2, {"production": "1", "staging": "2"})


def test_an_alias_of_another_name_is_listed_beside_the_usual_ones(tmp_path: Path) -> None:
    registry, local = Registry(tmp_path / "registry"), DirectoryStore(tmp_path / "serving")
    promoted(registry, tmp_path)
    Lister(registry, local, "m").refresh(promoted(registry, tmp_path, "canary"))
    found = Listing.read(local, "m")
    assert found is not None
    assert found.aliases == {"canary": "2", "production": "1"}


def test_the_registry_is_asked_now_and_then_and_after_a_doubt(tmp_path: Path) -> None:
    registry, clock = Registry(tmp_path / "registry"), Clock()
    record = promoted(registry, tmp_path)
    lister = Lister(registry, DirectoryStore(tmp_path / "serving"), "m", clock=clock)
    for _ in range(3):
        lister.refresh(record)
    assert registry.asked == 1
    clock.now_s += EVERY_S
    lister.refresh(record)
    assert registry.asked == 2
    lister.doubt()
    lister.refresh(record)
    assert registry.asked == 3


def test_a_registry_that_is_away_leaves_the_last_list_and_is_not_asked_at_once(tmp_path: Path) -> None:
    registry, local, clock = Registry(tmp_path / "registry"), DirectoryStore(tmp_path / "serving"), Clock()
    record = promoted(registry, tmp_path)
    lister = Lister(registry, local, "m", clock=clock)
    lister.refresh(record)
    before = Listing.read(local, "m")
    registry.away = True
    clock.now_s += EVERY_S
    for _ in range(3):
        lister.refresh(record)
    assert (registry.asked, Listing.read(local, "m")) == (2, before)


def test_the_latest_are_listed_where_there_are_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "MOST", 2)
    registry, local = Registry(tmp_path / "registry"), DirectoryStore(tmp_path / "serving")
    record = [promoted(registry, tmp_path) for _ in range(3)][-1]
    Lister(registry, local, "m").refresh(record)
    found = Listing.read(local, "m")
    assert found is not None
    assert [one.version for one in found.versions] == ["2", "3"]
