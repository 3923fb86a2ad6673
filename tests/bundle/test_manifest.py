"""The manifest: what enters the content digest, and what a manifest may say."""

import json
from dataclasses import dataclass

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlapi.bundle.errors import FormatError, VerificationError
from mlapi.bundle.manifest import (
    FORMAT_VERSION,
    Dataset,
    Manifest,
    ManifestMeta,
    build_manifest,
    content_digest,
    manifest_digest,
    sha256,
)

FILES = {"schema.json": b"{}\n", "model.ubj": b"trees", "engine/tables.npy": b"numbers"}
META = ManifestMeta(
    name="churn",
    created_at="2026-01-02T03:04:05Z",
    dataset=Dataset(name="churn.csv", fingerprint="f" * 64, n_rows=100),
    config_digest="c" * 64,
    metrics={"roc_auc": 0.9},
    metric_intervals={"roc_auc": (0.88, 0.92)},
    requires={"xgboost": "3.2.0"},
)


def test_every_file_is_described_but_the_manifest_and_its_signature() -> None:
    manifest = build_manifest({**FILES, "manifest.json": b"old", "manifest.sig": b"old"}, META)
    assert set(manifest.files) == set(FILES)
    assert manifest.files["model.ubj"].size_bytes == 5
    assert manifest.files["model.ubj"].sha256 == sha256(b"trees")
    assert manifest.schema_digest == sha256(b"{}\n")


def test_manifest_survives_json() -> None:
    manifest = build_manifest(FILES, META)
    assert Manifest.from_json(manifest.to_json()) == manifest


def test_content_digest_is_as_documented() -> None:
    manifest = build_manifest(FILES, META)
    lines = [f"{sha256(FILES[path])}  {path}\n" for path in ("engine/tables.npy", "model.ubj", "schema.json")]
    lines += [f"{manifest.schema_digest}  schema\n", f"{'c' * 64}  config\n"]
    assert manifest.content_digest == sha256("".join(lines).encode())


@dataclass
class Change:
    field: str
    value: object


@pytest.mark.parametrize(
    "change",
    [
        Change("name", "other"),
        Change("created_at", "2030-01-01T00:00:00Z"),
        Change("git_commit", "abc"),
        Change("libraries", {"numpy": "9"}),
        Change("requires", {"xgboost": "3.3.0"}),
        Change("metrics", {"roc_auc": 0.1}),
        Change("tags", {"a": "b"}),
    ],
    ids=lambda change: change.field,
)
def test_content_digest_knows_nothing_of(change: Change) -> None:
    other = msgspec.structs.replace(META, **{change.field: change.value})
    assert build_manifest(FILES, other).content_digest == build_manifest(FILES, META).content_digest


def test_content_digest_depends_on_the_configuration() -> None:
    other = msgspec.structs.replace(META, config_digest="d" * 64)
    assert build_manifest(FILES, other).content_digest != build_manifest(FILES, META).content_digest


@given(st.sampled_from(sorted(FILES)), st.binary())
def test_content_digest_depends_on_every_file(name: str, content: bytes) -> None:
    changed = build_manifest({**FILES, name: content}, META).content_digest
    assert (changed == build_manifest(FILES, META).content_digest) == (content == FILES[name])


def test_content_digest_does_not_depend_on_the_order_of_files() -> None:
    entries = build_manifest(FILES, META).files
    assert content_digest(entries, "s", "c") == content_digest(dict(reversed(entries.items())), "s", "c")


def test_manifest_digest_is_sha256_of_its_bytes() -> None:
    assert manifest_digest(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_a_bundle_without_a_schema_has_no_manifest() -> None:
    with pytest.raises(KeyError):
        build_manifest({"model.ubj": b""}, META)


@pytest.mark.parametrize(
    "change",
    [Change("metrics", {"roc_auc": float("nan")}), Change("metric_intervals", {"roc_auc": (0.1, float("inf"))})],
    ids=lambda change: change.field,
)
def test_a_metric_is_a_finite_number(change: Change) -> None:
    with pytest.raises(ValueError, match="finite"):
        build_manifest(FILES, msgspec.structs.replace(META, **{change.field: change.value}))


def altered(**fields: object) -> bytes:
    return json.dumps({**json.loads(build_manifest(FILES, META).to_json()), **fields}).encode()


@pytest.mark.parametrize("version", [FORMAT_VERSION + 1, 0])
def test_another_format_version_is_refused_whatever_else_it_holds(version: int) -> None:
    with pytest.raises(VerificationError, match=f"format version {version}") as refusal:
        Manifest.from_json(altered(format_version=version, novelty={"a": [1]}))
    assert refusal.value.code == "version_unsupported"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"[]", id="no object"),
        pytest.param(b"{}", id="no version"),
        pytest.param(altered(format_version="1"), id="version as text"),
        pytest.param(altered(novelty=1), id="unknown field"),
        pytest.param(altered(files={"schema.json": {"sha256": "x"}}), id="file without size"),
        pytest.param(altered(metrics={"roc_auc": None}), id="metric without value"),
    ],
)
def test_from_json_refuses(data: bytes) -> None:
    with pytest.raises(FormatError, match=r"manifest\.json"):
        Manifest.from_json(data)
