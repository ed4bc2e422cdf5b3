"""The official `databricks` CLI against the simulator, each answer compared with a direct read.

A `databricks` on the path is taken as it is; otherwise the binary is built by its own `go install`
into `.cache/`. Where neither can be had, nothing runs, and the summary says so.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Final

import requests

from tools.conformance.commands import Command, Realm, identities, table
from tools.conformance.serving import clean_environment, served
from tools.conformance.tally import Tally

CACHE: Final = Path(__file__).parents[2] / ".cache" / "databricks-cli"
BINARY: Final = CACHE / "cli"
_MODULE: Final = "github.com/databricks/cli@latest"
_WORLD: Final = "high-security"
DRAWN: Final = (7, 60)
"""The seed and number of objects that are drawn into it, so that no list is empty."""
_BUILD_SECONDS: Final = 900
_SECONDS: Final = 60


class NotInstalledError(Exception):
    """The CLI cannot be had on this machine; the message says why."""


def main() -> int:
    """Install the CLI if that is possible, run every command, return the exit code."""
    tally = Tally("the official databricks CLI")
    try:
        binary = installed()
    except NotInstalledError as error:
        tally.skip("all commands", str(error), count=sum(map(len, table().values())))
        return tally.close()
    with served(_WORLD, "--random", "{}:{}".format(*DRAWN)) as variables:
        check(binary, variables, tally)
    return tally.close()


def installed() -> Path:
    """Return the CLI's binary: ours, the one on the path, or one that is built now.

    Raises:
        NotInstalledError: it cannot be built here.
    """
    if BINARY.exists():
        return BINARY
    found = shutil.which("databricks")
    if found is not None:
        return Path(found)
    go = shutil.which("go")
    if go is None:
        raise NotInstalledError("there is no Go toolchain here")
    CACHE.mkdir(parents=True, exist_ok=True)
    (CACHE.parent / ".gitignore").write_text("*\n", encoding="utf-8")
    built = subprocess.run(
        [go, "install", _MODULE],
        env={**os.environ, "GOBIN": str(CACHE)},
        cwd=CACHE,
        capture_output=True,
        text=True,
        timeout=_BUILD_SECONDS,
        check=False,
    )
    if built.returncode:
        said = built.stderr.strip().splitlines() or ["nothing"]
        raise NotInstalledError(f"go install {_MODULE} says: {said[-1].strip()}")
    return BINARY


def check(binary: Path, variables: dict[str, str], tally: Tally) -> None:
    """Run every command of the table at a served world and compare."""
    workspaces = variables["LAKEWARDEN_WORKSPACE_URLS"].split(",")
    token, account = variables["DATABRICKS_TOKEN"], variables["DATABRICKS_ACCOUNT_ID"]
    realms = {
        "workspace": Realm(workspaces[0].partition("=")[2], token),
        "account": Realm(
            variables["LAKEWARDEN_ACCOUNT_HOST"], token, f"/api/2.0/accounts/{account}"
        ),
    }
    for name, commands in table().items():
        known: dict[str, str] = {}
        for command in commands:
            argument = known.get(command.of, "")
            if command.of and not argument:
                tally.skip(command.run, f"`{command.of}` listed nothing")
                continue
            _compare(binary, realms[name], command, argument, tally)
            if expected := _expected(realms[name], command, argument):
                known[command.run] = expected[0]


def _expected(realm: Realm, command: Command, argument: str) -> list[str]:
    try:
        return realm.identities(command, argument)
    except (requests.RequestException, KeyError):
        return []


def _compare(binary: Path, realm: Realm, command: Command, argument: str, tally: Tally) -> None:
    name = command.run.replace("{}", argument)
    words = [argument if word == "{}" else word for word in command.run.split()]
    try:
        expected = realm.identities(command, argument)
        found = identities(_run(binary, realm, words), command)
    except (requests.RequestException, subprocess.SubprocessError, ValueError) as error:
        tally.add(name, str(error))
    except KeyError as error:
        tally.add(name, f"an item has no {error}")
    else:
        complaint = "" if found == expected else f"{found} where {expected} are held"
        tally.add(name, complaint, f"{len(found)} as held")


def _run(binary: Path, realm: Realm, words: list[str]) -> Any:
    """Run one command and return its JSON.

    Raises:
        ValueError: it failed, or did not print JSON.
        subprocess.TimeoutExpired: it did not end.
    """
    with tempfile.TemporaryDirectory(prefix="databricks-cli-") as home:
        own = {"HOME": home, "DATABRICKS_HOST": realm.host, "DATABRICKS_TOKEN": realm.token}
        if realm.account:
            own["DATABRICKS_ACCOUNT_ID"] = realm.account.rpartition("/")[2]
        done = subprocess.run(
            [binary, *words, "-o", "json"],
            env={**clean_environment(), **own},
            cwd=home,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    if done.returncode:
        raise ValueError(f"exit code {done.returncode}: {done.stderr.strip()[:300]}")
    return json.loads(done.stdout or "null") or []
