"""What routes lead to, but for firewalls and transit gateways."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from lakewarden.proofs.network import acls, delivery
from lakewarden.proofs.network import services as algebra
from lakewarden.proofs.network.flow import Flow, Kind, Leaf, Step
from lakewarden.proofs.network.known import Known, Missing
from lakewarden.proofs.network.packets import Addresses, Packets, packets, row
from lakewarden.proofs.network.ranges import NAT64, PUBLIC, network, networks
from lakewarden.proofs.network.returns import answered
from lakewarden.proofs.network.scene import Scene
from lakewarden.proofs.network.services import ICMP, ICMPV6, TCP, UDP, service
from lakewarden.proofs.network.topology import Route

_BOTH: Final = algebra.union(service(TCP), service(UDP))
_TRANSLATED: Final = algebra.union(_BOTH, service(ICMP))
"""What a NAT gateway carries (Amazon VPC user guide, NAT gateway basics)."""
_WELL_KNOWN: Final = network(NAT64)


def internet_gateway(scene: Scene, flow: Flow, route: Route) -> Iterator[Flow | Leaf]:
    """An internet gateway lets out what has a public address, and only to public addresses."""
    flow = flow.past(Step(route.target))
    gateway = scene.graph.internet_gateways.get(route.target)
    if not isinstance(gateway, Missing) and gateway.vpc != flow.subnet.vpc:
        yield flow.dropped(f"{route.target} is not attached to {flow.subnet.vpc}")
        return
    back = answered(scene, flow, scene.graph.edge_of(route.target))
    if isinstance(back, Leaf):
        yield back
        return
    flow, blocked = back, _blocked(scene, flow, translated=flow.translated)
    for half, may in (
        (Packets(v4=flow.packets.v4), flow.public),
        (Packets(v6=flow.packets.v6), bool(flow.source.meet(PUBLIC).v6)),
    ):
        part = flow.with_packets(half.to(PUBLIC))
        if half != part.packets:
            yield flow.dropped("not a public address", half.minus(part.packets))
        if part.packets:
            yield _out(part, may, blocked)


def _out(flow: Flow, may: Known[bool], blocked: Known[bool]) -> Leaf:
    if may is False:
        return flow.dropped("the source has no public address")
    if blocked is True:
        return flow.dropped("VPC block public access")
    missing = next((value for value in (may, blocked) if isinstance(value, Missing)), None)
    return flow.unknown(missing) if missing else flow.leaf(Kind.INTERNET)


def egress_only_gateway(scene: Scene, flow: Flow, route: Route) -> Iterator[Flow | Leaf]:
    """An egress-only internet gateway lets IPv6 out; it has no route table of its own."""
    flow = flow.past(Step(route.target))
    back = answered(scene, flow, None)
    if isinstance(back, Leaf):
        yield back
        return
    flow, blocked = back, _blocked(scene, flow, translated=True)
    out = flow.with_packets(Packets(v6=flow.packets.to(PUBLIC).v6))
    if out.packets:
        yield _out(out, bool(flow.source.meet(PUBLIC).v6), blocked)
    if out.packets != flow.packets:
        yield flow.dropped("not a public IPv6 address", flow.packets.minus(out.packets))


def _blocked(scene: Scene, flow: Flow, *, translated: bool) -> Known[bool]:
    """Return whether block public access keeps a flow from leaving.

    Without exclusions, one mode closes the gateways and the other leaves NAT and egress-only
    gateways open (Amazon VPC user guide, block public access).
    """
    block = scene.graph.topology.block_public_access
    if isinstance(block, Missing):
        return block
    if block.mode == "off":
        return False
    if block.mode not in ("block-bidirectional", "block-ingress"):
        return Missing(f"what the mode {block.mode} of VPC block public access does")
    if block.mode == "block-ingress" and translated:
        return False
    here = {flow.subnet.id, flow.subnet.vpc}
    there = {flow.origin.id, flow.origin.vpc} if flow.origin else here
    left_out = {name for name, _ in block.exclusions}
    if scene.certain:
        return not (here & left_out and there & left_out)
    return not (here | there) & left_out


def nat_gateway(scene: Scene, flow: Flow, route: Route) -> Iterator[Flow | Leaf]:
    """A NAT gateway sends on, from its own subnet and address, what it can translate."""
    gateway = scene.graph.nat_gateways.get(route.target)
    flow = flow.past(Step(route.target))
    if isinstance(gateway, Missing):
        yield flow.unknown(gateway)
        return
    subnet = (
        gateway.subnet
        if isinstance(gateway.subnet, Missing)
        else scene.graph.subnets.get(gateway.subnet)
    )
    if isinstance(subnet, Missing):
        yield flow.unknown(subnet)
        return
    back = scene.graph.table_of(subnet)
    for entered in acls.enter(scene, flow, subnet):
        part = entered if isinstance(entered, Leaf) else answered(scene, entered, back)
        if isinstance(part, Leaf):
            yield part
            continue
        carried = _translated(part.packets)
        lost = part.packets.minus(carried).minus(packets(_WELL_KNOWN))
        if lost:
            yield part.dropped("a NAT gateway does not carry it", lost)
        if carried:
            yield _behind(scene, part, carried, gateway.public, subnet.id)


def _behind(
    scene: Scene, flow: Flow, carried: Packets, public: Known[bool], name: str
) -> Flow | Leaf:
    subnet = scene.graph.subnets.get(name)
    if isinstance(subnet, Missing):
        return flow.unknown(subnet)
    source = scene.graph.source_of(subnet)
    if isinstance(source, Missing):
        return flow.unknown(source)
    return replace(
        flow,
        packets=carried,
        source=Addresses(v4=source.v4),
        subnet=subnet,
        public=public,
        groups=(),
        translated=True,
        inspected=False,
    )


def _translated(wanted: Packets) -> Packets:
    """Return packets as a NAT gateway sends them on: IPv4, some of it out of IPv6.

    Any ICMPv6 may come out as any ICMP.
    """
    base = _WELL_KNOWN.v6[0][0]
    six = wanted.to(_WELL_KNOWN)
    four = Packets(v4=wanted.v4).of(_TRANSLATED)
    for carried, becomes in ((_BOTH, None), (service(ICMPV6), service(ICMP))):
        part = six.of(carried).v6
        moved = row((first - base, last - base, becomes or kinds) for first, last, kinds in part)
        four = four.union(Packets(v4=moved))
    return four


def peering(scene: Scene, flow: Flow, route: Route) -> Iterator[Flow | Leaf]:
    """A peering connection leads to the other VPC, and never through it."""
    flow = flow.past(Step(route.target))
    found = scene.graph.peerings.get(route.target)
    if isinstance(found, Missing):
        yield flow.leaf(Kind.PEER, f"the other side of {route.target}")
        yield from delivery.proxies(scene, flow)
        return
    if found.active is False:
        yield flow.dropped(f"{found.id} is not active")
        return
    here = found.requester == flow.subnet.vpc
    other = found.accepter if here else found.requester
    cidrs = found.accepter_cidrs if here else found.requester_cidrs
    # Nothing is passed on from there, so that all that may lack is which addresses exist.
    reached = flow.packets if isinstance(cidrs, Missing) else flow.packets.to(networks(cidrs))
    if reached:
        yield from delivery.local(scene, flow.with_packets(reached), other)
    if reached != flow.packets:
        yield flow.dropped("peering is not transitive", flow.packets.minus(reached))


def interface(scene: Scene, flow: Flow, route: Route) -> Iterator[Flow | Leaf]:
    """An interface with source/destination check off passes everything on, as far as we know.

    It may put its own address in place of the source's, or leave it.
    """
    declared = scene.graph.inspected.get(route.target)
    flow = flow.past(Step(route.target))
    if declared:
        yield from delivery.declared(flow, declared)
        return
    found = scene.graph.interfaces.get(route.target)
    subnet = found if isinstance(found, Missing) else scene.graph.subnets.get(found.subnet)
    if isinstance(found, Missing) or isinstance(subnet, Missing):
        yield flow.unknown(Missing(f"what {route.target} does", "ec2:DescribeNetworkInterfaces"))
        return
    if found.forwards is False:
        yield flow.dropped(f"{found.id} takes nothing that is meant for others")
        return
    if scene.certain:
        yield flow.unknown(Missing(f"what {route.target} lets through"))
        return
    for part in acls.enter(scene, flow, subnet):
        if isinstance(part, Leaf):
            yield part
            continue
        doubt = found.forwards if isinstance(found.forwards, Missing) else part.doubt
        on = replace(part, subnet=subnet, groups=(), doubt=doubt, translated=False, inspected=False)
        yield replace(on, public=False)
        public = found.public if isinstance(found.public, Missing) else bool(found.public)
        yield replace(on, public=public, source=_own(scene, found.addresses, subnet.id, part))


def _own(scene: Scene, addresses: tuple[str, ...], subnet: str, flow: Flow) -> Addresses:
    if addresses:
        return networks(addresses)
    found = scene.graph.subnets.get(subnet)
    source = found if isinstance(found, Missing) else scene.graph.source_of(found)
    return flow.source if isinstance(source, Missing) else source


def gateway_endpoint(flow: Flow, route: Route, service_name: Known[str]) -> Leaf:
    """A gateway endpoint leads to one service of AWS, and to nothing else."""
    name = "a service" if isinstance(service_name, Missing) else service_name
    return flow.past(Step(route.target)).service(name, route.target)
