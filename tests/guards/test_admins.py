"""Admins: somebody stays, one for emergencies among them, and so does the caller."""

from __future__ import annotations

from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from guards.people import directory, group, machine, user
from guards.plans import ME, asked, change
from lakewarden.estate.given import refused
from lakewarden.guards.admins import GUARD
from lakewarden.guards.guard import Caller
from lakewarden.policyfile.policy import Policy

ROLE = "/roles/[value=account_admin]"
HELD = {"value": "account_admin"}
STRANGER = Caller(user="nobody@example.com")


def loses(kind, key):
    return change(kind, key, {ROLE: HELD}, {ROLE: None}, scope="account")


def sleeps(key, kind="account_user"):
    return change(kind, key, {"/active": True}, {"/active": False}, scope="account")


def unassigned(key):
    where = {"scope": "account"}
    return change("workspace_assignment", f"1/{key}", {"/permissions": ["ADMIN"]}, None, **where)


def refusals(snapshot, *changes, names=(), caller=STRANGER):
    policy = Policy(break_glass=tuple(names))
    return [r.why for r in GUARD.refuse(asked(snapshot, *changes, caller=caller, policy=policy))]


def test_an_account_admin_is_left():
    two = directory([user("1", admin=True), user("2", admin=True)], assigned=[1, 2])
    assert not refusals(two, loses("account_user", "1"))
    whys = refusals(two, loses("account_user", "1"), loses("account_user", "2"))
    assert whys == ["nobody would administer the account any more"]


def test_who_cannot_sign_in_is_no_admin():
    dead = directory([user("1", admin=True), user("2", admin=True, active=False)])
    assert refusals(dead, loses("account_user", "1"))
    both = directory([user("1", admin=True), user("2", admin=True)])
    assert refusals(both, loses("account_user", "1"), sleeps("2"))


def test_a_group_or_a_machine_holds_the_role_too():
    through = directory([user("1", admin=True), user("2")], groups=[group("g", "2", admin=True)])
    assert not refusals(through, loses("account_user", "1"))
    assert refusals(through, loses("account_user", "1"), loses("account_group", "g"))
    nested = [group("g", "h", admin=True), group("h", "7")]
    robot = directory([user("1", admin=True)], [machine("7")], nested)
    assert not refusals(robot, loses("account_user", "1"))
    circle = [group("g", "h", admin=True), group("h", "g", "7")]
    round_about = directory([user("1", admin=True)], [machine("7")], circle)
    assert not refusals(round_about, loses("account_user", "1"))
    empty = directory([user("1", admin=True)], groups=[group("g", admin=True)])
    assert refusals(empty, loses("account_user", "1"))


def test_every_state_on_the_way_counts():
    swap = directory([user("1", admin=True), user("2")])
    gains = change("account_user", "2", {ROLE: None}, {ROLE: HELD}, scope="account")
    assert not refusals(swap, gains, loses("account_user", "1"))
    assert refusals(swap, loses("account_user", "1"), gains)


def test_a_workspace_admin_is_left():
    kept = directory([user("1"), user("2")], admins=["1", "2"], assigned=[1, 2])
    assert not refusals(kept, unassigned("1"))
    whys = refusals(kept, unassigned("1"), unassigned("2"))
    assert whys == ["nobody would administer workspace 1 any more"]
    alone = directory([user("1")], admins=["1"], assigned=[1])
    less = change(
        "workspace_assignment",
        "1/1",
        {"/permissions": ["ADMIN"]},
        {"/permissions": ["USER"]},
        scope="account",
    )
    assert refusals(alone, less)


def test_somebody_for_emergencies_stays_an_admin():
    people = [user("1", admin=True), user("2", admin=True), user("3", admin=True)]
    glass = directory(people, groups=[group("g", "2", "3", name="break-glass")])
    one, other = loses("account_user", "2"), loses("account_user", "3")
    assert not refusals(glass, one, names=["break-glass"])
    (why,) = refusals(glass, one, other, names=["break-glass"])
    assert "nobody for emergencies would administer the account" in why
    assert not refusals(glass, one, other)
    assert not refusals(glass, loses("account_user", "1"), names=["2@example.com"])
    out = change(
        "account_group", "g", {"/members": []}, {"/members": [{"value": "1"}]}, scope="account"
    )
    assert not refusals(glass, out, names=["break-glass"])
    nobody = change("account_group", "g", {"/members": []}, {"/members": []}, scope="account")
    assert not refusals(glass, nobody, names=["break-glass"]), "they keep the role all the same"


