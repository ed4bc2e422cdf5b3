"""A machine of one's own for each test: its keys and its unfinished work."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True, scope="session")
def _session_state(tmp_path_factory):
    """Whatever a test of its own does not set."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """Return a function that makes this another machine."""

    def become(name):
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / name))

    return become
