"""The way back: a firewall knows a connection only when it sees the answers, too."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from lakewarden.proofs.network.flow import Flow, Leaf
from lakewarden.proofs.network.graph import Graph
from lakewarden.proofs.network.known import Known, Missing
from lakewarden.proofs.network.packets import Addresses, packets
from lakewarden.proofs.network.scene import Scene
from lakewarden.proofs.network.services import TCP, service
from lakewarden.proofs.network.topology import Attachment, RouteTable

_LONGEST: Final = 16
"""So many route tables are enough for any way back that does not go round."""


def answered(scene: Scene, flow: Flow, table: Known[RouteTable | None]) -> Flow | Leaf:
    """Return a flow at the point where its answers turn back, by some route table or by none.

    Firewalls that do not see the answers cannot follow connections: what they drop by anything but
    the header of a packet may get through.
    """
    if not flow.awaited:
        return flow
    back: Known[frozenset[str]] = frozenset()
    if table is not None:
        back = table if isinstance(table, Missing) else endpoints_back(scene, table, flow.source)
    awaited = frozenset(flow.awaited)
    if not isinstance(back, Missing) and awaited <= back:
        if flow.blind:
            return flow.dropped(f"dropped behind {flow.blind}")
    elif flow.blind or scene.certain:
        unseen = ", ".join(sorted(awaited if isinstance(back, Missing) else awaited - back))
        gap = Missing(f"what the firewall at {unseen} does without seeing the answers")
        return flow.unknown(back if isinstance(back, Missing) else gap)
    return replace(flow, awaited=(), blind="")


def endpoints_back(scene: Scene, table: RouteTable, source: Addresses) -> Known[frozenset[str]]:
    """Return the firewall endpoints that answers to a source pass, from some route table on."""
    met: set[str] = set()
    at: Known[RouteTable | None] = table
    for _ in range(_LONGEST):
        if isinstance(at, Missing) or at is None:
            return at or frozenset(met)
        at = _next(scene, at, source, met)
    return Missing(f"where answers from {table.id} go: they go round in a circle")


def _next(
    scene: Scene, table: RouteTable, source: Addresses, met: set[str]
) -> Known[RouteTable | None]:
    """Return the route table that answers come to next; None when they arrive."""
    plan = scene.plan(table)
    if isinstance(plan, Missing):
        return plan
    turns = [t for t in plan.part(packets(source, service(TCP, ((443, 443),)))) if not t.missing]
    if len(turns) != 1 or len(turns[0].routes) != 1:
        return Missing(f"the way back from {table.id}: it divides, or there is none")
    target = turns[0].routes[0].target
    if target == "local" or target.startswith("pcx-"):
        return None
    if target.startswith("tgw-"):
        return _through(scene, target, table.vpc, source)
    at = scene.graph.firewall_at(target)
    if isinstance(at, Missing) or at is None:
        return at or Missing(f"the way back through {target}")
    met.add(target)
    return _table_of(scene.graph, at[1])


def _table_of(graph: Graph, subnet: str) -> Known[RouteTable]:
    found = graph.subnets.get(subnet)
    return found if isinstance(found, Missing) else graph.table_of(found)


def _through(scene: Scene, gateway: str, vpc: str, source: Addresses) -> Known[RouteTable | None]:
    """Return the route table behind a transit gateway that answers come to."""
    mine = scene.graph.attachment_of(gateway, vpc)
    if isinstance(mine, Missing):
        return mine
    if isinstance(mine.table, Missing):
        return mine.table
    table = scene.graph.transit_tables.get(mine.table)
    plan = table if isinstance(table, Missing) else scene.transit_plan(table)
    if isinstance(plan, Missing):
        return plan
    turns = [t for t in plan.part(packets(source)) if not t.missing]
    routes = turns[0].routes if len(turns) == 1 else ()
    if len(routes) != 1 or len(routes[0].attachments) != 1:
        return Missing(f"the way back through {gateway}: it divides, or there is none")
    target = scene.graph.attachments.get(routes[0].attachments[0])
    return target if isinstance(target, Missing) else _landing(scene.graph, target)


def _landing(graph: Graph, attachment: Attachment) -> Known[RouteTable | None]:
    """Return the table of an attachment's subnets, as long as they all have the same."""
    if isinstance(attachment.subnets, Missing):
        return attachment.subnets
    tables = {}
    for name in attachment.subnets:
        table = _table_of(graph, name)
        if isinstance(table, Missing):
            return table
        tables[table.id] = table
    if len(tables) == 1:
        return next(iter(tables.values()))
    return Missing(f"the way back by {attachment.id}: its subnets have different route tables")
