"""Changes to a network that close ways out, each as a value that can be applied and described."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final, Protocol, TypeVar

from lakewarden.proofs.network.inspection import (
    Firewall,
    FirewallPolicy,
    HeaderRule,
    StatefulGroup,
)
from lakewarden.proofs.network.known import Listing, Missing
from lakewarden.proofs.network.liveness import Host
from lakewarden.proofs.network.packets import Addresses
from lakewarden.proofs.network.ranges import cidrs, networks
from lakewarden.proofs.network.topology import (
    GroupRule,
    Route,
    RouteTable,
    SecurityGroup,
    Topology,
    TransitTable,
)

_PRIVATE: Final = ("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16")
"""What any spoke may have for addresses (RFC 1918, RFC 6598)."""
T = TypeVar("T")


class Edit(Protocol):
    """A change to a network."""

    def apply(self, topology: Topology) -> Topology:
        """Return the network as it is after the change."""
        ...

    def __str__(self) -> str: ...


def _edited(listing: Listing[T], chosen: Callable[[T], bool], edit: Callable[[T], T]) -> Listing[T]:
    return replace(listing, items=tuple(edit(i) if chosen(i) else i for i in listing.items))


def _routed(table: RouteTable, edit: Callable[[Route], Route | None]) -> RouteTable:
    if isinstance(table.routes, Missing):
        return table
    edited = (edit(route) for route in table.routes)
    return replace(table, routes=tuple(route for route in edited if route))


@dataclass(frozen=True, slots=True)
class RemoveRoute:
    """Take a route out of a route table."""

    table: str
    destination: str
    target: str

    def apply(self, topology: Topology) -> Topology:
        """Return the network without the route."""
        return replace(
            topology,
            tables=_edited(
                topology.tables,
                lambda table: table.id == self.table,
                lambda table: _routed(table, self._without),
            ),
        )

    def _without(self, route: Route) -> Route | None:
        gone = (route.destination, route.target) == (self.destination, self.target)
        return None if gone else route

    def __str__(self) -> str:
        return f"remove the route to {self.destination} by {self.target} from {self.table}"


@dataclass(frozen=True, slots=True)
class DetachGateway:
    """Detach an internet gateway, or delete an egress-only one: all routes to it go dead."""

    gateway: str

    def apply(self, topology: Topology) -> Topology:
        """Return the network with dead routes to the gateway."""
        gateways = topology.internet_gateways
        return replace(
            topology,
            internet_gateways=replace(
                gateways, items=tuple(g for g in gateways.items if g.id != self.gateway)
            ),
            tables=_edited(
                topology.tables,
                lambda _: True,
                lambda table: _routed(table, self._dead),
            ),
        )

    def _dead(self, route: Route) -> Route | None:
        return replace(route, blackhole=True) if route.target == self.gateway else route

    def __str__(self) -> str:
        egress_only = self.gateway.startswith("eigw-")
        return f"delete {self.gateway}" if egress_only else f"detach {self.gateway}"


@dataclass(frozen=True, slots=True)
class RemoveTransitRoute:
    """Take a route out of a route table of a transit gateway."""

    table: str
    destination: str

    def apply(self, topology: Topology) -> Topology:
        """Return the network without the route."""
        return replace(
            topology,
            transit_tables=_edited(
                topology.transit_tables, lambda table: table.id == self.table, self._without
            ),
        )

    def _without(self, table: TransitTable) -> TransitTable:
        if isinstance(table.routes, Missing):
            return table
        kept = tuple(r for r in table.routes if r.destination != self.destination)
        return replace(table, routes=kept)

    def __str__(self) -> str:
        return f"remove the route to {self.destination} from {self.table}"


@dataclass(frozen=True, slots=True)
class RestrictGroups:
    """Let security groups out to private networks, their VPC, prefix lists and what is kept."""

    groups: tuple[str, ...]
    keep: tuple[Host, ...] = ()

    def apply(self, topology: Topology) -> Topology:
        """Return the network with the narrower groups."""
        inside = networks(_PRIVATE)
        for vpc in topology.vpcs.items:
            if not isinstance(vpc.cidrs, Missing) and not isinstance(vpc.v6, Missing):
                inside = inside.union(networks(vpc.cidrs + vpc.v6))
        return replace(
            topology,
            groups=_edited(
                topology.groups,
                lambda group: group.id in self.groups,
                lambda group: self._narrowed(group, inside),
            ),
        )

    def _narrowed(self, group: SecurityGroup, inside: Addresses) -> SecurityGroup:
        if isinstance(group.egress, Missing):
            return group
        kept = [_within(rule, inside) for rule in group.egress]
        named = [
            GroupRule("tcp", port, port, v4=host.addresses)
            for host in self.keep
            for port in host.ports
        ]
        rules = (r for r in (*kept, *named) if r.v4 or r.v6 or r.prefix_lists or r.groups)
        return replace(group, egress=tuple(dict.fromkeys(rules)))

    def __str__(self) -> str:
        kept = ", ".join(host.name for host in self.keep)
        beside = f" and to {kept}" if kept else ""
        names = ", ".join(self.groups)
        return f"let {names} out to private networks, prefix lists{beside}, no further"


def _within(rule: GroupRule, inside: Addresses) -> GroupRule:
    left = networks((*rule.v4, *rule.v6)).meet(inside)
    v4, v6 = cidrs(Addresses(v4=left.v4)), cidrs(Addresses(v6=left.v6))
    return replace(rule, v4=v4, v6=v6)


@dataclass(frozen=True, slots=True)
class TightenFirewall:
    """Give a firewall strict order, drop what is established, and all that TCP does not carry.

    HOME_NET takes in all private networks, so that spokes are inspected, too. Stateless rules hand
    everything on. What is kept passes by address, or else by name.
    """

    firewall: str
    keep: tuple[Host, ...] = ()

    def apply(self, topology: Topology) -> Topology:
        """Return the network with the stricter policy."""
        return replace(
            topology,
            firewalls=_edited(topology.firewalls, lambda f: f.id == self.firewall, self._tightened),
        )

    def _tightened(self, firewall: Firewall) -> Firewall:
        policy = firewall.policy
        if isinstance(policy, Missing) or isinstance(policy.stateful, Missing):
            return firewall
        groups = tuple(
            replace(g, addresses=tuple(a for a in g.addresses if a[0] != "HOME_NET"), priority=n)
            for n, g in enumerate(policy.stateful, 100)
        )
        closing = StatefulGroup(
            "closing", (HeaderRule("DROP", "UDP"), HeaderRule("DROP", "ICMP")), 1000
        )
        return replace(
            firewall,
            policy=FirewallPolicy(
                "STRICT_ORDER",
                ("aws:drop_established", "aws:alert_established"),
                stateful=(*_kept(self.keep), *groups, closing),
                home_net=_PRIVATE,
            ),
        )

    def __str__(self) -> str:
        kept = ", ".join(host.name for host in self.keep)
        beside = f"; let {kept} through" if kept else ""
        return (
            f"give {self.firewall} strict order, drop_established, a HOME_NET of all private "
            f"networks, no stateless pass, and rules that drop UDP and ICMP{beside}"
        )


def _kept(hosts: Iterable[Host]) -> Iterator[StatefulGroup]:
    """Yield rules that pass hosts before all others: by address, or by name where they have none.

    No domain list does that: its denials would come before the lists that are there.
    """
    passed = []
    for host in hosts:
        for network in host.addresses:
            passed += [
                HeaderRule("PASS", "TCP", destination=network, destination_port=str(port))
                for port in host.ports
            ]
        if not host.addresses and "." in host.name:
            options = ("tls.sni", f'content:"{host.name}"', "startswith", "endswith")
            passed.append(HeaderRule("PASS", "TLS", options=options))
    if passed:
        yield StatefulGroup("required", tuple(passed), 1)
