"""Wishes about one thing become one change, in an order in which changes can be made."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lakewarden.plan.change import Action, Change, Proof, Reason, Target, change_from_json
from lakewarden.plan.order import ordered
from lakewarden.plan.wish import ConflictError, Gathering, Wish

ONE = Reason("one", ("P01",), "3001", "research")
TWO = Reason("two", ("P02",), "3001", "research")
CLUSTER = Target("cluster", "workspace/3001", "0101-abc")


def gathered(*wishes):
    gathering = Gathering()
    for reason, wish in wishes:
        gathering.add(wish, reason)
    return gathering.changes()


def wish(before, edits, **more):
    return Wish(CLUSTER, "etl", before, edits, **more)


def added(*entries):
    return lambda old: sorted({*(old or ()), *entries})


def test_two_controls_that_want_something_of_one_thing_make_one_change():
    [change] = gathered(
        (ONE, wish({"/disk": False}, {"/disk": True}, restart="the cluster")),
        (TWO, wish({"/minutes": None}, {"/minutes": 60})),
    )
    assert change.address == "workspace/3001:cluster[0101-abc]"
    assert change.before == {"/disk": False, "/minutes": None}
    assert change.after == {"/disk": True, "/minutes": 60}
    assert change.reasons == (ONE, TWO)
    assert change.restart == "the cluster"


def test_edits_of_one_list_add_up():
    [change] = gathered(
        (ONE, wish({"/tags": ["a"]}, {"/tags": added("b")})),
        (TWO, wish({"/tags": ["a"]}, {"/tags": added("c")})),
        (TWO, wish({"/tags": ["a"]}, {"/tags": added("c")})),
    )
    assert change.before == {"/tags": ["a"]}
    assert change.after == {"/tags": ["a", "b", "c"]}


@pytest.mark.parametrize(
    "second",
    [
        wish({"/disk": False}, {"/disk": "maybe"}),
        wish({"/disk": False}, None),
        wish(None, {"/disk": True}),
    ],
)
def test_what_two_controls_want_differently_is_a_conflict(second):
    with pytest.raises(ConflictError, match="one"):
        gathered((ONE, wish({"/disk": False}, {"/disk": True})), (TWO, second))


def test_a_wish_for_what_is_there_is_no_change():
    assert gathered((ONE, wish({"/disk": True}, {"/disk": True}))) == ()


def test_proofs_are_made_of_what_all_wishes_leave():
    def prove(after):
        yield Proof("works", "it works", "proved" if after["/tags"] == ["b", "c"] else "refuted")

    [change] = gathered(
        (ONE, wish({"/tags": None}, {"/tags": added("b")}, proofs=prove)),
        (TWO, wish({"/tags": None}, {"/tags": added("c")})),
    )
    assert [proof.holds for proof in change.proofs] == [True]


def change(key, follows=(), **more):
    target = Target("workspace_conf", "workspace/1", key)
    return Change(target, key, {"/value": None}, {"/value": "true"}, (ONE,), follows, **more)


def test_each_change_comes_after_those_that_it_follows():
    switch = change("switch", (change("list").address, "workspace/1:not_in[this_plan]"))
    found = ordered([switch, change("other"), change("list")])
    assert [c.target.key for c in found] == ["other", "list", "switch"]


def test_a_thing_is_changed_before_the_rule_that_would_refuse_it():
    policy, cluster = (
        replace(change("x"), target=replace(CLUSTER, kind=kind))
        for kind in ("cluster_policy", "cluster")
    )
    found = ordered([change("switch"), policy, cluster])
    assert [c.target.kind for c in found] == ["cluster", "cluster_policy", "workspace_conf"]


def test_changes_that_wait_for_each_other_have_no_order():
    first, second = change("a", (change("b").address,)), change("b", (change("a").address,))
    with pytest.raises(ValueError, match="wait for each other"):
        ordered([first, second])


def test_taking_back_leaves_what_was_found_or_what_stands_for_nothing():
    made = change("a", instead={"/value": "false"})
    back = made.taking_back({"/value": None})
    assert (back.before, back.after) == ({"/value": "true"}, {"/value": "false"})
    assert made.taking_back({"/value": "x"}).after == {"/value": "x"}
    assert made.taking_back(None).action is Action.DELETE
    fresh = replace(made, before=None).taking_back(None)
    assert (fresh.before, fresh.after) == ({"/value": "true"}, {"/value": "false"})


@pytest.mark.parametrize(
    ("altered", "error"),
    [
        ({"before": {"/other": 1}}, ValueError),
        ({"before": None, "after": None}, ValueError),
        ({"address": "workspace/2:workspace_conf[a]"}, ValueError),
        ({"before": "nothing"}, TypeError),
        ({"target": {"kind": "x"}}, TypeError),
    ],
)
def test_a_change_that_was_tampered_with_is_refused(altered, error):
    made = replace(change("a"), proofs=(Proof("works", "it works", "proved"),))
    assert change_from_json(made.as_json()) == made
    with pytest.raises(error):
        change_from_json({**made.as_json(), **altered})
