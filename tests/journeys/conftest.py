"""Worlds served on loopback, and the command line run against them as a user would."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lakewarden.cli import main
from lakewarden.cli.simulation import environment, start

_READS = re.compile(r"(Get|List|Describe|Head|Lookup)\w*$")
_RIVALS = {"typical": "under-attack", "under-attack": "typical"}
"""Worlds that cannot be served at once: bucket names are unique world-wide, and they share them."""


@dataclass(frozen=True)
class Served:
    """A world that is being served."""

    name: str
    simulation: Any
    environment: dict[str, str]
    log: Path
    events: Path


@dataclass(frozen=True)
class Result:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Return the output as JSON."""
        return json.loads(self.out)


def _mutations(log: Path) -> list[str]:
    """Return every request that could have changed something."""
    found = []
    for line in log.read_text("utf-8").splitlines():
        entry = json.loads(line)
        method, path = entry["method"], entry["path"]
        if method == "AWS":
            reads = _READS.match(path.partition(":")[2]) is not None
        else:
            reads = method == "GET" or (method == "POST" and path.startswith("/oidc/"))
        if not reads:
            found.append(f"{method} {path}")
    return found


_running: dict[str, Served] = {}


def _finish(served: Served) -> None:
    """Stop serving a world; no request may have changed anything."""
    served.simulation.close()
    assert served.log.stat().st_size
    assert not _mutations(served.log)


@pytest.fixture(scope="session")
def world(tmp_path_factory) -> Callable[[str], Served]:
    """Serve worlds by name, each as long as no other needs buckets of the same names."""

    def get(name: str) -> Served:
        if _RIVALS.get(name) in _running:
            _finish(_running.pop(_RIVALS[name]))
        if name not in _running:
            folder = tmp_path_factory.mktemp(name)
            events, log = folder / "audit", folder / "requests.jsonl"
            simulation = start(name, events, request_log=log)
            variables = environment(simulation, name, events)
            _running[name] = Served(name, simulation, variables, log, events)
        return _running[name]

    return get


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(nextitem) -> None:
    """Close every world after the last test here: tests elsewhere serve buckets of these names."""
    if nextitem is None or nextitem.path.parent != Path(__file__).parent:
        while _running:
            _finish(_running.popitem()[1])


@pytest.fixture
def bare(monkeypatch, tmp_path) -> Path:
    """Stand in an empty folder with nobody's credentials."""
    for name in list(os.environ):
        if name.startswith(("DATABRICKS_", "AWS_", "LAKEWARDEN_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", str(tmp_path / "no-databrickscfg"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-aws-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-aws-credentials"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(bare, monkeypatch, capsys) -> Callable[..., Result]:
    """Run the command line in a served world, or in none."""

    def invoke(*arguments: object, world: Served | None = None, **extra: str | None) -> Result:
        variables = {**(world.environment if world else {}), **extra}
        with monkeypatch.context() as patched:
            for name, value in variables.items():
                if value is None:
                    patched.delenv(name, raising=False)
                else:
                    patched.setenv(name, value)
            patched.setattr("sys.argv", ["lakewarden", *map(str, arguments)])
            capsys.readouterr()
            with pytest.raises(SystemExit) as stop:
                main()
        printed = capsys.readouterr()
        return Result(int(stop.value.code or 0), printed.out, printed.err)

    return invoke
