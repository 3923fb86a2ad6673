"""Versions and aliases carried to another store: by many at one time, and killed on the way."""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import Any, cast

import pytest

from mlapi.bundle.errors import ModelNotFound, StoreUnavailable, VersionExists
from mlapi.bundle.store.directory import DirectoryStore
from mlapi.bundle.store.s3 import S3Store
from mlapi.bundle.store.s3.session import default_client
from mlapi.training.publishing import Publisher
from tests.bundle.store.contract import write_bundle
from tests.fixtures.moto_server import KEYS, moto_server
from tests.fixtures.zygote import Job, zygote

PROVE = bool(os.environ.get("MLAPI_PROVE"))
PUBLISHERS, TIMES, KILLS = 8, 25 if PROVE else 2, 40 if PROVE else 3


@pytest.fixture
def environ(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment that finds moto."""
    found = {**KEYS, "AWS_ENDPOINT_URL": moto_server()}
    for name, value in found.items():
        monkeypatch.setenv(name, value)
    return found


@pytest.fixture
def bucket(environ: dict[str, str]) -> str:
    name = f"published-{uuid.uuid4().hex[:8]}"
    cast(Any, default_client()).create_bucket(Bucket=name)
    return name


@pytest.fixture
def source(tmp_path: Path) -> DirectoryStore:
    """A registry with versions 1 to 3, the first in production."""
    store = DirectoryStore(tmp_path / "source")
    for _ in range(3):
        store.add("m", write_bundle(tmp_path), tags={"team": "risk"})
    store.promote("m", "production", "1", by="ada", reason="first")
    return store


def job(bucket: str, source: DirectoryStore, environ: dict[str, str], **more: object) -> Job:
    place = {"address": f"s3://{bucket}/models", "state_dir": str(source.root), "tracking_uri": None}
    whole = {"do": "publish", "place": place, "name": "m", "alias": "production", "local": str(source.root), **more}
    return cast("Job", {**whole, "by": uuid.uuid4().hex[:6], "environ": environ})


def test_a_version_keeps_number_tags_and_digest(source: DirectoryStore, bucket: str) -> None:
    target = S3Store(default_client, bucket)
    done = Publisher(source, target, by="bob").publish("m", "2")
    assert (done.version.version, done.version.tags, done.moved) == ("2", {"team": "risk"}, ())
    assert done.version.manifest_sha256 == source.version("m", "2").manifest_sha256
    (moved,) = Publisher(source, target, by="bob").publish("m", "1").moved
    assert (moved.alias, moved.version, moved.promoted_by, moved.reason) == (
        "production",
        "1",
        "bob",
        "published: first",
    )
    assert Publisher(source, target).publish("m", "1").moved == ()


def test_a_number_that_is_another_bundle_there_is_refused(source: DirectoryStore, tmp_path: Path) -> None:
    target = DirectoryStore(tmp_path / "target")
    target.add("m", write_bundle(tmp_path), version="1")
    with pytest.raises(VersionExists):
        Publisher(source, target).publish("m", "1")


def test_what_is_not_there_cannot_be_published(source: DirectoryStore, tmp_path: Path) -> None:
    publisher = Publisher(source, DirectoryStore(tmp_path / "target"))
    with pytest.raises(ModelNotFound):
        publisher.publish("m", "9")
    with pytest.raises(ModelNotFound):
        publisher.follow("m", "staging")


def test_a_target_that_is_always_faster_is_given_up(
    source: DirectoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = DirectoryStore(tmp_path / "target")
    target.add("m", write_bundle(tmp_path), version="7")
    publisher = Publisher(source, target, sleep=lambda wait_s: None)
    carry = publisher._carry

    def overtaken(name: str, version: str) -> Any:
        target.promote("m", "production", "7", by="eve")  # between the look and the move
        return carry(name, version)

    monkeypatch.setattr(publisher, "_carry", overtaken)
    with pytest.raises(StoreUnavailable, match="too many at one time"):
        publisher.follow("m", "production")


def test_concurrent_publishers_lose_nothing_and_end_where_the_registry_is(
    source: DirectoryStore, bucket: str, environ: dict[str, str]
) -> None:
    done = zygote().run([job(bucket, source, environ, versions=["2", "3", "1"], times=TIMES)] * PUBLISHERS)
    assert {one["status"] for one in done} == {0}
    acks = sorted(tuple(ack) for one in done for ack in one["acks"])
    target = S3Store(default_client, bucket, "models")
    history = target.history("m", "production")
    # one winner a generation, none lost, none between; and every move follows the one before
    assert [(move.generation, move.version) for move in history] == [(ack[0], ack[1]) for ack in acks]
    assert [move.generation for move in history] == list(range(1, len(acks) + 1))
    assert [move.previous for move in history] == [None, *(move.version for move in history[:-1])]
    assert target.resolve("m", "production").version == source.resolve("m", "production").version


def test_a_publisher_killed_at_any_instant_leaves_the_old_or_the_new(
    source: DirectoryStore, bucket: str, environ: dict[str, str]
) -> None:
    target = S3Store(default_client, bucket, "models")
    Publisher(source, target).follow("m", "production")
    total = zygote().run([job(bucket, source, environ, versions=["2"], times=1, kill_at=0)])[0]["calls"]
    for number in range(KILLS):
        at = 1 + number * (total - 1) // (KILLS - 1)
        zygote().run([job(bucket, source, environ, versions=[str(1 + number % 3)], times=1, kill_at=at)])
        record = target.resolve("m", "production")
        assert record.manifest_sha256 == source.version("m", record.version).manifest_sha256
        Publisher(source, target).follow("m", "production")
        assert target.resolve("m", "production").version == source.resolve("m", "production").version
