"""The walk: packets from every subnet of a workspace, until each has ended somewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Final

from lakewarden.proofs.network import acls, delivery, gateways
from lakewarden.proofs.network.firewall import balancer_endpoint
from lakewarden.proofs.network.flow import Flow, Kind, Leaf, Step
from lakewarden.proofs.network.groups import egress_of
from lakewarden.proofs.network.known import Known, Missing
from lakewarden.proofs.network.packets import ALL, ALL_V4, ALL_V6, Addresses, Packets
from lakewarden.proofs.network.ranges import network
from lakewarden.proofs.network.scene import Scene
from lakewarden.proofs.network.topology import Route, Subnet, WorkspaceNetwork
from lakewarden.proofs.network.transit import transit_gateway

Component = Callable[[Scene, Flow, Route], Iterator[Flow | Leaf]]

_COMPONENTS: Final[dict[str, Component]] = {
    "igw-": gateways.internet_gateway,
    "eigw-": gateways.egress_only_gateway,
    "nat-": gateways.nat_gateway,
    "pcx-": gateways.peering,
    "eni-": gateways.interface,
    "tgw-": transit_gateway,
}
_MOST: Final = 50_000
"""A walk that takes more turns than this gives up, and says so."""


def walk(scene: Scene, net: WorkspaceNetwork, wanted: Packets = ALL) -> list[Leaf]:
    """Return where packets of a workspace's nodes can end: all packets, or those wanted."""
    if isinstance(net.subnets, Missing):
        return [Leaf(Kind.UNKNOWN, wanted, (Step(net.name),), str(net.subnets), (), net.subnets)]
    todo: list[Flow] = []
    leaves: list[Leaf] = []

    def sort_out(found: Iterable[Flow | Leaf]) -> None:
        for one in found:
            if isinstance(one, Leaf):
                leaves.append(one)
            else:
                todo.append(one)

    for name in net.subnets:
        sort_out(_start(scene, net, name, wanted))
    for _ in range(_MOST):
        if not todo:
            break
        sort_out(_onward(scene, todo.pop()))
    gap = Missing(f"where all paths end: there are more than {_MOST:,}")
    return [*leaves, *(flow.unknown(gap) for flow in todo)]


def _start(
    scene: Scene, net: WorkspaceNetwork, name: str, wanted: Packets
) -> Iterator[Flow | Leaf]:
    """Yield what security groups let out of one subnet, IPv4 and IPv6 apart."""
    steps = (Step(f"subnet {name}"),)
    subnet = scene.graph.subnets.get(name)
    if isinstance(subnet, Missing):
        yield Leaf(Kind.UNKNOWN, wanted, steps, str(subnet), (), subnet)
        return
    none = Missing(f"the security groups of {net.name}")
    groups = net.groups or none
    sure, doubts = egress_of(scene, groups)
    base = Flow(
        wanted,
        Addresses(),
        subnet,
        steps,
        public=_public(scene, net, subnet),
        origin=subnet,
        groups=() if isinstance(groups, Missing) else groups,
    )
    left = wanted.minus(sure)
    for doubt, part in [(None, sure), *(() if scene.certain else doubts)]:
        yield from _versions(replace(base, packets=wanted.meet(part), doubt=doubt))
        left = left.minus(part)
    if left:
        yield base.dropped("not allowed by the security groups", left)


def _versions(flow: Flow) -> Iterator[Flow | Leaf]:
    cidr, v6 = flow.subnet.cidr, flow.subnet.v6
    four, six = Packets(v4=flow.packets.v4), Packets(v6=flow.packets.v6)
    if isinstance(cidr, Missing):
        yield from _told(replace(flow, packets=four, doubt=cidr, source=Addresses(v4=ALL_V4)))
    elif cidr:
        yield from _told(replace(flow, packets=four, source=network(cidr)))
    elif four:
        yield flow.dropped("no IPv4 address", four)
    if isinstance(v6, Missing):
        yield from _told(replace(flow, packets=six, doubt=v6, source=Addresses(v6=ALL_V6)))
    elif v6:
        spans = tuple(pair for text in v6 for pair in network(text).v6)
        yield from _told(replace(flow, packets=six, source=Addresses(v6=spans)))
    elif six:
        yield flow.dropped("no IPv6 address", six)


