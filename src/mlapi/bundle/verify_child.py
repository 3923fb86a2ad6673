"""Verification in a process of its own: a crafted model may crash it, hang it or fill its memory, and nothing else."""

from __future__ import annotations

import math
import resource
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from mlapi.bundle.errors import VerificationError

if TYPE_CHECKING:
    import subprocess

# A check of a 0.5 MB bundle takes 150 MB of address space, a bundle may have 1 GB; what needs more than this is a bomb.
MAX_MEMORY_BYTES: Final = 8 << 30


class Refusal(msgspec.Struct, frozen=True):
    """The child's answer, as much of it as matters here (`verify.Verdict`)."""

    ok: bool
    check: str = ""
    code: str = ""
    reason: str = ""


def verify_in_subprocess(
    path: Path,
    *,
    expected_manifest: str | None = None,
    public_key: bytes | None = None,
    require_signature: bool = False,
    timeout_s: float = 30.0,
) -> None:
    """Run every check in a child process.

    Args:
        path: the bundle's directory.
        expected_manifest: sha256 of `manifest.json`, from the registry or an alias record.
        public_key: PEM of the Ed25519 key that signs bundles.
        require_signature: refuse a bundle without a signature.
        timeout_s: when the child is killed.

    Raises:
        VerificationError: what the child found; structure_invalid where it crashed or took too long.
        ValueError: the key is none, or is missing though a signature is required.
    """
    import subprocess

    command = [sys.executable, "-P", "-m", "mlapi.bundle.verify", "--json", "--limit-s", str(timeout_s), str(path)]
    command += [] if expected_manifest is None else ["--manifest", expected_manifest]
    command += [] if public_key is None else ["--public-key", "-"]
    command += ["--require-signature"] if require_signature else []
    try:
        child = subprocess.run(command, input=public_key or b"", capture_output=True, timeout=timeout_s, check=False)
    except subprocess.TimeoutExpired as error:
        raise _crashed(f"verifying took longer than {timeout_s:g} s") from error
    _raise_refusal(child)


def limit_process(cpu_s: float) -> None:
    """Bound what this process may use from here on, so that it ends if nobody is left to kill it; no core files."""
    for kind, limit in (
        (resource.RLIMIT_CPU, math.ceil(cpu_s)),
        (resource.RLIMIT_AS, MAX_MEMORY_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


def _raise_refusal(child: subprocess.CompletedProcess[bytes]) -> None:
    try:
        answer = msgspec.json.decode(child.stdout, type=Refusal)
    except msgspec.DecodeError as error:
        raise _crashed(f"the verifying process died (exit status {child.returncode})") from error
    if answer.code:
        raise VerificationError(answer.check, answer.code, answer.reason)
    if not answer.ok:
        raise ValueError(answer.reason)


def _crashed(reason: str) -> VerificationError:
    return VerificationError("structure", "structure_invalid", reason)
