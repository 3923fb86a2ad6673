"""Noticing, loading and swapping; the directory and the clock are the test's own."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from mlapi.app.core.request import Decoded
from mlapi.app.services.local_model import Candidate, LocalModel
from mlapi.app.services.model_event import ModelEvent
from mlapi.app.services.model_service import MAX_AGE_S, PATIENCE_S, RETRY_S, ModelService
from mlapi.app.services.snapshot import Snapshot
from mlapi.bundle import load
from mlapi.bundle.errors import EngineError, VerificationError
from mlapi.bundle.follow_state import FollowState
from mlapi.bundle.store.protocol import AliasRecord
from mlapi.bundle.types import Row
from tests.app.bundles import bundle


def candidate(generation: int) -> Candidate:
    alias = AliasRecord(
        name="churn",
        alias="production",
        version=str(generation),
        manifest_sha256="",
        generation=generation,
        promoted_at="",
        promoted_by="",
        reason="",
    )
    return Candidate(alias, Path(str(generation)))


class Directory(LocalModel):
    """The local directory, reduced to what its alias names now; counts the looks."""

    def __init__(self) -> None:
        super().__init__(Path("nowhere"), name="churn", alias="production")
        self.now: Candidate | None = None
        self.before: list[Candidate] = []
        self.looks = 0

    def look(self) -> Candidate | None:
        self.looks += 1
        return self.now

    def earlier(self) -> Iterator[Candidate]:
        yield from self.before

    @property
    def status(self) -> FollowState | None:
        return None


class NoDecoder:
    """Stands where a decoder would; never asked."""

    def decode(self, body: bytes) -> Decoded:
        raise NotImplementedError

    decode_plain = decode_table = decode_exactly = decode_lines = decode_csv = decode

    def check(self, rows: Sequence[Row]) -> Decoded:
        raise NotImplementedError

    def parse(self, body: bytes, *, nan_is_null: bool = False) -> object:
        raise NotImplementedError


class Loader:
    """Gives snapshots of one real bundle, refuses some generations, and can be held up."""

    def __init__(self) -> None:
        self.refused: set[int] = set()
        self.loaded: list[int] = []
        self.has_loaded = threading.Event()
        self.may_go = threading.Event()
        self.may_go.set()
        self._bundle = load(bundle())

    def __call__(self, one: Candidate) -> Snapshot:
        assert self.may_go.wait(10)
        self.loaded.append(one.alias.generation)
        self.has_loaded.set()
        if one.alias.generation in self.refused:
            raise VerificationError("golden", "golden_mismatch", "a golden row has another margin")
        return Snapshot(self._bundle, NoDecoder(), one.alias, "production", ("production",), "")


class World:
    """A model service with everything around it in the test's hand."""

    def __init__(self) -> None:
        self.directory = Directory()
        self.loader = Loader()
        self.now = 1000.0
        self.told: list[tuple[str, str]] = []
        self.models = ModelService(self.directory, self.loader, clock=lambda: self.now, tell=self._hear)
        self._runner = asyncio.Runner()

    def close(self) -> None:
        self._runner.run(self.models.close())
        self._runner.close()

    def _hear(self, event: ModelEvent) -> None:
        self.told.append((event.kind, event.version))

    def promote(self, generation: int) -> None:
        self.directory.now = candidate(generation)

    def latest(self) -> str | None:
        snapshot = self._runner.run(self.models.latest())
        return snapshot.version if snapshot else None

    def finish_swap(self) -> None:
        self._runner.run(self.models.close())


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    yield world
    world.loader.may_go.set()
    world.close()


def test_begins_without_a_model(world: World) -> None:
    world.models.load_now()
    assert (world.models.loaded, world.latest()) == (None, None)


def test_loads_what_is_there_before_the_first_request(world: World) -> None:
    world.promote(1)
    world.models.load_now()
    assert world.latest() == "1"


def test_looks_again_only_after_the_age(world: World) -> None:
    world.models.load_now()
    world.now += MAX_AGE_S / 2
    world.latest()
    assert world.directory.looks == 1
    world.now += MAX_AGE_S / 2
    world.latest()
    assert world.directory.looks == 2


def test_answers_by_the_old_model_until_the_new_one_is_loaded(world: World) -> None:
    world.promote(1)
    world.models.load_now()
    world.loader.may_go.clear()
    world.promote(2)
    world.now += MAX_AGE_S
    assert world.latest() == "1"
    world.now += MAX_AGE_S
    assert world.latest() == "1"  # looks again, and starts no second load
    world.loader.may_go.set()
    world.finish_swap()
    assert world.latest() == "2"
    assert world.loader.loaded == [1, 2]