def _told(flow: Flow) -> Iterator[Flow]:
    if flow.packets:
        yield flow


def _public(scene: Scene, net: WorkspaceNetwork, subnet: Subnet) -> Known[bool]:
    """Return whether a node may have a public IPv4 address, or whether it surely has one."""
    if scene.certain:
        return net.public_nodes is True
    interfaces = scene.graph.topology.interfaces
    found: list[Known[bool]] = [net.public_nodes, subnet.maps_public]
    found += [
        i.public if isinstance(i.public, Missing) else bool(i.public)
        for i in scene.graph.interfaces_in(subnet.id)
    ]
    if True in found:
        return True
    missing = (value for value in (*found, interfaces.gap) if isinstance(value, Missing))
    return next(missing, False)


def _onward(scene: Scene, flow: Flow) -> Iterator[Flow | Leaf]:
    """Yield what becomes of packets that leave a subnet by its route table."""
    here = (flow.subnet.id, flow.source)
    if here in flow.seen:
        yield flow.dropped("goes round in a circle")
        return
    flow = replace(flow, seen=flow.seen | {here})
    for part in acls.leave(scene, flow):
        if isinstance(part, Leaf):
            yield part
        else:
            yield from _by_route(scene, part)


def _by_route(scene: Scene, flow: Flow) -> Iterator[Flow | Leaf]:
    table = scene.graph.table_of(flow.subnet)
    if isinstance(table, Missing):
        yield flow.unknown(table)
        return
    plan = scene.plan(table)
    if isinstance(plan, Missing):
        yield flow.unknown(plan)
        return
    for turn in plan.part(flow.packets):
        part = flow.with_packets(turn.packets)
        if not turn.routes:
            yield part.dropped(f"no route in {table.id}")
        elif scene.certain and len(turn.routes) > 1:
            yield part.unknown(Missing(f"which route of {table.id} is taken"))
        elif scene.certain and turn.missing:
            if not _is_gateway_endpoint(scene, turn.routes[0]):
                yield part.unknown(turn.missing)
        else:
            for route in turn.routes:
                step = Step(table.id, route.destination, route.target, "route")
                yield from _doubted(scene, part.past(step), route, turn.missing)


def _doubted(
    scene: Scene, flow: Flow, route: Route, missing: Missing | None
) -> Iterator[Flow | Leaf]:
    """Yield where one route leads, when it is known which packets it takes, and when it is not."""
    if route.blackhole is True:
        yield flow.dropped("blackhole")
        return
    if isinstance(route.blackhole, Missing):
        missing = missing or route.blackhole
    yield from _along(scene, replace(flow, doubt=flow.doubt or missing), route)


def _is_gateway_endpoint(scene: Scene, route: Route) -> bool:
    endpoint = scene.graph.endpoints.get(route.target)
    return not isinstance(endpoint, Missing) and endpoint.kind == "Gateway"


def _along(scene: Scene, flow: Flow, route: Route) -> Iterator[Flow | Leaf]:
    target = route.target
    if target == "local":
        yield from delivery.local(scene, flow, flow.subnet.vpc)
        return
    if target.startswith("vpce-"):
        yield from _endpoint(scene, flow, route)
        return
    component = next((c for prefix, c in _COMPONENTS.items() if target.startswith(prefix)), None)
    if component:
        yield from component(scene, flow, route)
    else:
        yield from delivery.beyond(scene, flow.past(Step(target)), target)


def _endpoint(scene: Scene, flow: Flow, route: Route) -> Iterator[Flow | Leaf]:
    endpoint = scene.graph.endpoints.get(route.target)
    known = isinstance(scene.graph.firewall_at(route.target), tuple)
    if not isinstance(endpoint, Missing) and endpoint.kind == "Gateway":
        yield gateways.gateway_endpoint(flow, route, endpoint.service)
    elif isinstance(endpoint, Missing) and not known and route.target not in scene.graph.inspected:
        yield flow.past(Step(route.target)).unknown(endpoint)
    else:
        yield from balancer_endpoint(scene, flow, route)
