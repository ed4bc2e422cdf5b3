"""Security groups: stateful, allowing only, and together they allow what any of them allows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lakewarden.proofs.network import services as algebra
from lakewarden.proofs.network.known import Known, Missing
from lakewarden.proofs.network.packets import (
    ALL,
    EVERYWHERE,
    NO_PACKETS,
    NOWHERE,
    Addresses,
    Packets,
    packets,
    together,
)
from lakewarden.proofs.network.ranges import OUTSIDE, networks
from lakewarden.proofs.network.scene import Scene
from lakewarden.proofs.network.services import EVERY, NOTHING, Services, of_rule
from lakewarden.proofs.network.topology import GroupRule


def egress_of(
    scene: Scene, groups: Known[tuple[str, ...]]
) -> tuple[Packets, list[tuple[Missing, Packets]]]:
    """Return what groups let out, and what they might let out if somebody knew a fact."""
    if isinstance(groups, Missing):
        return NO_PACKETS, [(groups, ALL)]
    sure, doubts = [], []
    for name in groups:
        group = scene.graph.groups.get(name)
        rules = group if isinstance(group, Missing) else group.egress
        if isinstance(rules, Missing):
            doubts.append((rules, ALL))
            continue
        for rule in rules:
            kinds, exact = of_rule(rule.protocol, rule.first, rule.last)
            if exact or not scene.certain:
                sure.append(packets(_named(scene, rule), kinds))
                doubts += [(gap, packets(EVERYWHERE, kinds)) for gap in _gaps(scene, rule)]
    found = together(sure)
    open_doubts = [(gap, part.minus(found)) for gap, part in doubts]
    return found, [(gap, part) for gap, part in open_doubts if part]


def _named(scene: Scene, rule: GroupRule) -> Addresses:
    """Return the addresses that a rule is known to name."""
    out = networks((*rule.v4, *rule.v6))
    for name in rule.prefix_lists:
        listed = scene.graph.prefix_list(name)
        out = out if isinstance(listed, Missing) else out.union(listed)
    for name in rule.groups:
        out = out.union(_members(scene, name))
    return out


def _gaps(scene: Scene, rule: GroupRule) -> Iterator[Missing]:
    for name in rule.prefix_lists:
        listed = scene.graph.prefix_list(name)
        if isinstance(listed, Missing):
            yield listed


def _members(scene: Scene, name: str) -> Addresses:
    """Return where the members of a group are.

    They come and go, so they may be anywhere in the VPC of the group, or at any private address
    when nobody knows that VPC: no host on the internet is a member. Surely there are the endpoints
    that have the group.
    """
    graph = scene.graph
    if scene.certain:
        out = NOWHERE
        for endpoint in graph.topology.endpoints.items:
            if not isinstance(endpoint.groups, Missing) and name in endpoint.groups:
                found = graph.endpoint_addresses(endpoint)
                out = out if isinstance(found, Missing) else out.union(found)
        return out
    group = graph.groups.get(name)
    found = group if isinstance(group, Missing) else graph.vpc_addresses(group.vpc)
    return EVERYWHERE.minus(OUTSIDE) if isinstance(found, Missing) else found


def ingress_of(
    scene: Scene, groups: Known[tuple[str, ...]], source: Addresses, members: Iterable[str]
) -> Services:
    """Return what groups let in from somewhere, or from members of other groups.

    When it is asked what may get in, an address in common is enough; what surely gets in must come
    from addresses that are all allowed.
    """
    unread = NOTHING if scene.certain else EVERY
    if isinstance(groups, Missing):
        return unread
    out = NOTHING
    for name in groups:
        group = scene.graph.groups.get(name)
        rules = group if isinstance(group, Missing) else group.ingress
        if isinstance(rules, Missing):
            out = algebra.union(out, unread)
            continue
        for rule in rules:
            kinds, exact = of_rule(rule.protocol, rule.first, rule.last)
            if (exact or not scene.certain) and _admits(scene, rule, source, members):
                out = algebra.union(out, kinds)
    return out


def _admits(scene: Scene, rule: GroupRule, source: Addresses, members: Iterable[str]) -> bool:
    if set(rule.groups) & set(members):
        return True
    if not scene.certain and any(_gaps(scene, rule)):
        return True
    named = _named(scene, GroupRule(v4=rule.v4, v6=rule.v6, prefix_lists=rule.prefix_lists))
    return source.within(named) if scene.certain else bool(source.meet(named))
