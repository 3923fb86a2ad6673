"""Runs the service under a debugger and starts it anew whenever a file of its source changes; for development only."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

SOURCE = Path(sys.argv[1])
POLL_S = 0.5
DEBUGGER = ["-m", "debugpy", "--listen", f"0.0.0.0:{os.environ.get('MLAPI_DEBUG_PORT', '5678')}"]
COMMAND = [sys.executable, *DEBUGGER, "-m", "mlapi.cli.main", "serve"]


def stamps() -> dict[Path, int]:
    """When each file changed last."""
    return {path: path.stat().st_mtime_ns for path in SOURCE.rglob("*.py") if path.is_file()}


def end(child: "subprocess.Popen[bytes]") -> None:
    """End the service as Ctrl-C does, without its grace period."""
    child.send_signal(signal.SIGINT)
    try:
        child.wait(10)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def main() -> None:
    """Watch until a signal ends it."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    seen, child = stamps(), subprocess.Popen(COMMAND)  # our own command
    try:
        while True:
            time.sleep(POLL_S)
            now = stamps()
            if now != seen or child.poll() is not None:
                print("reload: starting the service anew", flush=True)
                end(child)
                seen, child = now, subprocess.Popen(COMMAND)  # our own command
    finally:
        end(child)


main()
