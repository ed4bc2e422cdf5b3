"""What stands between the subnets of workspaces and the rest of the world, region by region.

These kinds hold all that a region has, not only what is in the VPCs of registered networks: a
route may lead through a transit gateway or a peering into any VPC of the account, and which ones
matter is known only by following it. They stand beside `subnets`, `route_tables` and so on, which
stay as narrow as the controls that judge all of them need them to be.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from lakewarden.estate.fact import Fact
from lakewarden.estate.kind import Kind, Scope
from lakewarden.estate.record import Record, fact, key, record
from lakewarden.estate.vpc import GroupRef, PublicAddress, RouteTable, SecurityGroup


def _wire(name: str, **default: Any) -> Any:
    return field(metadata={"wire": name}, **default)


@dataclass(frozen=True, slots=True)
class BlockState:
    """Whether a block of addresses is in use: `associated`, or on its way in or out."""

    state: str = _wire("State")


@dataclass(frozen=True, slots=True)
class Block:
    """A block of IPv4 addresses of a VPC."""

    state: BlockState = field(metadata={"wire": "CidrBlockState"})
    cidr: str = _wire("CidrBlock")


@dataclass(frozen=True, slots=True)
class Block6:
    """A block of IPv6 addresses of a VPC or a subnet."""

    state: BlockState = field(metadata={"wire": "Ipv6CidrBlockState"})
    cidr: str = _wire("Ipv6CidrBlock")


@record
class Vpc(Record):
    """A VPC with every block of its addresses; EC2 leaves IPv6 out where there is none.

    Attributes:
        owner: the AWS account that it belongs to, which may share subnets with others.
        reader: the AWS account that was asked. Of another's VPC it may not see everything.
    """

    id: str = key("VpcId")
    region: Fact[str] = fact("region")
    reader: Fact[str] = fact("reader")
    owner: Fact[str] = fact("OwnerId")
    blocks: Fact[tuple[Block, ...]] = fact("CidrBlockAssociationSet")
    blocks6: Fact[tuple[Block6, ...]] = fact("Ipv6CidrBlockAssociationSet", absent=())
    dhcp_options: Fact[str] = fact("DhcpOptionsId")


@record
class RegionSubnet(Record):
    """A subnet. One for IPv6 alone, which says so, has no IPv4 block."""

    id: str = key("SubnetId")
    vpc_id: Fact[str] = fact("VpcId")
    owner: Fact[str] = fact("OwnerId")
    zone: Fact[str] = fact("AvailabilityZone")
    cidr: Fact[str | None] = fact("CidrBlock", absent=None)
    v6_only: Fact[bool] = fact("Ipv6Native", absent=False)
    blocks6: Fact[tuple[Block6, ...]] = fact("Ipv6CidrBlockAssociationSet")
    maps_public_addresses: Fact[bool] = fact("MapPublicIpOnLaunch")
    assigns_v6: Fact[bool] = fact("AssignIpv6AddressOnCreation")


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports that an entry of a network ACL is about, both ends included."""

    first: int = _wire("From")
    last: int = _wire("To")


@dataclass(frozen=True, slots=True)
class Icmp:
    """The ICMP messages that an entry is about; -1 is every one."""

    type: int = _wire("Type")
    code: int = _wire("Code")


@dataclass(frozen=True, slots=True)
class AclEntry:
    """An entry of a network ACL; the lowest number that fits decides.

    Attributes:
        number: its place; 32767 is the last one, which denies the rest.
        egress: it is about packets that leave the subnet, else about those that enter.
        protocol: an IANA number as text, `-1` for every one.
        action: `allow` or `deny`.
        v4: IPv4 addresses, or empty where it is about IPv6.
        v6: IPv6 addresses, or empty.
        ports: None for every port.
        icmp: None where it is not about ICMP alone.
    """

    number: int = _wire("RuleNumber")
    egress: bool = _wire("Egress")
    protocol: str = _wire("Protocol")
    action: str = _wire("RuleAction")
    v4: str = _wire("CidrBlock", default="")
    v6: str = _wire("Ipv6CidrBlock", default="")
    ports: Ports | None = field(default=None, metadata={"wire": "PortRange"})
    icmp: Icmp | None = field(default=None, metadata={"wire": "IcmpTypeCode"})


@dataclass(frozen=True, slots=True)
class AclAssociation:
    """A subnet that a network ACL applies to."""

    subnet: str = _wire("SubnetId")


