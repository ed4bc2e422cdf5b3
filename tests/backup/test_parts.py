"""The parts of a backup, each alone."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakewarden.assets.registry import kinds
from lakewarden.backup.before import Before, time_of
from lakewarden.backup.changes import Changes, changes
from lakewarden.backup.listing import outcome
from lakewarden.backup.selection import Selection
from lakewarden.backup.shaping import mark_of, told_apart
from lakewarden.backup.signals import Signals
from lakewarden.clients.failure import CallFailedError
from lakewarden.errors import UsageError
from lakewarden.estate.fact import Cause
from lakewarden.store.vault.manifest import Collection, Entry, Status
from lakewarden.store.vault.queue import Item

NOTEBOOK = kinds()["notebook"]
DAY = 86_400
A, B, C = ("a" * 64, "b" * 64, "c" * 64)


def entry(number, read_at, **more):
    stamp = {"id": str(number), "object_id": number, "modified_at": 5, "acl_read_at": read_at}
    return Entry("notebook", f"/n{number}", A, B, C, {**stamp, **more})


def test_what_is_known_comes_back_as_it_was():
    known = Before([entry(1, time_of(9000))]).of(NOTEBOOK, "/n1")
    assert (known.spec, known.acl, known.content, known.cipher) == (A, B, C, None)
    assert (known.identity, known.acl_read_at) == ("1", 9000)
    assert Before().of(NOTEBOOK, "/n1") is None


@pytest.mark.parametrize(
    ("stamp", "same"),
    [
        ({"object_id": 1, "modified_at": 5}, True),
        ({"object_id": 1, "modified_at": 6}, False),
        ({"object_id": 2, "modified_at": 5}, False),
        ({"object_id": 1, "modified_at": 5, "language": "SQL"}, False),
        ({"object_id": 1}, False),
    ],
)
def test_only_an_equal_stamp_with_a_time_in_it_is_trusted(stamp, same):
    before = Before([entry(1, time_of(0))])
    assert before.same(NOTEBOOK, before.of(NOTEBOOK, "/n1"), stamp) is same


def test_a_list_that_has_no_times_gives_no_mark():
    assert mark_of(NOTEBOOK, {"object_id": 1, "language": "SQL"}) is None


@settings(deadline=None, max_examples=30)
@given(st.lists(st.floats(0.01, 3), min_size=8, max_size=40))
def test_each_permission_is_read_again_within_the_period_and_few_at_a_time(pauses):
    """Runs at odd times, of twenty objects, with a period of seven days."""
    read_at = dict.fromkeys(range(20), 1e9)
    now = 1e9
    for pause in pauses:
        now += pause * DAY
        entries = [entry(n, time_of(at)) for n, at in read_at.items()]
        before = Before(entries, period=7 * DAY)
        due = {n for n in read_at if before.due(before.of(NOTEBOOK, f"/n{n}"), now)}
        for n in read_at:
            assert n in due or now - read_at[n] < 7 * DAY
        read_at |= dict.fromkeys(due, now)


def test_a_run_a_moment_later_reads_no_permission_again():
    before = Before([entry(n, time_of(1e9)) for n in range(500)], period=7 * DAY)
    due = sum(before.due(before.of(NOTEBOOK, f"/n{n}"), 1e9 + 60) for n in range(500))
    assert due <= 1


def test_a_day_later_it_reads_about_a_seventh():
    before = Before([entry(n, time_of(1e9)) for n in range(500)], period=7 * DAY)
    due = sum(before.due(before.of(NOTEBOOK, f"/n{n}"), 1e9 + DAY) for n in range(500))
    assert 40 < due < 110


def test_permissions_that_are_known_to_have_changed_are_read_at_once():
    before = Before([entry(1, time_of(1e9))], period=7 * DAY)
    before.signalled(Signals(frozenset({"1"})))
    assert before.due(before.of(NOTEBOOK, "/n1"), 1e9 + 1)


def test_the_oldest_of_a_name_has_it_plainly():
    ages = [("b", 30), ("a", 9), ("c", 100), ("d", None)]
    items = [
        Item("job", one, "twin" if age else "lone", stamp={"created": age} if age else {})
        for one, age in ages
    ]
    named = told_apart(items)
    assert [i.key for i in named] == ["twin#2", "twin", "twin#3", "lone"]
    assert [i.id for i in named] == ["b", "a", "c", "d"]
    assert told_apart(named) == named
    assert [i.key for i in told_apart(named[:1])] == ["twin"]


def failed(cause, code=""):
    return CallFailedError(cause, "no", code=code)


@pytest.mark.parametrize(
    ("count", "failures", "status"),
    [
        (0, [], Status.COMPLETE),
        (3, [], Status.COMPLETE),
        (3, [failed(Cause.SERVER_ERROR)], Status.PARTIAL),
        (0, [failed(Cause.SERVER_ERROR)], Status.PARTIAL),
        (0, [failed(Cause.FORBIDDEN)], Status.FORBIDDEN),
        (3, [failed(Cause.FORBIDDEN)], Status.PARTIAL),
        (0, [failed(Cause.DISABLED)], Status.DISABLED),
        (0, [failed(Cause.NOT_FOUND, "ENDPOINT_NOT_FOUND")], Status.DISABLED),
        (0, [failed(Cause.NOT_FOUND)], Status.PARTIAL),
        (0, [failed(Cause.DISABLED), failed(Cause.FORBIDDEN)], Status.FORBIDDEN),
    ],
)
def test_only_a_list_that_came_to_its_end_is_complete(count, failures, status):
    assert outcome(count, failures).status is status


WHOLE, PART = Collection(Status.COMPLETE), Collection(Status.PARTIAL)
statuses = st.sampled_from([WHOLE, PART])
runs = st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from([A, B, C]))


@settings(deadline=None)
@given(runs, runs, statuses, statuses)
def test_changes_are_what_a_comparison_finds(old, new, old_list, new_list):
    made = [[Entry("job", key, spec) for key, spec in sorted(run.items())] for run in (old, new)]
    count = changes(*made, {"job": old_list}, {"job": new_list})["job"]
    assert count.before == len(old)
    assert count.changed == sum(old[key] != new[key] for key in old.keys() & new.keys())
    assert count.added == (len(new.keys() - old.keys()) if old_list is WHOLE else 0)
    assert count.gone == (
        len(old.keys() - new.keys()) if (old_list, new_list) == (WHOLE,) * 2 else 0
    )


@pytest.mark.parametrize(
    ("before", "changed", "gone", "massive"),
    [
        (100, 30, 0, False),
        (100, 31, 0, True),
        (100, 10, 21, True),
        (19, 10, 9, False),
        (20, 10, 10, True),
        (1000, 0, 299, False),
    ],
)
def test_much_is_more_than_thirty_per_cent_and_at_least_twenty(before, changed, gone, massive):
    assert Changes(before, 0, changed, gone).massive is massive


@pytest.mark.parametrize(
    ("selection", "has", "enters"),
    [
        (Selection(), "/a", "/a"),
        (Selection(paths=("/Shared/*",)), "/Shared/x/y", "/Shared/x"),
        (Selection(paths=("/Shared/team/*.sql",)), "/Shared/team/q.sql", "/Shared"),
        (Selection(paths=("/Users/*/lib",)), "/Users/a@b/lib", "/Users/a@b"),
        (Selection(without=("/Shared/old*",)), "/Shared/new", "/Shared"),
    ],
)
def test_what_is_selected_is_reached(selection, has, enters):
    assert selection.has(has)
    assert selection.may_have(enters)


@pytest.mark.parametrize(
    ("selection", "path"),
    [
        (Selection(paths=("/Shared/*",)), "/Users"),
        (Selection(paths=("/Shared/team/*",)), "/Shared/other"),
        (Selection(without=("/Shared/old",)), "/Shared/old"),
    ],
)
def test_what_is_not_selected_is_not_entered(selection, path):
    assert not selection.has(path)
    assert not selection.may_have(path)


def test_kinds_come_with_those_that_they_refer_to():
    chosen = Selection(kinds=("job",)).chosen()
    assert {"job", "cluster", "cluster_policy", "instance_pool"} <= set(chosen)
    assert "notebook" not in chosen
    assert "user" not in Selection(without=("user",)).chosen()


@pytest.mark.parametrize("selection", [Selection(kinds=("jobs",)), Selection(without=("jobs",))])
def test_a_kind_that_is_not_there_is_refused(selection):
    with pytest.raises(UsageError, match="there is no kind jobs"):
        selection.chosen()
