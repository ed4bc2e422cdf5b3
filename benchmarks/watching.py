"""Watching at size: reading logs, running all rules, running them on what is new.

Each step is a process of its own. Seconds are of the wall, CPU and memory of the process with all
that it started; ratios are of two measurements of one run. Files are in the page cache.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.log_corpus import NOW, write
from benchmarks.served import clean_environment

LINES: Final = 1_700_000
"""About 1 GB of audit logs."""
EVENTS: Final = 1_000_000
COPIES: Final = 10
"""So many deployments of a million events each have ten million."""
SMALL_FILES: Final = 4_000
_REPEATS: Final = 3
_ROOT: Final = Path(__file__).parents[1]
_DAY: Final = 86_400_000
_SHAPE: Final = {
    "version": "VARCHAR",
    "auditLevel": "VARCHAR",
    "timestamp": "BIGINT",
    "accountId": "VARCHAR",
    "workspaceId": "VARCHAR",
    "sourceIPAddress": "VARCHAR",
    "userAgent": "VARCHAR",
    "userIdentity": "STRUCT(email VARCHAR, subjectName VARCHAR)",
    "sessionId": "VARCHAR",
    "requestId": "VARCHAR",
    "serviceName": "VARCHAR",
    "actionName": "VARCHAR",
    "requestParams": "MAP(VARCHAR, VARCHAR)",
    "response": "STRUCT(statusCode BIGINT, errorMessage VARCHAR, result VARCHAR)",
}


@dataclass(frozen=True, slots=True)
class Measured:
    """What a step took.

    Attributes:
        wall: seconds.
        cpu: seconds of CPU.
        peak: MiB of memory at the most.
        said: what it returned.
    """

    wall: float
    cpu: float
    peak: float
    said: Any


def measured(step: Callable[..., Any], *arguments: object) -> Measured:
    """Run a step in a process of its own; its arguments are texts and numbers.

    Raises:
        RuntimeError: it failed, with what it said.
    """
    command = [sys.executable, "-m", "benchmarks.watching", step.__name__, json.dumps(arguments)]
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=clean_environment(),
            cwd=_ROOT,
        )
        cpu, peak = _watched(process)
        said, _ = process.communicate()
        if process.returncode:
            errors.seek(0)
            raise RuntimeError(f"{step.__name__}: {errors.read()}")
    own = json.loads(said.splitlines()[-1])
    return Measured(own["wall"], max(cpu, own["cpu"]), peak, own["said"])


def _watched(process: subprocess.Popen[str]) -> tuple[float, float]:
    """Return the seconds of CPU and the MiB that a process and all below it take until it ends."""
    peak, seconds = 0.0, dict[int, float]()
    while process.poll() is None:
        resident = 0.0
        for pid in _below(process.pid):
            cpu, memory = _taken(pid)
            seconds[pid] = max(cpu, seconds.get(pid, 0.0))
            resident += memory
        peak = max(peak, resident)
        time.sleep(0.05)
    return sum(seconds.values()), peak


def _below(pid: int) -> list[int]:
    found = [pid]
    for known in found:
        try:
            for task in Path(f"/proc/{known}/task").iterdir():
                found += map(int, (task / "children").read_text("utf-8").split())
        except OSError:
            continue
    return found


def _taken(pid: int) -> tuple[float, float]:
    """Return the seconds of CPU that a process had so far, and the MiB that it holds."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    except OSError:
        return 0.0, 0.0
    ticks, pages = int(fields[11]) + int(fields[12]), int(fields[21])
    return ticks / os.sysconf("SC_CLK_TCK"), pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _read(logs: str, columns: Mapping[str, str]) -> str:
    types = ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items())
    return (
        f"SELECT * FROM read_json('{logs}/**/*.json', format='newline_delimited', "  # noqa: S608  # ours
        f"columns={{{types}}}, hive_partitioning=false)"
    )


def bare(logs: str, out: str) -> None:
    """Let DuckDB write the columns of audit logs to Parquet, and nothing else."""
    import duckdb  # noqa: PLC0415  # of this step only

    with duckdb.connect() as connection:
        connection.execute("SET memory_limit = '900MB'; SET preserve_insertion_order = false")
        connection.execute(
            f"COPY ({_read(logs, _SHAPE)}) TO '{out}' "
            "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 20000)"
        )


