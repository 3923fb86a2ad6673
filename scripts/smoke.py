"""Does a fresh clone serve? Clones what is committed, runs `make run` and the request that it prints, twice.

The second run must keep the model and the key of the first. Prints how long each took, from the command to a 200.
"""

import contextlib
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[1]
FIRST_S = 600  # with an empty package cache and a slow network
END_S = 30


class Answer(NamedTuple):
    """What the printed request gave."""

    seconds: float
    key: str
    body: dict[str, object]


def main() -> int:
    """Run both, and say what came."""
    with tempfile.TemporaryDirectory(prefix="mlapi-smoke-") as scratch:
        clone = Path(scratch) / "clone"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        first, second = (answer(clone) for _ in range(2))
    print(f"smoke: first run {first.seconds:.1f} s, second run {second.seconds:.1f} s, each to the first 200")
    if (first.key, first.body["model_version"]) != (second.key, second.body["model_version"]):
        print("smoke: the second run did not keep the key or the model of the first", file=sys.stderr)
        return 1
    return 0


def answer(clone: Path) -> Answer:
    """Serve from a clone, send the printed request, stop the service."""
    started = time.monotonic()
    with serving(clone) as lines:
        line = next((line for line in lines if line.startswith("Try")), None)
        if line is None:
            raise SystemExit("smoke: make run ended without printing a request")
        words = shlex.split(line.removeprefix("Try"))
        reply = asked(words)
        seconds = time.monotonic() - started
    body = json.loads(reply)
    sent = json.loads(words[words.index("-d") + 1])
    if len(body["predictions"]) != len(sent["data"]):
        raise SystemExit(f"smoke: {len(sent['data'])} rows, {len(body['predictions'])} predictions")
    key = next(word for word in words if word.startswith("Authorization"))
    return Answer(seconds, key, body)


def asked(words: list[str]) -> str:
    """Run the printed command once the port is open, which is just after it is printed."""
    address = urlsplit(next(word for word in words if word.startswith("http")))
    while True:
        with contextlib.suppress(OSError), socket.create_connection((address.hostname, address.port), timeout=1):
            break
        time.sleep(0.05)
    if not shutil.which(words[0]):
        raise SystemExit(f"smoke: the printed request cannot be tried, because there is no {words[0]} here")
    return subprocess.run([*words, "--fail"], check=True, stdout=subprocess.PIPE, text=True).stdout


@contextlib.contextmanager
def serving(clone: Path) -> Iterator[Iterator[str]]:
    """Give the lines that `make run` prints, in a process group of its own which is ended afterwards."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "MLAPI_"))}
    environ |= {"PORT": str(free_port()), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        ["make", "run"], cwd=clone, env=environ, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout is not None
    signal.signal(signal.SIGALRM, too_long)
    signal.alarm(FIRST_S)
    try:
        yield told(process.stdout)
    finally:
        signal.alarm(0)
        os.killpg(process.pid, signal.SIGINT)  # as Ctrl-C does
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=END_S)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def told(lines: Iterator[str]) -> Iterator[str]:
    """Give each line after showing it, so that a log tells where time went."""
    for line in lines:
        print(f"  {line}", end="", flush=True)
        yield line


def too_long(_signal: int, _frame: object) -> None:
    """Give up."""
    raise SystemExit(f"smoke: no answer within {FIRST_S} s")


def free_port() -> int:
    """Give a port of the loopback interface that nobody holds."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
