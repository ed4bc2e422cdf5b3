from __future__ import annotations

import os

import pytest

from backup.kit import Kit
from lakewarden.simulate import start


@pytest.fixture(autouse=True)
def _here(monkeypatch, tmp_path):
    """State of this test alone, and nothing of whoever runs it."""
    for name in list(os.environ):
        if name.startswith(("DATABRICKS_", "AWS_", "LAKEWARDEN_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture(scope="module")
def typical():
    with start("typical", aws=False) as simulation:
        yield simulation


@pytest.fixture
def kit(typical, tmp_path, monkeypatch):
    """The first workspace of the typical world."""
    monkeypatch.setenv("DATABRICKS_TOKEN", typical.token)
    yield Kit(typical, tmp_path)
    typical.order(())


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A world for one test alone, with the options of `start`."""
    opened = []

    def of(world="fresh", **options):
        opened.append(start(world, aws=False, **options))
        monkeypatch.setenv("DATABRICKS_TOKEN", opened[-1].token)
        kit = Kit(opened[-1], tmp_path)
        if world == "fresh":
            kit.own_metastore()
        return kit

    yield of
    for simulation in opened:
        simulation.close()
