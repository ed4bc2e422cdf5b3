"""Whatever happens, and in whatever order, a lake has each event once."""

from __future__ import annotations

import signal
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakewarden.store.lake import duck
from lakewarden.store.lake.lake import Lake
from store import lakes

_NOW = datetime(2026, 1, 10, tzinfo=UTC)
_NUMBERS = st.lists(st.integers(0, 25), max_size=12)
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("merge"), _NUMBERS),
        st.tuples(st.just("merge"), _NUMBERS),
        st.tuples(st.just("compact"), st.sampled_from([*lakes.DAYS, None])),
        st.tuples(st.just("retain"), st.integers(7, 10)),
        st.tuples(st.just("vacuum"), st.none()),
    ),
    min_size=3,
    max_size=8,
)


@pytest.fixture
def lake(tmp_path):
    return Lake.create(str(tmp_path / "lake"))


@settings(max_examples=12, deadline=None)
@given(_STEPS)
def test_after_each_step_the_events_are_those_that_came(steps):
    with tempfile.TemporaryDirectory() as folder, duck.open(threads=1) as connection:
        lake, truth = Lake.create(f"{folder}/lake"), set()
        for step, given_to in steps:
            since, before = lake.version(), frozenset(truth)
            truth = _step(lake, connection, step, given_to, truth)
            assert lakes.numbers_in(lake, connection=connection) == Counter(truth)
            new = lakes.numbers_in(lake, lake.files(since_version=since), connection)
            assert set(new) == truth - before


def _step(lake, connection, step, given_to, truth):
    """Do one thing to a lake; return the events that there should be then."""
    if step == "merge":
        merged = lakes.merge(lake, given_to, connection)
        assert merged.new == len(set(given_to) - truth)
        assert merged.new + merged.duplicate == len(given_to)
        return truth | set(given_to)
    if step == "retain":
        lake.retain({"databricks": given_to}, _NOW)
        return {n for n in truth if lakes.DAYS[n % 3] >= f"2026-01-{10 - given_to:02d}"}
    if step == "compact":
        lake.compact(before=given_to, threads=1)
    else:
        lake.vacuum(0, force=True)
        listed = {file.partition("/events/")[2] for file in lake.files()}
        assert lakes.data_files(lake.url) == listed
    return truth


@pytest.mark.parametrize("moment", [*lakes.MOMENTS])
def test_a_run_that_is_killed_leaves_all_or_nothing(lake, moment):
    lakes.merge(lake, range(5))
    process = lakes.in_process(lakes.merge_and_die, lake.url, range(3, 12), moment)
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    done = moment.startswith("the commit")
    assert lakes.numbers_in(lake) == Counter(range(12 if done else 5))
    assert lakes.merge(lake, range(3, 12)).new == (0 if done else 7)
    assert lakes.numbers_in(lake) == Counter(range(12))
    lake.vacuum(0, force=True)
    assert len(lakes.data_files(lake.url)) == len(lake.files())
    assert lakes.numbers_in(lake) == Counter(range(12))


def test_a_commit_that_a_power_cut_emptied_is_made_good_by_the_next(lake):
    lakes.merge(lake, range(5))
    version = lakes.merge(lake, range(5, 9)).version
    Path(lake.url, "events", "_delta_log", f"{version:020d}.json").write_bytes(b"")
    assert lakes.numbers_in(lake) == Counter(range(5))
    assert lakes.merge(lake, range(9)).new == 4
    assert lakes.numbers_in(lake) == Counter(range(9))


@pytest.mark.parametrize("moment", [*lakes.MOMENTS][2:5])
def test_a_compaction_that_is_killed_changes_no_events(lake, moment):
    lakes.merge(lake, range(8))
    lakes.merge(lake, range(8, 16))
    process = lakes.in_process(lakes.compact_and_die, lake.url, moment)
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    assert lakes.numbers_in(lake) == Counter(range(16))
    lake.compact(threads=1)
    lake.vacuum(0, force=True)
    assert lakes.numbers_in(lake) == Counter(range(16))
    assert len(lakes.data_files(lake.url)) == 3


def test_two_who_merge_and_one_who_compacts_do_not_disturb_each_other(tmp_path):
    url = str(tmp_path / "lake")
    batches = [range(start, start + 8) for start in range(0, 32, 4)]
    workers = [
        lakes.in_process(lakes.merge_all, url, batches),
        lakes.in_process(lakes.merge_all, url, batches[::-1]),
        lakes.in_process(lakes.compact_often, url, 4),
    ]
    lake = Lake.create(url)
    while any(worker.is_alive() for worker in workers):
        assert max(lakes.numbers_in(lake).values(), default=1) == 1
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert lakes.numbers_in(lake) == Counter(range(36))
