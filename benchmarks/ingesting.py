"""What it costs to ingest logs, beside DuckDB turning the same files into one Parquet file.

`python -m benchmarks.ingesting [EVENTS]`; a million are about 800 MB.
"""

from __future__ import annotations

import gzip
import resource
import sys
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from benchmarks.event_tables import cost_of
from benchmarks.log_corpus import write
from lakewarden.events.columns import Source
from lakewarden.store.lake import duck
from lakewarden.store.lake.lake import Lake
from lakewarden.store.lake.shapes.databricks_delivered import SHAPE
from lakewarden.store.lake.shapes.shape import select
from lakewarden.store.raw.folder import Folder
from lakewarden.watch.ingest import Ingested, ingest

_EVENTS: Final = 1_000_000
_THREADS: Final = 2
_SMALL: Final = 5_000
_LINES: Final = 20
"""So many small files, of so many events each."""


def main() -> None:
    """Print what each source costs, what small files cost, and what DuckDB alone does."""
    events = int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].isdigit() else _EVENTS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        logs = write(folder / "logs", events, planted=False).origins
        for source, origin in logs.items():
            _ingested(folder / f"lake-{source}", origin, Source(source))
        delivered = logs["databricks"]
        _alone(delivered, folder / "bare.parquet", "as they are", "SELECT * FROM raw")
        _alone(delivered, folder / "same.parquet", "in the columns of events", select(SHAPE, "raw"))
        _cut(delivered, folder / "small")
        _ingested(folder / "lake-small", folder / "small", Source.DATABRICKS)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"memory of it all at most {peak} MB")


def _ingested(lake: Path, origin: Path, source: Source) -> None:
    found: list[Ingested] = []
    cost = cost_of(
        lambda: found.append(
            ingest(Lake.create(str(lake)), Folder(origin), source, threads=_THREADS)
        )
    )
    (done,) = found
    amount = f"{done.files:,} files, {done.records:,} events, {done.size / 1e6:,.0f} MB"
    print(f"{source}: {amount}: {cost}")
    rate = f"{done.files / cost.cpu:,.0f} files, {done.records / cost.cpu:,.0f} events"
    print(f"  {rate} a second of one core")


def _alone(logs: Path, target: Path, what: str, query: str) -> None:
    """Print what DuckDB takes to read the same files and to write one."""
    columns = ", ".join(f"{duck.name(n)}: {duck.text(kind)}" for n, kind in SHAPE.columns.items())
    with duck.open(threads=_THREADS) as connection:
        connection.execute("CREATE TABLE addresses (raw TEXT, text TEXT, kind TEXT, key TEXT)")
        connection.execute(
            f"CREATE VIEW raw AS FROM read_json({duck.text(f'{logs}/**/*.json*')},"
            f" format = 'newline_delimited', hive_partitioning = false, columns = {{{columns}}})"
        )
        copy = (
            f"COPY ({query}) TO {duck.text(str(target))} (COMPRESSION zstd, ROW_GROUP_SIZE 20000)"
        )
        print(f"  DuckDB alone, {what}: {cost_of(lambda: connection.execute(copy))}")


def _cut(logs: Path, target: Path) -> None:
    """Write small compressed files with the first lines of logs."""
    lines = _lines(logs)
    for number in range(_SMALL):
        day = target / f"workspaceId=1/date=2026-02-{number * 20 // _SMALL + 1:02}"
        day.mkdir(parents=True, exist_ok=True)
        content = b"".join(islice(lines, _LINES))
        (day / f"{number}.json.gz").write_bytes(gzip.compress(content, 1))


def _lines(logs: Path) -> Iterator[bytes]:
    for file in sorted(logs.rglob("*.json*")):
        content = file.read_bytes()
        text = gzip.decompress(content) if file.suffix == ".gz" else content
        yield from text.splitlines(keepends=True)


if __name__ == "__main__":
    main()
