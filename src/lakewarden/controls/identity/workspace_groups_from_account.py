"""A group that a workspace made for itself is known nowhere else: the identity provider neither
fills nor empties it, and nobody reviews it. Whoever left a team stays in its local group, with
all that the group may read.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from lakewarden.controls.kit.admins import ADMINS
from lakewarden.controls.kit.condition import Judgement, expect, holds
from lakewarden.controls.kit.control import (
    HIGH,
    Context,
    Control,
    Example,
    exempt,
    fails,
    passes,
    unclear,
)
from lakewarden.controls.kit.directory import GROUP
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.estate.given import given, refused
from lakewarden.estate.people import WORKSPACE_GROUPS, WorkspaceGroup
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity

CONTROL = Control(
    id="workspace-groups-from-account",
    title="The group comes from the account",
    paper=("P23",),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=GROUP,
    needs=(WORKSPACE_GROUPS.need(),),
    fix=Fix(
        "Make the group in the identity provider, synchronise it to the account, assign it to "
        "the workspace, hand over what the local group was granted, and delete the local group.",
        console="Workspace, Settings, Identity and access, Groups: groups whose source is "
        "Workspace are the local ones; add the account group beside them, then delete them.",
        api="PUT /api/2.0/accounts/{account_id}/workspaces/{workspace_id}/permissionassignments/"
        'principals/{group_id} {"permissions": ["USER"]}, then DELETE '
        "/api/2.0/preview/scim/v2/Groups/{id} in the workspace.",
        terraform="databricks_mws_permission_assignment for the account's databricks_group; remove "
        "the databricks_group made with the workspace's provider.",
        breaks="Grants on objects, tables and secrets that name the local group are lost with it; "
        "grant them to the account group first.",
        no_api="What the local group was granted must go to a group of the account first, and "
        "only people know which group that is.",
    ),
    maps=(
        *also(
            "finds groups that the identity provider neither fills nor empties",
            Relation.SUBSET,
            nist="AC-2 AC-2(1) PS-5",
            cis_databricks="2.1.4",
            soc2="CC6.2 CC6.3",
            pci="8.2.4",
            hipaa="164.308(a)(3)(i) 164.308(a)(4)(i)",
            iso="A.5.16 A.5.18",
            ccm="IAM-07 IAM-08",
            dasf="DASF-2",
        ),
        *also(
            "leaves no group of one workspace whose members nobody reviews",
            cis_aws="1.20",
            attack="T1098",
        ),
    ),
)

_SYSTEM: Final = frozenset({ADMINS, "users"})
"""Groups that every workspace has; their names are reserved."""
_SHARED: Final = "Group"
_LOCAL: Final = "WorkspaceGroup"


@CONTROL.check
def check(group: WorkspaceGroup, _: Context) -> Judgement:
    """Its resource type is that of account groups; the groups that each workspace has are right."""
    if group.name.get() in _SYSTEM:
        return holds(Evidence(group.name.source, group.name.field, group.name.get(), "reserved"))
    return expect(
        group.resource_type,
        _of_account,
        expected=_SHARED,
        otherwise=f"it is a group of the workspace alone: {_LOCAL}",
    )


def _of_account(kind: str) -> bool:
    if kind not in {_SHARED, _LOCAL}:
        raise ValueError(f"no kind of group is called {kind!r}")
    return kind == _SHARED


def _group(name: str, kind: str | None) -> MemorySnapshot:
    meta: dict[str, Any] = {"meta": {"resourceType": kind}} if kind else {}
    return given(workspace_groups=[{"id": "1", "displayName": name, **meta}])


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the two kinds of groups, those that each workspace has, and what is not known."""
    yield passes("a group of the account", _group("engineers", "Group"))
    yield passes("the admins", _group("admins", _LOCAL))
    yield passes("the users", _group("users", _LOCAL))
    yield fails("a group of the workspace", _group("power-users", _LOCAL))
    yield fails("a name that only looks reserved", _group("Admins", _LOCAL))
    yield unclear("the kind is missing from the answer", _group("engineers", None))
    yield unclear("a kind that nobody knows", _group("engineers", "AutoGroup"))
    yield unclear("groups may not be read", given(workspace_groups=refused()))
    yield exempt("there are none", given(workspace_groups=[]))
