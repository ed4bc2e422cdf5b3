"""A world in a process of its own, so that serving it costs the reader nothing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_EXPORT: Final = re.compile(r"export (\w+)=(.*)")
_CLI: Final = (sys.executable, "-m", "lakewarden")


def clean_environment() -> dict[str, str]:
    """Return this process's environment without anybody's credentials."""
    ours = ("DATABRICKS_", "AWS_", "LAKEWARDEN_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


@contextmanager
def served(world: str, log: Path, options: Sequence[str] = ()) -> Iterator[dict[str, str]]:
    """Serve a world; yield the environment that points clients at it."""
    command = [*_CLI, "simulate", "--world", world, "--request-log", str(log), *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=clean_environment())
    try:
        yield {**clean_environment(), **_exports(process)}
    finally:
        process.terminate()
        process.wait(timeout=30)


def _exports(process: subprocess.Popen[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in process.stdout or ():
        match = _EXPORT.match(line.strip())
        if match:
            found[match[1]] = match[2].strip("'\"")
        if "LAKEWARDEN_EVENTS" in found:
            return found
    raise RuntimeError(f"the simulator did not start: exit code {process.wait()}")


def run(arguments: Sequence[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the command line and return what it printed."""
    return subprocess.run(
        [*_CLI, *arguments], env=environment, capture_output=True, text=True, check=False
    )
