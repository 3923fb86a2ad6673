"""The S3 store over moto: the contract, faults, and what is its own."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from mlapi.bundle import archive
from mlapi.bundle.archive import read_directory
from mlapi.bundle.errors import ModelNotFound, StoreError, StoreUnavailable, VerificationError, VersionExists
from mlapi.bundle.store import open_source, open_store
from mlapi.bundle.store.protocol import Store
from mlapi.bundle.store.s3 import S3Store, objects
from mlapi.bundle.store.s3.session import default_client
from tests.bundle.store.contract import StoreContract, manifest_sha256, write_bundle
from tests.fixtures.moto_server import KEYS, moto_server
from tests.fixtures.zygote import Job, Place


@pytest.fixture(scope="module", autouse=True)
def _moto() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**KEYS, "AWS_ENDPOINT_URL": moto_server()}.items():
            patch.setenv(name, value)
        patch.delenv("AWS_PROFILE", raising=False)
        yield


@pytest.fixture(autouse=True)
def _no_waits_between_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda wait_s: None))


def new_bucket(kind: str = "steady") -> str:
    bucket = f"{kind}-{uuid.uuid4().hex[:8]}"
    client: Any = default_client()
    client.create_bucket(Bucket=bucket)
    return bucket


class TestS3Store(StoreContract):
    promotions = (50, 2)
    kills = (40, 3)
    additions = (11, 3)

    @pytest.fixture(scope="class")
    @classmethod
    def place(cls, tmp_path_factory: pytest.TempPathFactory) -> Place:
        address = f"s3://{new_bucket()}/models"
        return {"address": address, "state_dir": str(tmp_path_factory.mktemp("state")), "tracking_uri": None}

    def _job(self, place: Place, name: str, **job: object) -> Job:
        return super()._job(place, name, **job, environ={**KEYS, "AWS_ENDPOINT_URL": moto_server()})


@pytest.fixture
def bucket() -> str:
    return new_bucket()


@pytest.fixture
def store(bucket: str) -> S3Store:
    return S3Store(default_client, bucket, "models", sleep=lambda wait_s: None)


def keys(bucket: str) -> list[str]:
    return [one["Key"] for one in boto3.client("s3").list_objects_v2(Bucket=bucket).get("Contents", [])]


def overwrite(bucket: str, key: str, content: bytes) -> None:
    boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=content)


def test_objects_stand_where_the_documentation_says(store: S3Store, bucket: str, tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path)
    store.add("m", bundle)
    store.promote("m", "production", "1", by="ada")
    assert keys(bucket) == [
        "models/aliases/m/production.json",
        f"models/bundles/m/{manifest_sha256(bundle)}.tar",
        "models/versions/m/1.json",
    ]


@pytest.mark.parametrize("kind", ["unsteady", "cut-once", "refusing"])
def test_what_fails_for_a_while_is_repeated(kind: str, tmp_path: Path) -> None:
    store: Store = S3Store(default_client, new_bucket(kind), sleep=lambda wait_s: None)
    bundle = write_bundle(tmp_path)
    assert store.add("m", bundle).version == "1"
    assert store.add("m", bundle).version == "1"
    assert store.promote("m", "production", "1", by="ada").generation == 1
    assert store.promote("m", "production", "1", by="ada", expect_generation=1).generation == 2
    assert (store.models(), store.resolve("m", "production").generation) == (["m"], 2)
    assert [move.generation for move in store.history("m", "production")] == [1, 2]
    assert read_directory(store.fetch("m", "1", tmp_path / "out")) == read_directory(bundle)


def test_a_body_that_always_breaks_off_makes_the_store_unavailable(tmp_path: Path) -> None:
    waits: list[float] = []
    store = S3Store(default_client, new_bucket("cut"), sleep=waits.append)
    store.add("m", write_bundle(tmp_path))
    with pytest.raises(StoreUnavailable, match=r"s3://cut-"):
        store.version("m", "1")
    assert len(waits) == 3


def test_a_bucket_that_is_not_there_makes_the_store_unavailable(tmp_path: Path) -> None:
    store = S3Store(default_client, "nowhere-at-all")
    asked: list[Callable[[], object]] = [
        store.models,
        lambda: store.version("m", "1"),
        lambda: store.add("m", write_bundle(tmp_path)),
    ]
    for ask in asked:
        with pytest.raises(StoreUnavailable, match="NoSuchBucket"):
            ask()


def test_a_chosen_version_is_kept_and_the_next_number_follows_it(store: S3Store, tmp_path: Path) -> None:
    assert store.add("m", write_bundle(tmp_path), version="7").version == "7"
    assert store.add("m", write_bundle(tmp_path)).version == "8"
    assert store.add("m", write_bundle(tmp_path), version="2").version == "2"
    assert [record.version for record in store.versions("m")] == ["2", "7", "8"]
    with pytest.raises(StoreError):
        store.add("m", write_bundle(tmp_path), version="01")


def test_a_number_that_somebody_else_took_meanwhile_is_passed_over(
    store: S3Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = write_bundle(tmp_path)
    store.add("m", other)
    monkeypatch.setattr(store, "versions", lambda name: [])  # as they were when it looked
    assert store.add("m", other).version == "1"
    assert store.add("m", write_bundle(tmp_path)).version == "2"
    with pytest.raises(VersionExists):
        store.add("m", write_bundle(tmp_path), version="1")


def test_a_bundle_that_is_not_the_recorded_one_is_not_given_out(store: S3Store, bucket: str, tmp_path: Path) -> None:
    store.add("m", write_bundle(tmp_path))
    (key,) = (key for key in keys(bucket) if key.endswith(".tar"))
    for content in (b"", b"rust", archive.pack(read_directory(write_bundle(tmp_path)))):
        overwrite(bucket, key, content)
        with pytest.raises(VerificationError) as caught:
            store.fetch("m", "1", tmp_path / "out")
        assert caught.value.code == "digest_mismatch"
    boto3.client("s3").delete_object(Bucket=bucket, Key=key)
    with pytest.raises(VerificationError):
        store.fetch("m", "1", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_object_larger_than_any_bundle_is_not_read(
    store: S3Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.add("m", write_bundle(tmp_path))
    monkeypatch.setattr(objects, "MAX_TOTAL_BYTES", 10)
    with pytest.raises(StoreUnavailable, match="larger than any bundle"):
        store.version("m", "1")


def test_a_destination_that_the_disk_refuses_makes_the_store_unavailable(store: S3Store, tmp_path: Path) -> None:
    store.add("m", write_bundle(tmp_path))
    (tmp_path / "file").write_text("no directory")
    with pytest.raises(StoreUnavailable, match=r"file|exists|directory"):
        store.fetch("m", "1", tmp_path / "file" / "out")


def test_a_file_that_is_none_of_ours_makes_the_store_unavailable(store: S3Store, bucket: str, tmp_path: Path) -> None:
    store.add("m", write_bundle(tmp_path))
    overwrite(bucket, "models/aliases/m/production.json", b"{}")
    with pytest.raises(StoreUnavailable, match=r"production\.json"):
        store.resolve("m", "production")
    overwrite(bucket, "models/versions/m/notes.txt", b"")
    assert [record.version for record in store.versions("m")] == ["1"]


def test_a_promoter_that_always_loses_gives_up(store: S3Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store.add("m", write_bundle(tmp_path))
    monkeypatch.setattr("mlapi.bundle.store.s3.objects.Objects.write_if", lambda *arguments, seen: False)
    with pytest.raises(StoreUnavailable, match="too many at one time"):
        store.promote("m", "production", "1", by="ada")
    with pytest.raises(ModelNotFound):
        store.resolve("m", "production")


def test_long_listings_come_in_pages(store: S3Store, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    client = boto3.client("s3")
    for name in ("a", "b", "c"):
        overwrite(bucket, f"models/versions/{name}/1.json", b"{}")
    paged = SimpleNamespace(list_objects_v2=lambda **arguments: client.list_objects_v2(**arguments, MaxKeys=1))
    assert S3Store(lambda: paged, bucket, "models").models() == ["a", "b", "c"]


def test_an_error_of_somebody_elses_is_not_translated(bucket: str) -> None:
    def fail() -> Any:
        raise KeyError("ours")

    with pytest.raises(KeyError):
        S3Store(fail, bucket).models()


def test_what_the_client_refuses_on_reading_or_writing_is_told(
    store: S3Store, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    dead = S3Store(default_client, bucket)
    for ask in (dead.models, lambda: dead.version("m", "1"), lambda: dead.resolve("m", "production")):
        with pytest.raises(StoreUnavailable, match=r"127\.0\.0\.1"):
            ask()


def test_a_conditional_write_that_is_refused_for_another_reason_is_told() -> None:
    with pytest.raises(StoreUnavailable, match="NoSuchBucket"):
        objects.Objects(default_client, "nowhere-at-all", "").write_if("a", b"", seen=None)


def test_a_missing_boto3_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(StoreError, match=r"boto3 is not installed; install ml-api-platform\[s3\]"):
        S3Store(default_client, "b").models()


def test_an_address_is_a_bucket_and_a_prefix(tmp_path: Path) -> None:
    for open_it in (open_store, open_source):
        assert open_it("s3://b/x/y/", state_dir=tmp_path).description == "s3://b/x/y"
        assert open_it("s3://b", state_dir=tmp_path).description == "s3://b"
