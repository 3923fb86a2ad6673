"""Each check alone: what it lets pass and what it refuses, with which code."""

import json
from collections.abc import Callable, Mapping
from importlib import metadata
from typing import Any

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from mlapi.bundle import checks, npy
from mlapi.bundle.checks import Expectation
from mlapi.bundle.contents import REQUIRED_FILES, Contents
from mlapi.bundle.errors import VerificationError
from mlapi.bundle.signing import generate_keys, sign
from mlapi.bundle.tables import Tables
from tests.fixtures.bundles import KINDS, META, binary, multiclass, numeric, with_manifest
from tests.fixtures.extension import needs_extension
from tests.fixtures.models import Workpiece

KEYS = generate_keys()
Check = Callable[[Contents, Expectation], None]


NOTHING = Expectation()


def refusal(check: Check, files: Mapping[str, bytes], expected: Expectation = NOTHING) -> VerificationError:
    with pytest.raises(VerificationError) as caught:
        check(Contents(files), expected)
    return caught.value


def manifest_with(**fields: object) -> dict[str, bytes]:
    """The binary bundle with another manifest, whatever it may say."""
    files = dict(binary().files)
    return {**files, "manifest.json": json.dumps({**json.loads(files["manifest.json"]), **fields}).encode()}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("check", [checks.digest, checks.signature, checks.structure, checks.versions, checks.golden])
def test_a_right_bundle_passes(check: Check, kind: str) -> None:
    check(Contents(KINDS[kind]().files), Expectation())


def test_digest_accepts_the_registered_manifest() -> None:
    made = binary()
    checks.digest(Contents(made.files), Expectation(manifest=made.manifest_sha256))


def test_digest_refuses_another_manifest_before_reading_it() -> None:
    refused = refusal(checks.digest, {**binary().files, "manifest.json": b"{"}, Expectation(manifest="0" * 64))
    assert (refused.code, refused.reason) == ("digest_mismatch", "manifest.json is not the registered one")


@pytest.mark.parametrize("name", REQUIRED_FILES)
def test_digest_refuses_a_flipped_bit_in(name: str) -> None:
    files = dict(binary().files)
    damaged = bytearray(files[name])
    damaged[len(damaged) // 2] ^= 1
    refused = refusal(checks.digest, {**files, name: bytes(damaged)})
    assert (refused.code, refused.reason) == ("digest_mismatch", f"{name} is not the file that the manifest describes")


@pytest.mark.parametrize("name", REQUIRED_FILES)
def test_digest_refuses_a_truncated(name: str) -> None:
    files = dict(binary().files)
    assert refusal(checks.digest, {**files, name: files[name][:-1]}).code == "digest_mismatch"


@pytest.mark.parametrize("name", [*REQUIRED_FILES, "manifest.json"])
def test_digest_refuses_a_missing(name: str) -> None:
    files = {other: content for other, content in binary().files.items() if other != name}
    refused = refusal(checks.digest, files)
    assert refused.code == "digest_mismatch"
    assert "is missing" in refused.reason


def test_digest_refuses_a_file_that_the_manifest_does_not_list() -> None:
    refused = refusal(checks.digest, {**binary().files, "engine/more.npy": b""})
    assert (refused.code, refused.reason) == ("digest_mismatch", "'engine/more.npy' is not in the manifest")


def test_digest_accepts_a_listed_optional_file() -> None:
    checks.digest(Contents(with_manifest({**binary().files, "engine/tables.npy": b"tables"})), Expectation())


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"schema_digest": "0" * 64}, id="schema digest"),
        pytest.param({"content_digest": "0" * 64}, id="content digest"),
        pytest.param({"config_digest": "0" * 64}, id="configuration digest"),
    ],
)
def test_digest_refuses_a_manifest_with_a_wrong(fields: dict[str, str]) -> None:
    assert refusal(checks.digest, manifest_with(**fields)).code == "digest_mismatch"


def test_digest_refuses_a_manifest_without_schema() -> None:
    files = with_manifest(binary().files)
    manifest = json.loads(files["manifest.json"])
    del manifest["files"]["schema.json"], files["schema.json"]
    assert refusal(checks.digest, {**files, "manifest.json": json.dumps(manifest).encode()}).reason.startswith(
        "schema_d"
    )


def test_digest_refuses_a_newer_format_before_anything_else() -> None:
    refused = refusal(checks.digest, manifest_with(format_version=2, files="elsewhere"))
    assert refused.code == "version_unsupported"
    assert "update mlapi" in refused.reason


def signed() -> dict[str, bytes]:
    return with_manifest(binary().files, private_key=KEYS.private)


