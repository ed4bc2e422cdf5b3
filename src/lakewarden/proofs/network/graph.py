"""A topology by id: every question is answered by a thing, by nothing, or by what is missing."""

from __future__ import annotations

from typing import Final, Generic, Protocol, TypeVar

from lakewarden.proofs.network.inspection import Firewall
from lakewarden.proofs.network.known import Known, Listing, Missing
from lakewarden.proofs.network.packets import NOWHERE, Addresses
from lakewarden.proofs.network.ranges import networks
from lakewarden.proofs.network.topology import (
    Acl,
    Attachment,
    Endpoint,
    Interface,
    RouteTable,
    Subnet,
    Topology,
)

_TABLES: Final = "ec2:DescribeRouteTables"
_ACLS: Final = "ec2:DescribeNetworkAcls"
_ATTACHMENTS: Final = "ec2:DescribeTransitGatewayAttachments"


class _Named(Protocol):
    @property
    def id(self) -> str: ...


N = TypeVar("N", bound=_Named)


class Index(Generic[N]):
    """A listing by id."""

    def __init__(self, listing: Listing[N], kind: str) -> None:
        self._items = {item.id: item for item in listing.items}
        self._gap = listing.gap
        self._kind = kind

    def get(self, name: str) -> Known[N]:
        """Return the thing of an id, or what is missing: its listing, or the thing itself."""
        return self._items.get(name, self._gap or Missing(f"{self._kind} {name}"))


def _tables(topology: Topology) -> tuple[dict[str, RouteTable], dict[str, RouteTable]]:
    """Return route tables by the subnets that name them, and main ones by VPC."""
    tables = topology.tables.items
    own = {subnet: table for table in tables for subnet in table.subnets}
    return own, {table.vpc: table for table in tables if table.main}


def _firewalls(topology: Topology) -> tuple[dict[str, tuple[Firewall, str]], Missing | None]:
    """Return firewalls by their endpoints, and why there might be more."""
    found, gap = {}, topology.firewalls.gap
    for firewall in topology.firewalls.items:
        if isinstance(firewall.endpoints, Missing):
            gap = gap or firewall.endpoints
            continue
        for endpoint in firewall.endpoints:
            found[endpoint.id] = (firewall, endpoint.subnet)
    return found, gap


class Graph:
    """A topology, indexed. Where a list is whole, what is not in it does not exist."""

    def __init__(self, topology: Topology) -> None:
        self.topology = topology
        self.vpcs = Index(topology.vpcs, "VPC")
        self.subnets = Index(topology.subnets, "subnet")
        self.groups = Index(topology.groups, "security group")
        self.nat_gateways = Index(topology.nat_gateways, "NAT gateway")
        self.internet_gateways = Index(topology.internet_gateways, "internet gateway")
        self.peerings = Index(topology.peerings, "peering connection")
        self.attachments = Index(topology.attachments, "transit gateway attachment")
        self.transit_tables = Index(topology.transit_tables, "transit gateway route table")
        self.endpoints = Index(topology.endpoints, "endpoint")
        self.prefix_lists = Index(topology.prefix_lists, "prefix list")
        self.interfaces = Index(topology.interfaces, "network interface")
        self.inspected = {declared.target: declared for declared in topology.inspected}
        self._tables, self._mains = _tables(topology)
        self._acls = {s: acl for acl in topology.acls.items for s in acl.subnets}
        self._firewalls, self._unplaced = _firewalls(topology)

    def table_of(self, subnet: Subnet) -> Known[RouteTable]:
        """Return the route table that a subnet uses: its own, or the main one of its VPC."""
        own = self._tables.get(subnet.id)
        if own:
            return own
        # A table that nobody read might be the subnet's own.
        main = self._mains.get(subnet.vpc)
        gap = self.topology.tables.gap
        return gap or main or Missing(f"the main route table of {subnet.vpc}", _TABLES)

    def acl_of(self, subnet: Subnet) -> Known[Acl]:
        """Return the network ACL that guards a subnet."""
        gap = self.topology.acls.gap or Missing(f"the network ACL of {subnet.id}", _ACLS)
        return self._acls.get(subnet.id, gap)

    def edge_of(self, gateway: str) -> Known[RouteTable | None]:
        """Return the route table at a gateway's edge, if there is one."""
        tables = self.topology.tables
        return next((t for t in tables.items if gateway in t.gateways), tables.gap)

    def firewall_at(self, endpoint: str) -> Known[tuple[Firewall, str] | None]:
        """Return the firewall that an endpoint leads to, and the endpoint's subnet.

        It is None when the endpoint is surely of something else.
        """
        return self._firewalls.get(endpoint, self._unplaced)

    def attachment_of(self, gateway: str, vpc: str) -> Known[Attachment]:
        """Return how a VPC is attached to a transit gateway."""
        attachments = self.topology.attachments
        return next(
            (a for a in attachments.items if (a.gateway, a.resource) == (gateway, vpc)),
            attachments.gap or Missing(f"the attachment of {vpc} to {gateway}", _ATTACHMENTS),
        )

    def source_of(self, subnet: Subnet) -> Known[Addresses]:
        """Return the addresses that a subnet has."""
        if isinstance(subnet.cidr, Missing):
            return subnet.cidr
        if isinstance(subnet.v6, Missing):
            return subnet.v6
        return networks(((subnet.cidr,) if subnet.cidr else ()) + subnet.v6)

    def prefix_list(self, name: str) -> Known[Addresses]:
        """Return the addresses of a prefix list."""
        found = self.prefix_lists.get(name)
        if isinstance(found, Missing):
            return found
        return found.cidrs if isinstance(found.cidrs, Missing) else networks(found.cidrs)

    def vpc_addresses(self, vpc: str) -> Known[Addresses]:
        """Return the addresses of a VPC."""
        found = self.vpcs.get(vpc)
        if isinstance(found, Missing):
            return found
        if isinstance(found.cidrs, Missing):
            return found.cidrs
        return found.v6 if isinstance(found.v6, Missing) else networks(found.cidrs + found.v6)

    def interfaces_in(self, subnet: str) -> tuple[Interface, ...]:
        """Return the network interfaces that are known in a subnet."""
        return tuple(i for i in self.topology.interfaces.items if i.subnet == subnet)

    def endpoint_addresses(self, endpoint: Endpoint) -> Known[Addresses]:
        """Return where the interfaces of an endpoint are: at its addresses, or in its subnets."""
        if endpoint.addresses:
            return networks(endpoint.addresses)
        if isinstance(endpoint.subnets, Missing):
            return endpoint.subnets
        out = NOWHERE
        for name in endpoint.subnets:
            subnet = self.subnets.get(name)
            part = subnet if isinstance(subnet, Missing) else self.source_of(subnet)
            if isinstance(part, Missing):
                return part
            out = out.union(part)
        return out
