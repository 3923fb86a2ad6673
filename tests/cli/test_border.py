import click
import pytest

from mlapi.bundle.errors import ModelNotFound
from mlapi.cli import border
from mlapi.ops.errors import SettingsError
from mlapi.training.errors import ColumnError


def raised(error: BaseException) -> tuple[int, bool]:
    def run() -> None:
        raise error

    return border.exit_code(run, wants_traceback=lambda: False), True


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (SettingsError("MLAPI_PORT", "no number"), "MLAPI_PORT: no number"),
        (ModelNotFound("churn", "3"), str(ModelNotFound("churn", "3"))),
        (ColumnError("age", "has inf"), "column 'age': has inf"),
        (FileNotFoundError(2, "No such file or directory", "a.csv"), "a.csv: no such file or directory"),
        (OSError(28, "No space left on device"), "no space left on device"),
        (OSError("odd"), "OSError: odd (run again with --debug to see where)"),
        (KeyError("x"), "KeyError: 'x' (run again with --debug to see where)"),
        (click.ClickException("no"), "no"),
    ],
)
def test_an_error_is_one_line_and_exit_code_1(error: Exception, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert raised(error)[0] == 1
    assert capsys.readouterr() == ("", f"mlapi: error: {says}\n")


def test_wrong_usage_is_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert raised(click.UsageError("bad flag"))[0] == 2
    assert capsys.readouterr().err == "mlapi: error: bad flag ('mlapi --help' shows the usage)\n"


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()])
def test_an_interrupt_is_quiet(error: BaseException, capsys: pytest.CaptureFixture[str]) -> None:
    assert raised(error)[0] == 130
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("message", ["two\nlines", "two\r\n lines", "a\x1b[31mred\x9b", "half \ud800"])
def test_a_message_stays_on_one_printable_line(message: str, capsys: pytest.CaptureFixture[str]) -> None:
    raised(RuntimeError(message))
    assert capsys.readouterr().err.removesuffix("\n").isprintable()


def test_the_result_of_a_command_is_its_exit_code() -> None:
    assert border.exit_code(lambda: 3, wants_traceback=lambda: False) == 3
    assert border.exit_code(lambda: None, wants_traceback=lambda: False) == 0


def test_a_system_exit_passes() -> None:
    with pytest.raises(SystemExit):
        border.exit_code(lambda: (_ for _ in ()).throw(SystemExit(4)), wants_traceback=lambda: False)
