"""Who administers: nested groups, groups that hide something, and lists that break off."""

from __future__ import annotations

import pytest

from controls.kit import cut
from lakewarden.controls.kit.admins import account_admins, every_admin, people, workspace_admins
from lakewarden.controls.kit.emergency import emergency_users
from lakewarden.estate.estate import Estate
from lakewarden.estate.fact import UnreadError
from lakewarden.estate.given import given
from lakewarden.estate.people import ACCOUNT_GROUPS, ACCOUNT_USERS
from lakewarden.policyfile.policy import Policy

ROLE = [{"value": "account_admin"}]


def group(identity, *members, roles=(), name=None):
    shown = [{"value": member, "$ref": f"Users/{member}"} for member in members]
    return {"id": identity, "displayName": name or identity, "members": shown, "roles": roles}


def nested(identity, *groups, roles=()):
    shown = [{"value": inner, "$ref": f"Groups/{inner}"} for inner in groups]
    return {"id": identity, "displayName": identity, "members": shown, "roles": roles}


def user(identity, **more):
    return {"id": identity, "userName": f"{identity}@example.com", **more}


def snapshot(users=(), groups=(), inside=(), assigned=()):
    entry = {"workspace_id": 1, "permission_assignments": assigned}
    return given(
        account_users=users,
        account_service_principals=[],
        account_groups=groups,
        workspace_groups=[group("a", *inside, name="admins")],
        permission_assignments=[entry],
    )


def test_each_is_named_once_with_the_outermost_group():
    groups = [nested("outer", "inner", roles=ROLE), group("inner", "1", "2")]
    found = account_admins(Estate(snapshot([user("1", roles=ROLE), user("2")], groups)))
    assert found.gap is None
    assert found.through == {"1": "", "2": "outer"}


def test_the_evidence_tells_who_has_it_by_way_of_what():
    groups = [group("crew", "2", "3", roles=ROLE)]
    found = account_admins(Estate(snapshot([user("1", roles=ROLE)], groups)))
    evidence = found.counted("GET /x", "admins", 1, 4).evidence[0]
    assert evidence.value == "3: 1 directly, 2 through crew"
    assert evidence.expected == "between 1 and 4"


def test_groups_in_each_other_end():
    groups = [nested("g", "h", roles=ROLE), nested("h", "g")]
    found = account_admins(Estate(snapshot([], groups)))
    assert found.through == {}
    assert "there is always one" in found.gap.detail


def test_one_hidden_group_leaves_the_others():
    groups = [group("hidden", roles=ROLE), group("open", "2", roles=ROLE)]
    found = account_admins(Estate(snapshot([], groups)))
    assert found.through == {"2": "open"}
    assert "hidden lists no members" in found.gap.detail


def test_a_user_whose_roles_are_not_known_leaves_the_others():
    odd = user("1", roles="?")
    found = account_admins(Estate(snapshot([odd, user("2", roles=ROLE)])))
    assert found.through == {"2": ""}
    assert found.gap is not None


def test_admins_of_a_workspace_come_from_both_lists():
    assigned = [
        {"principal": {"principal_id": 7}, "permissions": ["ADMIN"]},
        {"principal": {"principal_id": 8}, "permissions": ["USER"]},
    ]
    estate = Estate(snapshot(inside=("1",), assigned=assigned))
    (workspace,) = estate.workspaces()
    found = workspace_admins(estate, workspace)
    assert set(found.through) == {"1", "7"}


def test_every_admin_is_of_the_account_or_of_a_workspace():
    estate = Estate(snapshot([user("1", roles=ROLE), user("2"), user("3")], inside=("2",)))
    names, gap = people(estate, every_admin(estate))
    assert gap is None
    assert names == {"1": "1@example.com", "2": "2@example.com"}


def test_names_from_a_list_that_breaks_off_are_some_of_them():
    estate = Estate(cut(snapshot([user("1", roles=ROLE)]), ACCOUNT_USERS))
    names, gap = people(estate, account_admins(estate))
    assert names == {"1": "1@example.com"}
    assert gap is not None


def test_emergency_users_are_named_alone_or_by_their_group():
    estate = Estate(snapshot([user("Emma"), user("2")], [group("rescue", "Emma")]))
    policy = Policy(break_glass=("rescue", "Ann@example.com"))
    assert emergency_users(estate, policy) == {"emma@example.com", "ann@example.com"}
    assert emergency_users(estate, Policy()) == set()


@pytest.mark.parametrize("kind", [ACCOUNT_GROUPS, ACCOUNT_USERS])
def test_who_is_spared_must_be_certain(kind):
    estate = Estate(cut(snapshot([user("1")], [group("rescue", "1")]), kind))
    with pytest.raises(UnreadError):
        emergency_users(estate, Policy(break_glass=("rescue",)))
