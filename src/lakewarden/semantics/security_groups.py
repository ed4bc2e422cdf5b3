"""What the rules of security groups admit, in words and by port."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from lakewarden.estate.vpc import Rule
from lakewarden.semantics.ip_lists import is_wide

_EVERY = "-1"
_PROTOCOLS = {"6": "tcp", "17": "udp"}
_PORTS = (0, 65535)
_PEERS = ("CidrIpv4", "CidrIpv6", "PrefixListId", "ReferencedGroupId")


def rule_key(rule: Mapping[str, Any]) -> str:
    """Return what names a rule of one peer within its group: `tcp/443-443/10.0.0.0/8`.

    Args:
        rule: by the names of DescribeSecurityGroupRules.
    """
    peer = next(str(rule[name]) for name in _PEERS if rule.get(name))
    first, last = rule.get("FromPort"), rule.get("ToPort")
    ports = "all" if first is None else f"{first}-{last}"
    return f"{rule['IpProtocol']}/{ports}/{peer}"


def single_rules(rule: Rule) -> Iterator[dict[str, Any]]:
    """Yield a rule for each peer of one for several, by the names of DescribeSecurityGroupRules."""
    shared = {"IpProtocol": rule.protocol, "FromPort": rule.first, "ToPort": rule.last}
    for name, found in (
        ("CidrIpv4", [entry.cidr for entry in rule.ranges]),
        ("CidrIpv6", [entry.cidr for entry in rule.ranges_v6]),
        ("PrefixListId", [entry.id for entry in rule.prefix_lists]),
        ("ReferencedGroupId", [group.id for group in rule.groups]),
    ):
        for peer in found:
            yield {**shared, name: peer}


def peers(rule: Rule) -> Iterator[str]:
    """Yield whom a rule names: ids of groups and prefix lists, and networks."""
    yield from (group.id for group in rule.groups)
    yield from (entry.cidr for entry in rule.ranges)
    yield from (entry.cidr for entry in rule.ranges_v6)
    yield from (entry.id for entry in rule.prefix_lists)


def describe(rule: Rule) -> str:
    """Return a rule in words: `tcp 443 for 0.0.0.0/0`."""
    protocol = _PROTOCOLS.get(rule.protocol, rule.protocol)
    ports = "" if rule.first is None else f" {rule.first}"
    if rule.last is not None and rule.last != rule.first:
        ports = f"{ports}-{rule.last}"
    what = "everything" if protocol == _EVERY else f"{protocol}{ports}"
    return f"{what} for {', '.join(peers(rule)) or 'nobody'}"


def is_open(rule: Rule) -> bool:
    """Return whether a rule is for every port and for networks too wide to be anybody's own."""
    return has_every_port(rule) and _is_wide(rule)


def has_every_port(rule: Rule) -> bool:
    """Return whether a rule is for every port of a protocol or of all."""
    if rule.protocol == _EVERY:
        return True
    return rule.protocol in {"tcp", "udp", *_PROTOCOLS} and _spans(rule, *_PORTS)


def admits(rules: Iterable[Rule], port: int, groups: Collection[str], cidrs: Iterable[str]) -> bool:
    """Return whether rules admit a TCP port from some groups, or from all of some networks.

    Raises:
        ValueError: a network is none.
    """
    able = [
        rule
        for rule in rules
        if rule.protocol == _EVERY or (rule.protocol in {"tcp", "6"} and _spans(rule, port, port))
    ]
    if any(group.id in groups for rule in able for group in rule.groups):
        return True
    wanted = [ipaddress.IPv4Network(cidr, strict=False) for cidr in cidrs]
    given = [
        ipaddress.IPv4Network(entry.cidr, strict=False) for rule in able for entry in rule.ranges
    ]
    joined = list(ipaddress.collapse_addresses(given))
    return bool(wanted) and all(any(w.subnet_of(g) for g in joined) for w in wanted)


def _spans(rule: Rule, first: int, last: int) -> bool:
    return (
        rule.first is not None
        and rule.last is not None
        and rule.first <= max(first, 1)
        and last <= rule.last
    )


def _is_wide(rule: Rule) -> bool:
    """Return whether a rule's networks are too wide; two halves of the internet are the whole."""
    v4 = (ipaddress.IPv4Network(entry.cidr, strict=False) for entry in rule.ranges)
    v6 = (ipaddress.IPv6Network(entry.cidr, strict=False) for entry in rule.ranges_v6)
    return any(map(is_wide, ipaddress.collapse_addresses(v4))) or any(
        map(is_wide, ipaddress.collapse_addresses(v6))
    )
