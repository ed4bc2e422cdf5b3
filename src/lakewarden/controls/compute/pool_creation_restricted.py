"""A pool keeps machines waiting, idle and paid for, and no cluster policy bounds how many or of
which type. As a right of the group of all users, creating pools is a way for any account that is
taken over to spend without limit.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lakewarden.controls.kit.condition import Judgement
from lakewarden.controls.kit.control import HIGH, Context, Control, Example
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.rights import right_examples, taken_from_users, users_lack
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.estate.account import Workspace
from lakewarden.estate.people import WORKSPACE_GROUPS
from lakewarden.ledger.finding import Severity
from lakewarden.plan.wish import Wish

CONTROL = Control(
    id="pool-creation-restricted",
    title="The group of all users may create no instance pools",
    paper=("P34",),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=WORKSPACE,
    needs=(WORKSPACE_GROUPS.need(),),
    fix=Fix(
        "Remove the entitlement allow-instance-pool-create from the group users, and let the "
        "people who run the platform make pools.",
        console="Settings, Identity and access, Groups, users: clear the box for this right.",
        api='PATCH /api/2.0/preview/scim/v2/Groups/{id} {"schemas": '
        '["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [{"op": "remove", '
        '"path": "entitlements[value eq \\"allow-instance-pool-create\\"]"}]}',
        terraform="databricks_entitlements for the group users: allow_instance_pool_create = "
        "false.",
        breaks="People who made pools ask an admin from then on; the pools that exist stay.",
    ),
    maps=(
        *also(
            "takes from all users the right to make pools, which no policy bounds",
            Relation.SUBSET,
            nist="AC-3 AC-6 CM-5",
            soc2="CC6.3",
            pci="7.2.1 7.2.2",
            hipaa="164.308(a)(4)(i)",
            iso="A.5.15 A.5.18",
            ccm="IAM-05 IVS-02",
        ),
        *also(
            "leaves most stolen logins no way to keep machines waiting", attack="T1496 T1578.002"
        ),
    ),
)

_RIGHT: Final = "allow-instance-pool-create"


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """The group users exists and lacks the entitlement."""
    return users_lack(_RIGHT, workspace, at)


@CONTROL.mends
def mend(workspace: Workspace, at: Context) -> Iterable[Wish]:
    """Take the entitlement from the group users."""
    yield from taken_from_users(_RIGHT, workspace, at)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    yield from right_examples(_RIGHT, "allow-cluster-create")
