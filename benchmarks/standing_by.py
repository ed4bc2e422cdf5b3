"""A drill into an empty workspace, a standby that follows 1 % of drift, and its failover.

The simulator runs in a process of its own, with objects of all kinds that refer to each other. What
is published: that what was restored has what the backup has, that a sync changes just what changed,
and how long a drill and a failover take as measured. `--quick` takes a tenth of the objects.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import requests

from benchmarks.served import run, served

OBJECTS: Final = 5_000
DRIFT: Final = 0.01
SEED: Final = 11
_FAST: Final = ("--share", "10000%")
"""The simulator has no limits here, and so nobody waits for any."""


class Walk:
    """The way from a backup to a standby that took over."""

    def __init__(self, environment: Mapping[str, str], scratch: Path) -> None:
        self._environment = {**environment, "XDG_STATE_HOME": str(scratch / "state")}
        self._environment["LAKEWARDEN_CALLER_ADDRESS"] = "127.0.0.1"
        self._vault = str(scratch / "vault")
        urls = environment["LAKEWARDEN_WORKSPACE_URLS"].split(",")
        self.source, self.standby = (entry.partition("=") for entry in (urls[0], urls[-1]))

    def command(self, *arguments: str) -> Any:
        """Run a command and return its JSON."""
        done = run([*arguments, "--format", "json"], self._environment)
        if done.returncode not in {0, 3, 4}:
            raise RuntimeError(done.stderr)
        return json.loads(done.stdout)

    def backup(self) -> Any:
        """Back the source up."""
        return self.command("backup", "--to", self._vault, "--accept-changes")

    def with_standby(self, name: str, *more: str) -> Any:
        """Sync, or fail over."""
        to = ("--to-workspace", self.standby[0])
        return self.command(name, self._vault, *to, "--yes", *_FAST, *more)

    def drill(self) -> Any:
        """Restore into the standby, and compare."""
        return self.command("drill", self._vault, "--into", self.standby[0], "--yes", *_FAST)

    def own_metastores(self) -> None:
        """Let whoever backs up own the metastores: their lists are known to be whole then."""
        unity = "/api/2.1/unity-catalog"
        for place in (self.source[2], self.standby[2]):
            me = self._asked("GET", f"{place}/api/2.0/preview/scim/v2/Me")["userName"]
            metastore = self._asked("GET", f"{place}{unity}/metastore_summary")["metastore_id"]
            body = {"owner": me}
            self._asked("PATCH", f"{place}{unity}/metastores/{metastore}", json=body)

    def drift(self, count: int) -> int:
        """Change some notebooks at the source; return how many."""
        base = f"{self.source[2]}/api/2.0/workspace"
        folders, paths = ["/"], []
        while folders:
            found = self._asked("GET", f"{base}/list", params={"path": folders.pop()})
            for one in found.get("objects", ()):
                if one["object_type"] == "DIRECTORY":
                    folders.append(one["path"])
                elif one["object_type"] == "NOTEBOOK":
                    paths.append((one["path"], one["language"]))
        some = sorted(paths)[:count]
        for path, language in some:
            body = {"path": path, "language": language, "format": "SOURCE", "overwrite": True}
            body["content"] = "Y2hhbmdlZA=="
            self._asked("POST", f"{base}/import", json=body)
        return len(some)

    def _asked(self, verb: str, url: str, **more: Any) -> Any:
        """Ask a workspace."""
        token = {"Authorization": f"Bearer {self._environment['DATABRICKS_TOKEN']}"}
        answer = requests.request(verb, url, headers=token, timeout=30, **more)
        answer.raise_for_status()
        return answer.json()


@contextmanager
def walking(count: int, scratch: Path) -> Iterator[Walk]:
    """Serve a drawn workspace and an empty one beside it."""
    scratch.mkdir()
    options = ["--random", f"{SEED}:{count}", "--standby"]
    with served("fresh", scratch / "requests.jsonl", options) as environment:
        walk = Walk(environment, scratch)
        walk.own_metastores()
        yield walk


def drilled(count: int, scratch: Path) -> bool:
    """Drill, print what was measured, and return whether all is equal."""
    with walking(count, scratch) as walk:
        objects = walk.backup()["objects"]
        drill = walk.drill()
    print(f"a workspace of {objects} objects of all kinds")
    print(f"  drill: {drill['seconds']:.0f} s, {len(drill['differences'])} differences")
    return not (drill["differences"] or drill["failed"])


def stood_by(count: int, scratch: Path) -> bool:
    """Sync, change and fail over; print what was measured, and return whether it is as we say."""
    with walking(count, scratch) as walk:
        walk.backup()
        first = walk.with_standby("sync", "--overwrite")
        changed = walk.drift(round(count * DRIFT))
        walk.backup()
        began = time.monotonic()
        second = walk.with_standby("sync")
        seconds = time.monotonic() - began
        over = walk.with_standby("failover")
    print(f"  first sync: {first['made']} changes, {len(first['failed'])} failed")
    print(f"  after {changed} changes at the source: {second['made']} changes, {seconds:.0f} s")
    print(f"  failover: {over['recovery_time_seconds']} s, recovery point", end=" ")
    print(f"{over['recovery_point_seconds']} s ago, {over['asleep']} do not start")
    fine = not (first["failed"] or over["failed"] or over["asleep"])
    return fine and second["made"] == changed


def main() -> None:
    """Measure and print; the whole of it fails when it is not as good as we say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the objects")
    count = OBJECTS // 10 if parser.parse_args().quick else OBJECTS
    with tempfile.TemporaryDirectory() as scratch:
        equal = drilled(count, Path(scratch, "drill"))
        if not stood_by(count, Path(scratch, "standby")) or not equal:
            raise SystemExit("something differs, or more was changed than had changed")


if __name__ == "__main__":
    main()
