"""The right to create clusters without a policy goes round every bound that policies set. Groups
collect it over the years, and with it each of their later members; so the few groups that need it
are named, and any other that holds it is a mistake or a trace.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lakewarden.controls.kit.condition import Condition, Judgement, all_of, holds, observe, unknown
from lakewarden.controls.kit.control import HIGH, Context, Control, Example, fails, passes, unclear
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.rights import groups, taken
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.estate.account import Workspace
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import given, refused
from lakewarden.estate.people import WORKSPACE_GROUPS, WorkspaceGroup
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.wish import Wish
from lakewarden.policyfile.policy import Policy

CONTROL = Control(
    id="creation-rights-named",
    title="Named groups alone may create clusters without a policy",
    paper=("P34",),
    severity=Severity.LOW,
    postures=HIGH,
    subject=WORKSPACE,
    needs=(WORKSPACE_GROUPS.need(),),
    fix=Fix(
        "Remove the entitlement allow-cluster-create from the groups that do not need it, and name "
        "those that do in access.cluster_creators of the policy file.",
        console="Settings, Identity and access, Groups, the group: clear the box for unrestricted "
        "cluster creation.",
        api='PATCH /api/2.0/preview/scim/v2/Groups/{id} {"schemas": '
        '["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [{"op": "remove", '
        '"path": "entitlements[value eq \\"allow-cluster-create\\"]"}]}',
        terraform="databricks_entitlements for the group: allow_cluster_create = false.",
        breaks="Members of the group need a policy for new clusters, and jobs that they own must "
        "name one too.",
    ),
    maps=(
        *also(
            "leaves a right that goes round all policies to few groups, each named",
            Relation.SUBSET,
            nist="AC-3 AC-6 CM-5",
            soc2="CC6.3",
            pci="7.2.1 7.2.2",
            hipaa="164.308(a)(4)(i)",
            iso="A.5.15 A.5.18",
            ccm="IAM-05",
        ),
        *also(
            "finds groups that kept a right to make machines which nobody remembers",
            nist="AC-6(7)",
            pci="7.2.4",
            ccm="IAM-08",
            attack="T1496 T1578.002",
        ),
    ),
)

_RIGHT: Final = "allow-cluster-create"
_ADMINS: Final = "admins"


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """No group but admins and those that the policy file names holds the entitlement."""
    named = {_ADMINS, *at.policy.cluster_creators}
    others = [g for g in at.estate.of(WORKSPACE_GROUPS, workspace).seen() if _name(g) not in named]
    return all_of(
        *(lambda g=group: _lacks(g) for group in others), lambda: _all_seen(workspace, at)
    )


@CONTROL.mends
def mend(workspace: Workspace, at: Context) -> Iterable[Wish]:
    """Take the entitlement from every group that is not named."""
    named = {_ADMINS, *at.policy.cluster_creators}
    for group in at.estate.of(WORKSPACE_GROUPS, workspace).each():
        if group.name.get() not in named:
            yield from taken(_RIGHT, group, workspace)


def _name(group: WorkspaceGroup) -> str:
    return "" if group.name.gap else group.name.get()


def _lacks(group: WorkspaceGroup) -> Condition:
    """Require that a group lacks the right."""
    held = {entry.value for entry in group.entitlements.get()}
    name = group.name.get()
    evidence = Evidence(group.entitlements.source, f"entitlements of {name}", sorted(held), _NONE)
    return observe(_RIGHT not in held, evidence, otherwise=f"the group {name} may create clusters")


def _all_seen(workspace: Workspace, at: Context) -> Condition:
    """Require that these were all groups, admins among them."""
    names = [group.name.get() for group in at.estate.of(WORKSPACE_GROUPS, workspace).each()]
    if _ADMINS not in names:
        detail = "the group admins, which every workspace has, is missing from the answer"
        return unknown(WORKSPACE_GROUPS.gap(Cause.NOT_FOUND, detail), expected="all groups")
    return holds(Evidence(WORKSPACE_GROUPS.source, "groups", len(names), "all of them"))


_NONE: Final = f"no {_RIGHT}"


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    yield passes("admins alone", groups(name="analysts", admins=(_RIGHT,)))
    yield fails("a group that nobody named", groups(_RIGHT, name="platform"))
    named = Policy(cluster_creators=("platform",))
    yield passes("a group that is named", groups(_RIGHT, name="platform"), named)
    yield fails("another one", groups(_RIGHT, name="analysts"), named)
    yield fails("everybody", groups(_RIGHT), named)
    bare = [{"id": "1", "displayName": "analysts"}]
    yield unclear("entitlements are missing from the answer", given(workspace_groups=bare))
    yield unclear("no group in the answer", given(workspace_groups=[]))
    yield unclear("groups may not be listed", given(workspace_groups=refused()))
