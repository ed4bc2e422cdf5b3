"""Network ACLs: stateless, in the order of their numbers, at the border of a subnet.

A connection by TCP needs its answers let through as well: without them nothing but handshakes gets
out. Other protocols carry data out whatever comes back.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from lakewarden.proofs.network import intervals
from lakewarden.proofs.network import services as algebra
from lakewarden.proofs.network.flow import Flow, Leaf
from lakewarden.proofs.network.intervals import Spans
from lakewarden.proofs.network.known import Missing
from lakewarden.proofs.network.packets import (
    ALL,
    EVERYWHERE,
    NO_PACKETS,
    NOWHERE,
    Addresses,
    Packets,
    Row,
    overlay,
    packets,
)
from lakewarden.proofs.network.ranges import network
from lakewarden.proofs.network.scene import Scene
from lakewarden.proofs.network.services import EVERY, NOTHING, TCP, Services, of_rule, service
from lakewarden.proofs.network.topology import AclEntry, Subnet

_LINUX: Final[Spans] = ((32768, 60999),)
"""The ports that Linux opens connections from (net.ipv4.ip_local_port_range)."""
_GATEWAY: Final[Spans] = ((1024, 65535),)
"""The ports that a NAT gateway opens connections from (Amazon VPC user guide, network ACLs)."""
_ANY: Final[Spans] = ()
_WITHOUT_TCP: Final = algebra.minus(EVERY, service(TCP))


def leave(scene: Scene, flow: Flow) -> Iterator[Flow | Leaf]:
    """Yield what of a flow gets out of its subnet; what stays inside meets no ACL.

    Whether an ACL closes anything to what a firewall's endpoint sends on is not documented.
    """
    if flow.inspected and not scene.certain:
        yield flow
        return
    source = scene.graph.source_of(flow.subnet)
    inside = NO_PACKETS if isinstance(source, Missing) else flow.packets.to(source)
    if inside:
        yield flow.with_packets(inside)
    out = flow.with_packets(flow.packets.minus(inside))
    if not out.packets:
        return
    acl = scene.graph.acl_of(flow.subnet)
    if isinstance(acl, Missing):
        yield out.unknown(acl)
    elif isinstance(acl.egress, Missing):
        yield out.unknown(acl.egress)
    elif isinstance(acl.ingress, Missing):
        yield out.unknown(acl.ingress)
    else:
        ports = _ports(scene, flow)
        allowed = _crossing(acl.egress, acl.ingress, ports, certain=scene.certain)
        passed = out.packets.meet(allowed)
        if passed:
            yield out.with_packets(passed)
        if passed != out.packets:
            yield out.dropped(f"closed by {acl.id}", out.packets.minus(passed))


def enter(scene: Scene, flow: Flow, subnet: Subnet) -> Iterator[Flow | Leaf]:
    """Yield what of a flow gets into another subnet. It is still in its own afterwards."""
    if flow.subnet.id == subnet.id:
        yield flow
        return
    acl = scene.graph.acl_of(subnet)
    if isinstance(acl, Missing):
        yield flow.unknown(acl)
    elif isinstance(acl.ingress, Missing):
        yield flow.unknown(acl.ingress)
    elif isinstance(acl.egress, Missing):
        yield flow.unknown(acl.egress)
    else:
        ports = _ports(scene, flow)
        allowed = _crossing(acl.ingress, acl.egress, ports, certain=scene.certain)
        for source, kinds in _sorted_out(flow.source, allowed):
            half = packets(EVERYWHERE if source else NOWHERE)
            mine = Packets(half.v4 if source.v4 else (), half.v6 if source.v6 else ()).meet(
                flow.packets
            )
            passed = mine.of(kinds)
            if passed:
                yield replace(flow, packets=passed, source=source)
            if passed != mine:
                yield replace(flow, source=source).dropped(
                    f"closed by {acl.id}", mine.minus(passed)
                )


def _ports(scene: Scene, flow: Flow) -> Spans:
    """Return the ports that answers must get back to: anyone will do, unless it must be sure."""
    if not scene.certain:
        return _ANY
    return _LINUX if flow.groups else _GATEWAY


def _sorted_out(source: Addresses, allowed: Packets) -> Iterator[tuple[Addresses, Services]]:
    """Yield the parts of a source that an ACL treats alike; the two versions stay apart."""
    for kinds, spans in _alike(source.v4, allowed.v4):
        yield Addresses(v4=spans), kinds
    for kinds, spans in _alike(source.v6, allowed.v6):
        yield Addresses(v6=spans), kinds


def _alike(source: Spans, allowed: Row) -> Iterator[tuple[Services, Spans]]:
    found: dict[Services, list[tuple[int, int]]] = {}
    row = ((first, last, True) for first, last in source)
    for first, last, mine, kinds in overlay(row, allowed):
        if mine:
            found.setdefault(kinds or NOTHING, []).append((first, last))
    for kinds, pairs in found.items():
        yield kinds, intervals.spans(pairs)


@functools.lru_cache(1024)
def _crossing(
    there: tuple[AclEntry, ...], back: tuple[AclEntry, ...], ports: Spans, *, certain: bool
) -> Packets:
    """Return what two lists let cross, by the address on the other side."""
    forward, answers = _allowed(there, certain=certain), _allowed(back, certain=certain)
    answered = Addresses(_answered(answers.v4, ports), _answered(answers.v6, ports))
    connected = packets(answered).union(packets(EVERYWHERE, _WITHOUT_TCP))
    return forward.meet(connected)


def _answered(row: Row, ports: Spans) -> Spans:
    """Return the addresses that answers by TCP may come from: to all of some ports, or to any."""
    return intervals.spans(
        (first, last)
        for first, last, kinds in row
        if kinds.ports(TCP) and intervals.within(ports, kinds.ports(TCP))
    )


@functools.lru_cache(1024)
def _allowed(entries: tuple[AclEntry, ...], *, certain: bool) -> Packets:
    """Return what a list of entries allows: the first entry that matches decides."""
    allowed, undecided = NO_PACKETS, ALL
    for entry in sorted(entries, key=lambda e: e.number):
        kinds, exact = of_rule(entry.protocol, entry.first, entry.last)
        if not exact and entry.allow == certain:
            continue
        matched = undecided.meet(packets(network(entry.cidr), kinds))
        if entry.allow:
            allowed = allowed.union(matched)
        undecided = undecided.minus(matched)
    return allowed
