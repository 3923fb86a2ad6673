import io

import pytest

from mlapi.cli.progress import CLEAR, TerminalProgress, bar


class Terminal(io.StringIO):
    """Imitates a terminal in that it says so; it obeys no control sequence."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_the_present_stage_and_no_trace_of_it_at_the_end() -> None:
    terminal = Terminal()
    progress = TerminalProgress(terminal)
    progress("reading the data")
    progress("searching parameters", 1, 2)
    progress.close()
    shown = terminal.getvalue().split(CLEAR)
    assert shown == ["", "reading the data…", f"searching parameters… {bar(1, 2)}", ""]


def test_anything_else_stays_clean() -> None:
    stream = io.StringIO()
    progress = TerminalProgress(stream)
    progress("reading the data")
    progress.close()
    assert stream.getvalue() == ""


def test_a_line_never_wraps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "10")
    terminal = Terminal()
    TerminalProgress(terminal)("x" * 50)
    assert terminal.getvalue() == CLEAR + "x" * 9


@pytest.mark.parametrize(
    ("done", "total", "full"), [(0, 5, 0), (1, 5, 4), (5, 5, 24), (9, 5, 24)], ids=["none", "some", "all", "more"]
)
def test_a_bar_fills_with_the_share_done(done: int, total: int, full: int) -> None:
    assert bar(done, total).count("#") == full
    assert len(bar(done, total).split()[0]) == 26