def test_those_for_emergencies_are_never_switched_off():
    people = [user("1", admin=True), user("2")]
    glass = directory(people, groups=[group("g", "2", name="break-glass")])
    (why,) = refusals(glass, sleeps("2"), names=["break-glass"])
    assert "would no longer sign in" in why
    assert not refusals(glass, sleeps("2"))
    gone = change("account_group", "g", {"/roles": []}, None, scope="account", name="break-glass")
    assert "would be removed" in refusals(glass, gone, names=["break-glass"])[0]


def test_the_caller_stays_an_admin_and_is_not_switched_off():
    people = [user("ann", admin=True), user("2", admin=True)]
    both = directory(people, assigned=["7"])
    (why,) = refusals(both, loses("account_user", "ann"), caller=ME)
    assert "ann@example.com would no longer administer the account" in why
    assert not refusals(both, loses("account_user", "2"), caller=ME)
    assert "is the caller" in refusals(both, sleeps("ann"), caller=ME)[0]
    robot = directory([user("1", admin=True)], [machine("7", admin=True)])
    mine = Caller(user="app-7", display="robot")
    assert "robot would" in refusals(robot, loses("account_service_principal", "7"), caller=mine)[0]


def test_who_may_be_missing_counts_only_where_nobody_is_left():
    hidden = directory([user("1", admin=True)], account_groups=refused())
    (why,) = refusals(hidden, loses("account_user", "1"))
    assert why.startswith("nobody can tell whether anybody would still administer the account")
    more = directory([user("1", admin=True), user("2", admin=True)], account_groups=refused())
    assert not refusals(more, loses("account_user", "1"))


PEOPLE, GROUPS = ("1", "2", "3"), ("g", "h")
worlds = st.fixed_dictionaries(
    {
        "roles": st.sets(st.sampled_from([*PEOPLE, *GROUPS])),
        "active": st.sets(st.sampled_from(PEOPLE)),
        "members": st.fixed_dictionaries(
            {name: st.sets(st.sampled_from([*PEOPLE, *GROUPS]), max_size=3) for name in GROUPS}
        ),
    }
)
moves = st.lists(
    st.tuples(st.sampled_from(["role", "sleep", "out"]), st.sampled_from([*PEOPLE, *GROUPS])),
    max_size=4,
    unique=True,
)


def admins_of(world):
    """Widen the circle of those with the role until nobody joins."""
    found, before = set(world["roles"]), None
    while found != before:
        before = set(found)
        for name in GROUPS:
            found |= world["members"][name] if name in found else set()
    return {one for one in found if one in world["active"]}


def moved(world, move):
    """Return the world after a move, with the change that makes it; None where it makes none."""
    what, who = move
    kind = "account_group" if who in GROUPS else "account_user"
    if what == "role" and who in world["roles"]:
        return {**world, "roles": world["roles"] - {who}}, loses(kind, who)
    if what == "sleep" and who in world["active"]:
        return {**world, "active": world["active"] - {who}}, sleeps(who)
    if what == "out" and who in GROUPS and world["members"][who]:
        members = {**world["members"], who: set()}
        empty = ("account_group", who, {"/members": [1]}, {"/members": []})
        return {**world, "members": members}, change(*empty, scope="account")
    return None


@settings(max_examples=150)
@drawn(worlds, moves)
def test_a_plan_is_refused_exactly_when_nobody_would_be_left(world, steps):
    people = [user(p, admin=p in world["roles"], active=p in world["active"]) for p in PEOPLE]
    groups = [group(g, *sorted(world["members"][g]), admin=g in world["roles"]) for g in GROUPS]
    changes, left = [], [admins_of(world)]
    for step in steps:
        if made := moved(world, step):
            world, one = made
            changes.append(one)
            left.append(admins_of(world))
    found = refusals(directory(people, groups=groups), *changes)
    assert bool(found) is (bool(left[0]) and not all(left))
