"""Transit gateways: from an attachment to the route table that it is associated with, and on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from lakewarden.proofs.network import acls, delivery
from lakewarden.proofs.network.flow import Flow, Leaf, Step
from lakewarden.proofs.network.known import Known, Missing
from lakewarden.proofs.network.scene import Scene
from lakewarden.proofs.network.topology import Attachment, Route, Subnet, TransitRoute


def transit_gateway(scene: Scene, flow: Flow, route: Route) -> Iterator[Flow | Leaf]:
    """A transit gateway sends packets to what its routes name."""
    flow = flow.past(Step(route.target))
    declared = scene.graph.inspected.get(route.target)
    if declared:
        yield from delivery.declared(flow, declared)
        return
    mine = scene.graph.attachment_of(route.target, flow.subnet.vpc)
    if isinstance(mine, Missing):
        yield flow.unknown(mine)
        return
    for part in _boarded(scene, flow, mine):
        if isinstance(part, Leaf):
            yield part
        else:
            yield from _routed(scene, part, mine)


def _boarded(scene: Scene, flow: Flow, mine: Attachment) -> Iterator[Flow | Leaf]:
    """Yield what gets to the interfaces of the gateway in this VPC."""
    landings = _landings(scene, flow, mine)
    if isinstance(landings, Missing):
        yield flow.unknown(landings)
        return
    for subnet in landings:
        yield from acls.enter(scene, flow, subnet)


def _landings(scene: Scene, flow: Flow, attachment: Attachment) -> Known[tuple[Subnet, ...]]:
    """Return the subnets where packets may meet an attachment.

    It is the one in their zone where there is one; in appliance mode the gateway chooses any.
    """
    if isinstance(attachment.subnets, Missing):
        return attachment.subnets
    found = []
    for name in attachment.subnets:
        subnet = scene.graph.subnets.get(name)
        if isinstance(subnet, Missing):
            return subnet
        found.append(subnet)
    if not found:
        return Missing(f"the subnets of {attachment.id}")
    near = tuple(s for s in found if s.zone and s.zone == flow.subnet.zone)
    return near if near and attachment.appliance_mode is False else tuple(found)


def _routed(scene: Scene, flow: Flow, mine: Attachment) -> Iterator[Flow | Leaf]:
    if isinstance(mine.table, Missing):
        yield flow.unknown(mine.table)
        return
    if not mine.table:
        yield flow.dropped(f"{mine.id} has no route table")
        return
    table = scene.graph.transit_tables.get(mine.table)
    plan = table if isinstance(table, Missing) else scene.transit_plan(table)
    if isinstance(plan, Missing):
        yield flow.unknown(plan)
        return
    for turn in plan.part(flow.packets):
        part = flow.with_packets(turn.packets)
        if not turn.routes:
            yield part.dropped(f"no route in {mine.table}")
        for route in turn.routes:
            doubted = replace(part, doubt=turn.missing or part.doubt)
            step = Step(mine.table, route.destination, kind="transit route")
            yield from _along(scene, doubted.past(step), route)


def _along(scene: Scene, flow: Flow, route: TransitRoute) -> Iterator[Flow | Leaf]:
    if route.blackhole:
        yield flow.dropped("blackhole")
    elif not route.attachments:
        yield flow.unknown(Missing(f"where the route to {route.destination} leads"))
    else:
        yield from _landed(scene, flow, route.attachments)


def _landed(scene: Scene, flow: Flow, names: Iterable[str]) -> Iterator[Flow | Leaf]:
    for name in names:
        attachment = scene.graph.attachments.get(name)
        declared = scene.graph.inspected.get(name)
        if declared:
            yield from delivery.declared(flow, declared)
        elif isinstance(attachment, Missing):
            yield flow.unknown(attachment)
        elif attachment.kind != "vpc":
            yield from delivery.beyond(scene, flow.past(Step(name)), name)
        else:
            landings = _landings(scene, flow, attachment)
            if isinstance(landings, Missing):
                yield flow.unknown(landings)
                continue
            for subnet in landings:
                on = flow.past(Step(f"subnet {subnet.id}"))
                yield replace(
                    on, subnet=subnet, public=False, groups=(), translated=False, inspected=False
                )
