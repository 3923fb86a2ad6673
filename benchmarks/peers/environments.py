"""A virtual environment for each peer, as its lock says; made once."""

import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.peers.process import PeerFault

HERE = Path(__file__).parent
VERSIONS = "import importlib.metadata as m, json, sys; print(json.dumps({n: m.version(n) for n in sys.argv[1:]}))"


def prepare(name: str, directory: Path) -> Path:
    """Give the Python of a peer's environment, after installing what is locked where that is not done yet.

    Args:
        name: of the lock, `benchmarks/peers/NAME.txt`.
        directory: holds one environment a peer.

    Raises:
        PeerFault: it cannot be installed here; with the end of what the installer said.
    """
    lock, home = HERE / f"{name}.txt", directory / name
    python, stamp = home / "bin" / "python", home / "lock-stamp"
    state = hashlib.sha256(lock.read_bytes() + f"{sys.version} {home}".encode()).hexdigest()
    if stamp.is_file() and stamp.read_text() == state:
        return python
    print(f"{name}: installing into {home}", file=sys.stderr)
    began = time.monotonic()
    stamp.unlink(missing_ok=True)
    _uv(name, ["venv", "--quiet", "--clear", "--python", sys.executable, str(home)])
    # Compiled now: a start that compiles is not the start that is compared.
    options = ["--no-config", "--quiet", "--require-hashes", "--compile-bytecode", "--python", str(python)]
    _uv(name, ["pip", "sync", *options, str(lock)])
    stamp.write_text(state)
    print(f"{name}: installed in {time.monotonic() - began:.0f} s", file=sys.stderr)
    return python


def _uv(name: str, words: list[str]) -> None:
    uv = Path(sys.executable).with_name("uv")
    index = subprocess.run(
        [sys.executable, "-m", "pip", "config", "get", "global.index-url"], check=False, capture_output=True, text=True
    ).stdout.strip()
    given = os.environ.get("UV_DEFAULT_INDEX") or os.environ.get("PIP_INDEX_URL") or index
    environ = os.environ | ({"UV_DEFAULT_INDEX": given} if given else {})
    ended = subprocess.run([uv, *words], env=environ, check=False, capture_output=True, text=True)
    if ended.returncode:
        raise PeerFault(f"{name} cannot be installed here: {' '.join(ended.stderr.split())[-600:]}")


def wanted(name: str) -> list[str]:
    """Give the packages that a peer's `.in` names, without ranges and extras."""
    lines = (line.partition("#")[0].strip() for line in (HERE / f"{name}.in").read_text().splitlines())
    return [package_of(line) for line in lines if line]


def package_of(requirement: str) -> str:
    """Give the name in front of extras, ranges and markers (PEP 508)."""
    end = next((at for at, sign in enumerate(requirement) if sign in "[<>=!~; "), len(requirement))
    return requirement[:end]


def versions(python: Path, packages: list[str]) -> dict[str, str]:
    """Give the installed versions."""
    shown = subprocess.run([python, "-c", VERSIONS, *packages], check=True, capture_output=True, text=True).stdout
    return dict(json.loads(shown))
