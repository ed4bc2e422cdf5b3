from __future__ import annotations

import os

import pytest

from lakewarden.apply import run
from lakewarden.simulate import start
from restore.pair import Pair


@pytest.fixture(autouse=True)
def _here(monkeypatch, tmp_path):
    """State of this test alone, and nothing of whoever runs it."""
    for name in list(os.environ):
        if name.startswith(("DATABRICKS_", "AWS_", "LAKEWARDEN_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(run, "_SETTLING", (0.0, 0.1, 0.3))


@pytest.fixture
def pair(tmp_path, monkeypatch):
    """The first workspace of the typical world, and an empty one beside it."""
    yield from _served("typical", tmp_path, monkeypatch)


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A workspace with next to nothing in it, and an empty one beside it."""
    yield from _served("fresh", tmp_path, monkeypatch)


def _served(world, folder, monkeypatch):
    with start(world, aws=False, standby=True) as simulation:
        monkeypatch.setenv("DATABRICKS_TOKEN", simulation.token)
        yield Pair(simulation, folder)
