"""`lakewarden vault`: one file a subcommand."""

from __future__ import annotations

import click

from lakewarden.cli.lazy import LazyGroup

_COMMANDS = {
    "diff": "Show what changed between two runs of a workspace.",
    "hold": "Keep a run, whatever is pruned.",
    "prune": "Delete old runs, and what no other needs.",
    "release": "Let a run that was held be pruned again.",
    "runs": "List the runs of a vault.",
}


@click.group(cls=LazyGroup, commands_help=_COMMANDS, package="lakewarden.cli.vault")
def command() -> None:
    """List the runs of a vault, compare them, and say which of them stay."""
