"""Whoever may create clusters without a policy may start a hundred large machines, mine
coins on them, and choose an access mode without isolation. Granted to the group of all users, the
right belongs to every account that is ever taken over.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from lakewarden.controls.kit.condition import Judgement, observe, unknown
from lakewarden.controls.kit.control import (
    HIGH,
    Context,
    Control,
    Example,
    fails,
    passes,
    unclear,
)
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.estate.account import Workspace
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import given, refused
from lakewarden.estate.people import WORKSPACE_GROUPS
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity

CONTROL = Control(
    id="cluster-creation-restricted",
    title="The group of all users may create neither clusters nor instance pools",
    paper=("P34",),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=WORKSPACE,
    needs=(WORKSPACE_GROUPS.need(),),
    fix=Fix(
        "Remove the entitlements allow-cluster-create and allow-instance-pool-create from "
        "the group users, and give people cluster policies to create clusters with.",
        console="Settings, Identity and access, Groups, users: clear the boxes for unrestricted "
        "cluster creation and for pools.",
        api='PATCH /api/2.0/preview/scim/v2/Groups/{id} {"schemas": ["urn:ietf:params:scim:api:'
        'messages:2.0:PatchOp"], "Operations": [{"op": "remove", "path": '
        '"entitlements[value eq \\"allow-cluster-create\\"]"}]}',
        terraform="databricks_entitlements for the group users: allow_cluster_create = false and "
        "allow_instance_pool_create = false.",
        breaks="People who made clusters freely need a policy, and jobs that make theirs without "
        "one fail for those who lost the right.",
    ),
)

_EVERYBODY: Final = "users"
_RIGHTS: Final = frozenset({"allow-cluster-create", "allow-instance-pool-create"})


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """The group users exists and holds neither entitlement."""
    for group in at.estate.of(WORKSPACE_GROUPS, workspace).each():
        if group.name.get() != _EVERYBODY:
            continue
        held = sorted({entry.value for entry in group.entitlements.get()})
        wrong = [right for right in held if right in _RIGHTS]
        evidence = Evidence(
            group.entitlements.source, "entitlements of users", held, "no right to create compute"
        )
        return observe(not wrong, evidence, otherwise=f"every user holds {' and '.join(wrong)}")
    detail = "the group users, which every workspace has, is missing from the answer"
    return unknown(WORKSPACE_GROUPS.gap(Cause.NOT_FOUND, detail), expected="the group users")


def _groups(*entitlements: str, name: str = _EVERYBODY) -> MemorySnapshot:
    group: dict[str, Any] = {"id": "1", "displayName": name}
    group["entitlements"] = [{"value": entry} for entry in entitlements]
    admins = {**group, "id": "0", "displayName": "admins"}
    admins["entitlements"] = [{"value": entry} for entry in _RIGHTS]
    return given(workspace_groups=[admins, group])


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    yield passes("access alone", _groups("workspace-access", "databricks-sql-access"))
    yield passes("no entitlement at all", _groups())
    yield fails("clusters", _groups("workspace-access", "allow-cluster-create"))
    yield fails("instance pools", _groups("allow-instance-pool-create"))
    yield unclear("there is no group users", _groups(name="analysts"))
    bare = given(workspace_groups=[{"id": "1", "displayName": "users"}])
    yield unclear("entitlements are missing from the answer", bare)
    yield unclear("groups may not be listed", given(workspace_groups=refused()))
