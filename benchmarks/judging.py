"""Judging a large snapshot in one process: seconds, objects a second, peak memory.

The snapshots are read from the simulator with `--scale`; only judging is timed. Memory must not
grow with the number of objects.
"""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.served import clean_environment, run, served

SIZES: Final = (165_000, 1_650_000)
_CONTROLS: Final = (
    "cluster-isolation",
    "nitro-instances",
    "scim-managed-users",
    "tokens-expire",
)
_TIMED: Final = """
import resource, sys, time
sys.argv = ["lakewarden", *sys.argv[1:]]
from lakewarden.cli import cli
began = time.monotonic()
cli(standalone_mode=False)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(f"{time.monotonic() - began:.2f} {peak:.0f}", file=sys.stderr)
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """One size: objects in the snapshot, findings, seconds, and MiB at the peak."""

    objects: int
    findings: int
    collect_seconds: float
    seconds: float
    peak: float


def measure(size: int, scratch: Path) -> Measured:
    """Collect a world of a size and judge its snapshot in a process of its own."""
    folder, report = scratch / f"snapshot-{size}", scratch / f"report-{size}.json"
    only = [part for name in _CONTROLS for part in ("--control", name)]
    with served("fresh", scratch / f"log-{size}", ["--scale", str(size)]) as environment:
        began = time.monotonic()
        done = run(["collect", "--no-aws", "--out", str(folder), *only], environment)
        collected = time.monotonic() - began
    found = re.search(r"(\d+) records", done.stdout)
    if found is None:
        raise RuntimeError(done.stderr)
    arguments = ["assess", "--snapshot", str(folder), "--format", "json", "--output", str(report)]
    timed = subprocess.run(
        [sys.executable, "-c", _TIMED, *arguments, *only],
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    seconds, peak = map(float, timed.stderr.split())
    findings = sum(1 for line in report.open(encoding="utf-8") if line.startswith('    {"id"'))
    return Measured(int(found[1]), findings, collected, seconds, peak)


def parsing(folder: Path) -> float:
    """Return the seconds that merely decompressing and parsing a snapshot's lines takes."""
    began = time.monotonic()
    for blob in folder.rglob("*.jsonl.gz"):
        with gzip.open(blob, "rt", encoding="utf-8") as lines:
            for line in lines:
                json.loads(line)
    return time.monotonic() - began


def main() -> None:
    """Print one line a size, and how memory grew."""
    results = []
    with tempfile.TemporaryDirectory() as scratch:
        for size in SIZES:
            done = measure(size, Path(scratch))
            floor = parsing(Path(scratch) / f"snapshot-{size}")
            results.append(done)
            print(
                f"judging {done.objects:>9,} objects: {done.seconds:6.1f} s, "
                f"{done.objects / done.seconds:>9,.0f} objects/s, peak {done.peak:.0f} MiB, "
                f"{done.findings:,} findings; {done.seconds / floor:.1f} times the time that "
                f"parsing the JSON alone takes ({floor:.1f} s); collected in "
                f"{done.collect_seconds:.0f} s",
                flush=True,
            )
    small, large = results
    print(f"  peak memory at ten times the objects: {large.peak / small.peak:.2f} times")


if __name__ == "__main__":
    main()
