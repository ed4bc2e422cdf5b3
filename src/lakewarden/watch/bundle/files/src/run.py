"""Runs commands of lakewarden, one after the other, as one task of a job.

    run.py [--secret NAME=SCOPE/KEY]... [--set NAME=VALUE]... COMMAND [--then COMMAND]...

Secrets and values become environment variables of this process alone. `{scratch}` in a command is
a folder that is there as long as the task runs. Findings do not fail the task; reports have them.
"""

# ruff: noqa: INP001  # a script, copied into bundles

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence

DONE = frozenset({0, 3, 4})
"""The exit codes of a command that came to its end: nothing is wrong, something is, or not all
could be read."""


def main(arguments: Sequence[str]) -> None:
    """Run the commands.

    Raises:
        RuntimeError: one did not come to its end.
    """
    asked = _read(arguments)
    _learn(asked.secret, asked.set)
    words = asked.commands
    if "spark" in words:
        from pyspark.sql import SparkSession  # noqa: PLC0415  # only where it is asked for

        SparkSession.builder.getOrCreate()
    with tempfile.TemporaryDirectory(prefix="lakewarden-") as scratch:
        for command in _commands(word.replace("{scratch}", scratch) for word in words):
            code = _run(command)
            if code not in DONE:
                name = " ".join(command[:2])
                raise RuntimeError(f"lakewarden {name} ended with {code}; it says why above")


def _read(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    for option in ("--secret", "--set"):
        parser.add_argument(option, action="append", default=[], type=_pair)
    parser.add_argument("commands", nargs=argparse.REMAINDER)
    return parser.parse_args(arguments)


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name, value


def _learn(secrets: Iterable[tuple[str, str]], values: Iterable[tuple[str, str]]) -> None:
    """Take secrets with the identity of the task, and only then another one."""
    taken = dict(values)
    for name, place in secrets:
        from databricks.sdk import WorkspaceClient  # noqa: PLC0415  # only where it is asked for

        scope, key = place.split("/", 1)
        taken[name] = WorkspaceClient().dbutils.secrets.get(scope=scope, key=key)
    os.environ.update(taken)


def _commands(words: Iterable[str]) -> Iterator[list[str]]:
    command: list[str] = []
    for word in words:
        if word == "--then":
            yield command
            command = []
        else:
            command.append(word)
    yield command


def _run(command: Sequence[str]) -> int:
    from lakewarden.cli import main as lakewarden  # noqa: PLC0415  # after signing in

    sys.argv = ["lakewarden", *command]
    try:
        lakewarden()
    except SystemExit as done:
        return int(done.code or 0)
    return 0


if __name__ == "__main__":
    main(sys.argv[1:])
