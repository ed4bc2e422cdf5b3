"""What a firewall policy surely lets through, for one host: too little rather than too much."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lakewarden.proofs.network.domains import covers
from lakewarden.proofs.network.inspecting import (
    DROPS,
    HANDS_ON,
    LETS,
    is_whole,
    region_of,
)
from lakewarden.proofs.network.inspection import FirewallPolicy, StatelessGroup, StatelessRule
from lakewarden.proofs.network.known import Missing
from lakewarden.proofs.network.packets import (
    EVERYWHERE,
    NO_PACKETS,
    Addresses,
    Packets,
    packets,
)
from lakewarden.proofs.network.ranges import networks
from lakewarden.proofs.network.services import TCP, service
from lakewarden.proofs.network.suricata import Match


def stateless(
    policy: FirewallPolicy, groups: Iterable[StatelessGroup], wanted: Packets, source: Addresses
) -> tuple[Packets, Packets]:
    """Return what stateless rules surely pass, and what they surely hand on, both ways.

    Answers meet the rules as well, so that a rule which may drop an answer drops all.
    """
    left, passed, forwarded = wanted, NO_PACKETS, NO_PACKETS
    rules: list[StatelessRule] = []
    for group in sorted(groups, key=lambda g: g.priority):
        if isinstance(group.rules, Missing):
            return NO_PACKETS, NO_PACKETS
        rules += sorted(group.rules, key=lambda r: r.priority)
    for rule in rules:
        if not source.meet(networks(rule.sources) if rule.sources else EVERYWHERE):
            continue
        hit = left.meet(region_of(rule))
        if is_whole(rule):
            passed = passed.union(hit) if LETS in rule.actions else passed
            forwarded = forwarded.union(hit) if HANDS_ON in rule.actions else forwarded
        left = left.minus(hit)
    passed = passed.union(left) if LETS in policy.stateless_default else passed
    forwarded = forwarded.union(left) if HANDS_ON in policy.stateless_default else forwarded
    lost = _answers_lost(policy, rules, source)
    return passed.minus(lost), forwarded.minus(lost)


def _answers_lost(
    policy: FirewallPolicy, rules: Iterable[StatelessRule], source: Addresses
) -> Packets:
    """Return the packets whose answers some rule, or the default, might drop."""
    if DROPS in policy.stateless_default:
        return packets(EVERYWHERE)
    lost = NO_PACKETS
    for rule in rules:
        back = networks(rule.destinations) if rule.destinations else EVERYWHERE
        if DROPS in rule.actions and source.meet(back):
            lost = lost.union(packets(networks(rule.sources) if rule.sources else EVERYWHERE))
    return lost


def stateful(
    policy: FirewallPolicy, rules: Sequence[Match | Missing], wanted: Packets, name: str
) -> Packets:
    """Return what surely gets through to a host by TCP: by TLS, when the host has a name."""
    known = [rule for rule in rules if not isinstance(rule, Missing)]
    if len(known) != len(rules):
        return NO_PACKETS
    strict = policy.order == "STRICT_ORDER"
    actions = policy.stateful_default if strict else ()
    closed = any(not action.startswith("aws:alert") for action in actions)
    opened, needy, left = NO_PACKETS, NO_PACKETS, wanted.of(service(TCP))
    for rule in known:
        hit = left.meet(rule.region) if rule.app in ("", "tls" if name else "") else NO_PACKETS
        named = rule.names is None or any(covers(pattern, name) for pattern in rule.names)
        if not named or not hit:
            continue
        if rule.action == "drop":
            left = left.minus(hit)
        elif rule.exact and rule.stage != "handshake":
            opened, left = opened.union(hit), left.minus(hit)
            needy = needy.union(hit) if rule.app else needy
    if not closed:
        opened, needy = opened.union(left), needy.union(left)
    return opened.minus(needy).union(needy.meet(_connected(known, needy, actions)))


def _connected(rules: Iterable[Match], wanted: Packets, actions: Iterable[str]) -> Packets:
    """Return what surely gets as far as a connection, before any name is seen."""
    left, opened = wanted, NO_PACKETS
    for rule in rules:
        hit = left.meet(rule.region)
        if rule.app or not hit:
            continue
        if rule.action == "drop" and rule.stage != "established":
            left = left.minus(hit)
        elif rule.action == "pass" and rule.exact and rule.stage != "established":
            opened, left = opened.union(hit), left.minus(hit)
    strange = [a for a in actions if not a.startswith(("aws:alert", "aws:drop_established"))]
    return opened if strange else opened.union(left)
