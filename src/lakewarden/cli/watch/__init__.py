"""`lakewarden watch`: one file a subcommand."""

from __future__ import annotations

import click

from lakewarden.cli.lazy import LazyGroup

_COMMANDS = {
    "alerts": "List alerts, and acknowledge or close them.",
    "compact": "Join small files of the event tables.",
    "detect": "Run the rules over what is new.",
    "ingest": "Read logs into the event tables.",
    "quarantine": "List records that could not be read.",
    "retain": "Drop events that are older than they need to be kept.",
    "rules": "List the rules, with what each needs.",
    "sigma": "Read Sigma rules, and write rules as such.",
    "tail": "Show events as they come.",
    "test": "Try a rule on its examples, and show why it fired or not.",
    "vacuum": "Delete files that no event table refers to.",
}


@click.group(cls=LazyGroup, commands_help=_COMMANDS, package="lakewarden.cli.watch")
def command() -> None:
    """Read audit logs, CloudTrail and flow logs into event tables, and find what is wrong."""
