"""Harder bucket policies: a fence around data, and logs that nobody takes back.

Conditions of one Deny must all hold for it to refuse. So every way in stands in the same Deny: two
of them, each with a network of its own, would refuse everybody.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from lakewarden.proofs.facts.effects import READS, UNDOES, WRITES
from lakewarden.proofs.policies.build import (
    ANYBODY,
    Policy,
    bucket_arns,
    deny,
    policy,
    tls_only,
)

DATA: Final = (*READS, *WRITES)
"""What reads, lists, makes, hands over or removes objects."""
_REPLACES: Final = (
    "s3:DeleteObject",
    "s3:PutObject",
    "s3:PutObjectAcl",
    "s3:PutObjectVersionAcl",
    "s3:ReplicateDelete",
    "s3:ReplicateObject",
)


@dataclass(frozen=True, slots=True)
class WaysIn:
    """From where, and by whom, data may be reached.

    Args:
        addresses: public ranges: those of NAT gateways, of a VPN, of the control plane.
        vpcs: ids of VPCs: your own, and those of the control plane, which reaches buckets of its
            region through gateway endpoints.
        endpoints: ids of VPC endpoints.
        organisation_paths: patterns of paths of organisations whose VPC endpoints are let in, as
            serverless compute's.
        exempt: ARNs of roles and users that are let in from anywhere: for break-glass.
        services: let AWS services in, when they act for themselves or for a caller.
    """

    addresses: tuple[str, ...] = ()
    vpcs: tuple[str, ...] = ()
    endpoints: tuple[str, ...] = ()
    organisation_paths: tuple[str, ...] = ()
    exempt: tuple[str, ...] = ()
    services: bool = True


def fenced(bucket: str, ways: WaysIn, partition: str = "aws") -> Policy:
    """Return the policy that keeps every other way to data shut, and asks for TLS.

    Args:
        bucket: the bucket's name.
        ways: the ways that stay open.
        partition: of AWS.
    """
    arns = bucket_arns(bucket, partition)
    fence = deny("OnlyKnownWays", DATA, arns, to=ANYBODY, when=_none_of(ways))
    return policy(fence, tls_only(bucket, partition))


def _none_of(ways: WaysIn) -> dict[str, dict[str, str | tuple[str, ...]]]:
    """Return the tests that all hold of a request that comes no known way."""
    listed: tuple[tuple[str, str, tuple[str, ...]], ...] = (
        ("NotIpAddressIfExists", "aws:SourceIp", ways.addresses),
        ("StringNotEqualsIfExists", "aws:SourceVpc", ways.vpcs),
        ("StringNotEqualsIfExists", "aws:SourceVpce", ways.endpoints),
        ("ForAnyValue:StringNotLikeIfExists", "aws:VpceOrgPaths", ways.organisation_paths),
        ("ArnNotLikeIfExists", "aws:PrincipalArn", ways.exempt),
    )
    tests: dict[str, dict[str, str | tuple[str, ...]]] = {}
    for operator, key, values in listed:
        if values:
            tests.setdefault(operator, {})[key] = values
    if ways.services:
        service = {"aws:PrincipalIsAWSService": "false", "aws:ViaAWSService": "false"}
        tests["BoolIfExists"] = dict(service)
    return tests


def immutable(
    bucket: str, writers: Iterable[str], guardians: Iterable[str], partition: str = "aws"
) -> Policy:
    """Return the policy of a log bucket whose versions nobody but a guardian removes.

    Versioning has to be on: a writer may write over a log, and the older version stays.

    Args:
        bucket: the bucket's name.
        writers: ARNs of the roles that deliver logs.
        guardians: ARNs of the roles that may undo what was written, and may change this policy.
        partition: of AWS.
    """
    arns, kept = bucket_arns(bucket, partition), tuple(guardians)
    return policy(
        deny("OnlyGuardiansUndo", UNDOES, arns, to=ANYBODY, when=_others(*kept)),
        deny("OnlyDeliveryWrites", _REPLACES, arns, to=ANYBODY, when=_others(*writers, *kept)),
        tls_only(bucket, partition),
    )


def _others(*arns: str) -> dict[str, dict[str, tuple[str, ...]]]:
    return {"ArnNotEquals": {"aws:PrincipalArn": arns}}