@record
class NetworkAcl(Record):
    """A network ACL, its entries as EC2 lists them, and the subnets it applies to."""

    id: str = key("NetworkAclId")
    vpc_id: Fact[str] = fact("VpcId")
    entries: Fact[tuple[AclEntry, ...]] = fact("Entries")
    associations: Fact[tuple[AclAssociation, ...]] = fact("Associations")


@dataclass(frozen=True, slots=True)
class GatewayAttachment:
    """A VPC that a gateway is attached to; EC2 says `available` or `attached`."""

    vpc_id: str = _wire("VpcId")
    state: str = _wire("State")


@record
class InternetGateway(Record):
    """An internet gateway."""

    id: str = key("InternetGatewayId")
    attachments: Fact[tuple[GatewayAttachment, ...]] = fact("Attachments")


@record
class EgressOnlyGateway(Record):
    """An egress-only internet gateway: the way out for IPv6."""

    id: str = key("EgressOnlyInternetGatewayId")
    attachments: Fact[tuple[GatewayAttachment, ...]] = fact("Attachments")


@dataclass(frozen=True, slots=True)
class NatAddress:
    """An address of a NAT gateway; a private gateway has no public one."""

    public: str = _wire("PublicIp", default="")
    private: str = _wire("PrivateIp", default="")


@record
class RegionNat(Record):
    """A NAT gateway: `public` or `private`. A regional one has a route table and no subnet."""

    id: str = key("NatGatewayId")
    vpc_id: Fact[str] = fact("VpcId")
    subnet_id: Fact[str] = fact("SubnetId")
    state: Fact[str] = fact("State")
    connectivity: Fact[str] = fact("ConnectivityType")
    addresses: Fact[tuple[NatAddress, ...]] = fact("NatGatewayAddresses")
    route_table_id: Fact[str | None] = fact("RouteTableId", absent=None)


@dataclass(frozen=True, slots=True)
class PeerBlock:
    """A block of IPv4 addresses of a peer."""

    cidr: str = _wire("CidrBlock")


@dataclass(frozen=True, slots=True)
class PeerBlock6:
    """A block of IPv6 addresses of a peer."""

    cidr: str = _wire("Ipv6CidrBlock")


@dataclass(frozen=True, slots=True)
class Peer:
    """One side of a peering; its addresses are empty until the peering is active."""

    vpc_id: str = _wire("VpcId")
    owner: str = _wire("OwnerId")
    region: str = _wire("Region", default="")
    blocks: tuple[PeerBlock, ...] = _wire("CidrBlockSet", default=())
    blocks6: tuple[PeerBlock6, ...] = _wire("Ipv6CidrBlockSet", default=())


@record
class Peering(Record):
    """A peering of two VPCs; packets pass while it is `active`."""

    id: str = key("VpcPeeringConnectionId")
    status: Fact[str] = fact("Status.Code")
    requester: Fact[Peer] = fact("RequesterVpcInfo")
    accepter: Fact[Peer] = fact("AccepterVpcInfo")


@dataclass(frozen=True, slots=True)
class PrivateAddress:
    """An IPv4 address of an interface, with the public one that stands for it, if any."""

    address: str = _wire("PrivateIpAddress")
    public: PublicAddress | None = field(default=None, metadata={"wire": "Association"})


@dataclass(frozen=True, slots=True)
class Address6:
    """An IPv6 address of an interface."""

    address: str = _wire("Ipv6Address")


@record
class RegionInterface(Record):
    """A network interface. Without `checked`, it forwards what is not addressed to it."""

    id: str = key("NetworkInterfaceId")
    vpc_id: Fact[str] = fact("VpcId")
    subnet_id: Fact[str] = fact("SubnetId")
    type: Fact[str] = fact("InterfaceType")
    checked: Fact[bool] = fact("SourceDestCheck")
    groups: Fact[tuple[GroupRef, ...]] = fact("Groups")
    addresses: Fact[tuple[PrivateAddress, ...]] = fact("PrivateIpAddresses")
    addresses6: Fact[tuple[Address6, ...]] = fact("Ipv6Addresses", absent=())
    instance_id: Fact[str | None] = fact("Attachment.InstanceId", absent=None)


@dataclass(frozen=True, slots=True)
class PrefixEntry:
    """A range of addresses in a prefix list."""

    cidr: str = _wire("Cidr")


