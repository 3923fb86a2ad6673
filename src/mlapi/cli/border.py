"""Where every error of a command becomes one line on standard error and an exit code: 1 failed, 2 wrong usage."""

import os
import sys
import traceback
from collections.abc import Callable

import click

FAILED, USAGE, INTERRUPTED = 1, 2, 130  # 130 is what shells give for a process that Ctrl-C ended


def exit_code(run: Callable[[], object], *, wants_traceback: Callable[[], bool]) -> int:
    """Run a command and give its exit code; an error is printed, after its traceback where that is wanted."""
    try:
        result = run()
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except BrokenPipeError:
        _close_pipe()
        return FAILED
    except Exception as error:  # noqa: BLE001 # whatever it is, a person gets a line, and with --debug the traceback
        if wants_traceback():
            traceback.print_exc()
        print(f"mlapi: error: {_escape(describe(error))}", file=sys.stderr)
        return USAGE if isinstance(error, click.UsageError) else FAILED
    return result if isinstance(result, int) else 0


def describe(error: Exception) -> str:
    """Say in one line what went wrong and, where nobody foresaw it, how to learn more."""
    if isinstance(error, click.UsageError):
        path = error.ctx.command_path if error.ctx else "mlapi"
        return f"{error.format_message()} ('{path} --help' shows the usage)"
    if isinstance(error, click.ClickException):
        return error.format_message()
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror.lower()}" if error.filename else error.strerror.lower()
    if isinstance(error, _expected()):
        return str(error)
    return f"{type(error).__name__}: {error} (run again with --debug to see where)"


def _expected() -> tuple[type[Exception], ...]:
    """The trees whose messages are written for the reader. Imported late: most runs see no error."""
    from mlapi.bundle.errors import BundleError
    from mlapi.ops.errors import OpsError
    from mlapi.training.errors import TrainingError

    return (OpsError, BundleError, TrainingError)


def _escape(text: str) -> str:
    """Keep a message on one line whatever it quotes, and free of what a terminal would obey."""
    joined = " ".join(part.strip() for part in text.splitlines() if part.strip())
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in joined)


def _close_pipe() -> None:
    """Let the interpreter flush into nothing at its end, or it would complain of the pipe once more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
