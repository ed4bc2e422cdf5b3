"""The journal, in SQLite and in PostgreSQL: what it holds, and who may change an account."""

from __future__ import annotations

import platform
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from lakewarden.errors import LockedError, StoreError, UsageError
from lakewarden.store.database import LOCKS, STORE, VERSION, open_database
from lakewarden.store.journal import Journal, RunRecord, RunState

RUN = RunRecord("r1", "apply", "", "acc", "2026-01-01T00:00:00", RunState.RUNNING, "", {"a": [1]})


@pytest.fixture
def journal(url):
    opened = Journal.open(url)
    with opened._engine.begin() as connection:  # the server is one for all tests
        for table in ("steps", "locks", "runs"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
    yield opened
    opened.close()


def test_a_run_is_what_was_written_of_it(journal, url):
    mine = journal.begin(RUN)
    mine.intend(0, "a", {"/value": None})
    mine.done(0)
    mine.intend(1, "b", None)
    mine.intend(1, "b", {"/value": "what the second attempt finds is not what was there"})
    other = Journal.open(url)  # as the next process sees it
    found = other.find("r1")
    other.close()
    assert (found.state, found.plan) == (RunState.RUNNING, {"a": [1]})
    assert [(s.number, s.before, s.done) for s in found.steps] == [
        (0, {"/value": None}, True),
        (1, None, False),
    ]
    mine.finish(RunState.FAILED, "it was refused")
    assert journal.find("latest").reason == "it was refused"
    assert [run.id for run in journal.runs()] == ["r1"]


def test_latest_is_the_newest_that_is_not_undone(journal):
    for number in (1, 2):
        run = replace(RUN, id=f"r{number}", started=f"2026-01-0{number}T00:00:00")
        journal.begin(run).finish(RunState.APPLIED)
    assert journal.find("latest").id == "r2"
    journal.mark_undone("r2")
    assert journal.find("latest").id == "r1"
    journal.mark_undone("r1")
    with pytest.raises(UsageError, match="no run to take back"):
        journal.find("latest")
    with pytest.raises(UsageError, match="r9"):
        journal.find("r9")


def test_one_run_at_a_time_changes_an_account(journal):
    mine = journal.begin(RUN)
    with pytest.raises(LockedError, match="r1 is under way"):
        journal.begin(replace(RUN, id="r2", verb="undo", of="r1"))
    journal.begin(replace(RUN, id="r3", account_id="another")).finish(RunState.APPLIED)
    mine.finish(RunState.APPLIED)
    journal.begin(replace(RUN, id="r4")).finish(RunState.APPLIED)


def holder(journal, **values):
    with journal._engine.begin() as connection:  # as another process would have left it
        row = {"account_id": "acc", "run_id": "r0", "since": "then", **values}
        connection.execute(insert(LOCKS).values(**row))


def test_a_lock_outlives_its_process_only_on_another_machine(journal):
    dead = subprocess.Popen(["true"])
    dead.wait()
    holder(journal, host=platform.node(), pid=dead.pid)
    journal.begin(RUN).finish(RunState.APPLIED)
    holder(journal, host="elsewhere", pid=dead.pid)
    with pytest.raises(LockedError, match="elsewhere"):
        journal.begin(replace(RUN, id="r2"))
    journal.break_lock("acc")
    journal.begin(replace(RUN, id="r2")).finish(RunState.APPLIED)


def test_nothing_begins_on_top_of_a_run_that_was_cut_off(journal):
    journal.begin(RUN)
    journal.break_lock("acc")
    with pytest.raises(LockedError, match="--resume r1"):
        journal.begin(replace(RUN, id="r2"))
    journal.resume(journal.find("r1")).finish(RunState.APPLIED)
    journal.begin(replace(RUN, id="r2")).finish(RunState.APPLIED)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("sqlite:////proc/nowhere/journal.db", "cannot be opened"),
        ("no address", "no address of a store"),
        ("mongodb://here", "no address of a store"),
        ("postgresql+psycopg://me:secret@127.0.0.1:1/x", "cannot be opened"),
    ],
)
def test_a_store_that_cannot_be_used_says_so_in_one_line(address, said):
    with pytest.raises(StoreError, match=said) as caught:
        open_database(address)
    assert "secret" not in str(caught.value)


def test_a_store_of_a_later_version_is_left_alone(tmp_path):
    address = f"sqlite:///{tmp_path / 'journal.db'}"
    engine = open_database(address)
    with engine.begin() as connection:
        connection.execute(update(STORE).values(version=99))
    engine.dispose()
    with pytest.raises(StoreError, match="later version"):
        open_database(address)


def test_the_file_is_made_for_its_owner_alone(tmp_path):
    engine = open_database(f"sqlite:///{tmp_path / 'journal.db'}")
    with engine.connect() as connection:
        assert connection.execute(select(STORE.c.version)).scalar() == VERSION
    engine.dispose()
    assert Path(tmp_path / "journal.db").stat().st_mode & 0o077 == 0
