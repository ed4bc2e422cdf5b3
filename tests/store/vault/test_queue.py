"""The queue of a backup: what was put is there after any death, and one process is at it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakewarden.errors import LockedError, UsageError, VaultError
from lakewarden.store.vault.manifest import Collection, Entry, Status, digest_of, root_of
from lakewarden.store.vault.opened import opened
from lakewarden.store.vault.queue import Item, Queue, State
from lakewarden.store.vault.work import Work


@pytest.fixture
def work(tmp_path, machine):
    machine("state")
    with Work.open("https://one", str(tmp_path / "v")) as work:
        yield work


def _nothing():
    """Make nothing durable."""


def test_what_is_put_is_there_and_what_was_found_before_stays(work):
    done = Item("job", "1", "a", "acl", State.DONE, "s" * 64, stamp={"modified_at": 3})
    with Queue(work, _nothing) as queue:
        assert not queue.resumed
        run = queue.run_id, queue.started
        queue.found(Item("job", "1"), Item("job", "2"), Item("pool", "1", stage="read"))
        queue.put(done)
        queue.listed("job", Collection(Status.PARTIAL, 2, ("403",)))
        queue.note("mine", [1, {"a": None}])
    with Queue(work, _nothing) as queue:
        assert queue.resumed
        assert (queue.run_id, queue.started) == run
        queue.found(Item("job", "1"), Item("job", "3"))
        assert queue.get("job", "1") == done
        assert queue.get("job", "9") is None
        assert [item.id for item in queue.items()] == ["1", "2", "1", "3"]
        assert [item.id for item in queue.items("job", State.OPEN)] == ["2", "3"]
        assert [item.kind for item in queue.items(stage="read")] == ["pool"]
        assert (queue.count(), queue.count("job"), queue.count(state=State.DONE)) == (4, 3, 1)
        assert queue.collections() == {"job": Collection(Status.PARTIAL, 2, ("403",))}
        assert (queue.noted("mine"), queue.noted("other", 7)) == ([1, {"a": None}], 7)
        stamp = {"id": "1", "modified_at": 3}
        assert list(queue.entries()) == [Entry("job", "a", "s" * 64, stamp=stamp)]
    with Queue(work, _nothing, fresh=True) as queue:
        assert not queue.resumed
        assert queue.run_id != run[0]
        assert queue.count() == 0


@given(st.dictionaries(st.text(st.characters(), max_size=6), st.text(max_size=3), max_size=30))
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_entries_come_in_their_order_whatever_things_are_called(work, names):
    names |= {"\ud800": "\udfff", "\uffff": "x", "\U0001f600": "y"}
    with Queue(work, _nothing, fresh=True) as queue:
        queue.put(*(Item(kind, key, key, state=State.DONE) for key, kind in names.items()))
        entries = list(queue.entries())
    assert [entry.order for entry in entries] == sorted((kind, key) for key, kind in names.items())
    assert len(root_of(entries)) == 64


def test_pages_are_joined(work, monkeypatch):
    monkeypatch.setattr("lakewarden.store.vault.queue._PAGE", 7)
    with Queue(work, _nothing) as queue:
        for number in range(50):
            state = State.DONE if number % 2 else State.OPEN
            queue.put(Item("job", str(number), f"same {number // 10}", state=state))
        assert [item.id for item in queue.items()] == [str(number) for number in range(50)]
        assert [entry.stamp["id"] for entry in queue.entries()] == [
            str(number) for number in range(1, 50, 2)
        ]
        seen = 0
        for item in queue.items(state=State.OPEN):
            queue.put(Item("job", item.id, state=State.FAILED, error="x"))
            seen += 1
        assert seen == queue.count(state=State.FAILED) == 25


def test_blobs_are_durable_before_what_needs_them_is_done(work):
    flushed = []
    with Queue(work, lambda: flushed.append(True)) as queue:
        flushed.clear()
        queue.put(Item("job", "1", state=State.DONE))
        assert queue.count(state=State.DONE) == 1
        assert flushed == [True]


@pytest.mark.parametrize("kind", [VaultError, ValueError])
def test_what_cannot_be_written_is_told_to_whoever_goes_on(work, kind):
    def full():
        raise kind("cannot be written (No space left on device)")

    with Queue(work, _nothing) as queue:
        queue._flush = full
        queue.put(Item("job", "1", state=State.DONE))
        with pytest.raises(VaultError, match="No space left"):
            queue.settle()
        with pytest.raises(VaultError, match="No space left"):
            queue.put(Item("job", "2"))
    with Queue(work, _nothing) as queue:
        assert queue.count() == 0


def test_a_queue_that_is_no_database_is_told(work):
    (work.folder / "queue.db").write_text("nonsense" * 100)
    with pytest.raises(VaultError, match="the queue of the backup cannot be kept"):
        Queue(work, _nothing)
    with Queue(work, _nothing, fresh=True) as queue:
        assert queue.count() == 0


def test_one_workspace_and_vault_is_worked_at_once(work, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for url in (str(tmp_path / "v"), "v", "./v"):
        with pytest.raises(LockedError, match=f"process {os.getpid()}"):
            Work.open("https://one", url)
    with Work.open("https://two", "v") as other, Work.open("https://one", "w") as third:
        assert len({work.folder, other.folder, third.folder}) == 3
    with pytest.raises(UsageError, match="home folder of a user that is not known"):
        Work.open("https://one", "~nobody-at-all/v")


_BACKS_UP = """
import sys
from lakewarden.store.vault.opened import opened
from lakewarden.store.vault.queue import Item, Queue, State
from lakewarden.store.vault.work import Work
url, count = sys.argv[1], int(sys.argv[2])
with Work.open("https://one", url) as work, opened(url, spool=work.folder, create=True) as vault:
    with Queue(work, vault.flush) as queue:
        queue.found(*(Item("notebook", str(n), f"/n {n}") for n in range(count)))
        print(queue.run_id, queue.count(state=State.DONE), flush=True)
        for item in queue.items(state=State.OPEN):
            digest = vault.put(f"print({item.id})".encode() * 50)
            queue.put(Item(item.kind, item.id, item.key, state=State.DONE, content=digest))
"""


def test_whatever_kills_it_the_rest_is_done_and_nothing_is_missing(tmp_path, machine):
    machine("state")
    url, count, runs, done = str(tmp_path / "v"), 2500, set(), [0]
    for seconds in (0.1, 0.6, None):
        command = [sys.executable, "-c", _BACKS_UP, url, str(count)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            said = process.stdout.readline().split()
            if seconds is not None:
                time.sleep(seconds)
                process.send_signal(signal.SIGKILL)
        runs.add(said[0])
        done.append(int(said[1]))
    assert len(runs) == 1
    assert done == sorted(done)
    assert done[-1] > 0
    with Work.open("https://one", url) as work, opened(url, spool=work.folder) as vault:
        with Queue(work, vault.flush) as queue:
            entries = list(queue.entries())
        keys = sorted((f"/n {n}", digest_of(f"print({n})".encode() * 50)) for n in range(count))
        assert [(entry.key, entry.content) for entry in entries] == keys
        for _key, digest in keys:
            vault.get(digest)
