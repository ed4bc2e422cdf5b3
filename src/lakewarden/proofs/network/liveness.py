"""The other direction: what Databricks needs must surely get through."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum

from lakewarden.proofs.facts.regions import Region
from lakewarden.proofs.network import intervals
from lakewarden.proofs.network.flow import Kind, Leaf
from lakewarden.proofs.network.graph import Graph
from lakewarden.proofs.network.known import Missing
from lakewarden.proofs.network.packets import (
    NOWHERE,
    Addresses,
    Packets,
    packets,
    together,
)
from lakewarden.proofs.network.ranges import PUBLIC, networks
from lakewarden.proofs.network.scene import Scene
from lakewarden.proofs.network.services import TCP, service
from lakewarden.proofs.network.topology import Endpoint, Topology, WorkspaceNetwork
from lakewarden.proofs.network.walk import walk


@dataclass(frozen=True, slots=True)
class Host:
    """A destination that nodes need, by TCP.

    Attributes:
        name: the host's name, or words for it when it has none.
        ports: all that are needed.
        addresses: its networks; without them it may have any public IPv4 address.
        service: the AWS or PrivateLink service that an endpoint may lead to instead.
    """

    name: str
    ports: tuple[int, ...] = (443,)
    addresses: tuple[str, ...] = ()
    service: str = ""


class Reach(Enum):
    """Whether something gets through."""

    YES = "reachable"
    NO = "not reachable"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Reached:
    """Whether nodes of all subnets reach a host, and by which path, or why not."""

    host: Host
    reach: Reach
    reason: str


def required(region: Region, *, private_link: bool) -> tuple[Host, ...]:
    """Return what classic compute needs in a region (Databricks, customer-managed VPC).

    With PrivateLink the control plane and the relay are behind endpoints. What the data file does
    not know is left out.
    """
    regional = f"com.amazonaws.{region.name}"
    hosts = [
        Host(f"s3.{region.name}.amazonaws.com", service=f"{regional}.s3"),
        Host(f"sts.{region.name}.amazonaws.com", service=f"{regional}.sts"),
        Host(f"kinesis.{region.name}.amazonaws.com", service=f"{regional}.kinesis-streams"),
    ]
    ports = (443, 8443, 8444, *range(8445, 8452))
    if private_link:
        if region.services.general:
            hosts.append(Host("control plane", ports, service=region.services.general))
        if region.services.relay:
            hosts.append(
                Host(region.hosts.relay_private or "relay", (6666,), service=region.services.relay)
            )
        return tuple(hosts)
    if region.control_plane:
        name = region.hosts.webapp or "control plane"
        hosts.append(Host(name, ports, (str(region.control_plane),)))
    if region.hosts.relay:
        hosts.append(Host(region.hosts.relay))
    return tuple(hosts)


def reachable(
    topology: Topology, network: WorkspaceNetwork, hosts: Iterable[Host]
) -> tuple[Reached, ...]:
    """Return for each host whether nodes of every subnet surely reach it.

    Raises:
        ValueError: an address in the topology, or of a host, is none.
    """
    graph = Graph(topology)
    return tuple(_reached(graph, network, host) for host in hosts)


def _reached(graph: Graph, network: WorkspaceNetwork, host: Host) -> Reached:
    if isinstance(network.subnets, Missing):
        return Reached(host, Reach.UNKNOWN, str(network.subnets))
    answers = [
        _from_subnet(graph, replace(network, subnets=(name,)), host) for name in network.subnets
    ]
    for reach in (Reach.NO, Reach.UNKNOWN, Reach.YES):
        for answer in answers:
            if answer.reach is reach:
                return answer
    return Reached(host, Reach.UNKNOWN, "no subnet is known")


def _from_subnet(graph: Graph, network: WorkspaceNetwork, host: Host) -> Reached:
    targets = tuple(_targets(graph, network.vpc, host))
    unread = next((t for t in targets if isinstance(t, Missing)), None)
    if unread:
        return Reached(host, Reach.UNKNOWN, str(unread))
    kinds = service(TCP, intervals.spans((port, port) for port in host.ports))
    where = together(packets(t, kinds) for t in targets if not isinstance(t, Missing))
    endpoints = frozenset(e.id for e in _endpoints(graph, network.vpc, host))
    wanted = where or packets(networks(host.addresses) or Addresses(v4=PUBLIC.v4), kinds)
    return _proved(graph, network, host, wanted, endpoints if where else frozenset())


def _endpoints(graph: Graph, vpc: str, host: Host) -> Iterator[Endpoint]:
    for endpoint in graph.topology.endpoints.items:
        if endpoint.vpc == vpc and host.service and endpoint.service == host.service:
            yield endpoint


def _targets(graph: Graph, vpc: str, host: Host) -> Iterator[Addresses | Missing]:
    """Yield the addresses of endpoints that stand in for a host."""
    gap = graph.topology.endpoints.gap
    if host.service and gap:
        yield gap
    for endpoint in _endpoints(graph, vpc, host):
        if endpoint.kind == "Gateway":
            yield _listed(graph, endpoint)
        elif isinstance(endpoint.private_dns, Missing):
            yield endpoint.private_dns
        elif endpoint.kind == "Interface" and endpoint.private_dns:
            yield graph.endpoint_addresses(endpoint)


def _listed(graph: Graph, endpoint: Endpoint) -> Addresses | Missing:
    """Return the addresses that routes send to a gateway endpoint, in whichever table."""
    for table in graph.topology.tables.items:
        routes = () if isinstance(table.routes, Missing) else table.routes
        for route in routes:
            if route.target == endpoint.id:
                return graph.prefix_list(route.destination)
    return NOWHERE


def _proved(
    graph: Graph,
    network: WorkspaceNetwork,
    host: Host,
    wanted: Packets,
    endpoints: frozenset[str],
) -> Reached:
    """Return whether wanted packets surely arrive; if not, whether they surely do not."""
    sure = walk(Scene(graph, certain=True, name=_dns_name(host)), network, wanted)
    if not (endpoints or host.addresses):
        # Hosts without an address of their own have none of a service with an endpoint.
        taken = (leaf.packets for leaf in sure if leaf.kind is Kind.SERVICE)
        wanted = wanted.minus(together(taken))
    arrived = [leaf for leaf in sure if _arrives(leaf, host, endpoints)]
    lost = [leaf for leaf in sure if leaf.kind in (Kind.DROPPED, Kind.UNKNOWN)]
    got = together(leaf.packets for leaf in arrived)
    at_risk = together(leaf.packets for leaf in lost).meet(wanted)
    if wanted and wanted.within(got) and not at_risk:
        return Reached(host, Reach.YES, arrived[0].path)
    may = walk(Scene(graph), network, wanted)
    possible = together(
        leaf.packets
        for leaf in may
        if leaf.kind is not Kind.DROPPED
        and (leaf.kind is not Kind.INTERNET or _admitted(leaf, host))
        and (leaf.kind is not Kind.SERVICE or not endpoints or leaf.endpoint in endpoints)
        and (leaf.kind is not Kind.LOCAL or not endpoints)
    )
    closed = wanted.minus(possible)
    certain = closed if host.addresses or endpoints else (not possible.meet(wanted))
    why = next(
        (f"{leaf.detail}: {leaf.path}" for leaf in lost if leaf.packets.meet(wanted)),
        "nothing takes it there",
    )
    return Reached(host, Reach.NO if certain else Reach.UNKNOWN, why)


def _dns_name(host: Host) -> str:
    return host.name if "." in host.name and " " not in host.name else ""


def _admitted(leaf: Leaf, host: Host) -> bool:
    return all(names.admits(host.name) for names in leaf.filters)


def _arrives(leaf: Leaf, host: Host, endpoints: frozenset[str]) -> bool:
    if leaf.kind is Kind.SERVICE:
        return leaf.endpoint in endpoints
    return leaf.kind is Kind.INTERNET and _admitted(leaf, host)
