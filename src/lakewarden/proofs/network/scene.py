"""What is asked of a network."""

from __future__ import annotations

from dataclasses import dataclass, field

from lakewarden.proofs.network.graph import Graph
from lakewarden.proofs.network.known import Missing
from lakewarden.proofs.network.routing import Plan
from lakewarden.proofs.network.topology import Route, RouteTable, TransitRoute, TransitTable


@dataclass(frozen=True, slots=True)
class Scene:
    """A network, and which way to err where it cannot be exact.

    Attributes:
        graph: the network.
        certain: False asks where packets may get to, and takes too many rather than too few; True
            asks where they surely get to, and takes too few rather than too many.
        name: the host that the packets are for, when it is asked what surely gets there.
    """

    graph: Graph
    certain: bool = False
    name: str = ""
    _tables: dict[str, Plan[Route] | Missing] = field(default_factory=dict)
    _transit: dict[str, Plan[TransitRoute] | Missing] = field(default_factory=dict)

    def plan(self, table: RouteTable) -> Plan[Route] | Missing:
        """Return a route table, ready to part packets."""
        if table.id not in self._tables:
            routes = table.routes
            self._tables[table.id] = (
                routes if isinstance(routes, Missing) else Plan(self.graph, routes, _rank)
            )
        return self._tables[table.id]

    def transit_plan(self, table: TransitTable) -> Plan[TransitRoute] | Missing:
        """Return the route table of a transit gateway, ready to part packets."""
        if table.id not in self._transit:
            routes = table.routes
            self._transit[table.id] = (
                routes if isinstance(routes, Missing) else Plan(self.graph, routes, _propagated)
            )
        return self._transit[table.id]


def _rank(route: Route) -> int:
    """Return what wins among routes with one destination: local, static, propagated."""
    if route.target == "local":
        return 0
    return 2 if route.propagated else 1


def _propagated(route: TransitRoute) -> int:
    return 1 if route.propagated else 0
