"""Verification in a process that may crash."""

import resource
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlapi.bundle import verify_child
from mlapi.bundle.archive import write_directory
from mlapi.bundle.errors import VerificationError
from mlapi.bundle.manifest import manifest_digest
from mlapi.bundle.signing import generate_keys
from mlapi.bundle.verify import main, verify_in_subprocess
from mlapi.bundle.verify_child import limit_process
from tests.fixtures.bundles import binary, with_manifest

KEYS = generate_keys()


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    write_directory(tmp_path / "1", with_manifest(binary().files, private_key=KEYS.private))
    return tmp_path / "1"


def test_a_right_bundle_is_accepted(bundle: Path) -> None:
    expected = manifest_digest((bundle / "manifest.json").read_bytes())
    verify_in_subprocess(bundle, expected_manifest=expected, public_key=KEYS.public, require_signature=True)


def test_the_childs_refusal_is_raised_here(bundle: Path) -> None:
    with pytest.raises(VerificationError, match="not the registered one") as refusal:
        verify_in_subprocess(bundle, expected_manifest="0" * 64)
    assert (refusal.value.check, refusal.value.code) == ("digest", "digest_mismatch")


def test_a_wrong_configuration_is_no_refusal(bundle: Path) -> None:
    with pytest.raises(ValueError, match="no public key is configured"):
        verify_in_subprocess(bundle, require_signature=True)


@pytest.fixture
def child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program that is run in place of Python; it imitates a child that a crafted model has taken down."""
    program = tmp_path / "child"
    program.touch(mode=0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    return program


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        pytest.param("kill -SEGV $$", f"exit status {-signal.SIGSEGV}", id="segmentation fault"),
        pytest.param("kill -ABRT $$", f"exit status {-signal.SIGABRT}", id="abort"),
        pytest.param("exit 0", "exit status 0", id="silence"),
        pytest.param("echo '[1]'", "exit status 0", id="another answer"),
        pytest.param("echo '{\"ok\":tr'; exit 3", "exit status 3", id="half an answer"),
    ],
)
def test_a_child_that_dies_is_a_refusal(script: str, reason: str, child: Path, bundle: Path) -> None:
    child.write_text(f"#!/bin/sh\n{script}\n")
    with pytest.raises(VerificationError, match=reason) as refusal:
        verify_in_subprocess(bundle)
    assert (refusal.value.check, refusal.value.code) == ("structure", "structure_invalid")


def test_a_child_that_hangs_is_given_up(child: Path, bundle: Path) -> None:
    child.write_text("#!/bin/sh\nexec tail -f /dev/null\n")
    with pytest.raises(VerificationError, match=r"longer than 0\.2 s"):
        verify_in_subprocess(bundle, timeout_s=0.2)


@pytest.fixture
def limits() -> Iterator[dict[int, tuple[int, int]]]:
    """Put this process's limits back afterwards."""
    before = {
        kind: resource.getrlimit(kind) for kind in (resource.RLIMIT_CPU, resource.RLIMIT_AS, resource.RLIMIT_CORE)
    }
    yield before
    for kind, limit in before.items():
        resource.setrlimit(kind, limit)


@pytest.mark.usefixtures("limits")
def test_the_process_is_bounded_in_time_and_memory_and_leaves_no_core() -> None:
    limit_process(100_000.5)
    assert resource.getrlimit(resource.RLIMIT_CPU)[0] == 100_001
    assert resource.getrlimit(resource.RLIMIT_AS)[0] == verify_child.MAX_MEMORY_BYTES
    assert resource.getrlimit(resource.RLIMIT_CORE)[0] == 0


def test_a_limit_that_is_lower_already_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    found: dict[int, tuple[int, int]] = {}
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (7, 7))
    monkeypatch.setattr(resource, "setrlimit", found.__setitem__)
    limit_process(1000)
    assert found == {resource.RLIMIT_CPU: (7, 7), resource.RLIMIT_AS: (7, 7), resource.RLIMIT_CORE: (0, 7)}


@pytest.mark.usefixtures("limits")
def test_the_command_bounds_itself(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(bundle), "--limit-s", "100000"]) == 0
    assert capsys.readouterr().out.startswith("verified")
    assert resource.getrlimit(resource.RLIMIT_CPU)[0] == 100_000


def test_a_key_reaches_the_child_by_its_standard_input(bundle: Path) -> None:
    with pytest.raises(VerificationError, match="signature_invalid"):
        verify_in_subprocess(bundle, public_key=generate_keys().public)
