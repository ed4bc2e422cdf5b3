"""A workspace admin reads every notebook, takes over every job and lets anybody else in. Each one
more is one more account to phish, and groups nested in the group of admins hide how many there
are: whoever joins the innermost group becomes an admin unnoticed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from lakewarden.controls.kit.admins import workspace_admins
from lakewarden.controls.kit.condition import Judgement
from lakewarden.controls.kit.control import (
    BOTH,
    Context,
    Control,
    Example,
    fails,
    passes,
    unclear,
)
from lakewarden.controls.kit.demotion import demote_in, keepers, surplus
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.estate.account import Workspace
from lakewarden.estate.given import WORKSPACE_ID, Items, given, refused
from lakewarden.estate.people import (
    ACCOUNT_GROUPS,
    ACCOUNT_SERVICE_PRINCIPALS,
    ACCOUNT_USERS,
    PERMISSION_ASSIGNMENTS,
    WORKSPACE_GROUPS,
)
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Severity
from lakewarden.plan.wish import Step, Wish
from lakewarden.policyfile.policy import Policy

CONTROL = Control(
    id="workspace-admin-count",
    title="The workspace has no more admins than it needs",
    paper=("P05",),
    severity=Severity.MEDIUM,
    postures=BOTH,
    subject=WORKSPACE,
    needs=(WORKSPACE_GROUPS.need(), ACCOUNT_GROUPS.need(), PERMISSION_ASSIGNMENTS.need()),
    plans_with=(ACCOUNT_USERS.need(), ACCOUNT_SERVICE_PRINCIPALS.need()),
    fix=Fix(
        "Take people and groups out of the group admins of the workspace until only those are "
        "left who administer it and whom access.admin_patterns or access.admin_groups names, "
        "through accounts that they use for nothing else.",
        console="Account console, Workspaces: open the workspace, then the tab Permissions, and "
        "change Admin to User for everybody who does not administer it.",
        api="PUT /api/2.0/accounts/{account_id}/workspaces/{workspace_id}/permissionassignments/"
        'principals/{principal_id} {"permissions": ["USER"]}',
        terraform='databricks_mws_permission_assignment with permissions = ["USER"]; remove '
        "databricks_group_member resources that add to the group admins.",
        breaks="Those who are taken out no longer see other people's notebooks, jobs and clusters "
        "and cannot change settings; jobs that run as them may lack permissions.",
    ),
    limits=("workspace_admins",),
    maps=(
        *also(
            "keeps the admins of a workspace few, whatever groups make them admins",
            Relation.SUBSET,
            nist="AC-2 AC-6 AC-6(1) AC-6(5)",
            soc2="CC6.3",
            pci="7.2.1 7.2.2",
            hipaa="164.308(a)(3)(i) 164.308(a)(4)(i)",
            iso="A.5.18 A.8.2",
            ccm="IAM-05 IAM-10",
        ),
        *also(
            "leaves fewer accounts whose theft gives away the workspace",
            attack="T1078.004 T1098.003",
        ),
        *also(
            "counts the members of the same group, nested groups too, against another limit",
            sat="INFO-6",
        ),
    ),
)

_LEAST: Final = 1
_Item = dict[str, Any]


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """The members of the group admins and those assigned as ADMIN, groups expanded."""
    most = at.policy.limits.workspace_admins
    admins = workspace_admins(at.estate, workspace)
    return admins.counted(WORKSPACE_GROUPS.source, "workspace admins", _LEAST, most)


@CONTROL.mends
def mend(workspace: Workspace, at: Context) -> Iterable[Wish | Step]:
    """Admins whose accounts are not for administration become users."""
    kept = keepers(at)
    admins, most = workspace_admins(at.estate, workspace), at.policy.limits.workspace_admins
    going = surplus(admins, kept, _LEAST, most)
    yield from demote_in(workspace, at, going, kept)


def _group(identity: str, *members: str, name: str = "") -> _Item:
    shown = [{"value": member.rpartition("/")[2], "$ref": member} for member in members]
    return {"id": identity, "displayName": name or identity, "members": shown}


def _people(first: int, last: int) -> list[str]:
    return [f"Users/{number}" for number in range(first, last + 1)]


def _estate(
    *admins: str,
    groups: Items = (),
    local: Sequence[_Item] = (),
    assigned: Sequence[_Item] = (),
    **more: Any,
) -> MemorySnapshot:
    entry = {"workspace_id": WORKSPACE_ID, "permission_assignments": assigned}
    return given(
        workspace_groups=[_group("admins", *admins), *local],
        account_groups=groups,
        permission_assignments=[entry],
        **more,
    )


def _as(principal: int, permission: str) -> _Item:
    return {"principal": {"principal_id": principal}, "permissions": [permission]}


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the edges, nested groups, assignments, and what is not known."""
    yield passes("one", _estate("Users/1"))
    yield passes(
        "exactly the limit, one a service principal", _estate(*_people(1, 3), "ServicePrincipals/9")
    )
    twice = [_as(1, "ADMIN"), _as(2, "USER")]
    yield passes("assigned and listed, counted once", _estate("Users/1", assigned=twice))
    loop = [_group("g", "Users/1", "Groups/h"), _group("h", "Users/2", "Groups/g")]
    yield passes("groups in each other", _estate("Groups/g", groups=loop))
    yield fails("one more than the limit", _estate(*_people(1, 5)))
    team = [_group("team", *_people(1, 3), "Groups/inner"), _group("inner", *_people(4, 5))]
    yield fails("five by way of a group in a group", _estate("Groups/team", groups=team))
    own = [_group("own", *_people(1, 5))]
    yield fails("five by way of a group of the workspace", _estate("Groups/own", local=own))
    many = [_as(number, "ADMIN") for number in range(1, 6)]
    yield fails("five assigned that the group does not show", _estate("Users/1", assigned=many))
    users = [{"id": str(n), "userName": f"{'adm-' * (n < 3)}{n}", "active": True} for n in range(9)]  # noqa: PLR2004  # two of them
    known: dict[str, Any] = {"account_users": users, "account_service_principals": []}
    meant = Policy(admin_patterns=("^adm-",))
    yield fails("five, of whom two are meant", _estate("Users/1", assigned=many, **known), meant)
    strict = Policy(thresholds={"workspace_admins": 1})
    yield fails("a stricter limit of our own", _estate(*_people(1, 2)), strict)
    yield fails("too many already without the rest", _estate(*_people(1, 5), "Groups/team"))
    yield unclear("a group that is not listed", _estate("Users/1", "Groups/team"))
    yield unclear("groups may not be read", _estate("Users/1", "Groups/g", groups=refused()))
    yield unclear("a group hides its members", _estate("Groups/g", groups=[_group("g")]))
    alone = [_group("admins", "Users/1")]
    untold = given(workspace_groups=alone, account_groups=[], permission_assignments=refused())
    yield unclear("assignments may not be read", untold)
    yield unclear("nobody was listed at all", _estate())
