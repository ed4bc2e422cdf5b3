"""Descriptions of requests: from outside some networks, by others than some callers."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from typing import Final

from lakewarden.proofs.policy.scene import Layer, that
from lakewarden.proofs.questions.given import ArgumentError, Given
from lakewarden.semantics.iam_documents import Statement

SERVICES: Final = "aws-services"
"""The word for requests that AWS services make, for themselves or for somebody."""
_ACCOUNT: Final = re.compile(r"\d{12}")
_ROOT: Final = re.compile(r"arn:aws[\w-]*:iam::(\d{12}):root")

Test = tuple[str, str, tuple[str, ...]]


def outside(networks: Iterable[str]) -> tuple[Statement, ...]:
    """Return the description of requests that come from none of some networks.

    Args:
        networks: address ranges, VPCs, VPC endpoints, paths of organisations, or `aws-services`.

    Raises:
        ArgumentError: one of them is none of these.
    """
    kinds: dict[str, list[str]] = {}
    for network in networks:
        kinds.setdefault(_kind(network), []).append(network)
    tests: list[Test] = []
    for kind, values in kinds.items():
        if kind == SERVICES:
            tests += [
                ("BoolIfExists", "aws:PrincipalIsAWSService", ("false",)),
                ("Bool", "aws:ViaAWSService", ("false",)),
            ]
        else:
            operator, key = _TESTS[kind]
            tests.append((operator, key, tuple(values)))
    return tuple(that(test) for test in tests)


_TESTS: Final = {
    "address": ("NotIpAddress", "aws:SourceIp"),
    "vpc": ("StringNotEquals", "aws:SourceVpc"),
    "vpce": ("StringNotEquals", "aws:SourceVpce"),
    "path": ("ForAllValues:StringNotLike", "aws:VpceOrgPaths"),
}


def coming_from(network: str) -> Statement:
    """Return the description of requests that come from a network.

    Raises:
        ArgumentError: it is no network.
    """
    kind = _kind(network)
    if kind == SERVICES:
        return that(("Bool", "aws:ViaAWSService", ("true",)))
    operator, key = _TESTS[kind]
    return that((_TURNED[operator], key, (network,)))


_TURNED: Final = {
    "NotIpAddress": "IpAddress",
    "StringNotEquals": "StringEquals",
    "ForAllValues:StringNotLike": "ForAnyValue:StringLike",
}


def _kind(network: str) -> str:
    if network == SERVICES:
        return network
    if network.startswith("vpce-"):
        return "vpce"
    if network.startswith("vpc-"):
        return "vpc"
    if network.startswith("o-"):
        return "path"
    try:
        ipaddress.ip_network(network, strict=False)
    except ValueError:
        raise ArgumentError(
            f"networks: {network!r} is no address range, VPC, VPC endpoint or organisation path"
        ) from None
    return "address"


def not_by(callers: Iterable[str]) -> tuple[Statement, ...]:
    """Return the description of requests by others than some callers.

    Args:
        callers: accounts, ARNs of roles and users, services, or `aws-services`.

    Raises:
        ArgumentError: one of them is none of these.
    """
    return tuple(that(test) for caller in callers for test in _others(caller))


def by(caller: str) -> Statement:
    """Return the description of requests by a caller, or by those of an account.

    Raises:
        ArgumentError: it is no caller.
    """
    account = _account(caller)
    if account:
        return that(("StringEquals", "aws:PrincipalAccount", (account,)))
    if caller.startswith("arn:"):
        return that(("ArnLike", "aws:PrincipalArn", (caller,)))
    if caller.endswith(".amazonaws.com"):
        return that(("StringEquals", "aws:PrincipalServiceName", (caller,)))
    raise ArgumentError(f"{caller!r} is no account, ARN or service")


def _others(caller: str) -> tuple[Test, ...]:
    account = _account(caller)
    if account:
        return (("StringNotEquals", "aws:PrincipalAccount", (account,)),)
    if caller.startswith("arn:"):
        return (("ArnNotLike", "aws:PrincipalArn", (caller,)),)
    if caller.endswith(".amazonaws.com"):
        return (("StringNotEquals", "aws:PrincipalServiceName", (caller,)),)
    if caller == SERVICES:
        return (
            ("BoolIfExists", "aws:PrincipalIsAWSService", ("false",)),
            ("Bool", "aws:ViaAWSService", ("false",)),
        )
    raise ArgumentError(f"principals: {caller!r} is no account, ARN or service")


def _account(caller: str) -> str:
    root = _ROOT.fullmatch(caller)
    return root[1] if root else caller if _ACCOUNT.fullmatch(caller) else ""


def organisation(given: Given, account: str) -> tuple[Layer, ...]:
    """Return the layers of an organisation's policies.

    Service control policies bind the callers of the account, resource control policies everybody
    who asks for what is in it. The latter always allow what they do not refuse. Policies of several
    levels are taken together, which allows too much rather than too little.
    """
    found = []
    scps, rcps = given.documents("scp"), given.documents("rcp")
    if scps:
        members = frozenset({account}) if account else frozenset()
        refuses = not any(s.allows for d in scps for s in d.statements)
        name = "service control policy"
        found.append(Layer(name, scps, members=members, refuses_only=refuses))
    if rcps:
        name = "resource control policy"
        found.append(Layer(name, rcps, names_callers=True, refuses_only=True))
    return tuple(found)


def organisation_notes(given: Given) -> tuple[str, ...]:
    """Return what answers rest on where policies of an organisation are among the policies."""
    if not given.documents("scp"):
        return ()
    note = (
        "service control policies bind neither service-linked roles nor the management account: "
        "neither is taken to make such a request"
    )
    return (note,)
