"""`lakewarden watch vacuum`."""

from __future__ import annotations

import json

import click

from lakewarden.cli.options import json_option
from lakewarden.cli.watch.lakes import lake_options, open_lake
from lakewarden.ledger.run import EXIT_CLEAN


@click.command()
@lake_options
@click.option(
    "--grace-hours",
    type=click.IntRange(min=0),
    default=168,
    show_default=True,
    help="Keep a file for so long after it left its table, or after a run that did not end.",
)
@click.option("--force", is_flag=True, help="Allow less than the longest run takes.")
@json_option
def command(
    *, url: str | None, aws_profile: str | None, grace_hours: int, force: bool, style: str
) -> int:
    """Delete the files that no event table refers to any more."""
    deleted = open_lake(url, aws_profile).vacuum(grace_hours, force=force)
    if style == "json":
        click.echo(json.dumps({"deleted": deleted}, indent=2))
    else:
        click.echo(f"{deleted} files deleted")
    return EXIT_CLEAN
