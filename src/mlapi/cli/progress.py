"""What a person sees while a command works: one line on the terminal that changes in place, and nothing elsewhere."""

import shutil
import sys
from typing import TextIO

BAR_WIDTH = 24
CLEAR = "\r\x1b[K"  # back to the first column, erase to the end of the line (ECMA-48 EL)


class TerminalProgress:
    """Shows the present stage, with a bar where the stage counts its steps."""

    def __init__(self, stream: TextIO | None = None) -> None:
        """Take the stream; standard error if None. Where it is no terminal, nothing is shown."""
        self._stream = stream or sys.stderr
        self._shown = self._stream.isatty()

    def __call__(self, message: str, done: int | None = None, total: int | None = None) -> None:
        """Show a stage in place of the one before."""
        if self._shown:
            line = f"{message}… {bar(done, total)}" if done is not None and total else f"{message}…"
            self._write(CLEAR + line[: shutil.get_terminal_size().columns - 1])

    def close(self) -> None:
        """Take the line away."""
        if self._shown:
            self._write(CLEAR)

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def bar(done: int, total: int) -> str:
    """Give `[######··················] 5/20`."""
    full = BAR_WIDTH * min(done, total) // total
    return f"[{'#' * full}{'·' * (BAR_WIDTH - full)}] {done}/{total}"
