"""The flags of a training, made from the one definition of its parameters when they are first needed."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mlapi.cli.command import Command

if TYPE_CHECKING:
    from mlapi.training.parameters import Parameter

METAVARS = {int: "N", float: "X", Path: "FILE", str: "TEXT"}


class TrainingCommand(Command):
    """A command with a flag for every parameter of a training; those of XGBoost stand in a group of their own.

    The definition needs pydantic, which a mere overview of the commands must not import.
    """

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Give the command's own parameters after those of the training."""
        common, boosting = self._flags
        return [*common, *boosting, *super().get_params(ctx)]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the flags in groups."""
        common, boosting = self._flags
        groups = {"Training": common, "XGBoost": boosting, "Options": super().get_params(ctx)}
        for title, options in groups.items():
            with formatter.section(title):
                formatter.write_dl([record for one in options if (record := one.get_help_record(ctx))])

    @cached_property
    def _flags(self) -> tuple[list[click.Parameter], list[click.Parameter]]:
        from mlapi.training.parameters import parameters

        found = parameters()
        return [_option(one) for one in found if len(one.path) == 1], [_option(one) for one in found if one.path[1:]]


def _option(parameter: Parameter) -> click.Parameter:
    names = [parameter.name, parameter.flag]
    about = parameter.meaning[:1].upper() + parameter.meaning[1:]
    more: dict[str, Any] = {"help": f"{about}; may be given again." if parameter.several else f"{about}."}
    if parameter.kind is bool:
        return click.Option([names[0], f"{parameter.flag}/--no-{parameter.flag[2:]}"], default=None, **more)
    if isinstance(parameter.default, int | float | str) and parameter.default != "":
        more["help"] += f"  [default: {parameter.default}]"
    if parameter.choices:
        return click.Option(names, type=click.Choice(parameter.choices), **more)
    kind = click.Path(path_type=Path) if parameter.kind is Path else parameter.kind
    metavar = parameter.metavar or METAVARS[parameter.kind]
    return click.Option(names, type=kind, metavar=metavar, multiple=parameter.several, **more)
