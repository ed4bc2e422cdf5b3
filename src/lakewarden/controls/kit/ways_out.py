"""How traffic leaves a workspace's subnets for public addresses, route by route.

A NAT gateway is followed into its own subnet. What lies behind any other gateway is not: whoever
knows that a firewall stands there says so in lakewarden.toml, under network.inspected_gateways.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lakewarden.controls.kit.control import Context
from lakewarden.estate.account import Network
from lakewarden.estate.vpc import NAT_GATEWAYS, ROUTE_TABLES
from lakewarden.semantics.routes import table_of, ways_out


@dataclass(frozen=True, slots=True)
class Way:
    """One way out.

    Attributes:
        hops: the routes taken, `0.0.0.0/0 via nat-1` and so on.
        end: the last target: a gateway, an endpoint, or whatever else a route may name.
    """

    hops: tuple[str, ...]
    end: str

    def __str__(self) -> str:
        return ", then ".join(self.hops)


def ways_of(network: Network, at: Context) -> Iterator[Way]:
    """Yield the ways out of a network's subnets, each once.

    Routes to an AWS service through a gateway endpoint are left out.

    Raises:
        UnreadError: a route table or a NAT gateway on the way was not read.
    """
    vpc = network.vpc_id.get()
    seen = set()
    for subnet_id in network.subnet_ids.get():
        for way in _from(subnet_id, vpc, at, ()):
            if way not in seen:
                seen.add(way)
                yield way


def _from(subnet_id: str, vpc: str, at: Context, hops: tuple[str, ...]) -> Iterator[Way]:
    table = table_of(subnet_id, vpc, at.estate.of(ROUTE_TABLES).each())
    for route in ways_out(table):
        hop = f"{route.destination} via {route.target}"
        if hop in hops or (route.prefix_list and route.target.startswith("vpce-")):
            continue
        if route.target.startswith("nat-"):
            gateway = at.estate.need(NAT_GATEWAYS, route.target)
            yield from _from(gateway.subnet_id.get(), vpc, at, (*hops, hop))
        else:
            yield Way((*hops, hop), route.target)
