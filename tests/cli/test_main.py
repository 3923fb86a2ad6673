import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

import mlapi as package
from mlapi.cli.main import COMMANDS, cli
from tests.cli.run import failed, mlapi


def every_command() -> list[tuple[str, ...]]:
    context = click.Context(cli)
    found: list[tuple[str, ...]] = []
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        inner = command.list_commands(context) if isinstance(command, click.Group) else []
        found += [(name, one) for one in inner] or [(name,)]
    return found


@pytest.mark.parametrize("words", every_command(), ids=" ".join)
def test_every_command_has_help_with_an_example(words: tuple[str, ...]) -> None:
    result = mlapi(*words, "--help")
    assert result.exit_code == 0
    assert f"mlapi {' '.join(words)}" in result.stdout.split("Example:")[1]
    assert "--debug" in result.stdout
    assert "--config FILE" in result.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_says_what_it_does_in_the_overview(name: str) -> None:
    lines = [line.split() for line in mlapi("--help").stdout.splitlines()]
    (line,) = [words for words in lines if words[:1] == [name]]
    assert len(line) > 2
    assert not line[-1].endswith("..."), "too long for the overview"


def test_the_version_is_the_packages() -> None:
    assert mlapi("--version").stdout == f"mlapi, version {package.__version__}\n"


def test_an_unknown_command_is_a_usage_error_that_names_the_nearest() -> None:
    line = failed("serv", code=2)
    assert "No such command 'serv'" in line
    assert "'mlapi --help' shows the usage" in line


def test_an_unknown_option_is_a_usage_error() -> None:
    assert "'mlapi keys create --help' shows the usage" in failed("keys", "create", "--hex", code=2)


def test_nothing_to_do_shows_the_help() -> None:
    result = mlapi()
    assert result.exit_code == 2
    assert "Commands:" in result.output


def test_a_setting_that_cannot_be_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLAPI_PORT", "eighty")
    assert failed("serve") == "MLAPI_PORT: give a whole number"


@pytest.mark.parametrize("arguments", [("--config", "a.toml", "serve"), ("serve", "--config", "a.toml")])
def test_the_configuration_may_be_named_before_or_after_the_command(arguments: tuple[str, ...]) -> None:
    Path("a.toml").write_text("[api]\nprt = 1\n")
    assert failed(*arguments) == "api.prt: no such setting in a.toml; did you mean api.port?"


@pytest.mark.parametrize("arguments", [("--debug", "serve"), ("serve", "--debug")])
def test_debug_shows_the_traceback_before_the_line(arguments: tuple[str, ...]) -> None:
    result = mlapi(*arguments)
    assert result.exit_code == 1
    assert result.stderr.startswith("Traceback")
    assert result.stderr.splitlines()[-1].startswith("mlapi: error: MLAPI_API_KEYS")


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom click.testing import CliRunner\nfrom mlapi.cli.main import cli\n"
        "assert CliRunner().invoke(cli, ['--help']).exit_code == 0\n"
        "heavy = ('numpy', 'msgspec', 'pydantic', 'fastapi', 'mlflow', 'mlapi.ops.settings', 'mlapi.bundle')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_it_runs_as_a_module_and_as_a_script() -> None:
    script = Path(sys.executable).with_name("mlapi")
    for command in ([sys.executable, "-m", "mlapi.cli.main"], [str(script)]):
        done = subprocess.run([*command, "keys", "creat"], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("mlapi: error: No such command 'creat'")


def test_a_reader_that_leaves_early_is_no_traceback() -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write) as stdout:
        command = [sys.executable, "-m", "mlapi.cli.main", "keys", "create"]
        done = subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "")
