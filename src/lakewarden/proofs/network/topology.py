"""What a network consists of, as plain values: nothing here was decided, and nothing guessed.

Ids are AWS ids, addresses are CIDR text, ports are numbers. A value that could not be read is a
`Missing`; a list that may lack something says so in its `gap`. Whatever a path needs and does not
find makes its verdict unknown. Firewalls are in `inspection`, `Missing` and `Listing` in `known`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lakewarden.proofs.network.inspection import Firewall
from lakewarden.proofs.network.known import Known, Listing


@dataclass(frozen=True, slots=True)
class Vpc:
    """A VPC. `resolvers` are the DNS servers of its DHCP options: addresses or AmazonProvidedDNS.

    `dns_firewall` says whether DNS Firewall rule groups are associated with it.
    """

    id: str
    cidrs: Known[tuple[str, ...]]
    v6: Known[tuple[str, ...]] = ()
    dns_support: Known[bool] = True
    dns_hostnames: Known[bool] = True
    resolvers: Known[tuple[str, ...]] = ("AmazonProvidedDNS",)
    dns_firewall: Known[bool] = False


@dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet. `v6` are its IPv6 blocks; `maps_public` is MapPublicIpOnLaunch."""

    id: str
    vpc: str
    cidr: Known[str]
    zone: Known[str] = ""
    v6: Known[tuple[str, ...]] = ()
    maps_public: Known[bool] = False


@dataclass(frozen=True, slots=True)
class GroupRule:
    """A rule of a security group, in one direction.

    Attributes:
        protocol: `tcp`, `udp`, `icmp`, `icmpv6`, a number as text, or `-1` for every one.
        first: the first port, or the ICMP type; None or -1 for all.
        last: the last port, or the ICMP code; None or -1 for all.
        v4: IPv4 ranges. v6: IPv6 ranges. prefix_lists, groups: ids.
    """

    protocol: str = "-1"
    first: int | None = None
    last: int | None = None
    v4: tuple[str, ...] = ()
    v6: tuple[str, ...] = ()
    prefix_lists: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    """A security group."""

    id: str
    vpc: str
    egress: Known[tuple[GroupRule, ...]] = ()
    ingress: Known[tuple[GroupRule, ...]] = ()


@dataclass(frozen=True, slots=True)
class AclEntry:
    """An entry of a network ACL, in one direction. `cidr` is IPv4 or IPv6.

    `first` and `last` are ports, or the ICMP type and code; None or -1 for all.
    """

    number: int
    allow: bool
    cidr: str
    protocol: str = "-1"
    first: int | None = None
    last: int | None = None


@dataclass(frozen=True, slots=True)
class Acl:
    """A network ACL and the subnets that it guards."""

    id: str
    vpc: str
    subnets: tuple[str, ...] = ()
    egress: Known[tuple[AclEntry, ...]] = ()
    ingress: Known[tuple[AclEntry, ...]] = ()


@dataclass(frozen=True, slots=True)
class Route:
    """A route. `destination` is a CIDR, v4 or v6, or the id of a prefix list.

    `target` is `local` or an id: igw-, eigw-, nat-, tgw-, pcx-, vgw-, vpce-, eni-, lgw-, cagw-,
    or the ARN of a core network.
    """

    destination: str
    target: str
    blackhole: Known[bool] = False
    propagated: bool = False


@dataclass(frozen=True, slots=True)
class RouteTable:
    """A route table. `gateways` are the internet or virtual gateways whose edge it is."""

    id: str
    vpc: str
    routes: Known[tuple[Route, ...]] = ()
    subnets: tuple[str, ...] = ()
    main: bool = False
    gateways: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InternetGateway:
    """An internet gateway; `vpc` is empty when it is attached to none."""

    id: str
    vpc: str


@dataclass(frozen=True, slots=True)
class EgressOnlyGateway:
    """An egress-only internet gateway, which carries IPv6 alone."""

    id: str
    vpc: str


@dataclass(frozen=True, slots=True)
class NatGateway:
    """A NAT gateway. `public` is false for the connectivity type `private`."""

    id: str
    subnet: Known[str]
    public: Known[bool] = True


@dataclass(frozen=True, slots=True)
class Peering:
    """A VPC peering connection."""

    id: str
    requester: str
    accepter: str
    requester_cidrs: Known[tuple[str, ...]]
    accepter_cidrs: Known[tuple[str, ...]]
    active: Known[bool] = True


