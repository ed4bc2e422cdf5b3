"""The guard of the cross-account role: Denies that stand beside the documented policy.

They leave the documented policy as it is, and are taken away as easily as they are put there: as a
policy of the role, as its permissions boundary, or as a service control policy.

They rest on Databricks' tag being put on what it makes at once, launch templates and fleets
included, as its Security Reference Architecture (2026-07) has it.

What they cannot test: a spot or fleet request that names no subnet starts its machines in the
region's default VPC, and what a launch template holds is checked only where the machine is started.
Where the region has no default VPC, such a request starts nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lakewarden.proofs.facts.effects import STARTS
from lakewarden.proofs.policies.build import VENDOR, Policy, allow, deny, deny_but, merged, policy
from lakewarden.proofs.policies.cross_account import Place, tied

_RULES: Final = (
    "ec2:AuthorizeSecurityGroupEgress",
    "ec2:AuthorizeSecurityGroupIngress",
    "ec2:RevokeSecurityGroupEgress",
    "ec2:RevokeSecurityGroupIngress",
)
_MAKES: Final = (
    "CreateFleet",
    "CreateLaunchTemplate",
    "CreateVolume",
    "RequestSpotInstances",
    "RunInstances",
)
"""What the role makes and tags at once, by the value of `ec2:CreateAction`."""
_TOUCHES: Final = {
    "instance": (
        "ec2:AssociateIamInstanceProfile",
        "ec2:DisassociateIamInstanceProfile",
        "ec2:ReplaceIamInstanceProfileAssociation",
        "ec2:TerminateInstances",
    ),
    "volume": ("ec2:AttachVolume", "ec2:DeleteVolume", "ec2:DetachVolume"),
    "launch-template": (
        "ec2:CreateLaunchTemplateVersion",
        "ec2:DeleteLaunchTemplate",
        "ec2:DeleteLaunchTemplateVersions",
        "ec2:ModifyLaunchTemplate",
    ),
    "fleet": ("ec2:DeleteFleets", "ec2:ModifyFleet"),
}
"""What is done to things that are there, by the type of the thing."""
_FOREIGN: Final = {"StringNotEquals": {"aws:ResourceTag/Vendor": VENDOR}}


def guard(place: Place, image_owner: str, pass_roles: Iterable[str] = ()) -> Policy:
    """Return what the role may not do whatever else allows it.

    Args:
        place: where the workspace's machines run.
        image_owner: the account whose images they are started from.
        pass_roles: ARNs of the roles that may be passed to machines; none when there are none.
    """
    anywhere = f"arn:{place.partition}:ec2:*:*"
    network = [f"{anywhere}:{name}/*" for name in ("network-interface", "security-group", "subnet")]
    things = [f"{anywhere}:{name}/*" for name in _TOUCHES]
    roles = tuple(pass_roles)
    passing = ("NoOtherRoles", ["iam:PassRole"])
    return policy(
        deny(
            "NoOtherRegion",
            ["ec2:*"],
            when={"StringNotEquals": {"aws:RequestedRegion": place.region}},
        ),
        deny(
            "NoOtherNetwork",
            (*STARTS, *_RULES),
            network,
            when={"ArnNotEquals": {"ec2:Vpc": place.vpc_arn}},
        ),
        deny(
            "NoOtherImages",
            STARTS,
            [f"arn:{place.partition}:ec2:*::image/*"],
            when={"StringNotEquals": {"ec2:Owner": image_owner}},
        ),
        deny(
            "NothingForeign", (a for some in _TOUCHES.values() for a in some), things, when=_FOREIGN
        ),
        deny(
            "NoTagsOnForeign",
            ["ec2:CreateTags"],
            when={"StringNotEquals": {"ec2:CreateAction": _MAKES, **_FOREIGN["StringNotEquals"]}},
        ),
        deny_but(*passing, roles) if roles else deny(*passing),
    )


def as_boundary(refusals: Policy) -> Policy:
    """Return a guard as a permissions boundary, which has to allow what it does not refuse."""
    return merged(policy(allow("WhatElseIsAllowed", ["*"])), refusals)


def as_service_control(refusals: Policy, role: str) -> Policy:
    """Return a guard as a service control policy that binds one role alone.

    Args:
        refusals: the guard.
        role: the role's ARN.
    """
    bound = []
    for statement in refusals["Statement"]:
        tests = {**statement.get("Condition", {})}
        tests["ArnEquals"] = {**tests.get("ArnEquals", {}), "aws:PrincipalArn": role}
        bound.append({**statement, "Condition": tests})
    return policy(*bound)


def proved(
    place: Place, security_group: str, image_owner: str, pass_roles: Iterable[str] = ()
) -> Policy:
    """Return one policy that needs no other: the restricted one's living grants and the guard.

    Args:
        place: where the workspace's machines run.
        security_group: the id of the one whose rules Databricks may change.
        image_owner: the account whose images machines are started from.
        pass_roles: ARNs of the roles that may be passed to machines.
    """
    roles = tuple(pass_roles)
    return merged(tied(place, security_group, roles), guard(place, image_owner, roles))
