"""The policies that Databricks documents for the cross-account role, and the hardened one.

Source: the Terraform provider's data source `databricks_aws_crossaccount_policy`, release 1.128.0,
policy types `managed`, `customer` and `restricted`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from lakewarden.proofs.policies.build import VENDOR, Policy, allow, allow_but, merged, policy
from lakewarden.semantics.cross_account import documented_actions

_SPOT: Final = "role/aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot"
_HELD: Final = {"StringEquals": {"ec2:ResourceTag/Vendor": VENDOR}}
_MADE: Final = {"StringEquals": {"aws:RequestTag/Vendor": VENDOR}}
_STARTED: Final = (
    "image/*",
    "network-interface/*",
    "subnet/*",
    "security-group/*",
    "volume/*",
    "instance/*",
)
_RULES: Final = (
    "ec2:AuthorizeSecurityGroupEgress",
    "ec2:AuthorizeSecurityGroupIngress",
    "ec2:RevokeSecurityGroupEgress",
    "ec2:RevokeSecurityGroupIngress",
)
_PROFILES: Final = (
    "ec2:AssociateIamInstanceProfile",
    "ec2:DisassociateIamInstanceProfile",
    "ec2:ReplaceIamInstanceProfileAssociation",
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a workspace's machines run.

    Args:
        account: the AWS account, twelve digits.
        region: the AWS region.
        vpc: the VPC's id.
        partition: `aws` or `aws-us-gov`.
    """

    account: str
    region: str
    vpc: str
    partition: str = "aws"

    def arn(self, resource: str) -> str:
        """Return the ARN of something of EC2 there: of `vpc/vpc-1`, `subnet/*`."""
        return f"arn:{self.partition}:ec2:{self.region}:{self.account}:{resource}"

    @property
    def vpc_arn(self) -> str:
        """The ARN of the VPC, as the condition key `ec2:Vpc` has it."""
        return self.arn(f"vpc/{self.vpc}")


def managed(pass_roles: Iterable[str] = (), partition: str = "aws") -> Policy:
    """Return the policy for workspaces whose network Databricks makes.

    Args:
        pass_roles: ARNs of the roles that may be passed to machines.
        partition: of AWS.
    """
    actions = documented_actions("always", "machines", "networks")
    return _with_roles(allow("Databricks", actions), pass_roles, partition)


def customer(pass_roles: Iterable[str] = (), partition: str = "aws") -> Policy:
    """Return the policy for workspaces in a network of the customer's; arguments as `managed`."""
    actions = documented_actions("always", "machines")
    return _with_roles(allow("Databricks", actions), pass_roles, partition)


def restricted(place: Place, security_group: str, pass_roles: Iterable[str] = ()) -> Policy:
    """Return the policy that is meant to hold the role to one VPC and to Databricks' tag.

    It does not: in other regions, on shared subnets, on images and on spot requests it asks for
    neither. `guard` mends it.

    Args:
        place: where the workspace's machines run.
        security_group: the id of the one whose rules Databricks may change.
        pass_roles: ARNs of the roles that may be passed to machines.
    """
    image = allow(
        "AllowEc2RunInstanceImagePerTag",
        ["ec2:RunInstances"],
        [place.arn("image/*")],
        when={"StringEquals": {"aws:ResourceTag/Vendor": VENDOR}},
    )
    statements = [*_tied(place, security_group), image]
    return merged(policy(*statements), _always(pass_roles, place.partition))


def tied(place: Place, security_group: str, pass_roles: Iterable[str] = ()) -> Policy:
    """Return the restricted policy without what can never be met.

    Images have no account in their ARNs, and `iam:PutRolePolicy` does not know the name of an AWS
    service, so that two of its grants are dead. Arguments as of `restricted`.
    """
    alive = policy(*_tied(place, security_group))
    return merged(alive, _always(pass_roles, place.partition, ("iam:CreateServiceLinkedRole",)))


def _tied(place: Place, security_group: str) -> list[Policy]:
    machine, volume = place.arn("instance/*"), place.arn("volume/*")
    inside = {"StringEquals": {"ec2:vpc": place.vpc_arn}}
    network = [place.arn(f"{name}/*") for name in ("network-interface", "subnet", "security-group")]
    run, group = ["ec2:RunInstances"], place.arn(f"security-group/{security_group}")
    return [
        allow("NonResourceBasedPermissions", documented_actions("always")),
        allow("InstancePoolsSupport", _PROFILES, [machine], when=_HELD),
        allow("AllowEc2RunInstancePerTag", run, [volume, machine], when=_MADE),
        allow("AllowEc2RunInstancePerVPCid", run, network, when=inside),
        allow_but("AllowEc2RunInstanceOtherResources", run, [place.arn(n) for n in _STARTED]),
        allow("EC2TerminateInstancesTag", ["ec2:TerminateInstances"], [machine], when=_HELD),
        allow(
            "EC2AttachDetachVolumeTag",
            ["ec2:AttachVolume", "ec2:DetachVolume"],
            [machine, volume],
            when=_HELD,
        ),
        allow("EC2CreateVolumeByTag", ["ec2:CreateVolume"], [volume], when=_MADE),
        allow("EC2DeleteVolumeByTag", ["ec2:DeleteVolume"], [volume], when=_HELD),
        allow("VpcNonresourceSpecificActions", _RULES, [group], when=inside),
    ]


def _with_roles(statement: Policy, pass_roles: Iterable[str], partition: str) -> Policy:
    return merged(policy(statement), _always(pass_roles, partition))


def _always(
    pass_roles: Iterable[str],
    partition: str,
    actions: Iterable[str] = ("iam:CreateServiceLinkedRole", "iam:PutRolePolicy"),
) -> Policy:
    """Return what every type of the policy has: the role of spot requests, and roles to pass."""
    spot = allow(
        "SpotServiceRole",
        actions,
        [f"arn:{partition}:iam::*:{_SPOT}"],
        when={"StringLike": {"iam:AWSServiceName": "spot.amazonaws.com"}},
    )
    roles = tuple(pass_roles)
    passed = [allow("PassRoles", ["iam:PassRole"], roles)] if roles else []
    return policy(spot, *passed)
