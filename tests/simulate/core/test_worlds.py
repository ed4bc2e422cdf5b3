from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from databricks.sdk.service.iam import WorkspacePermission

from lakewarden.simulate import start
from lakewarden.simulate.world import names, read
from simulate.core.kit import Lab

Shared = Callable[[str], Lab]
WORLDS = {
    "fresh": ("PREMIUM", [1001]),
    "typical": ("ENTERPRISE", [2001, 2002]),
    "high-security": ("ENTERPRISE", [3001, 3002]),
    "neglected": ("ENTERPRISE", [4001, 4002]),
    "under-attack": ("ENTERPRISE", [2001, 2002]),
}


def _admins(lab: Lab) -> list[str]:
    people = [*lab.account().users_v2.list(), *lab.account().service_principals_v2.list()]
    return [
        person.display_name or ""
        for person in people
        if any(role.value == "account_admin" for role in person.roles or [])
    ]


def test_there_are_these_worlds() -> None:
    assert names() == sorted(WORLDS)
    with pytest.raises(ValueError, match="no world 'atlantis'"):
        read("atlantis")


@pytest.mark.parametrize("world", WORLDS)
def test_a_world_is_up_quickly_and_has_its_workspaces(world: str) -> None:
    began = time.monotonic()
    with start(world, aws=False) as simulation:
        assert time.monotonic() - began < 3
        tier, workspace_ids = WORLDS[world]
        workspaces = list(Lab(simulation).account().workspaces.list())
        assert [w.workspace_id for w in workspaces] == workspace_ids
        assert {w.pricing_tier.value for w in workspaces if w.pricing_tier} == {tier}


def test_two_runs_of_a_world_have_the_same_ids() -> None:
    with start("typical", aws=False) as one, start("typical", aws=False) as other:
        assert one.token == other.token
        assert one.account.table("users").keys() == other.account.table("users").keys()


def test_fresh_has_nothing_configured(shared: Shared) -> None:
    lab = shared("fresh")
    workspace = next(iter(lab.account().workspaces.list()))
    assert workspace.network_id is None
    assert list(lab.account().log_delivery.list()) == []
    place = lab.simulation.account.workspaces[1001]
    assert place.conf == {}
    assert dict(place.table("settings")) == {}
    assert _admins(lab) == ["owner", "fr-scanner"]
    assert [user.external_id for user in lab.account().users_v2.list()] == [None]


def test_typical_has_its_gaps_and_no_others(shared: Shared) -> None:
    lab = shared("typical")
    users = list(lab.account().users_v2.list())
    assert len(users) == 40
    assert len([user for user in users if not user.external_id]) == 5
    tokens = list(lab.workspace(2001).token_management.list())
    assert [t.comment for t in tokens if t.expiry_time == -1] == ["notebook sync on my laptop"]
    groups = {g.display_name: g for g in lab.workspace(2001).groups_v2.list()}
    assert "allow-cluster-create" in {e.value for e in groups["users"].entitlements or []}
    conf = lab.workspace(2001).workspace_conf.get_status(
        keys="maxTokenLifetimeDays,enableVerboseAuditLogs"
    )
    assert conf == {"maxTokenLifetimeDays": "365", "enableVerboseAuditLogs": "false"}


def test_high_security_has_few_admins_with_accounts_of_their_own(shared: Shared) -> None:
    lab = shared("high-security")
    admins = _admins(lab)
    assert len(admins) == 3
    assert all(name.startswith("adm-") for name in admins)
    assert all(user.external_id for user in lab.account().users_v2.list())
    for workspace_id in (3001, 3002):
        assigned = lab.account().workspace_assignment.list(workspace_id)
        names_ = [
            a.principal.display_name
            for a in assigned
            if a.principal and WorkspacePermission.ADMIN in (a.permissions or [])
        ]
        assert sorted(filter(None, names_)) == ["adm-ada.stein", "adm-hs-scanner"]


def test_high_security_lets_nobody_but_break_glass_use_passwords(shared: Shared) -> None:
    client = shared("high-security").workspace(3001)
    entries = client.users_v2.get_permissions().access_control_list or []
    assert [entry.group_name for entry in entries] == ["hs-break-glass"]


def test_neglected_looks_better_than_it_is(shared: Shared) -> None:
    lab = shared("neglected")
    assert len(_admins(lab)) == 12
    users = list(lab.account().users_v2.list())
    assert len([user for user in users if not user.external_id]) / len(users) == pytest.approx(0.3)
    never = [t for t in lab.workspace(4001).token_management.list() if t.expiry_time == -1]
    assert len(never) == 1
    policy = lab.account().network_policies.get_network_policy_rpc("ng-restricted")
    assert policy.as_dict()["egress"]["network_access"]["policy_enforcement"] == {
        "enforcement_mode": "DRY_RUN"
    }
    lists = {entry.label: entry for entry in lab.workspace(4002).ip_access_lists.list()}
    assert lists["offices"].enabled is False
