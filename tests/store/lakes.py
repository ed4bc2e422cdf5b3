"""Events that are told by a number, and what processes of their own do with a lake of them."""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

from lakewarden.errors import LakewardenError
from lakewarden.store.lake import duck, log, merging, place
from lakewarden.store.lake.lake import Lake
from lakewarden.store.lake.tables import DUCKDB, EVENTS

FIRST = 1_767_225_600_000
"""The first millisecond of 2026."""
DAYS = ("2026-01-01", "2026-01-02", "2026-01-03")
_SAID = {
    "id": "md5(n::VARCHAR)",
    "ts": f"{FIRST} + n % 3 * 86400000 + n",
    "service": "['jobs', 'accounts'][1 + n % 2]",
    "action": "'act' || n % 5",
    "params": "MAP {'n': n::VARCHAR, 'none': NULL}",
    "source": "'databricks'",
    "day": "'2026-01-0' || 1 + n % 3",
}
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["store.lakes"])


def stage(connection, numbers, name="batch"):
    """Make a table of the events with these numbers, of which some may come twice."""
    columns = ", ".join(
        f"({_SAID.get(column.name, 'NULL')})::{DUCKDB[column.kind]} AS {column.name}"
        for column in EVENTS.columns
    )
    told = "(SELECT unnest($numbers::BIGINT[]) AS n)"
    connection.execute(
        f"CREATE OR REPLACE TABLE {name} AS SELECT {columns} FROM {told}",
        {"numbers": list(numbers)},
    )
    return name


@contextmanager
def _opened(connection):
    if connection:
        yield connection
    else:
        with duck.open(threads=1) as opened:
            yield opened


def merge(lake, numbers, connection=None):
    """Merge events into a lake, by a database of one's own unless there is one."""
    with _opened(connection) as database:
        return lake.merge(database, stage(database, numbers))


def numbers_in(lake, files=None, connection=None):
    """Return how often each event is in a lake."""
    with _opened(connection) as database:
        lake.view(database, files=files)
        rows = database.execute("SELECT params['n']::BIGINT FROM events").fetchall()
    return Counter(number for (number,) in rows)


def data_files(url):
    """Return the names of the files of events that lie there, whether they are listed or not."""
    root = Path(url) / "events"
    return {path.relative_to(root).as_posix() for path in root.glob("source=*/**/*.parquet*")}


def in_process(work, *arguments):
    """Start work in a process of its own."""
    process = _CONTEXT.Process(target=work, args=arguments)
    process.start()
    return process


def merge_all(url, batches):
    """Merge batches one after the other, into a lake that may not be there yet."""
    lake = Lake.create(url)
    for batch in batches:
        merge(lake, batch)


def compact_often(url, times):
    """Compact again and again."""
    lake = Lake.create(url)
    for _ in range(times):
        lake.compact(threads=1)


MOMENTS = {
    "nothing is written": (merging, "write", 1, "before"),
    "one day is written": (merging, "write", 2, "before"),
    "all days are written": (place.Folder, "publish", 1, "before"),
    "the files are durable": (log.State, "commit", 1, "before"),
    "the commit is made": (place.Folder, "settle", 1, "before"),
    "the commit is durable": (place.Folder, "settle", 1, "after"),
}
"""When a process may be killed: at which call of what."""


def die(moment):
    """Have this process killed at a moment."""
    owner, name, times, when = MOMENTS[moment]
    genuine, left = getattr(owner, name), [times]

    def deadly(*arguments, **named):
        left[0] -= 1
        if when == "after":
            genuine(*arguments, **named)
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        return genuine(*arguments, **named)

    setattr(owner, name, deadly)


def merge_and_die(url, numbers, moment):
    """Merge, and be killed."""
    die(moment)
    merge(Lake.open(url), numbers)


def compact_and_die(url, moment):
    """Compact, and be killed."""
    die(moment)
    Lake.open(url).compact(threads=1)


def merge_into_little_room(url, numbers):
    """Merge where no file may be larger than a few kB; exit with 3 when that is said."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))
    try:
        merge(Lake.open(url), numbers)
    except LakewardenError as error:
        os._exit(3 if url in error.where and "room" in error.next_step else 4)
