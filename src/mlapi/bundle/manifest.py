"""What a bundle says of itself and of each of its files (`manifest.json`)."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from mlapi.bundle import document
from mlapi.bundle.errors import VerificationError
from mlapi.bundle.signing import SIGNATURE_FILE

MANIFEST_FILE: Final = "manifest.json"
FORMAT_VERSION: Final = 1


class FileEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file: its sha256 in lower-case hexadecimal and its size."""

    sha256: str
    size_bytes: int


class Dataset(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The data that the model was made from.

    Attributes:
        name: as the trainer was given it, a file's name without its folder.
        fingerprint: sha256 of the rows' content.
        n_rows: all rows; the other three say how they were split and are 0 where that is not known.
        target: the column that is predicted.
    """

    name: str
    fingerprint: str
    n_rows: int
    target: str = ""
    n_train: int = 0
    n_validation: int = 0
    n_test: int = 0


class ManifestMeta(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The part of a manifest that its files do not determine; `Manifest` documents the fields."""

    name: str
    created_at: str
    dataset: Dataset
    config_digest: str
    algorithm: str = "xgboost"
    metrics: dict[str, float] = {}
    metric_intervals: dict[str, tuple[float, float]] = {}
    tags: dict[str, str] = {}
    git_commit: str = ""
    libraries: dict[str, str] = {}
    requires: dict[str, str] = {}


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The content of `manifest.json`, in the order of its fields.

    Attributes:
        format_version: of the whole bundle; a reader refuses one that is newer than its own.
        name: of the model; the version is the registry's and stands in no file.
        algorithm: "xgboost".
        created_at: RFC 3339, UTC, with Z.
        metrics: on the test rows, finite.
        metric_intervals: lower and upper bound of the 95 % confidence interval of some of the metrics.
        tags: free text by key.
        dataset: what it was trained on.
        git_commit: of the code that trained it, empty where unknown.
        libraries: version by distribution name, of the trainer's environment.
        requires: by distribution name, the least version that reads the bundle rightly. xgboost's is the writer's own:
            2.1 and 3.0 load a model of 3.2 without a word and score it wrong.
        files: every file but the manifest and its signature, by path with forward slashes.
        schema_digest: sha256 of `schema.json`.
        config_digest: sha256 of the training configuration.
        content_digest: see `content_digest`; equal for equal data, configuration and seed.
    """

    format_version: int
    name: str
    algorithm: str
    created_at: str
    metrics: dict[str, float]
    metric_intervals: dict[str, tuple[float, float]]
    tags: dict[str, str]
    dataset: Dataset
    git_commit: str
    libraries: dict[str, str]
    requires: dict[str, str]
    files: dict[str, FileEntry]
    schema_digest: str
    config_digest: str
    content_digest: str

    def __post_init__(self) -> None:
        """Refuse numbers that JSON cannot hold.

        Raises:
            ValueError: a metric or a bound of its interval is not finite.
        """
        bounds = (bound for interval in self.metric_intervals.values() for bound in interval)
        if not all(map(math.isfinite, [*self.metrics.values(), *bounds])):
            raise ValueError("a metric is not a finite number")

    def to_json(self) -> bytes:
        """Give `manifest.json`."""
        return document.write(self, readable=True)

    @classmethod
    def from_json(cls, data: bytes) -> Manifest:
        """Read `manifest.json`, its format version first: a newer one may hold anything else.

        Raises:
            VerificationError: version_unsupported, the bundle's format is newer than this reader's.
            FormatError: not such a file.
        """
        version = document.read(data, _Versioned, MANIFEST_FILE).format_version
        if version != FORMAT_VERSION:
            reason = f"the bundle has format version {version}, this reader knows {FORMAT_VERSION}: update mlapi"
            raise VerificationError("digest", "version_unsupported", reason)
        return document.read(data, cls, MANIFEST_FILE)


class _Versioned(msgspec.Struct, frozen=True):
    """Any manifest: the one field that all format versions share."""

    format_version: int


def build_manifest(files: Mapping[str, bytes], meta: ManifestMeta) -> Manifest:
    """Describe a bundle's files.

    Args:
        files: content by path; a manifest or signature among them is left out.
        meta: everything else.

    Raises:
        KeyError: `schema.json` is not among the files.
        ValueError: a metric is not finite.
    """
    entries = {path: FileEntry(sha256(files[path]), len(files[path])) for path in _described(files)}
    schema_digest = entries["schema.json"].sha256
    return Manifest(
        format_version=FORMAT_VERSION,
        files=entries,
        schema_digest=schema_digest,
        content_digest=content_digest(entries, schema_digest, meta.config_digest),
        **msgspec.structs.asdict(meta),
    )


def content_digest(files: Mapping[str, FileEntry], schema_digest: str, config_digest: str) -> str:
    """Give the sha256 of what was learnt, whoever learnt it and whenever.

    It is taken over lines of UTF-8 text that end in a newline: "<sha256>  <path>" for every file but the manifest and
    its signature, by path in the order of code points, then "<schema_digest>  schema" and "<config_digest>  config".
    The time, the commit and the library versions stand in the manifest alone and so do not enter.
    """
    lines = [f"{files[path].sha256}  {path}\n" for path in _described(files)]
    lines += [f"{schema_digest}  schema\n", f"{config_digest}  config\n"]
    return sha256("".join(lines).encode())


def manifest_digest(data: bytes) -> str:
    """Give the sha256 of a manifest's own bytes, which vouches for all the rest where it is kept elsewhere."""
    return sha256(data)


def sha256(data: bytes) -> str:
    """Give a sha256 in lower-case hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def _described(paths: Iterable[str]) -> list[str]:
    return sorted(set(paths) - {MANIFEST_FILE, SIGNATURE_FILE})
