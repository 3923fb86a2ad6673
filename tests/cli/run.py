"""The command line inside the test's process."""

from click.testing import CliRunner, Result

from mlapi.cli.main import cli


def mlapi(*arguments: str, stdin: str | None = None) -> Result:
    """Run `mlapi ARGUMENTS`; its exit code, standard output and standard error."""
    return CliRunner().invoke(cli, arguments, input=stdin)


def failed(*arguments: str, code: int = 1) -> str:
    """Run what must fail with one line on standard error and nothing on standard output; give the line."""
    result = mlapi(*arguments)
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("mlapi: error: ")
    return line.removeprefix("mlapi: error: ")
