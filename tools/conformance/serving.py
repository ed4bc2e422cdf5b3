"""A world served by a process of its own, as a user would serve it."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_LAST: Final = "LAKEWARDEN_EVENTS"
"""The variable that `lakewarden simulate` prints last."""


def clean_environment() -> dict[str, str]:
    """Return this process's environment without credentials, proxies or settings of clients."""
    foreign = ("DATABRICKS_", "AWS_", "LAKEWARDEN_", "TF_VAR_", "TF_CLI_ARGS", "TF_WORKSPACE")
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(foreign) and not name.lower().endswith("_proxy")
    }


@contextmanager
def served(world: str, *options: str) -> Iterator[dict[str, str]]:
    """Serve a world, with options of `simulate`; yield the variables that it prints.

    Raises:
        RuntimeError: it did not start.
    """
    command = [sys.executable, "-m", "lakewarden", "simulate", "--world", world, *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=clean_environment())
    try:
        yield _exports(process)
    finally:
        process.terminate()
        process.communicate(timeout=60)


def _exports(process: subprocess.Popen[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in process.stdout or ():
        name, _, value = line.strip().removeprefix("export ").partition("=")
        found[name] = "".join(shlex.split(value))
        if name == _LAST:
            return found
    raise RuntimeError(f"the simulator did not start: exit code {process.wait()}")
