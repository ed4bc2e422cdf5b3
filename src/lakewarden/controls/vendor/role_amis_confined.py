"""A machine does what its image says. Whoever acts through Databricks' role and may start any image
starts one of their own, inside your network, with whatever role the machine is given. Databricks
needs images of one account alone, and the documented policies do not say so.
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
from lakewarden.controls.kit.proved import partition_in
from lakewarden.controls.kit.role_mending import guarded
from lakewarden.controls.kit.role_proofs import (
    ARN,
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
from lakewarden.proofs.facts.accounts import platforms

CONTROL = Control(
    id="role-amis-confined",
    title="The cross-account role starts machines from images of Databricks alone",
    paper=("P28",),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=ROLE,
    needs=(*ROLE_NEEDS, NETWORKS.need()),
    fix=Fix(
        "Put a Deny beside the role's policy: ec2:RunInstances, ec2:RequestSpotInstances and "
        "ec2:CreateFleet on arn:aws:ec2:*::image/*, with StringNotEquals on ec2:Owner and the "
        "account that owns Databricks' images.",
        console="IAM, Roles, the role, Add permissions, Create inline policy.",
        api="iam PutRolePolicy with the Deny as a second policy; lakewarden prove "
        "xacct.only_databricks_amis shows beforehand what it leaves.",
        terraform="A second aws_iam_role_policy for the role.",
        breaks="Clusters no longer start once Databricks publishes images from another account.",
    ),
    maps=also(
        "shows by proof that machines of the deployment run images of the vendor alone",
        Relation.SUBSET,
        nist="AC-3 AC-6 CM-7(5) SA-9",
        soc2="CC6.1 CC6.8",
        pci="7.2.2 7.2.5",
        hipaa="164.308(a)(4)(i)",
        iso="A.5.15 A.5.19 A.8.19",
        ccm="IAM-05 IAM-16",
        attack="T1199 T1204.003 T1578",
    ),
)


@CONTROL.check
def check(role: CrossAccountRole, at: Context) -> Judgement:
    """No start from another image is admitted by policies, boundary and organisation."""
    if not homes_of(role, at).vpcs:
        return NotApplicable(MANAGED)
    owners = sorted({vendor.images for vendor in platforms(partition_in(role.arn))})
    return asked_of_role("xacct.only_databricks_amis", role, at, owners=owners)


@CONTROL.mends
def mend(role: CrossAccountRole, at: Context) -> Iterable[Wish]:
    """Refuse starts from images of others."""
    yield guarded(role, at, "NoOtherImages")


_STARTS: Final = ["ec2:RunInstances", "ec2:RequestSpotInstances", "ec2:CreateFleet"]
_START: Final[dict[str, Any]] = {"Action": _STARTS}
_GUARD: Final[dict[str, Any]] = {
    "Effect": "Deny",
    "Action": _STARTS,
    "Resource": "arn:aws:ec2:*::image/*",
    "Condition": {"StringNotEquals": {"ec2:Owner": "601306020600"}},
}


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, exempt and unread."""
    start, guard = policy(_START), policy(_GUARD)
    yield passes("a second policy refuses other images", role_estate([start, guard]))
    bound = policy({"Action": "*"}, _GUARD)
    yield passes("a boundary refuses other images", role_estate([start], bound))
    yield passes(
        "the organisation does", role_estate([start], organization_levels=levels(policy(_GUARD)))
    )
    yield fails("nothing refuses other images", role_estate([start]))
    tagged = policy(
        {
            **_START,
            "Resource": "arn:aws:ec2:*::image/*",
            "Condition": {"StringEquals": {"aws:ResourceTag/Vendor": "Databricks"}},
        },
        {**_START, "Resource": ["arn:aws:ec2:*:*:*"]},
    )
    yield fails("whoever tags an image makes it one of Databricks'", role_estate([tagged]))
    home = policy({**_GUARD, "Resource": "arn:aws:ec2:us-east-1:123456789012:image/*"})
    yield fails("images have no account in their ARNs", role_estate([start, home]))
    some = policy({**_GUARD, "Action": ["ec2:RunInstances", "ec2:CreateFleet"]})
    yield fails("spot requests were forgotten", role_estate([start, some]))
    marketplace = {"StringNotEquals": {"ec2:Owner": ["601306020600", "aws-marketplace"]}}
    shops = policy({**_GUARD, "Condition": marketplace})
    yield fails("images of the marketplace as well", role_estate([start, shops]))
    gov = ARN.replace("aws", "aws-us-gov", 1)
    named = {"credentials_id": "c1", "aws_credentials": {"sts_role": {"role_arn": gov}}}
    abroad = role_estate(
        credentials=[named],
        role_policies=[{"arn": gov, "documents": [start, guard]}],
        role_bounds=[{"arn": gov, "MaxSessionDuration": 3600}],
    )
    yield fails("the commercial account in GovCloud", abroad)
    yield unclear("a boundary may refuse it", role_estate([start], role_bounds=refused()))
    yield unclear(
        "the organisation may refuse it", role_estate([start], organization_levels=refused())
    )
    yield unclear("policies may not be read", role_estate(role_policies=refused()))
    yield unclear("the network is gone", role_estate([start, guard], networks=[]))
    yield exempt(
        "a network that Databricks makes",
        role_estate([start], workspace={"credentials_id": "c1"}),
    )
    yield exempt("a serverless workspace", given(workspace={"compute_mode": "SERVERLESS"}))
