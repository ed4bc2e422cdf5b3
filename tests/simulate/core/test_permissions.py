from __future__ import annotations

import pytest
from databricks.sdk.errors import (
    InvalidParameterValue,
    PermissionDenied,
    ResourceDoesNotExist,
)
from databricks.sdk.service.iam import AccessControlRequest, PermissionLevel

from lakewarden.simulate.workspace import identity, permissions
from simulate.core.kit import Lab

ANALYST, ENGINEER = "jana.novak@typical.example", "amelie.roux@typical.example"


def _caller(lab: Lab, name: str) -> identity.Caller:
    account = lab.simulation.account
    found = identity.named(account, name)
    assert found
    return identity.caller(account, account.workspaces[2001], found[1]["id"], "203.0.113.1")


@pytest.fixture
def job(typical: Lab) -> str:
    workspace = typical.simulation.account.workspaces[2001]
    permissions.register(workspace, "jobs", "77", owner=_caller(typical, ENGINEER))
    return "77"


def _entry(level: str, **principal: str) -> AccessControlRequest:
    return AccessControlRequest(permission_level=PermissionLevel(level), **principal)


def test_an_object_belongs_to_its_maker_and_to_the_admins(typical: Lab, job: str) -> None:
    shown = typical.workspace(2001).permissions.get("jobs", job)
    assert (shown.object_id, shown.object_type) == ("/jobs/77", "job")
    entries = {e.user_name or e.group_name: e for e in shown.access_control_list or []}
    own = (entries[ENGINEER].all_permissions or [])[0]
    assert (own.permission_level, own.inherited) == (PermissionLevel.IS_OWNER, False)
    inherited = (entries["admins"].all_permissions or [])[0]
    assert inherited.inherited is True
    assert inherited.inherited_from_object == ["/jobs/"]


def test_put_replaces_and_patch_merges(typical: Lab, job: str) -> None:
    client = typical.workspace(2001, ENGINEER)
    client.permissions.update(
        "jobs", job, access_control_list=[_entry("CAN_VIEW", group_name="ty-data-analysts")]
    )
    workspace = typical.simulation.account.workspaces[2001]
    analyst = _caller(typical, ANALYST)
    assert permissions.level(workspace, analyst, "jobs", job) == "CAN_VIEW"
    assert not permissions.allowed(workspace, analyst, "jobs", job, "CAN_MANAGE_RUN")
    client.permissions.set(
        "jobs", job, access_control_list=[_entry("IS_OWNER", user_name=ENGINEER)]
    )
    assert permissions.level(workspace, analyst, "jobs", job) is None


def test_a_job_has_exactly_one_owner_who_is_no_group(typical: Lab, job: str) -> None:
    client = typical.workspace(2001)
    with pytest.raises(InvalidParameterValue, match="exactly one owner"):
        client.permissions.set(
            "jobs", job, access_control_list=[_entry("CAN_VIEW", user_name=ANALYST)]
        )
    with pytest.raises(InvalidParameterValue, match="Groups can not be owners"):
        client.permissions.set(
            "jobs", job, access_control_list=[_entry("IS_OWNER", group_name="users")]
        )
    client.permissions.update(
        "jobs", job, access_control_list=[_entry("IS_OWNER", user_name=ANALYST)]
    )
    assert permissions.owner(typical.simulation.account.workspaces[2001], "jobs", job) == ANALYST


def test_changing_a_list_takes_the_right_to_manage(typical: Lab, job: str) -> None:
    with pytest.raises(PermissionDenied, match="CAN_MANAGE"):
        typical.workspace(2001, ANALYST).permissions.get("jobs", job)
    with pytest.raises(PermissionDenied, match="Only workspace admins"):
        typical.workspace(2001, ENGINEER).permissions.get("authorization", "tokens")


def test_unknown_objects_levels_and_principals_are_refused(typical: Lab, job: str) -> None:
    client = typical.workspace(2001)
    with pytest.raises(ResourceDoesNotExist):
        client.permissions.get("jobs", "78")
    with pytest.raises(InvalidParameterValue, match="not a valid object type"):
        client.permissions.get("spaceships", "1")
    with pytest.raises(InvalidParameterValue, match="not valid for job"):
        client.permissions.update(
            "jobs", job, access_control_list=[_entry("CAN_RESTART", user_name=ANALYST)]
        )
    with pytest.raises(ResourceDoesNotExist, match="group_name"):
        client.permissions.update(
            "jobs", job, access_control_list=[_entry("CAN_VIEW", group_name="nobody")]
        )


def test_levels_are_listed(typical: Lab, job: str) -> None:
    levels = typical.workspace(2001).permissions.get_permission_levels("jobs", job)
    assert [n.permission_level for n in levels.permission_levels or []] == [
        PermissionLevel.CAN_VIEW,
        PermissionLevel.CAN_MANAGE_RUN,
        PermissionLevel.CAN_MANAGE,
        PermissionLevel.IS_OWNER,
    ]


def test_an_object_inherits_from_its_parent(typical: Lab) -> None:
    workspace = typical.simulation.account.workspaces[2001]
    permissions.register(workspace, "directories", "5", owner=_caller(typical, ENGINEER))
    permissions.register(workspace, "notebooks", "6", parent=("directories", "5"))
    shown = typical.workspace(2001, ENGINEER).permissions.get("notebooks", "6")
    entries = {e.user_name: e for e in shown.access_control_list or [] if e.user_name}
    inherited = (entries[ENGINEER].all_permissions or [])[0]
    assert (inherited.permission_level, inherited.inherited_from_object) == (
        PermissionLevel.CAN_MANAGE,
        ["/directories/5"],
    )
    permissions.forget(workspace, "notebooks", "6")
    with pytest.raises(ResourceDoesNotExist):
        typical.workspace(2001).permissions.get("notebooks", "6")


def test_restricted_admins_give_objects_to_nobody_but_themselves(typical: Lab, job: str) -> None:
    settings = typical.simulation.account.workspaces[2001].table("settings")
    status = {"status": "RESTRICT_TOKENS_AND_JOB_RUN_AS"}
    settings["restrict_workspace_admins"] = {"restrict_workspace_admins": status}
    client = typical.workspace(2001)
    with pytest.raises(PermissionDenied, match="themselves"):
        client.permissions.update(
            "jobs", job, access_control_list=[_entry("IS_OWNER", user_name=ANALYST)]
        )
    mine = _entry("IS_OWNER", service_principal_name=typical.simulation.client_id)
    client.permissions.update("jobs", job, access_control_list=[mine])
    del settings["restrict_workspace_admins"]


def test_passwords_know_no_inheritance(typical: Lab) -> None:
    client = typical.workspace(2001)
    shown = client.users_v2.get_permissions().access_control_list or []
    assert [
        (e.group_name, e.all_permissions and e.all_permissions[0].inherited) for e in shown
    ] == [("ty-break-glass", False)]