@record
class PrefixList(Record):
    """A prefix list that a route, a security group or a firewall names, with its ranges."""

    id: str = key("PrefixListId")
    name: Fact[str] = fact("PrefixListName")
    entries: Fact[tuple[PrefixEntry, ...]] = fact("entries")


@record
class VpcBlock(Record):
    """How a region keeps its VPCs from the internet: `off`, or a `block-…` mode."""

    region: str = key("region")
    mode: Fact[str] = fact("InternetGatewayBlockMode")
    state: Fact[str] = fact("State")


@record
class VpcBlockExclusion(Record):
    """A VPC or subnet that the region's block leaves out: `allow-bidirectional`, `allow-egress`."""

    id: str = key("ExclusionId")
    resource: Fact[str] = fact("ResourceArn")
    mode: Fact[str] = fact("InternetGatewayExclusionMode")
    state: Fact[str] = fact("State")


@record
class RegionEndpoint(Record):
    """A VPC endpoint. `policy` is JSON text; services that are not of AWS have none."""

    id: str = key("VpcEndpointId")
    vpc_id: Fact[str] = fact("VpcId")
    service: Fact[str] = fact("ServiceName")
    type: Fact[str] = fact("VpcEndpointType")
    state: Fact[str] = fact("State")
    private_dns: Fact[bool] = fact("PrivateDnsEnabled")
    policy: Fact[str | None] = fact("PolicyDocument", absent=None)
    groups: Fact[tuple[GroupRef, ...]] = fact("Groups")
    subnet_ids: Fact[tuple[str, ...]] = fact("SubnetIds")
    interface_ids: Fact[tuple[str, ...]] = fact("NetworkInterfaceIds", absent=())


def _kind(name: str, of: type[Any], operation: str, *more: str, after: tuple[str, ...] = ()) -> Any:
    actions = [f"ec2:{one}" for one in (operation, *more)]
    return Kind(name, of, Scope.AWS, actions[0], ", ".join(actions), after)


REGION_VPCS: Final = Kind(
    "region_vpcs",
    Vpc,
    Scope.AWS,
    "ec2:DescribeVpcs",
    "ec2:DescribeVpcs, sts:GetCallerIdentity",
)
REGION_SUBNETS: Final[Kind[RegionSubnet]] = _kind("region_subnets", RegionSubnet, "DescribeSubnets")
REGION_ROUTE_TABLES: Final[Kind[RouteTable]] = _kind(
    "region_route_tables", RouteTable, "DescribeRouteTables"
)
REGION_SECURITY_GROUPS: Final[Kind[SecurityGroup]] = _kind(
    "region_security_groups", SecurityGroup, "DescribeSecurityGroups"
)
REGION_ENDPOINTS: Final[Kind[RegionEndpoint]] = _kind(
    "region_endpoints", RegionEndpoint, "DescribeVpcEndpoints"
)
REGION_NATS: Final[Kind[RegionNat]] = _kind("region_nats", RegionNat, "DescribeNatGateways")
REGION_INTERFACES: Final[Kind[RegionInterface]] = _kind(
    "region_interfaces", RegionInterface, "DescribeNetworkInterfaces"
)
NETWORK_ACLS: Final[Kind[NetworkAcl]] = _kind("network_acls", NetworkAcl, "DescribeNetworkAcls")
INTERNET_GATEWAYS: Final[Kind[InternetGateway]] = _kind(
    "internet_gateways", InternetGateway, "DescribeInternetGateways"
)
EGRESS_ONLY_GATEWAYS: Final[Kind[EgressOnlyGateway]] = _kind(
    "egress_only_gateways", EgressOnlyGateway, "DescribeEgressOnlyInternetGateways"
)
PEERINGS: Final[Kind[Peering]] = _kind("peerings", Peering, "DescribeVpcPeeringConnections")
PREFIX_LISTS: Final[Kind[PrefixList]] = _kind(
    "prefix_lists",
    PrefixList,
    "GetManagedPrefixListEntries",
    "DescribeManagedPrefixLists",
    after=("region_route_tables", "region_security_groups", "firewall_rule_groups"),
)
VPC_BLOCKS: Final[Kind[VpcBlock]] = _kind(
    "vpc_blocks", VpcBlock, "DescribeVpcBlockPublicAccessOptions"
)
VPC_BLOCK_EXCLUSIONS: Final[Kind[VpcBlockExclusion]] = _kind(
    "vpc_block_exclusions", VpcBlockExclusion, "DescribeVpcBlockPublicAccessExclusions"
)
