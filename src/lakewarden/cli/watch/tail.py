"""`lakewarden watch tail`."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from lakewarden.cli.watch.lakes import lake_options, open_lake
from lakewarden.events.columns import Source
from lakewarden.watch.sinks.notice import moment
from lakewarden.watch.sinks.story import shown

if TYPE_CHECKING:
    from lakewarden.store.lake.lake import Lake

_COLUMNS: Final = (
    *("ts", "source", "workspace_id", "region", "service", "action", "actor", "src_ip"),
    *("status", "error"),
)
_FILTERS: Final = ("service", "action", "actor", "src_ip")


@click.command()
@lake_options
@click.option("-n", "--lines", type=click.IntRange(min=0), default=20, show_default=True)
@click.option("-f", "--follow", is_flag=True, help="Go on, and show events as they are read.")
@click.option("--every", type=click.FloatRange(min=0.2), default=5.0, help="Seconds between looks.")
@click.option("--source", type=click.Choice([source.value for source in Source]))
@click.option("--service", help="Of this service only.")
@click.option("--action", help="Of this action only.")
@click.option("--actor", help="By this actor only.")
@click.option("--src-ip", help="From this address only.")
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text")
def command(
    *,
    url: str | None,
    aws_profile: str | None,
    lines: int,
    follow: bool,
    every: float,
    source: str | None,
    style: str,
    **wanted: str | None,
) -> None:
    """Show the newest events of the event tables, one a line."""
    lake = open_lake(url, aws_profile)
    sources = [source] if source else None
    chosen = {name: wanted[name] for name in _FILTERS if wanted[name]}
    version, files = _now(lake, None, sources)
    _show(_events(lake, files, chosen, lines), style)
    while follow:
        time.sleep(every)
        if lake.version() != version:
            version, files = _now(lake, version, sources)
            _show(_events(lake, files, chosen, None), style)


def _now(
    lake: Lake, since: int | None, sources: Collection[str] | None
) -> tuple[int, Sequence[str]]:
    """Return the newest version, and the files of it that came after another one."""
    while True:
        version = lake.version()
        files = lake.files(since_version=since, sources=sources)
        if lake.version() == version:  # else the files may be of either
            return version, files


def _events(
    lake: Lake, files: Sequence[str], chosen: dict[str, str | None], count: int | None
) -> list[tuple[Any, ...]]:
    from lakewarden.store.lake import duck  # noqa: PLC0415  # duckdb is slow to load

    tests = " AND ".join([f"lower({name}) = lower(${name})" for name in chosen] or ["true"])
    limit = "" if count is None else f" LIMIT {count}"
    query = f"SELECT {', '.join(_COLUMNS)} FROM events WHERE {tests} ORDER BY ts DESC, id{limit}"  # noqa: S608  # names of ours
    with lake.reading(), duck.open() as connection:
        lake.view(connection, files=files)
        return connection.execute(query, chosen).fetchall()[::-1]


def _show(rows: Sequence[tuple[Any, ...]], style: str) -> None:
    for row in rows:
        event = dict(zip(_COLUMNS, row, strict=True))
        event["ts"] = moment(event["ts"])
        if style == "json":
            click.echo(json.dumps(event))
            continue
        place = event["workspace_id"] or event["region"]
        said = event["status"] if event["status"] is not None else event["error"]
        what = f"{event['service']}.{event['action']}"
        parts = (event["ts"], place, what, event["actor"], event["src_ip"], said)
        click.echo(" ".join(shown("-" if part in {None, ""} else part) for part in parts))
