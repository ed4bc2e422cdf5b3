"""Raw files to events: what was not read yet, in batches, each event once.

What a batch leaves behind is committed in this order: events, refused records, and only then that
its files were read. Whatever stops it, the files are read again, and their events are duplicates.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from lakewarden.errors import LakewardenError
from lakewarden.events.columns import Source
from lakewarden.events.delivery import Delivered, Origin, UnreadableError
from lakewarden.store.lake import duck
from lakewarden.store.lake.lake import Lake
from lakewarden.store.lake.merging import Merged
from lakewarden.store.raw.joining import Spooled
from lakewarden.store.raw.notes import note
from lakewarden.store.raw.spool import clear, scratch, spool
from lakewarden.store.raw.staging import VIEW, Counted, Staging
from lakewarden.watch.waiting import Waiting

_BATCH: Final = 128 << 20
"""So many bytes, out of their compression, are in a batch."""
_FILES: Final = 5_000
"""So many files at most."""
_UNPACKED: Final = 8
"""How much larger a compressed log is taken to be."""
_ZIPPED: Final = re.compile(r"\.(gz|gzip|parquet)$")


@dataclass(slots=True)
class Ingested:
    """What was read.

    Attributes:
        files: how many files were read.
        records: how many events they had.
        new: how many of these the lake did not have.
        duplicate: how many it had, or that came more than once.
        quarantined: how many records are no events.
        unreadable: how many files could not be read.
        skipped: how many files were read before and have not changed, or hold no events.
        size: how many bytes were read, as they were listed.
        newest: the time of the newest event, ms since 1970.
        failures: why files could not be read.
    """

    files: int = 0
    records: int = 0
    new: int = 0
    duplicate: int = 0
    quarantined: int = 0
    unreadable: int = 0
    skipped: int = 0
    size: int = 0
    newest: int | None = None
    failures: list[UnreadableError] = field(default_factory=list)

    def add(self, spooled: Spooled, counted: list[Counted]) -> None:
        """Add what became of a batch."""
        self.files += len(counted)
        self.records += sum(one.records for one in counted)
        self.quarantined += sum(len(one.refused) for one in counted)
        self.skipped += spooled.skipped
        self.size += spooled.size
        self.failures += [error for _, error in spooled.unreadable]
        self.unreadable = len(self.failures)
        times = [one.last_ts for one in counted if one.last_ts is not None]
        self.newest = max([*times, *([] if self.newest is None else [self.newest])], default=None)


Progress = Callable[[Ingested, int], None]
"""Takes what was read so far, and how many bytes there are in all."""


def ingest(
    lake: Lake,
    origin: Origin,
    source: Source,
    *,
    threads: int = 0,
    progress: Progress | None = None,
) -> Ingested:
    """Read what is new of a source into a lake.

    Args:
        lake: where events go.
        origin: where files come from.
        source: what they are logs of.
        threads: how many DuckDB uses; 0 for one a core.
        progress: is told after each batch.

    Raises:
        LakewardenError: files cannot be listed, or the lake cannot be written.
    """
    done = Ingested()
    with duck.open(threads=threads) as connection, scratch() as folder:
        waiting = Waiting(lake, connection, origin, source)
        done.skipped = waiting.skipped
        staging = Staging(connection, source)
        for spooled in _ahead(_batches(waiting), origin, source, folder):
            counted = staging.load(spooled, origin)
            merged = lake.merge(connection, VIEW)
            _insist_on_all(lake, counted, merged)
            note(lake, connection, source, counted)
            clear(spooled)
            done.new += merged.new
            done.duplicate += merged.duplicate
            done.add(spooled, counted)
            if progress:
                progress(done, waiting.size)
    return done


def _insist_on_all(lake: Lake, counted: Iterable[Counted], merged: Merged) -> None:
    """Insist that the lake was given each event, before its file counts as read."""
    records, came = sum(one.records for one in counted), merged.new + merged.duplicate
    if records != came:
        raise LakewardenError(
            f"of {records} events {came} came to the lake",
            where=lake.url,
            next_step="This is a fault of lakewarden. Report it",
        )


def _batches(items: Iterable[Delivered]) -> Iterator[list[Delivered]]:
    """Yield files in batches; they come day after day, so that few days are in one."""
    batch: list[Delivered] = []
    weight = 0
    for item in items:
        own = item.size * (_UNPACKED if _ZIPPED.search(item.key) else 1)
        if batch and (weight + own > _BATCH or len(batch) >= _FILES):
            yield batch
            batch, weight = [], 0
        batch.append(item)
        weight += own
    if batch:
        yield batch


def _ahead(
    batches: Iterable[list[Delivered]], origin: Origin, source: Source, folder: Path
) -> Iterator[Spooled]:
    """Yield spooled batches, and spool the next one meanwhile."""
    with ThreadPoolExecutor(1) as pool:
        futures = (
            pool.submit(spool, batch, origin, source, folder / f"batch-{number}")
            for number, batch in enumerate(batches)
        )
        coming = next(futures, None)
        while coming:
            spooled = coming.result()
            coming = next(futures, None)
            yield spooled
