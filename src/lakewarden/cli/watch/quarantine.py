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
from lakewarden.watch.sinks.story import shown

_SHOWN: Final = 1000
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
    help="List so many at most, the latest first; 1000 unless given, all as JSON.",
)
@json_option
def command(
    *, url: str | None, aws_profile: str | None, source: str | None, limit: int | None, style: str
) -> int:
    """List records that are no events: where each stands, and why.

    Their text is not kept, since it may hold a secret; look it up in the file.
    """
    from lakewarden.store.lake import duck  # noqa: PLC0415  # duckdb is slow to load

    lake = open_lake(url, aws_profile)
    with lake.reading("quarantine"), duck.open() as connection:
        lake.view(connection, "quarantine")
        asked = "FROM quarantine WHERE source = coalesce(?, source)"
        (total,) = connection.execute(f"SELECT count(*) {asked}", [source]).fetchone() or (0,)
        limit = limit or (total if style == "json" else _SHOWN)
        found = connection.execute(
            f"SELECT {', '.join(_COLUMNS)} {asked} ORDER BY seen DESC, source, file, start LIMIT ?",
            [source, limit],
        ).fetchall()
    entries = [dict(zip(_COLUMNS, row, strict=True)) for row in found]
    if style == "json":
        click.echo(json.dumps(entries, indent=2))
        return EXIT_CLEAN
    for entry in entries:
        seen = datetime.fromtimestamp(entry["seen"] / 1000, UTC)
        place = f"line {entry['line']} (byte {entry['start']}, {entry['bytes']} long)"
        file, reason = shown(entry["file"]), shown(entry["reason"])
        click.echo(f"{seen:%Y-%m-%d %H:%M}  {file} {place}: {reason}")
    if total > limit:
        click.echo(f"and {total - limit} more; --limit shows them")
    else:
        click.echo(f"{len(entries)} records" if entries else "No record was refused.")
    return EXIT_CLEAN
