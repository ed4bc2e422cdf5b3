"""`lakewarden watch retain`."""

from __future__ import annotations

import json
from collections.abc import Mapping

import click

from lakewarden.cli.options import json_option
from lakewarden.cli.watch.days import kept
from lakewarden.cli.watch.lakes import lake_options, open_lake
from lakewarden.clock import Clock
from lakewarden.ledger.run import EXIT_CLEAN


@click.command()
@lake_options
@click.option(
    "--keep",
    callback=kept,
    metavar="SOURCE=DAYS",
    multiple=True,
    required=True,
    help="Keep so many days of a source, and all of one that is not named. Repeatable.",
)
@json_option
def command(
    *, url: str | None, aws_profile: str | None, keep: Mapping[str, int], style: str
) -> int:
    """Drop whole days of events that are older than they need to be kept.

    What was read stays noted, so that no file is read again. The files themselves are deleted by
    `lakewarden watch vacuum`.
    """
    dropped = open_lake(url, aws_profile).retain(keep, Clock().now())
    if style == "json":
        click.echo(json.dumps({"dropped": dropped}, indent=2))
    else:
        click.echo(f"{dropped} events dropped")
    return EXIT_CLEAN
