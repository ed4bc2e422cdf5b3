"""A command group that knows its commands' names and help, and imports one when it is called."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import click


class LazyGroup(click.Group):
    """Loads `<package>.<name>` and takes `command` from it."""

    def __init__(
        self,
        *args: Any,
        commands_help: Mapping[str, str],
        package: str = "lakewarden.cli",
        **kwargs: Any,
    ) -> None:
        """Take the one-line help of each command by name, and the package of their modules."""
        super().__init__(*args, **kwargs)
        self._help = commands_help
        self._package = package

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """Return the names of all commands."""
        return sorted(self._help)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # click's signature
        """Import one command."""
        if cmd_name not in self._help:
            return None
        module = importlib.import_module(f"{self._package}.{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  # click's signature
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(sorted(self._help.items()))