def one_pass(logs: str, out: str) -> None:
    """Let DuckDB write all columns of events with their ids, however often each comes.

    Reading each event once cannot cost less: here nothing is told apart by days, no address is
    read, no record refused.
    """
    from lakewarden.store.lake import duck  # noqa: PLC0415  # of this step only
    from lakewarden.store.lake.shapes import databricks_delivered, shape  # noqa: PLC0415  # likewise
    from lakewarden.store.lake.tables import EVENTS  # noqa: PLC0415  # likewise

    delivered = databricks_delivered.SHAPE
    stored = ", ".join(column.name for column in EVENTS.stored)
    with duck.open() as connection:
        columns = ("raw", "text", "kind", "key")
        nothing = ", ".join(f"NULL::VARCHAR AS {column}" for column in columns)
        connection.execute(f"CREATE VIEW {shape.ADDRESSES} AS SELECT {nothing} WHERE false")
        made = shape.made(delivered, _read(logs, delivered.columns))
        connection.execute(f"CREATE VIEW {delivered.name} AS {made}")
        connection.execute(
            f"COPY (SELECT {stored} FROM ({shape.select(delivered)})) TO '{out}' "  # noqa: S608  # ours
            "(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE 20000)"
        )


def spark(logs: str, out: str) -> float:
    """Let Spark do the same; return the seconds without its start."""
    from pyspark.sql import SparkSession  # noqa: PLC0415  # of this step only

    session = (
        SparkSession.builder.master("local[*]")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.log.level", "ERROR")
        .getOrCreate()
    )
    began = time.monotonic()
    texts = {"VARCHAR": "STRING", "MAP(VARCHAR, VARCHAR)": "MAP<STRING, STRING>"}
    shape = ", ".join(f"{name} {texts.get(kind) or _struct(kind)}" for name, kind in _SHAPE.items())
    reader = session.read.schema(shape).option("recursiveFileLookup", "true")
    reader.json(logs).write.option("compression", "zstd").parquet(out)
    seconds = time.monotonic() - began
    session.stop()
    return seconds


def _struct(kind: str) -> str:
    fields = kind.removeprefix("STRUCT(").removesuffix(")").replace("VARCHAR", "STRING")
    if not kind.startswith("STRUCT"):
        return kind
    pairs = (field.split() for field in fields.split(", "))
    return f"STRUCT<{', '.join(f'{name}: {type_}' for name, type_ in pairs)}>"


def ours(logs: str, lake: str, source: str) -> Mapping[str, int]:
    """Read logs into a lake as `lakewarden watch ingest` does."""
    from lakewarden.events.columns import Source  # noqa: PLC0415  # of this step only
    from lakewarden.store.lake.lake import Lake  # noqa: PLC0415  # likewise
    from lakewarden.store.raw.folder import Folder  # noqa: PLC0415  # likewise
    from lakewarden.watch.ingest import ingest  # noqa: PLC0415  # likewise

    done = ingest(Lake.create(lake), Folder(Path(logs)), Source(source))
    return {"files": done.files, "new": done.new, "bytes": done.size}


def many(lake: str, few: str, copies: int) -> int:
    """Make a lake of several deployments that each live as that of another lake."""
    from lakewarden.store.lake import duck  # noqa: PLC0415  # of this step only
    from lakewarden.store.lake.lake import Lake  # noqa: PLC0415  # likewise

    made = 0
    into = Lake.create(lake)
    with duck.open() as connection:
        Lake.open(few).view(connection, name="few")
        days = connection.execute("SELECT DISTINCT day FROM few ORDER BY day").fetchall()
        for (day,) in days:
            connection.execute(
                "CREATE OR REPLACE TEMP TABLE many AS SELECT few.* REPLACE (md5(id || n) AS id, "  # noqa: S608  # ours
                f"account_id || '-' || n AS account_id) FROM few, range({copies}) numbers(n) "
                f"WHERE day = '{day}'"
            )
            made += into.merge(connection, "many").new
    into.compact()
    return made


