"""Whatever a workspace has: backed up, restored into an empty one and backed up, it is the same."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakewarden.backup.begin import Wishes
from lakewarden.backup.selection import Selection
from lakewarden.restore.drill import differences
from lakewarden.restore.planner import Fate, How
from lakewarden.restore.task import Task, mapped
from lakewarden.simulate import start
from lakewarden.store.vault.opened import opened
from restore.pair import Pair

WISHES = Wishes(Selection(without=("secret",)))
TASK = Task(how=How(overwrite=True), addresses=("127.0.0.1",))


@given(st.integers(1, 10**6))
@settings(max_examples=2, deadline=None)
def test_a_restored_world_has_the_same_root(seed):
    with (
        start("fresh", aws=False, standby=True, drawn=(seed, 80)) as simulation,
        tempfile.TemporaryDirectory() as folder,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("DATABRICKS_TOKEN", simulation.token)
        patch.setenv("XDG_STATE_HOME", os.fspath(Path(folder) / "state"))
        pair = Pair(simulation, Path(folder))
        run = pair.run(wishes=WISHES)
        found = pair.plan(run, TASK)
        assert found.of(Fate.BLOCKED, Fate.DIFFERENT, Fate.BY_HAND) == []
        assert pair.carry_out(found.plan).failed == {}
        again = pair.at(pair.standby).run("again", pair.with_values())
        with opened(pair.target()) as vault:
            wanted = mapped(TASK, vault, run)
        have = pair.entries(again, "again").values()
        assert differences(wanted, have, frozenset(), frozenset()) == []
        assert again.root == run.root
