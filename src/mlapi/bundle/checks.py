"""The five checks that a bundle passes before it answers anybody."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from mlapi.bundle.contents import REQUIRED_FILES, SCHEMA_FILE, Contents
from mlapi.bundle.errors import EngineError, FormatError, VerificationError
from mlapi.bundle.manifest import MANIFEST_FILE, content_digest, sha256
from mlapi.bundle.signing import SIGNATURE_FILE, verify_signature

_DISTRIBUTIONS: Final = {"xgboost": ("xgboost-cpu", "xgboost")}  # two wheels of one package
_RELEASE: Final = re.compile(r"\d{1,9}(\.\d{1,9}){0,5}", re.ASCII)  # the release segment of PEP 440


class Expectation(NamedTuple):
    """What the reader knows of a bundle before opening it.

    Attributes:
        manifest: sha256 of `manifest.json` as a registry or an alias record has it; None: nothing vouches for it.
        public_key: PEM of the Ed25519 key that signs bundles; None: signatures are not looked at.
        require_signature: refuse a bundle without a signature.
    """

    manifest: str | None = None
    public_key: bytes | None = None
    require_signature: bool = False


def digest(contents: Contents, expected: Expectation) -> None:
    """Compare every byte with the manifest, and the manifest with what vouches for it; only the manifest is parsed.

    Raises:
        VerificationError: digest_mismatch, or version_unsupported for a format that this reader does not know.
    """
    files = contents.files
    if MANIFEST_FILE not in files:
        raise VerificationError("digest", "digest_mismatch", f"{MANIFEST_FILE} is missing")
    if expected.manifest is not None and contents.manifest_sha256 != expected.manifest:
        raise VerificationError("digest", "digest_mismatch", f"{MANIFEST_FILE} is not the registered one")
    listed = contents.manifest.files
    if difference := sorted(set(listed) ^ (files.keys() - {MANIFEST_FILE, SIGNATURE_FILE})):
        state = "missing" if difference[0] in listed else "not in the manifest"
        raise VerificationError("digest", "digest_mismatch", f"{difference[0]!a} is {state}")
    for name, entry in listed.items():
        if len(files[name]) != entry.size_bytes or sha256(files[name]) != entry.sha256:
            raise VerificationError("digest", "digest_mismatch", f"{name} is not the file that the manifest describes")
    _digest_of_digests(contents)


def signature(contents: Contents, expected: Expectation) -> None:
    """Compare the manifest with its detached signature, where a key is known.

    Raises:
        VerificationError: signature_missing or signature_invalid.
        ValueError: a signature is required and no key is given, or the key is none; the configuration is wrong.
    """
    signed = contents.files.get(SIGNATURE_FILE)
    if expected.require_signature and signed is None:
        raise VerificationError("signature", "signature_missing", f"{SIGNATURE_FILE} is missing")
    if expected.require_signature and expected.public_key is None:
        raise ValueError("a signature is required, but no public key is configured")
    if signed is not None and expected.public_key is not None:
        verify_signature(contents.files[MANIFEST_FILE], signed, expected.public_key)


def structure(contents: Contents, expected: Expectation) -> None:
    """Read every part with our own code and see that they fit together; no engine has seen the model yet.

    Raises:
        VerificationError: structure_invalid.
    """
    from mlapi.bundle.structure import check_forest

    for name in REQUIRED_FILES:
        if name not in contents.files:
            raise VerificationError("structure", "structure_invalid", f"{name} is missing")
    try:
        encoder, decision, forest = contents.encoder, contents.decision, contents.forest
        _ = contents.golden, contents.reference, contents.card, contents.card_page, contents.tables
    except (FormatError, UnicodeDecodeError) as error:
        raise VerificationError("structure", "structure_invalid", str(error)) from error
    check_forest(forest, len(encoder.columns), decision.n_groups, encoder.column_codes)


def parts(contents: Contents, expected: Expectation) -> None:
    """Read every part but the trees of a plain model, of which serving reads the tables; else as `structure`.

    The tables are checked as the engine takes them. The trees, and what else `structure` asks, are looked at by the
    follower before the bundle comes to this machine, and by `Contents.engine` before the first contributions.

    Raises:
        VerificationError: structure_invalid.
    """
    try:
        plain = all(name in contents.files for name in REQUIRED_FILES) and contents.is_plain
        _ = plain and (contents.golden, contents.reference, contents.card, contents.card_page)
    except (FormatError, UnicodeDecodeError) as error:
        raise VerificationError("structure", "structure_invalid", str(error)) from error
    if not plain:
        structure(contents, expected)


def versions(contents: Contents, expected: Expectation) -> None:
    """Refuse a bundle whose writer's libraries are newer than this reader's.

    Raises:
        VerificationError: version_unsupported.
    """
    from mlapi.bundle import native

    requires = contents.manifest.requires
    if "xgboost" not in requires:
        raise VerificationError("versions", "version_unsupported", "does not say which xgboost wrote it")
    for name, least in requires.items():
        found = _installed(name)
        if found is None and name == "xgboost" and (contents.is_plain or native.covers(contents.forest)):
            continue  # our own engine walks these trees; one that is installed, yet too old, refuses all the same
        if found is None or not _is_at_least(found, least):
            reason = f"needs {name!a} {least!a} or newer, here is {found or 'none'}: update it"
            raise VerificationError("versions", "version_unsupported", reason)


def golden(contents: Contents, expected: Expectation) -> None:
    """Score the golden rows again.

    Raises:
        VerificationError: golden_mismatch, or structure_invalid where the engine refuses the model.
    """
    try:
        engine = contents.engine
    except EngineError as error:
        raise VerificationError("golden", "structure_invalid", str(error)) from error
    if contents.is_plain and contents.golden.holds(contents.schema, engine, contents.decision):
        return
    contents.golden.check(contents.encoder, engine, contents.decision)


def _digest_of_digests(contents: Contents) -> None:
    manifest = contents.manifest
    schema = manifest.files.get(SCHEMA_FILE)
    if schema is None or manifest.schema_digest != schema.sha256:
        raise VerificationError("digest", "digest_mismatch", "schema_digest is not that of the schema")
    if manifest.content_digest != content_digest(manifest.files, manifest.schema_digest, manifest.config_digest):
        raise VerificationError("digest", "digest_mismatch", "content_digest is not that of the files")


def _installed(name: str) -> str | None:
    """Version of a distribution, read from its metadata and not from an import."""
    from importlib import metadata

    for distribution in _DISTRIBUTIONS.get(name, (name,)):
        try:
            return metadata.version(distribution)
        except metadata.PackageNotFoundError:
            continue
    return None


def _is_at_least(found: str, least: str) -> bool:
    """Compare the numbers of two versions; one that has none is never enough."""
    one, other = _RELEASE.match(found), _RELEASE.match(least)
    return one is not None and other is not None and _release(one[0]) >= _release(other[0])


def _release(numbers: str) -> tuple[int, ...]:
    """Give (3, 2) for "3.2.0": trailing zeros mean nothing, "3.2" and "3.2.0" are equal."""
    return tuple(map(int, re.sub(r"(\.0+)+$", "", numbers).split(".")))
