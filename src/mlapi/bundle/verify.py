"""Verification of a bundle, in this process or in one that may crash; also a command.

    python -m mlapi.bundle.verify PATH [--manifest SHA256] [--public-key FILE] [--require-signature] [--json]

prints one line and exits with 0 (verified), 1 (refused) or 2 (usage).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from mlapi.bundle import checks
from mlapi.bundle.checks import Expectation
from mlapi.bundle.contents import Contents
from mlapi.bundle.errors import FormatError, VerificationError
from mlapi.bundle.manifest import Manifest
from mlapi.bundle.verify_child import limit_process, verify_in_subprocess

if TYPE_CHECKING:
    import argparse

__all__ = ["CHECKS", "SERVED", "Check", "Report", "main", "open_verified", "verify", "verify_in_subprocess"]


class Check(NamedTuple):
    """One question to a bundle; `run` raises VerificationError where the answer is no."""

    name: str
    run: Callable[[Contents, Expectation], None]


# The order is the safety: nothing is parsed before its digest is right, no engine sees a model before its structure is.
CHECKS: Final = (
    Check("digest", checks.digest),
    Check("signature", checks.signature),
    Check("structure", checks.structure),
    Check("versions", checks.versions),
    Check("golden", checks.golden),
)


# Of a process that serves what the follower has verified by all of them.
SERVED: Final = tuple(one._replace(run=checks.parts) if one.name == "structure" else one for one in CHECKS)


class Report(NamedTuple):
    """What was verified.

    Attributes:
        path: the bundle's directory.
        manifest: its manifest.
        manifest_sha256: of the manifest's bytes.
        checks: the names of the checks that it passed.
    """

    path: Path
    manifest: Manifest
    manifest_sha256: str
    checks: tuple[str, ...]


class Verdict(msgspec.Struct, frozen=True, omit_defaults=True):
    """The command's answer as JSON; the last three are empty where the bundle is right."""

    ok: bool
    manifest_sha256: str = ""
    check: str = ""
    code: str = ""
    reason: str = ""


def verify(
    path: Path,
    *,
    expected_manifest: str | None = None,
    public_key: bytes | None = None,
    require_signature: bool = False,
    checks: Sequence[Check] = CHECKS,
) -> Report:
    """Run the checks over a directory; the first that fails ends it.

    Args:
        path: the bundle's directory.
        expected_manifest: sha256 of `manifest.json`, from the registry or an alias record.
        public_key: PEM of the Ed25519 key that signs bundles.
        require_signature: refuse a bundle without a signature.
        checks: in place of all of them.

    Raises:
        VerificationError: names the check, a code and the reason.
        ValueError: the key is none, or is missing though a signature is required.
    """
    contents = open_verified(path, Expectation(expected_manifest, public_key, require_signature), checks)
    return Report(path, contents.manifest, contents.manifest_sha256, tuple(check.name for check in checks))


def open_verified(path: Path, expected: Expectation, checks: Sequence[Check] = CHECKS) -> Contents:
    """Read a directory once, run the checks over what was read, and give that.

    Raises:
        VerificationError: names the check, a code and the reason.
    """
    try:
        contents = Contents.read(path)
        for check in checks:
            check.run(contents, expected)
    except OSError as error:
        raise VerificationError("digest", "structure_invalid", f"cannot be read: {error.strerror}") from error
    except FormatError as error:
        raise VerificationError("digest", "structure_invalid", str(error)) from error
    return contents


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Returns:
        0 for a bundle that is right, 1 for one that is refused.
    """
    options = _parser().parse_args(arguments)
    if options.limit_s is not None:
        limit_process(options.limit_s)
    verdict = _verdict(options)
    answer = msgspec.json.encode(verdict).decode() if options.json else _line(options.path, verdict)
    sys.stdout.write(answer + "\n")
    return 0 if verdict.ok else 1


def _verdict(options: argparse.Namespace) -> Verdict:
    try:
        expected = Expectation(options.manifest, _key(options.public_key), options.require_signature)
        return Verdict(True, manifest_sha256=open_verified(options.path, expected).manifest_sha256)
    except VerificationError as error:
        return Verdict(False, check=error.check, code=error.code, reason=error.reason)
    except ValueError as error:  # a key that is none
        return Verdict(False, reason=str(error))


def _line(path: Path, verdict: Verdict) -> str:
    if verdict.ok:
        return f"verified {path}: manifest {verdict.manifest_sha256}"
    return f"refused {path}: {verdict.code}: {verdict.reason}" if verdict.code else f"refused {path}: {verdict.reason}"


def _key(path: str | None) -> bytes | None:
    if path is None:
        return None
    try:
        return sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as error:
        raise ValueError(f"the public key cannot be read: {error.strerror}") from error


def _parser() -> argparse.ArgumentParser:
    import argparse

    parser = argparse.ArgumentParser("python -m mlapi.bundle.verify", description="Verify a bundle's directory.")
    parser.add_argument("path", type=Path, help="the bundle's directory")
    parser.add_argument("--manifest", metavar="SHA256", help="what the registry says manifest.json is")
    parser.add_argument("--public-key", metavar="FILE", help="PEM of the Ed25519 key that signs bundles; - is stdin")
    parser.add_argument("--require-signature", action="store_true", help="refuse a bundle without a signature")
    parser.add_argument("--limit-s", type=float, metavar="SECONDS", help="bound this process's CPU time and memory")
    parser.add_argument("--json", action="store_true", help="print a JSON object")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
