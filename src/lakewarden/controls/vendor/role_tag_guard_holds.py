"""The restricted policy lets Databricks stop and take over those machines alone that carry its tag,
and it lets it tag every machine. Whoever acts through the role puts the tag on a database server
first, and then stops it, takes away its disk, or gives it another role.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from lakewarden.controls.kit.condition import Judgement, NotApplicable
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
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.role_mending import guarded
from lakewarden.controls.kit.role_proofs import (
    MANAGED,
    ROLE_NEEDS,
    asked_of_role,
    homes_of,
    levels,
    policy,
    role_estate,
)
from lakewarden.controls.kit.subjects import ROLE, CrossAccountRole
from lakewarden.estate.account import NETWORKS
from lakewarden.estate.given import given, refused
from lakewarden.ledger.finding import Severity
from lakewarden.plan.wish import Wish

CONTROL = Control(
    id="role-tag-guard-holds",
    title="The cross-account role harms nothing that it did not start, even by tagging it first",
    paper=("P28",),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=ROLE,
    needs=(*ROLE_NEEDS, NETWORKS.need()),
    fix=Fix(
        "Put a Deny of ec2:CreateTags beside the role's policy, for what does not carry the tag "
        "Vendor = Databricks already, unless ec2:CreateAction says that it is being made; and "
        "tie every action on machines and disks to that tag.",
        console="IAM, Roles, the role, Add permissions, Create inline policy.",
        api="iam PutRolePolicy with the Deny as a second policy; lakewarden prove "
        "xacct.only_databricks_tagged shows beforehand what it leaves.",
        terraform="A second aws_iam_role_policy for the role.",
        breaks="Nothing that Databricks starts by itself; machines that somebody else tagged for "
        "it stay out of its reach.",
    ),
    maps=also(
        "shows by proof that the vendor's tag cannot be put on what is not the vendor's",
        Relation.SUBSET,
        nist="AC-3 AC-6 SC-7(21) SA-9",
        soc2="CC6.1 CC6.3",
        pci="7.2.2 7.2.5",
        hipaa="164.308(a)(4)(i)",
        iso="A.5.15 A.5.19 A.8.22",
        ccm="IAM-05 IAM-16",
        attack="T1199 T1578",
    ),
)


@CONTROL.check
def check(role: CrossAccountRole, at: Context) -> Judgement:
    """Nothing without the tag can be harmed, in one step or in two."""
    if not homes_of(role, at).vpcs:
        return NotApplicable(MANAGED)
    return asked_of_role("xacct.only_databricks_tagged", role, at)


@CONTROL.mends
def mend(role: CrossAccountRole, at: Context) -> Iterable[Wish]:
    """Refuse what harms foreign things, and to tag them first."""
    yield guarded(role, at, "NothingForeign", "NoTagsOnForeign")


_HELD: Final = {"StringEquals": {"aws:ResourceTag/Vendor": "Databricks"}}
_STOP: Final[dict[str, Any]] = {"Action": "ec2:TerminateInstances", "Condition": _HELD}
_TAG: Final[dict[str, Any]] = {"Action": "ec2:CreateTags"}
_FOREIGN: Final = {
    "aws:ResourceTag/Vendor": "Databricks",
    "ec2:CreateAction": ["RunInstances", "CreateVolume"],
}
_GUARD: Final[dict[str, Any]] = {
    "Effect": "Deny",
    "Action": "ec2:CreateTags",
    "Condition": {"StringNotEquals": _FOREIGN},
}


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, exempt and unread."""
    tied, guard = policy(_STOP, _TAG), policy(_GUARD)
    yield passes("what is foreign cannot be tagged", role_estate([tied, guard]))
    yield passes("nothing can be tagged", role_estate([policy(_STOP)]))
    yield passes("nothing can be stopped", role_estate([policy(_TAG)]))
    bound = policy({"Action": "*"}, _GUARD)
    yield passes("a boundary keeps tags off", role_estate([tied], bound))
    yield passes(
        "the organisation does", role_estate([tied], organization_levels=levels(policy(_GUARD)))
    )
    yield fails("tag first, stop then", role_estate([tied]))
    yield fails("the tag is not asked for", role_estate([policy({"Action": "ec2:*"}, _GUARD)]))
    absent = {"StringEqualsIfExists": _HELD["StringEquals"]}
    loose = policy({**_STOP, "Condition": absent}, _GUARD)
    yield fails("the tag, if there is one", role_estate([loose]))
    disks = policy({**_STOP, "Action": "ec2:DeleteVolume"}, _TAG)
    of_machines = policy({**_GUARD, "Resource": "arn:aws:ec2:*:*:instance/*"})
    yield fails("disks can be tagged still", role_estate([disks, of_machines]))
    new = policy({**_GUARD, "Condition": {"Null": {"ec2:CreateAction": "false"}}})
    yield fails("what is being made alone cannot be tagged", role_estate([tied, new]))
    yield unclear("a boundary may refuse it", role_estate([tied], role_bounds=refused()))
    yield unclear(
        "the organisation may refuse it", role_estate([tied], organization_levels=refused())
    )
    yield unclear("policies may not be read", role_estate(role_policies=refused()))
    yield unclear("the network is gone", role_estate([tied, guard], networks=[]))
    yield exempt(
        "a network that Databricks makes", role_estate([tied], workspace={"credentials_id": "c1"})
    )
    yield exempt("a serverless workspace", given(workspace={"compute_mode": "SERVERLESS"}))
