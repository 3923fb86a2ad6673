"""Closed-loop load on one URL by wrk."""

import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

SCRIPT = Path(__file__).with_name("post.lua")


@dataclass(frozen=True)
class Load:
    """What one round of load saw."""

    requests: int
    requests_per_s: float
    p50_ms: float
    p99_ms: float
    failed: int


class WrkMissing(Exception):
    """wrk is not installed."""


def post(url: str, body: bytes, key: str, *, concurrency: int, duration_s: int) -> Load:
    """POST one body again and again over a number of kept-alive connections.

    Args:
        url: where to.
        body: of every request.
        key: sent as Bearer.
        concurrency: open connections, each with one request under way.
        duration_s: length of the round in seconds.

    Raises:
        WrkMissing: wrk is not on the PATH.
    """
    if shutil.which("wrk") is None:
        raise WrkMissing("wrk is not installed (Debian: apt-get install wrk)")
    command = ["wrk", "-t1", f"-c{concurrency}", f"-d{duration_s}s", "--latency", "-s", str(SCRIPT), url]
    with tempfile.NamedTemporaryFile() as file:  # a variable of the environment ends at 128 KiB
        file.write(body)
        file.flush()
        environ = os.environ | {"LOAD_BODY": file.name, "LOAD_KEY": key}
        return parse(subprocess.run(command, env=environ, capture_output=True, text=True, check=True).stdout)


def parse(output: str) -> Load:
    """Read what post.lua adds to wrk's own words."""
    line = next(line for line in output.splitlines() if line.startswith("RESULT "))
    seen = json.loads(line.removeprefix("RESULT "))
    return Load(
        requests=seen["requests"],
        requests_per_s=seen["requests"] / (seen["duration_us"] / 1e6),
        p50_ms=seen["p50_us"] / 1e3,
        p99_ms=seen["p99_us"] / 1e3,
        failed=seen["failed"],
    )
