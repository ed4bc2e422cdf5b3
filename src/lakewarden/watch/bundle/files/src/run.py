"""Runs commands of lakewarden, one after the other, as one task of a job.

    run.py [--client-id ID --secret SCOPE/KEY] COMMAND [--then COMMAND]...

`{scratch}` in a command is a folder that is there as long as the task runs. Findings do not fail
the task; they are in the reports.
"""

# ruff: noqa: INP001  # a script, copied into bundles

from __future__ import annotations

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
    words = list(arguments)
    if words[0] == "--client-id":
        _, client_id, _, secret, *words = words
        _sign_in(client_id, *secret.split("/", 1))
    if "spark" in words:
        from pyspark.sql import SparkSession  # noqa: PLC0415  # only where it is asked for

        SparkSession.builder.getOrCreate()
    with tempfile.TemporaryDirectory(prefix="lakewarden-") as scratch:
        for command in _commands(word.replace("{scratch}", scratch) for word in words):
            code = _run(command)
            if code not in DONE:
                name = " ".join(command[:2])
                raise RuntimeError(f"lakewarden {name} ended with {code}; it says why above")


def _sign_in(client_id: str, scope: str, key: str) -> None:
    """Let lakewarden sign in with a secret that only this process sees."""
    from databricks.sdk import WorkspaceClient  # noqa: PLC0415  # only where it is asked for

    secret = WorkspaceClient().dbutils.secrets.get(scope=scope, key=key)
    os.environ |= {
        "DATABRICKS_AUTH_TYPE": "oauth-m2m",
        "DATABRICKS_CLIENT_ID": client_id,
        "DATABRICKS_CLIENT_SECRET": secret,
    }


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