def followed(lake: str, share: float) -> int:
    """Add the first hours of another day to a lake, so many that they are a share of its events."""
    from lakewarden.store.lake import duck  # noqa: PLC0415  # of this step only
    from lakewarden.store.lake.lake import Lake  # noqa: PLC0415  # likewise

    into = Lake.open(lake)
    with duck.open() as connection:
        into.view(connection, name="there")
        counted = connection.execute("SELECT COUNT(*), MAX(day) FROM there").fetchone()
        rows, last = counted or (0, "")
        connection.execute(
            "CREATE TEMP TABLE more AS SELECT there.* REPLACE (md5(id || 'next') AS id, "  # noqa: S608  # ours
            f"ts + {_DAY} AS ts, CAST(CAST(day AS DATE) + 1 AS VARCHAR) AS day) FROM there "
            f"WHERE day = '{last}' ORDER BY ts LIMIT {int(rows * share)}"
        )
        return into.merge(connection, "more").new


def detected(lake: str, alerts: str, later: int) -> Mapping[str, int]:
    """Run all rules over what they have not looked at."""
    from benchmarks.truth import Atlas  # noqa: PLC0415  # of this step only
    from lakewarden.policyfile.watching import example_values  # noqa: PLC0415  # likewise
    from lakewarden.store.alerts import Alerts  # noqa: PLC0415  # likewise
    from lakewarden.store.lake.lake import Lake  # noqa: PLC0415  # likewise
    from lakewarden.store.lake.watched import LakeEvents  # noqa: PLC0415  # likewise
    from lakewarden.watch import library  # noqa: PLC0415  # likewise
    from lakewarden.watch.detect import Watch, detect  # noqa: PLC0415  # likewise
    from lakewarden.watch.site import Site  # noqa: PLC0415  # likewise

    store = Alerts.open(f"sqlite:///{alerts}")
    watch = Watch(
        list(library.rules().values()), Site(example_values()), NOW + later, Atlas(()), "none"
    )
    done = detect(LakeEvents(Lake.open(lake), {}), store, watch)
    store.close()
    return {"events": done.fresh, "rules": done.ran, "new": len(done.noted.new)}


def small_files(folder: Path, count: int) -> None:
    """Write many small files of CloudTrail, as they are delivered every five minutes."""
    import gzip  # noqa: PLC0415  # of this step only

    for number in range(count):
        records = [
            {
                "eventVersion": "1.11",
                "eventID": f"{number:08x}-0000-4000-8000-{n:012x}",
                "eventTime": f"2026-02-{number % 28 + 1:02}T{number % 24:02}:00:{n:02}Z",
                "eventSource": "ec2.amazonaws.com",
                "eventName": "DescribeInstances",
                "awsRegion": "eu-central-1",
                "sourceIPAddress": "198.51.100.20",
                "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::123456789012:user/ci"},
                "requestParameters": {"maxResults": 100},
                "recipientAccountId": "123456789012",
            }
            for n in range(20)
        ]
        content = gzip.compress(json.dumps({"Records": records}).encode(), 1, mtime=0)
        (folder / f"{number:05}.json.gz").write_bytes(content)


def _best(step: Callable[..., Any], folder: Path, *arguments: object) -> Measured:
    """Run a step that writes to its second argument several times; that of the least CPU counts."""
    runs = []
    for number in range(_REPEATS):
        first, *others = arguments
        out = folder / f"{step.__name__}-{number}"
        runs.append(measured(step, first, str(out), *others))
        shutil.rmtree(out, ignore_errors=True)
        out.unlink(missing_ok=True)
    return min(runs, key=lambda run: run.cpu)


