"""What the cross-account role may do beyond what is documented, and unbounded."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lakewarden.semantics.cross_account import beyond, unbounded
from lakewarden.semantics.iam_documents import Statement

VPC = "arn:aws:ec2:us-east-1:123456789012:vpc/vpc-1"
SPOT = "arn:aws:iam::*:role/aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot"


def allow(*actions, resources=("*",), negated=False, **conditions):
    return Statement(
        allows=True,
        actions=actions,
        resources=resources,
        conditions={"StringEquals": conditions},
        negated=negated,
    )


@pytest.mark.parametrize(
    ("statement", "excess"),
    [
        (allow("ec2:runinstances", "ec2:describevpcs"), []),
        (allow("ec2:createvpc"), ["ec2:createvpc"]),
        (allow("ec2:*"), ["ec2:*"]),
        (allow("iam:passrole"), ["iam:passrole on *"]),
        (allow("iam:passrole", resources=("arn:aws:iam::1:role/profile",)), []),
        (
            allow("iam:passrole", resources=("arn:aws:iam::1:role/p?",)),
            ["iam:passrole on arn:aws:iam::1:role/p?"],
        ),
        (allow("iam:passrole", resources=(), negated=True), ["iam:passrole on all but some"]),
        (allow("iam:putrolepolicy", resources=(SPOT,)), []),
        (allow("iam:putrolepolicy"), ["iam:putrolepolicy on *"]),
        (allow(negated=True), ["all actions but some"]),
        (Statement(allows=False, actions=("*",), resources=("*",)), []),
    ],
)
def test_what_goes_beyond_is_named(statement, excess):
    assert beyond([statement], own_network=True) == excess


def test_networks_are_made_where_databricks_makes_them():
    assert beyond([allow("ec2:createvpc")], own_network=False) == []


def tagged(key, value="Databricks"):
    return {key: (value,)}


@pytest.mark.parametrize(
    ("conditions", "bounded"),
    [
        (tagged("ec2:resourcetag/vendor"), True),
        (tagged("aws:requesttag/vendor"), True),
        (tagged("ec2:resourcetag/vendor", "Mine"), False),
        (tagged("ec2:resourcetag/owner"), False),
        (tagged("ec2:vpc", VPC), True),
        (tagged("ec2:vpc", VPC.replace("vpc-1", "vpc-2")), False),
        ({}, False),
    ],
)
def test_machines_are_tied_to_a_tag_or_a_network(conditions, bounded):
    found = unbounded([allow("ec2:terminateinstances", **conditions)], frozenset({"vpc-1"}))
    assert (found == []) is bounded


def test_starting_names_what_it_is_not_about():
    parts = ("instance", "subnet", "network-interface", "volume")
    spared = tuple(f"arn:aws:ec2:us-east-1:1:{part}/*" for part in parts)
    rest = allow("ec2:runinstances", resources=(), negated=True)
    assert unbounded([replace(rest, spared=spared)], frozenset()) == []
    assert unbounded([replace(rest, spared=spared[1:])], frozenset()) == ["ec2:runinstances"]
    assert unbounded([allow("ec2:runinstances")], frozenset()) == ["ec2:runinstances"]