@pytest.mark.parametrize("required", [True, False])
def test_signature_accepts_the_owners(required: bool) -> None:
    checks.digest(Contents(signed()), Expectation())
    checks.signature(Contents(signed()), Expectation(public_key=KEYS.public, require_signature=required))


@pytest.mark.parametrize("public_key", [KEYS.public, None])
def test_signature_may_be_absent_where_it_is_not_required(public_key: bytes | None) -> None:
    checks.signature(Contents(binary().files), Expectation(public_key=public_key))


def test_signature_is_not_looked_at_without_a_key() -> None:
    checks.signature(Contents({**binary().files, "manifest.sig": b"nonsense"}), Expectation())


def test_signature_must_be_there_where_it_is_required() -> None:
    expected = Expectation(public_key=KEYS.public, require_signature=True)
    assert refusal(checks.signature, binary().files, expected).code == "signature_missing"


def test_signature_of_somebody_else_is_refused_even_where_none_is_required() -> None:
    other = generate_keys().public
    assert refusal(checks.signature, signed(), Expectation(public_key=other)).code == "signature_invalid"


def test_signature_of_another_manifest_is_refused() -> None:
    files = {**binary().files, "manifest.sig": sign(b"another", KEYS.private)}
    assert refusal(checks.signature, files, Expectation(public_key=KEYS.public)).code == "signature_invalid"


def test_a_required_signature_without_a_key_is_a_fault_of_the_configuration() -> None:
    with pytest.raises(ValueError, match="no public key is configured"):
        checks.signature(Contents(signed()), Expectation(require_signature=True))


def replaced(stem: str, old: bytes, new: bytes) -> dict[str, bytes]:
    made = binary()
    content = next(content for name, content in made.files.items() if name.startswith(stem + "."))
    assert old in content
    return made.changed(**{stem: content.replace(old, new, 1)})


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        *(
            pytest.param(
                lambda name=name: binary().changed(**{name.partition(".")[0]: None}), f"{name} is missing", id=name
            )
            for name in REQUIRED_FILES
            if name != "schema.json"
        ),
        pytest.param(lambda: binary().changed(schema=b"{}"), "schema.json", id="schema without features"),
        pytest.param(
            lambda: replaced("schema", b'"name": "age"', b'"name": "a", "name": "age"'), "twice", id="schema twice"
        ),
        pytest.param(lambda: replaced("schema", b'"kind": "integer"', b'"kind": "image"'), "schema.json", id="kind"),
        pytest.param(
            lambda: replaced("encoder", b'"kind": "codes"', b'"kind": "embed"'), "encoder.json", id="step kind"
        ),
        pytest.param(lambda: replaced("encoder", b'"feature": "age"', b'"feature": "old"'), "encoder.json", id="step"),
        pytest.param(lambda: binary().changed(encoder=numeric().files["encoder.json"]), "encoder.json", id="encoder"),
        pytest.param(
            lambda: binary().changed(decision=multiclass().files["decision.json"]), "margins a row", id="decision"
        ),
        pytest.param(
            lambda: replaced("decision", b'"threshold": 0.5', b'"threshold": 5'), "decision.json", id="threshold"
        ),
        pytest.param(lambda: binary().changed(golden=b"{}"), "golden.json", id="golden"),
        pytest.param(lambda: binary().changed(reference=b"{}"), "reference.json", id="reference"),
        pytest.param(lambda: binary().changed(README=b"\xff"), "decode", id="card"),
        pytest.param(lambda: with_manifest({**binary().files, "card.html": b"\xff"}), "decode", id="page of the card"),
        pytest.param(lambda: binary().changed(model=b"{}"), "model.ubj", id="model"),
        pytest.param(
            lambda: binary().changed(model=binary().files["model.ubj"][:-9]), "model.ubj", id="truncated model"
        ),
        pytest.param(lambda: binary().changed(model=numeric().files["model.ubj"]), "4 columns", id="another model"),
    ],
)
def test_structure_refuses_a_bundle_whose_maker_is_wrong(files: Callable[[], dict[str, bytes]], reason: str) -> None:
    made = files()
    checks.digest(Contents(made), Expectation())
    refused = refusal(checks.structure, made)
    assert (refused.check, refused.code) == ("structure", "structure_invalid")
    assert reason in refused.reason


def test_structure_refuses_a_category_that_the_schema_does_not_have() -> None:
    work = Workpiece(binary().files["model.ubj"])
    tree = next(tree for tree in work.trees if len(tree["categories"]))
    tree["categories"][-1] = 12
    assert "category out of range" in refusal(checks.structure, binary().changed(model=work.model)).reason