def reading(folder: Path) -> None:
    """Print how fast logs are read, beside DuckDB and Spark that only convert them."""
    corpus = write(folder / "logs", LINES, planted=False)
    logs = str(corpus.origins["databricks"])
    size = sum(file.stat().st_size for file in Path(logs).rglob("*.json")) / 1e9
    mine = _best(ours, folder, logs, "databricks")
    single = _best(one_pass, folder, logs)
    floor = _best(bare, folder, logs)
    peer = _best(spark, folder, logs)
    events = mine.said["new"]
    print(f"reading {size:.2f} GB of audit logs, {events:,} events, each once, into event tables")
    for name, run in (
        ("lakewarden", mine),
        ("DuckDB, one pass with ids", single),
        ("DuckDB, JSON to Parquet", floor),
        ("Spark", peer),
    ):
        print(
            f"  {name:26}{run.wall:7.1f} s {run.cpu:7.1f} s of CPU {run.peak:6.0f} MiB, "
            f"{events / run.cpu:9,.0f} events per second of CPU"
        )
    print(
        f"  the speed of DuckDB alone: {floor.wall / mine.wall:.2f} on the wall, "
        f"{floor.cpu / mine.cpu:.2f} on CPU, where one pass with ids has "
        f"{floor.wall / single.wall:.2f} and {floor.cpu / single.cpu:.2f}; of Spark: "
        f"{peer.said / mine.wall:.1f} on the wall without its start, "
        f"{peer.cpu / mine.cpu:.1f} on CPU with it",
        flush=True,
    )


def reading_small(folder: Path) -> None:
    """Print how fast many small files are read."""
    logs = folder / "small"
    logs.mkdir()
    small_files(logs, SMALL_FILES)
    run = _best(ours, folder, str(logs), "cloudtrail")
    print(
        f"reading {run.said['files']:,} files of 20 events, compressed: {run.wall:.1f} s, "
        f"{run.said['files'] / run.cpu:,.0f} files per second of CPU, peak {run.peak:.0f} MiB",
        flush=True,
    )


def looking(folder: Path) -> None:
    """Print how long all rules take over one and ten million events, and over what is new."""
    corpus = write(folder / "million", EVENTS, planted=False)
    one_lake, lots = str(folder / "one"), str(folder / "many")
    for source, logs in corpus.origins.items():
        measured(ours, str(logs), str(folder / "read"), source)
    runs = []
    for copies, lake in ((1, one_lake), (COPIES, lots)):
        measured(many, lake, str(folder / "read"), copies)
        runs.append(measured(detected, lake, str(folder / f"alerts-{copies}.db"), 0))
        _print_run(f"all rules over {runs[-1].said['events']:>10,} events", runs[-1])
    one, ten = runs
    print(f"  ten times the events take {ten.cpu / one.cpu:.1f} times the CPU")
    new = measured(followed, lots, 0.01).said
    run = measured(detected, lots, str(folder / f"alerts-{COPIES}.db"), _DAY)
    if run.said["events"] != new:
        raise RuntimeError(f"{new} events are new, and rules looked at {run.said['events']}")
    _print_run(f"all rules over {new:>10,} new ones", run)
    print(
        f"  of the whole: {run.wall / ten.wall:.3f} on the wall, {run.cpu / ten.cpu:.3f} on CPU",
        flush=True,
    )


def _print_run(name: str, run: Measured) -> None:
    print(
        f"{name}: {run.wall:6.1f} s, {run.cpu:6.1f} s of CPU, peak {run.peak:.0f} MiB, "
        f"{run.said['rules']} rules looked, {run.said['events'] / run.wall:,.0f} events/s",
        flush=True,
    )


def main() -> None:
    """Print all of it."""
    with tempfile.TemporaryDirectory() as scratch:
        reading(Path(scratch))
    with tempfile.TemporaryDirectory() as scratch:
        reading_small(Path(scratch))
    with tempfile.TemporaryDirectory() as scratch:
        looking(Path(scratch))


_STEPS: Final = {
    step.__name__: step for step in (bare, one_pass, spark, ours, many, followed, detected)
}


def _step(name: str, arguments: str) -> None:
    """Run one step in this process, and print what it took."""
    began = time.monotonic()
    said = _STEPS[name](*json.loads(arguments))
    wall, used = time.monotonic() - began, resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"wall": wall, "cpu": used.ru_utime + used.ru_stime, "said": said}))


if __name__ == "__main__":
    _step(*sys.argv[1:]) if len(sys.argv) > 1 else main()
