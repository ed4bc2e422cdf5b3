"""Backing up a workspace of many notebooks with access lists, beside what its rate limits allow.

The simulator runs in a process of its own, waits 30 ms before each answer and refuses calls beyond
the documented limits. The floor is what these allow: exports and permissions are read side by side,
so the slower of the two decides. Beside it the official SDK, one call after the other, over a
sample whose time is scaled up. `--quick` takes a tenth of the notebooks.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks.served import served

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

NOTEBOOKS: Final = 20_000
SAMPLE: Final = 500
LATENCY_MS: Final = 30
EXPORTS, PERMISSIONS = 60, 100
"""Calls a second that the documentation allows."""
WITHIN: Final = 1.2
FEW: Final = 0.05


@dataclass(frozen=True)
class Backup:
    """One run of the command: what it printed, how long it took, and the most memory it held."""

    result: Mapping[str, Any]
    seconds: float
    megabytes: float

    @property
    def calls(self) -> int:
        """Calls apart from listing."""
        return sum(n for purpose, n in self.result["calls"].items() if purpose != "listing")


def back_up(target: Path, environment: Mapping[str, str]) -> Backup:
    """Run the command in a process of its own."""
    command = [sys.executable, "-m", "lakewarden", "backup", "--to", str(target)]
    out = target.with_suffix(".json")
    began = time.monotonic()
    with out.open("w", encoding="utf-8") as stream:
        process = subprocess.Popen(
            [*command, "--format", "json"], env=dict(environment), stdout=stream
        )
        _, status, used = os.wait4(process.pid, 0)
    seconds = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in {0, 4}:
        raise RuntimeError(f"the backup ended with {process.returncode}")
    return Backup(json.loads(out.read_text("utf-8")), seconds, used.ru_maxrss / 1024)


def sdk(environment: Mapping[str, str]) -> WorkspaceClient:
    """Return the official client of the workspace."""
    from databricks.sdk import WorkspaceClient  # noqa: PLC0415  # costs a second, not counted

    host, token = environment["DATABRICKS_HOST"], environment["DATABRICKS_TOKEN"]
    return WorkspaceClient(host=host, token=token)


def own_metastore(environment: Mapping[str, str]) -> None:
    """Make the caller the owner of the metastore, without whom not all of it is seen."""
    client = sdk(environment)
    metastore = client.metastores.summary().metastore_id or ""
    client.metastores.update(metastore, owner=client.current_user.me().user_name)


def sequential(environment: Mapping[str, str], sample: int) -> float:
    """Export notebooks with their access lists by the SDK; return the seconds for each."""
    from databricks.sdk.service.workspace import ExportFormat, ObjectType  # noqa: PLC0415

    client = sdk(environment)
    notebooks = []
    for found in client.workspace.list("/", recursive=True):
        if found.object_type is ObjectType.NOTEBOOK:
            notebooks.append(found)
        if len(notebooks) == sample:
            break
    began = time.monotonic()
    for notebook in notebooks:
        client.workspace.export(str(notebook.path), format=ExportFormat.SOURCE)
        client.permissions.get("notebooks", str(notebook.object_id))
    return (time.monotonic() - began) / len(notebooks)


def measured(count: int, scratch: Path) -> tuple[Backup, Backup, float]:
    """Back up a workspace of so many notebooks twice; return both, and the SDK's seconds."""
    log = scratch / "requests.jsonl"
    options = ["--notebooks", str(count), "--latency", str(LATENCY_MS), "--rate-limits"]
    with served("fresh", log, options) as served_at:
        environment = {**served_at, "XDG_STATE_HOME": str(scratch / f"state-{count}")}
        target = scratch / f"vault-{count}"
        own_metastore(environment)
        first = back_up(target, environment)
        second = back_up(target, environment)
        theirs = sequential(environment, min(SAMPLE, count))
    return first, second, theirs * count


def report(count: int, first: Backup, second: Backup, theirs: float, small: Backup) -> bool:
    """Print what was measured; return whether it is as good as we say."""
    read = first.result["permissions"]["read"]
    floor = max(count / EXPORTS, read / PERMISSIONS)
    ratio, share = first.seconds / floor, second.calls / first.calls
    print(f"backing up {count} notebooks with access lists, {LATENCY_MS} ms latency, real limits")
    print(
        f"  floor: exports {count / EXPORTS:.0f} s, {read} permissions {read / PERMISSIONS:.0f} s"
    )
    print(f"  lakewarden backup, whole process {first.seconds:9.1f} s  {ratio:.2f} times the floor")
    print(f"  databricks-sdk, one after another{theirs:9.1f} s  scaled from {min(SAMPLE, count)}")
    print(f"  ratio {theirs / first.seconds:.1f}")
    print(f"  again, nothing changed           {second.seconds:9.1f} s")
    print(f"  calls apart from listing: {first.calls}, again {second.calls} ({share:.1%})")
    print(f"  peak memory {first.megabytes:.0f} MB, again {second.megabytes:.0f} MB;", end=" ")
    print(f"with {small.result['objects']} objects {small.megabytes:.0f} MB")
    print(f"  the same root: {first.result['root'] == second.result['root']}")
    lost = first.result["errors"] or first.result["incomplete"]
    same = first.result["root"] == second.result["root"]
    return same and not lost and ratio <= WITHIN and share <= FEW


def main() -> None:
    """Measure and print; the whole of it fails when it is not as good as we say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the notebooks")
    quick = parser.parse_args().quick
    count = NOTEBOOKS // 10 if quick else NOTEBOOKS
    with tempfile.TemporaryDirectory() as scratch:
        small, _, _ = measured(count // 10, Path(scratch))
        first, second, theirs = measured(count, Path(scratch))
    if not report(count, first, second, theirs, small) and not quick:
        raise SystemExit(f"not within {WITHIN} times the floor, or something is missing")


if __name__ == "__main__":
    main()
