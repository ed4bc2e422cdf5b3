"""`lakewarden watch quarantine`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Final

import click

from lakewarden.cli.options import json_option
from lakewarden.cli.watch.lakes import lake_options, open_lake
from lakewarden.events.columns import Source
from lakewarden.ledger.run import EXIT_CLEAN

_COLUMNS: Final = (
    "source",
    "file",
    "line",
    "start",
    "bytes",
    "reason",
    "sha256",
    "seen",
)


@click.command()
@lake_options
@click.option(
    "--source", type=click.Choice([source.value for source in Source]), help="Of this source only."
)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=1000,
    show_default=True,
    help="List so many at most, the latest first.",
)
@json_option
def command(
    *, url: str | None, aws_profile: str | None, source: str | None, limit: int, style: str
) -> int:
    """List records that are no events: where each stands, and why.

    Their text is not kept, since it may hold a secret; look it up in the file.
    """
    from lakewarden.store.lake import duck  # noqa: PLC0415  # duckdb is slow to load

    lake = open_lake(url, aws_profile)
    with duck.open() as connection:
        lake.view(connection, "quarantine")
        found = connection.execute(
            f"SELECT {', '.join(_COLUMNS)} FROM quarantine WHERE source = coalesce(?, source)"  # noqa: S608  # ours
            " ORDER BY seen DESC, source, file, start LIMIT ?",
            [source, limit],
        ).fetchall()
    entries = [dict(zip(_COLUMNS, row, strict=True)) for row in found]
    if style == "json":
        click.echo(json.dumps(entries, indent=2, ensure_ascii=False))
        return EXIT_CLEAN
    for entry in entries:
        seen = datetime.fromtimestamp(entry["seen"] / 1000, UTC)
        place = (
            f"{entry['file']} line {entry['line']} (byte {entry['start']}, {entry['bytes']} long)"
        )
        click.echo(f"{seen:%Y-%m-%d %H:%M}  {place}: {entry['reason']}")
    click.echo(f"{len(entries)} records" if entries else "No record was refused.")
    return EXIT_CLEAN
