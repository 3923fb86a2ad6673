"""The checks in their order, and the command."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mlapi.bundle import decision, encoder, forest, golden, reference, schema, tables, trees
from mlapi.bundle.archive import write_directory
from mlapi.bundle.checks import Expectation
from mlapi.bundle.contents import Contents
from mlapi.bundle.errors import VerificationError
from mlapi.bundle.signing import generate_keys
from mlapi.bundle.verify import CHECKS, Check, main, verify
from tests.fixtures.bundles import binary, with_manifest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return binary().write(tmp_path / "1")


def test_verify_reports_what_was_verified(bundle: Path) -> None:
    report = verify(bundle, expected_manifest=binary().manifest_sha256)
    assert report.path == bundle
    assert report.manifest.name == "sample"
    assert report.manifest_sha256 == binary().manifest_sha256
    assert report.checks == ("digest", "signature", "structure", "versions", "golden")


def test_nothing_is_parsed_and_no_engine_loaded_where_a_digest_differs(
    bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def parse(*_: object) -> None:
        raise AssertionError("parsed before the digests were compared")

    for module, name in (
        (schema, "FeatureSchema"),
        (encoder, "Encoder"),
        (decision, "Decision"),
        (golden, "Golden"),
        (reference, "Reference"),
        (forest, "read_forest"),
        (tables, "Tables"),
        (trees, "load_engine"),
    ):
        monkeypatch.setattr(module, name, parse)
    (bundle / "model.ubj").write_bytes(b"crafted")
    with pytest.raises(VerificationError, match=r"model\.ubj is not the file"):
        verify(bundle)


def test_no_engine_is_loaded_where_the_structure_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(*_: object) -> None:
        raise AssertionError("loaded before the structure was checked")

    monkeypatch.setattr(trees, "load_engine", load)
    write_directory(tmp_path / "1", binary().changed(model=binary().files["model.ubj"][:-1]))
    with pytest.raises(VerificationError, match="structure_invalid"):
        verify(tmp_path / "1")


def test_the_first_failing_check_ends_it(bundle: Path) -> None:
    ran: list[str] = []

    def fail(_: Contents, __: Expectation) -> None:
        ran.append("fail")
        raise VerificationError("fail", "golden_mismatch", "no")

    def never(_: Contents, __: Expectation) -> None:
        ran.append("never")

    with pytest.raises(VerificationError):
        verify(bundle, checks=[Check("fail", fail), Check("never", never)])
    assert ran == ["fail"]


def test_a_bundle_that_cannot_be_read_is_refused_with_the_systems_reason(tmp_path: Path) -> None:
    with pytest.raises(VerificationError, match="cannot be read: No such file or directory") as refusal:
        verify(tmp_path / "absent")
    assert refusal.value.code == "structure_invalid"


def test_a_symbolic_link_in_the_directory_is_refused(bundle: Path) -> None:
    (bundle / "model.ubj").unlink()
    (bundle / "model.ubj").symlink_to("schema.json")
    with pytest.raises(VerificationError, match="not a regular file"):
        verify(bundle)


def test_a_manifest_with_a_key_twice_is_refused(bundle: Path) -> None:
    manifest = (bundle / "manifest.json").read_text()
    (bundle / "manifest.json").write_text(manifest.replace('"name": "sample"', '"name": "sample", "name": "other"', 1))
    with pytest.raises(VerificationError, match="stands twice"):
        verify(bundle)


def test_a_signature_is_verified(tmp_path: Path) -> None:
    keys = generate_keys()
    write_directory(tmp_path / "1", with_manifest(binary().files, private_key=keys.private))
    assert verify(tmp_path / "1", public_key=keys.public, require_signature=True)
    with pytest.raises(VerificationError, match="signature_invalid"):
        verify(tmp_path / "1", public_key=generate_keys().public)


def test_the_order_of_the_checks_is_the_documented_one() -> None:
    assert [check.name for check in CHECKS] == ["digest", "signature", "structure", "versions", "golden"]


def test_the_command_prints_one_line_for_a_right_bundle(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(bundle), "--manifest", binary().manifest_sha256]) == 0
    assert capsys.readouterr().out == f"verified {bundle}: manifest {binary().manifest_sha256}\n"


def test_the_command_prints_one_line_for_a_wrong_bundle(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (bundle / "README.md").unlink()
    assert main([str(bundle)]) == 1
    assert capsys.readouterr().out == f"refused {bundle}: digest_mismatch: 'README.md' is missing\n"


def test_the_command_answers_in_json(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(bundle), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"ok": True, "manifest_sha256": binary().manifest_sha256}
    assert main([str(bundle), "--json", "--manifest", "0" * 64]) == 1
    assert json.loads(capsys.readouterr().out) == {
        "ok": False,
        "check": "digest",
        "code": "digest_mismatch",
        "reason": "manifest.json is not the registered one",
    }


def test_the_command_takes_a_key_from_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keys = generate_keys()
    (tmp_path / "key.pem").write_bytes(keys.public)
    write_directory(tmp_path / "1", with_manifest(binary().files, private_key=keys.private))
    arguments = [str(tmp_path / "1"), "--require-signature"]
    assert main([*arguments, "--public-key", str(tmp_path / "key.pem")]) == 0
    capsys.readouterr()
    assert main(arguments) == 1
    assert "no public key is configured" in capsys.readouterr().out


def test_the_command_says_that_a_key_cannot_be_read(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(bundle), "--public-key", str(tmp_path / "absent.pem")]) == 1
    assert capsys.readouterr().out == f"refused {bundle}: the public key cannot be read: No such file or directory\n"


def test_the_module_is_a_command(bundle: Path) -> None:
    command = [sys.executable, "-W", "error", "-m", "mlapi.bundle.verify", str(bundle)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("verified ")
    (bundle / "extra").touch()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout == f"refused {bundle}: digest_mismatch: 'extra' is not in the manifest\n"


def test_the_command_names_its_module_in_its_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--no-such-flag"])
    assert ended.value.code == 2
    assert "usage: python -m mlapi.bundle.verify" in capsys.readouterr().err