@dataclass(frozen=True, slots=True)
class Attachment:
    """An attachment of a transit gateway.

    Attributes:
        kind: `vpc`, `vpn`, `direct-connect-gateway`, `peering`, `connect`.
        resource: the id of what is attached.
        subnets: of a VPC, those that hold the gateway's interfaces.
        table: the transit gateway's route table associated with it; empty for none.
        appliance_mode: whether answers keep to the zone that the question came by.
    """

    id: str
    gateway: str
    kind: str
    resource: str
    subnets: Known[tuple[str, ...]] = ()
    table: Known[str] = ""
    appliance_mode: Known[bool] = False


@dataclass(frozen=True, slots=True)
class TransitRoute:
    """A route of a transit gateway: a CIDR or a prefix list's id, to attachments or nowhere."""

    destination: str
    attachments: tuple[str, ...] = ()
    blackhole: bool = False
    propagated: bool = False


@dataclass(frozen=True, slots=True)
class TransitTable:
    """A route table of a transit gateway."""

    id: str
    gateway: str
    routes: Known[tuple[TransitRoute, ...]] = ()


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A VPC endpoint.

    Attributes:
        kind: `Gateway`, `Interface` or `GatewayLoadBalancer`.
        service: like `com.amazonaws.us-east-1.s3`.
        policy: JSON text; None when the service takes none, which allows everything.
        addresses: private addresses of its interfaces, if known; else they are somewhere in its
            subnets.
    """

    id: str
    vpc: str
    kind: str
    service: Known[str]
    policy: Known[str | None] = None
    subnets: Known[tuple[str, ...]] = ()
    groups: Known[tuple[str, ...]] = ()
    private_dns: Known[bool] = False
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PrefixList:
    """A prefix list, customer's or AWS's."""

    id: str
    cidrs: Known[tuple[str, ...]]
    name: str = ""


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface.

    `public` is its public IPv4 address; empty for none. `forwards` is SourceDestCheck switched off,
    without which it takes nothing that is meant for others.
    """

    id: str
    subnet: str
    addresses: tuple[str, ...] = ()
    public: Known[str] = ""
    forwards: Known[bool] = True


@dataclass(frozen=True, slots=True)
class BlockPublicAccess:
    """VPC block public access of a region.

    Attributes:
        mode: `off`, `block-bidirectional` or `block-ingress`.
        exclusions: ids of VPCs and subnets that it leaves out, each with `allow-bidirectional` or
            `allow-egress`.
    """

    mode: str = "off"
    exclusions: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy that the organisation declares. `names` None lets everything out."""

    name: str
    address: str
    port: int
    names: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Inspected:
    """What the organisation declares of a target that nobody can look into.

    `target` is the id in a route or of an attachment. To the internet it lets only `names`
    through: none when there are none.
    """

    target: str
    names: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Topology:
    """A network: everything that a packet may meet on its way out."""

    vpcs: Listing[Vpc] = field(default_factory=Listing)
    subnets: Listing[Subnet] = field(default_factory=Listing)
    groups: Listing[SecurityGroup] = field(default_factory=Listing)
    acls: Listing[Acl] = field(default_factory=Listing)
    tables: Listing[RouteTable] = field(default_factory=Listing)
    internet_gateways: Listing[InternetGateway] = field(default_factory=Listing)
    egress_only_gateways: Listing[EgressOnlyGateway] = field(default_factory=Listing)
    nat_gateways: Listing[NatGateway] = field(default_factory=Listing)
    peerings: Listing[Peering] = field(default_factory=Listing)
    attachments: Listing[Attachment] = field(default_factory=Listing)
    transit_tables: Listing[TransitTable] = field(default_factory=Listing)
    endpoints: Listing[Endpoint] = field(default_factory=Listing)
    prefix_lists: Listing[PrefixList] = field(default_factory=Listing)
    firewalls: Listing[Firewall] = field(default_factory=Listing)
    interfaces: Listing[Interface] = field(default_factory=Listing)
    block_public_access: Known[BlockPublicAccess] = field(default_factory=BlockPublicAccess)
    proxies: tuple[Proxy, ...] = ()
    inspected: tuple[Inspected, ...] = ()


@dataclass(frozen=True, slots=True)
class WorkspaceNetwork:
    """Where a workspace's nodes run. `public_nodes` is secure cluster connectivity switched off."""

    name: str
    vpc: str
    subnets: Known[tuple[str, ...]]
    groups: Known[tuple[str, ...]]
    public_nodes: Known[bool] = False