def test_a_process_that_was_frozen_catches_up_before_it_answers(world: World) -> None:
    world.promote(1)
    world.models.load_now()
    world.promote(2)
    world.now += PATIENCE_S + 1
    assert world.latest() == "2"


def test_keeps_the_last_good_model_when_the_next_is_refused(world: World) -> None:
    world.promote(1)
    world.models.load_now()
    world.loader.refused = {2}
    world.promote(2)
    world.models.load_now()
    assert (world.latest(), world.models.refusal is not None) == ("1", True)
    world.promote(3)
    world.models.load_now()
    assert (world.latest(), world.models.refusal) == ("3", None)


def test_leaves_a_refused_version_alone_for_a_while_and_then_tries_again(world: World) -> None:
    world.loader.refused = {1}
    world.promote(1)
    world.models.load_now()
    world.now += RETRY_S - 1
    world.models.load_now()
    assert world.loader.loaded == [1]
    world.loader.refused = set()
    world.now += 1
    world.models.load_now()
    assert (world.loader.loaded, world.latest()) == ([1, 1], "1")


def test_begins_with_the_newest_earlier_version_that_is_good_when_the_promoted_one_is_not(world: World) -> None:
    world.loader.refused = {3, 4}
    world.directory.before = [candidate(3), candidate(2), candidate(1)]
    world.promote(4)
    world.models.load_now()
    assert world.latest() == "2"
    assert world.told == [("refusal", "4"), ("refusal", "3"), ("fallback", "2")]
    refusal = world.models.refusal
    assert refusal is not None
    assert (refusal.version, refusal.code) == ("4", "golden_mismatch")


def test_a_fallback_ends_when_the_promoted_version_loads_after_all(world: World) -> None:
    world.loader.refused = {2}
    world.directory.before = [candidate(1)]
    world.promote(2)
    world.models.load_now()
    world.now += RETRY_S
    world.models.load_now()
    assert world.told == [("refusal", "2"), ("fallback", "1")]  # tried again, told once
    world.loader.refused = set()
    world.now += RETRY_S
    world.models.load_now()
    assert (world.latest(), world.models.refusal, world.told[2:]) == ("2", None, [("swap", "2")])


def test_tells_of_the_first_model_and_of_each_swap(world: World) -> None:
    for generation in (1, 2):
        world.promote(generation)
        world.models.load_now()
    assert world.told == [("load", "1"), ("swap", "2")]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (VerificationError("digest", "digest_mismatch", "x"), "digest_mismatch"),
        (EngineError("x"), "unusable"),
        (PermissionError(13, "Permission denied", "/srv/secret"), "unreadable"),
        (ZeroDivisionError("secret"), "internal_error"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_a_refusal_has_a_code_and_names_nothing_internal(error: Exception, code: str) -> None:
    event = ModelEvent.of("refusal", candidate(2), error)
    assert event.code == code
    assert "secret" not in f"{event.reason}{event.as_notice().summary}"


def test_does_not_load_the_same_record_twice(world: World) -> None:
    world.promote(1)
    world.models.load_now()
    world.now += MAX_AGE_S
    world.models.load_now()
    assert world.loader.loaded == [1]


def test_a_record_that_went_away_changes_nothing(world: World) -> None:
    world.promote(1)
    world.models.load_now()
    world.directory.now = None
    world.models.load_now()
    assert world.latest() == "1"


def test_an_error_that_nobody_foresaw_ends_the_swap_and_not_the_service(world: World) -> None:
    world.promote(1)
    world.models.load_now()

    def fail(_: Candidate) -> Snapshot:
        raise ZeroDivisionError

    world.models._load = fail
    world.promote(2)
    world.now += MAX_AGE_S
    assert world.latest() == "1"
    world.finish_swap()
    assert (world.latest(), world.models.refusal is not None) == ("1", True)


def test_watching_swaps_without_any_request() -> None:
    directory, loader = Directory(), Loader()
    directory.now = candidate(1)

    async def watched() -> str:
        models = ModelService(directory, loader)
        watching = asyncio.create_task(models.watch())
        assert await asyncio.to_thread(loader.has_loaded.wait, 10)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await models.close()
        assert models.loaded is not None
        return models.loaded.version

    assert asyncio.run(watched()) == "1"