def with_requires(**requires: str) -> dict[str, bytes]:
    return with_manifest(binary().files, msgspec.structs.replace(META, requires=requires))


@pytest.mark.parametrize("least", ["3.2.0", "3.2", "3", "2.1.4", "3.2.0.0", "0.90", "3.2.0rc1", "3.1.0+cpu"])
def test_versions_accepts_a_writer_that_is_not_newer(least: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "version", lambda name: "3.2.0")
    checks.versions(Contents(with_requires(xgboost=least)), Expectation())


@pytest.mark.parametrize("least", ["3.2.1", "3.3", "4", "3.10.0", "3.2.0.1", "", "new", "x3.2", "\u0663", "9" * 5000])
def test_versions_refuses_a_newer_writer_and_one_that_cannot_be_read(
    least: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metadata, "version", lambda name: "3.2.0")
    refused = refusal(checks.versions, with_requires(xgboost=least))
    assert (refused.check, refused.code) == ("versions", "version_unsupported")


@pytest.mark.parametrize("found", ["3.1.3", "2.1.4", "3.0", "unknown"])
def test_versions_refuses_an_older_reader(found: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "version", lambda name: found)
    assert f"here is {found}" in refusal(checks.versions, with_requires(xgboost="3.2.0")).reason


@pytest.mark.parametrize("installed", ["xgboost-cpu", "xgboost"])
def test_versions_knows_both_wheels_of_xgboost(installed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        if name != installed:
            raise metadata.PackageNotFoundError(name)
        return "3.2.0"

    monkeypatch.setattr(metadata, "version", version)
    checks.versions(Contents(with_requires(xgboost="3.2.0")), Expectation())


@pytest.mark.parametrize(
    ("requires", "reason"),
    [
        pytest.param({}, "does not say which xgboost", id="nothing"),
        pytest.param({"xgboost": "3.0", "no-such-library": "1"}, "here is none", id="unknown library"),
    ],
)
def test_versions_refuses_a_manifest_that_requires(requires: dict[str, str], reason: str) -> None:
    assert reason in refusal(checks.versions, with_requires(**requires)).reason


def test_golden_refuses_another_answer() -> None:
    refused = refusal(
        checks.golden, binary().changed(decision=b'{"classes":["no","yes"],"calibration":{"kind":"platt","a":2,"b":0}}')
    )
    assert (refused.check, refused.code) == ("golden", "golden_mismatch")


@pytest.mark.usefixtures("no_extension")
def test_golden_refuses_a_model_that_the_library_refuses() -> None:
    work = Workpiece(binary().files["model.ubj"])
    work.learner["objective"]["name"] = "no:such"
    refused = refusal(checks.golden, binary().changed(model=work.model))
    assert (refused.check, refused.code) == ("golden", "structure_invalid")
    assert "no:such" in refused.reason


@pytest.fixture
def no_xgboost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is installed that would have brought libxgboost."""

    def version(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", version)


@needs_extension
@pytest.mark.usefixtures("no_xgboost")
def test_versions_needs_no_xgboost_where_our_own_engine_walks_the_trees() -> None:
    checks.versions(Contents(with_requires(xgboost="3.2.0")), Expectation())


@pytest.mark.usefixtures("no_xgboost", "no_extension")
def test_versions_needs_xgboost_where_our_own_engine_is_missing() -> None:
    assert "here is none" in refusal(checks.versions, with_requires(xgboost="3.2.0")).reason


def with_table(**tables: NDArray[Any]) -> dict[str, bytes]:
    changed = {f"engine/{name}.npy": npy.write(array) for name, array in tables.items()}
    return with_manifest({**binary().files, **changed})


@needs_extension
def test_golden_refuses_tables_whose_indices_are_out_of_range() -> None:
    refused = refusal(checks.golden, with_table(groups=np.full(8, 1, np.uint32)))
    assert (refused.check, refused.code) == ("golden", "structure_invalid")
    assert "a tree's group is out of range" in refused.reason


@needs_extension
def test_golden_refuses_tables_of_other_leaves() -> None:
    leaves = Tables.from_files(binary().files)
    assert leaves is not None
    refused = refusal(checks.golden, with_table(leaves=np.asarray(leaves.leaves) + np.float32(1e-6)))
    assert (refused.check, refused.code) == ("golden", "golden_mismatch")


def test_structure_refuses_a_table_that_is_none() -> None:
    files = with_manifest({**binary().files, "engine/leaves.npy": b"crafted"})
    refused = refusal(checks.structure, files)
    assert (refused.check, refused.code) == ("structure", "structure_invalid")
    assert "engine/leaves.npy" in refused.reason
