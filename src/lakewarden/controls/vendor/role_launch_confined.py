"""Whoever acts through Databricks' role can start a machine, and a machine outside the workspace's
network reaches what no firewall there sees. The restricted policy that Databricks documents names
one VPC and still lets machines start elsewhere: on subnets that others share, in other regions, by
spot requests. So every start that the role's policies admit is considered at once.
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
from lakewarden.controls.kit.proved import account_in
from lakewarden.controls.kit.role_mending import guarded
from lakewarden.controls.kit.role_proofs import (
    MANAGED,
    PLACE,
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
    id="role-launch-confined",
    title="The cross-account role starts machines in the VPCs of its workspaces alone",
    paper=("P28",),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=ROLE,
    needs=(*ROLE_NEEDS, NETWORKS.need()),
    fix=Fix(
        "Put a Deny beside the role's policy: ec2:RunInstances, ec2:RequestSpotInstances and "
        "ec2:CreateFleet on subnets, security groups and network interfaces of any region, with "
        "ArnNotEquals on ec2:Vpc and the VPCs of the workspaces.",
        console="IAM, Roles, the role, Add permissions, Create inline policy.",
        api="iam PutRolePolicy with the Deny as a second policy; lakewarden prove "
        "xacct.launch_only_in shows beforehand what it leaves.",
        terraform="A second aws_iam_role_policy for the role.",
        breaks="A workspace in a VPC that the Deny does not name can no longer start clusters by "
        "this role.",
    ),
    maps=also(
        "shows by proof that the vendor starts nothing outside the deployment's networks",
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
    """No start of a machine elsewhere is admitted by policies, boundary and organisation."""
    homes = homes_of(role, at)
    if not homes.vpcs:
        return NotApplicable(MANAGED)
    return asked_of_role(
        "xacct.launch_only_in",
        role,
        at,
        region=homes.regions,
        account=(account_in(role.arn),),
        vpcs=homes.vpcs,
    )


@CONTROL.mends
def mend(role: CrossAccountRole, at: Context) -> Iterable[Wish]:
    """Refuse starts in other networks, and everything of EC2 in other regions."""
    yield guarded(role, at, "NoOtherRegion", "NoOtherNetwork")


_STARTS: Final = ["ec2:RunInstances", "ec2:RequestSpotInstances", "ec2:CreateFleet"]
_NETWORK: Final = [
    f"arn:aws:ec2:*:*:{part}/*" for part in ("subnet", "security-group", "network-interface")
]
_START: Final[dict[str, Any]] = {"Action": _STARTS}
_GUARD: Final[dict[str, Any]] = {
    "Effect": "Deny",
    "Action": _STARTS,
    "Resource": _NETWORK,
    "Condition": {"ArnNotEquals": {"ec2:Vpc": f"{PLACE}:vpc/vpc-1"}},
}


def _guard(**changes: Any) -> dict[str, Any]:
    return {**_GUARD, **changes}


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, exempt and unread."""
    start, guard = policy(_START), policy(_GUARD)
    guarded = role_estate([start, guard])
    yield passes("a second policy refuses other networks", guarded)
    yield passes("it starts nothing", role_estate([policy({"Action": "ec2:DescribeVpcs"})]))
    yield passes("it has no policy", role_estate())
    bound = policy({"Action": "*"}, _GUARD)
    yield passes("a boundary refuses other networks", role_estate([start], bound))
    yield passes(
        "the organisation does", role_estate([start], organization_levels=levels(policy(_GUARD)))
    )
    yield passes(
        "what takes away could not be read, and is not needed",
        role_estate([start, guard], role_bounds=refused(), organization_levels=refused()),
    )
    yield fails("nothing refuses other networks", role_estate([start]))
    here = policy(_guard(Resource=[f"{PLACE}:{name}/*" for name in ("subnet", "security-group")]))
    yield fails("subnets of others and other regions were forgotten", role_estate([start, here]))
    spot = policy(_guard(Action="ec2:RunInstances"))
    yield fails("spot requests were forgotten", role_estate([start, spot]))
    alike = policy(_guard(Condition={"ArnNotLike": {"ec2:Vpc": f"{PLACE}:vpc/vpc-1*"}}))
    yield fails("VPCs whose ids begin alike", role_estate([start, alike]))
    stranger = levels(policy(_GUARD), account="999900001111")
    yield fails(
        "the policies are another account's", role_estate([start], organization_levels=stranger)
    )
    resources = levels(policy(_GUARD), type="RESOURCE_CONTROL_POLICY")
    yield fails(
        "policies for resources bind no role", role_estate([start], organization_levels=resources)
    )
    yield unclear("a boundary may refuse it", role_estate([start], role_bounds=refused()))
    yield unclear(
        "the organisation may refuse it", role_estate([start], organization_levels=refused())
    )
    yield unclear("policies may not be read", role_estate(role_policies=refused()))
    yield unclear("text that is no policy", role_estate(["{}"]))
    yield unclear("the network is gone", role_estate([start, guard], networks=[]))
    yield exempt(
        "a network that Databricks makes",
        role_estate([start], workspace={"credentials_id": "c1"}),
    )
    yield exempt("a serverless workspace", given(workspace={"compute_mode": "SERVERLESS"}))
