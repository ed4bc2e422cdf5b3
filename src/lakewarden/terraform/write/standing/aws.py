"""What stands in AWS under a deployment."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from lakewarden.estate import aws, buckets, costs, firewall_rules, oversight, region, rights, vpc
from lakewarden.terraform.write.standing.pick import Pick, Seen, as_is
from lakewarden.terraform.write.thing import Thing

_SWITCHES: Final = (
    *("BlockPublicAcls", "IgnorePublicAcls"),
    *("BlockPublicPolicy", "RestrictPublicBuckets"),
)


def _in_region(kind: str) -> Any:
    """Return what makes a thing in the region that the record's VPC is in."""

    def things(seen: Seen) -> Iterator[Thing]:
        place = seen.around.get(f"region of {_vpc_of(seen)}")
        if place:
            yield seen.thing(kind, f"{place}/{seen.identity}", seen.identity)

    return things


def _vpc_of(seen: Seen) -> str:
    attached = seen.document.get("Attachments") or [{}]
    return str(seen.document.get("VpcId") or attached[0].get("VpcId") or "")


def _gateway(seen: Seen) -> Iterator[Thing]:
    for thing in _in_region("internet_gateway")(seen):
        yield seen.thing(thing.kind, thing.key, thing.name, VpcId=_vpc_of(seen))


def _network(seen: Seen) -> Iterator[Thing]:
    blocks = seen.document.get("CidrBlockAssociationSet") or ()
    place = seen.document.get("region")
    if blocks and place and f"region of {seen.identity}" in seen.around:
        first = blocks[0].get("CidrBlock")
        yield seen.thing("vpc", f"{place}/{seen.identity}", seen.identity, CidrBlock=first)


def _flow_log(seen: Seen) -> Iterator[Thing]:
    place = seen.around.get(f"region of {seen.document.get('ResourceId')}")
    if place:
        yield seen.thing("flow_log", f"{place}/{seen.identity}", seen.identity)


def _endpoint(seen: Seen) -> Iterator[Thing]:
    for thing in _in_region("vpc_endpoint")(seen):
        yield thing
        if seen.document.get("PolicyDocument"):
            yield _with_policy(seen, "vpc_endpoint_policy", thing.key, "PolicyDocument")


def _with_policy(seen: Seen, kind: str, key: str, field: str) -> Thing:
    document = json.loads(seen.document[field])
    known = frozenset((name,) for name in document)
    return Thing(kind, seen.scope, key, key.rpartition("/")[2], document, known)


def _policy(kind: str, field: str) -> Any:
    def things(seen: Seen) -> Iterator[Thing]:
        if seen.document.get(field):
            yield _with_policy(seen, kind, seen.identity, field)

    return things


def _bucket(seen: Seen) -> Iterator[Thing]:
    yield seen.thing("bucket")
    if seen.document.get("Status"):
        yield seen.thing("bucket_versioning")


def _encryption(seen: Seen) -> Iterator[Thing]:
    algorithm = seen.document.get("algorithm")
    if algorithm:
        rule = {"SSEAlgorithm": algorithm, "KMSMasterKeyID": seen.document.get("key")}
        default = {name: value for name, value in rule.items() if value}
        yield seen.thing("bucket_encryption", ApplyServerSideEncryptionByDefault=default)


def _blocked(kind: str) -> Any:
    def things(seen: Seen) -> Iterator[Thing]:
        if any(seen.document.get(name) for name in _SWITCHES):
            yield seen.thing(kind)

    return things


def _owned(seen: Seen) -> Iterator[Thing]:
    if seen.document.get("ObjectOwnership"):
        yield seen.thing("bucket_ownership")


def _role(seen: Seen) -> Iterator[Thing]:
    name = seen.identity.rpartition("/")[2]
    thing = _with_policy(seen, "role_trust", name, "trust")
    yield replace(thing, document={**thing.document, "@arn": seen.identity})


def _key(kind: str) -> Any:
    """Return what makes a thing of a key that is the customer's own."""

    def things(seen: Seen) -> Iterator[Thing]:
        manager = seen.document.get("KeyManager") or seen.around.get(f"manager of {seen.identity}")
        if manager == "CUSTOMER":
            yield seen.thing(kind)

    return things


def _beside_trail(kind: str) -> Any:
    def things(seen: Seen) -> Iterator[Thing]:
        trail = seen.around.get(f"trail {seen.identity}")
        if trail is not None:
            yield seen.thing(kind, name=trail["Name"], **trail)

    return things


def _detector(seen: Seen) -> Iterator[Thing]:
    if seen.document.get("Status"):
        yield seen.thing("guardduty_detector")


AWS: Final = (
    Pick(aws.BUCKET_VERSIONING, _bucket),
    Pick(aws.BUCKET_POLICY, _policy("bucket_policy", "Policy")),
    Pick(aws.BUCKET_ENCRYPTION, _encryption),
    Pick(aws.BUCKET_PUBLIC_ACCESS, _blocked("bucket_public_access")),
    Pick(buckets.BUCKET_OWNERSHIP, _owned),
    Pick(buckets.ACCOUNT_PUBLIC_ACCESS, _blocked("account_public_access")),
    Pick(aws.KMS_KEYS, _key("kms_key_state")),
    Pick(aws.KMS_ROTATION, _key("kms_key_rotation")),
    Pick(rights.KEY_POLICIES, _policy("kms_key_policy", "Policy")),
    Pick(aws.ROLES, _role),
    Pick(aws.TRAILS, as_is("trail", "Name")),
    Pick(aws.TRAIL_STATUS, _beside_trail("trail_logging")),
    Pick(oversight.TRAIL_SELECTORS, _beside_trail("trail_selectors")),
    Pick(oversight.DETECTORS, _detector),
    Pick(rights.DISK_DEFAULTS, as_is("ebs_encryption_default")),
    Pick(costs.COST_TAGS, as_is("cost_allocation_tag")),
    Pick(region.REGION_VPCS, _network),
    Pick(region.REGION_SUBNETS, _in_region("subnet")),
    Pick(region.REGION_ROUTE_TABLES, _in_region("route_table")),
    Pick(region.REGION_SECURITY_GROUPS, _in_region("security_group")),
    Pick(vpc.VPC_ENDPOINTS, _endpoint),
    Pick(region.REGION_NATS, _in_region("nat_gateway")),
    Pick(region.INTERNET_GATEWAYS, _gateway),
    Pick(vpc.FLOW_LOGS, _flow_log),
    Pick(firewall_rules.FIREWALL_POLICIES, as_is("firewall_policy")),
)
"""The records of AWS that become things."""
