"""`lakewarden watch ingest`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from lakewarden.cli.options import json_option
from lakewarden.cli.watch.lakes import BUCKET, default_lake, lake_options, open_lake
from lakewarden.errors import UsageError
from lakewarden.events.columns import Source
from lakewarden.ledger.run import EXIT_CLEAN
from lakewarden.report.view import visible
from lakewarden.store.home import expanded
from lakewarden.watch.sinks.notice import in_one_line

if TYPE_CHECKING:
    from lakewarden.events.delivery import Origin
    from lakewarden.watch.ingest import Ingested, Progress

_EXIT_ERROR: Final = 1
_SHOWN: Final = 20
_COUNTS: Final = (
    "files",
    "records",
    "new",
    "duplicate",
    "quarantined",
    "unreadable",
    "skipped",
)


@click.command()
@click.argument("path", metavar="PATH|s3://BUCKET/PREFIX")
@click.option(
    "--source",
    type=click.Choice([source.value for source in Source]),
    required=True,
    help="What the files are logs of.",
)
@lake_options
@click.option(
    "--threads", type=click.IntRange(min=1), help="Threads to use; all cores unless given."
)
@json_option
def command(
    *,
    path: str,
    source: str,
    url: str | None,
    aws_profile: str | None,
    threads: int | None,
    style: str,
) -> int:
    """Read logs into the event tables, each event once.

    PATH is a folder of logs, a single file, or a prefix of a bucket: delivered audit logs, exports
    of system.access.audit (JSON lines, Parquet, Delta), CloudTrail files, flow logs; compressed or
    not. Files that were read before and have not changed are skipped. What is no event is listed by
    `lakewarden watch quarantine`.

    Exits with 1 when a file could not be read; the others are read all the same. So it does when
    files had records, and none was an event of the source.
    """
    from lakewarden.watch.ingest import ingest  # noqa: PLC0415  # duckdb is slow to load

    _insist_apart(path, url or default_lake())
    origin = _origin(path, aws_profile)
    lake = open_lake(url, aws_profile, create=True)
    with _progress() as progress:
        done = ingest(lake, origin, Source(source), threads=threads or 0, progress=progress)
    for failure in done.failures[:_SHOWN]:
        click.echo(f"unreadable: {visible(in_one_line(failure))}", err=True)
    if len(done.failures) > _SHOWN:
        click.echo(f"unreadable: and {len(done.failures) - _SHOWN} more", err=True)
    counts = {name: getattr(done, name) for name in _COUNTS}
    if style == "json":
        click.echo(json.dumps(counts, indent=2))
    else:
        click.echo(", ".join(f"{count} {name}" for name, count in counts.items()))
    none = bool(done.quarantined and not done.records)
    if none:
        click.echo(
            f"error: none of {done.quarantined} records is an event of {source}: check --source",
            err=True,
        )
    return _EXIT_ERROR if done.failures or none else EXIT_CLEAN


def _insist_apart(path: str, lake: str) -> None:
    """Refuse to read a lake into itself.

    Raises:
        UsageError: the lake would be in the folder of the logs.
    """
    logs, tables = Path(path).resolve(), expanded(lake).resolve()
    if path.startswith(BUCKET):
        inside = f"{lake}/".startswith(f"{path.rstrip('/')}/")
    else:
        inside = not lake.startswith(BUCKET) and tables.is_relative_to(logs)
    if inside:
        raise UsageError(
            "the event tables would be in the folder of the logs",
            where=lake,
            next_step="Name another place with --lake",
        )


def _origin(path: str, aws_profile: str | None) -> Origin:
    if path.startswith(BUCKET):
        from lakewarden.clients.aws import AwsAccount  # noqa: PLC0415  # only for buckets
        from lakewarden.clients.objects import Bucket  # noqa: PLC0415  # likewise

        return Bucket(AwsAccount(profile=aws_profile), path)
    from lakewarden.store.raw.folder import Folder  # noqa: PLC0415  # duckdb is slow to load

    return Folder(Path(path))


@contextmanager
def _progress() -> Iterator[Progress | None]:
    """Show on standard error how far it is, when that is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console  # noqa: PLC0415  # only on a terminal
    from rich.progress import Progress as Bar  # noqa: PLC0415  # likewise

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading", total=None)
        begun = time.monotonic()

        def show(done: Ingested, total: int) -> None:
            rate = done.records / max(time.monotonic() - begun, 0.001)
            text = f"{done.files} files, {done.records} events, {rate:,.0f}/s{_lag(done)}"
            bar.update(task, total=total, completed=done.size, description=text)

        yield show


def _lag(done: Ingested) -> str:
    if done.newest is None:
        return ""
    minutes = max(int(time.time() - done.newest / 1000), 0) // 60
    return f", newest {minutes // 60}h{minutes % 60:02}m old"
