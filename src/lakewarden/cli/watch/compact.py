"""`lakewarden watch compact`."""

from __future__ import annotations

import json

import click

from lakewarden.cli.options import json_option
from lakewarden.cli.watch.days import day
from lakewarden.cli.watch.lakes import lake_options, open_lake
from lakewarden.ledger.run import EXIT_CLEAN


@click.command()
@lake_options
@click.option(
    "--target-mb",
    type=click.IntRange(min=1),
    default=256,
    show_default=True,
    help="About how large a file should be.",
)
@click.option("--before", callback=day, metavar="DAY", help="Only days before this one.")
@click.option("--threads", type=click.IntRange(min=1), help="Threads; all cores unless given.")
@json_option
def command(
    *,
    url: str | None,
    aws_profile: str | None,
    target_mb: int,
    before: str | None,
    threads: int | None,
    style: str,
) -> int:
    """Join small files of the event tables, so that rules read fewer.

    No event changes, and none looks new to `lakewarden watch detect`. Others may read and write
    meanwhile. `lakewarden watch vacuum` deletes the files that were replaced.
    """
    lake = open_lake(url, aws_profile)
    done = lake.compact(target_mb=target_mb, before=before, threads=threads or 0)
    if style == "json":
        click.echo(json.dumps({"before": done.before, "after": done.after}, indent=2))
    else:
        click.echo(f"{done.before} files became {done.after}")
    return EXIT_CLEAN
