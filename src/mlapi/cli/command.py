"""What every command of ours has in common: the options `--config` and `--debug`, and where errors become one line."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import click

from mlapi.cli import border
from mlapi.cli.invocation import Invocation


class Command(click.Command):
    """A command; `--config` and `--debug` may follow its name as well as stand before it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params += shared_options()


class Group(click.Group):
    """A group whose commands are `Command`s; the outermost one is the border where errors become one line."""

    command_class = Command

    def main(self, args: Sequence[str] | None = None, *_: Any, **extra: Any) -> NoReturn:
        """Run the command line and leave the process with its exit code."""
        invocation = Invocation()
        run = super().main
        sys.exit(
            border.exit_code(
                lambda: run(args, prog_name="mlapi", standalone_mode=False, obj=invocation),
                wants_traceback=lambda: invocation.debug,
            )
        )


class LazyGroup(Group):
    """A group that imports a command's module when the command is asked for."""

    def __init__(self, *args: Any, modules: Sequence[str] = (), **kwargs: Any) -> None:
        """Take module names inside `mlapi.cli`, each of which has a command of the same name."""
        super().__init__(*args, **kwargs)
        self._modules = tuple(modules)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the names in the order in which a newcomer needs them."""
        return list(self._modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command, or give None for a name that is none."""
        if cmd_name not in self._modules:
            return None
        command = getattr(importlib.import_module(f"mlapi.cli.{cmd_name}"), cmd_name)
        assert isinstance(command, click.Command)
        return command


def shared_options() -> list[click.Parameter]:
    """Make `--config` and `--debug`, which fill the invocation."""
    path = click.Path(dir_okay=False, path_type=Path)
    return [
        click.Option(
            ["--config"],
            type=path,
            metavar="FILE",
            callback=_keep_config,
            expose_value=False,
            help="Settings from this file, not mlapi.toml.",
        ),
        click.Option(
            ["--debug"], is_flag=True, callback=_keep_debug, expose_value=False, help="Show the traceback of an error."
        ),
    ]


def _keep_config(ctx: click.Context, _: click.Parameter, value: Path | None) -> None:
    if value is not None:
        ctx.ensure_object(Invocation).config = value


def _keep_debug(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        ctx.ensure_object(Invocation).debug = True
