"""The customer's VPC under a workspace, as EC2 describes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from lakewarden.estate.fact import Fact
from lakewarden.estate.kind import Kind, Scope
from lakewarden.estate.record import Record, fact, key, record


def _wire(name: str, **default: Any) -> Any:
    return field(metadata={"wire": name}, **default)


@record
class Subnet(Record):
    """A subnet of a workspace's network, or one of a NAT gateway there."""

    id: str = key("SubnetId")
    cidr: Fact[str] = fact("CidrBlock")
    zone: Fact[str] = fact("AvailabilityZone")
    maps_public_addresses: Fact[bool] = fact("MapPublicIpOnLaunch")


@dataclass(frozen=True, slots=True)
class GroupRef:
    """A security group that something names."""

    id: str = _wire("GroupId")
    description: str = _wire("Description", default="")


@record
class VpcEndpoint(Record):
    """A VPC endpoint of a workspace's network. `policy` is JSON text."""

    id: str = key("VpcEndpointId")
    vpc_id: Fact[str] = fact("VpcId")
    service: Fact[str] = fact("ServiceName")
    type: Fact[str] = fact("VpcEndpointType")
    state: Fact[str] = fact("State")
    private_dns: Fact[bool | None] = fact("PrivateDnsEnabled", absent=None)
    policy: Fact[str | None] = fact("PolicyDocument", absent=None)
    groups: Fact[tuple[GroupRef, ...]] = fact("Groups")
    route_table_ids: Fact[tuple[str, ...]] = fact("RouteTableIds")
    subnet_ids: Fact[tuple[str, ...]] = fact("SubnetIds")


@dataclass(frozen=True, slots=True)
class Association:
    """What a route table applies to: a subnet, a gateway, or whatever has no table of its own."""

    main: bool = _wire("Main")
    subnet: str = _wire("SubnetId", default="")
    gateway: str = _wire("GatewayId", default="")


@dataclass(frozen=True, slots=True)
class Route:
    """A route: one destination and one target are given, the others are empty.

    Attributes:
        state: `active`, or `blackhole` where the target is gone.
        origin: who made it; `EnableVgwRoutePropagation` where a virtual gateway did.
    """

    v4: str = _wire("DestinationCidrBlock", default="")
    v6: str = _wire("DestinationIpv6CidrBlock", default="")
    prefix_list: str = _wire("DestinationPrefixListId", default="")
    gateway: str = _wire("GatewayId", default="")
    nat_gateway: str = _wire("NatGatewayId", default="")
    transit_gateway: str = _wire("TransitGatewayId", default="")
    egress_only: str = _wire("EgressOnlyInternetGatewayId", default="")
    interface: str = _wire("NetworkInterfaceId", default="")
    peering: str = _wire("VpcPeeringConnectionId", default="")
    local_gateway: str = _wire("LocalGatewayId", default="")
    carrier: str = _wire("CarrierGatewayId", default="")
    core: str = _wire("CoreNetworkArn", default="")
    state: str = _wire("State", default="")
    origin: str = _wire("Origin", default="")

    @property
    def destination(self) -> str:
        """Return where it leads to; empty when the answer did not say."""
        return self.v4 or self.v6 or self.prefix_list

    @property
    def target(self) -> str:
        """Return what it leads through; empty when the answer did not say."""
        through = (self.gateway, self.nat_gateway, self.transit_gateway, self.egress_only)
        beyond = (self.interface, self.peering, self.local_gateway, self.carrier, self.core)
        return next((target for target in (*through, *beyond) if target), "")


@record
class RouteTable(Record):
    """A route table with what it applies to."""

    id: str = key("RouteTableId")
    vpc_id: Fact[str] = fact("VpcId")
    associations: Fact[tuple[Association, ...]] = fact("Associations")
    routes: Fact[tuple[Route, ...]] = fact("Routes", unordered=True)


@dataclass(frozen=True, slots=True)
class Range:
    """A range of IPv4 addresses that a rule names."""

    cidr: str = _wire("CidrIp")
    description: str = _wire("Description", default="")


@dataclass(frozen=True, slots=True)
class Range6:
    """A range of IPv6 addresses that a rule names."""

    cidr: str = _wire("CidrIpv6")
    description: str = _wire("Description", default="")


@dataclass(frozen=True, slots=True)
class PrefixListRef:
    """A list of address ranges that a rule names."""

    id: str = _wire("PrefixListId")
    description: str = _wire("Description", default="")


@dataclass(frozen=True, slots=True)
class Rule:
    """What a security group admits: protocol `-1` is every one; a port is None for every port."""

    protocol: str = _wire("IpProtocol")
    groups: tuple[GroupRef, ...] = _wire("UserIdGroupPairs")
    ranges: tuple[Range, ...] = _wire("IpRanges")
    ranges_v6: tuple[Range6, ...] = _wire("Ipv6Ranges")
    prefix_lists: tuple[PrefixListRef, ...] = _wire("PrefixListIds")
    first: int | None = _wire("FromPort", default=None)
    last: int | None = _wire("ToPort", default=None)


@record
class SecurityGroup(Record):
    """A security group of a workspace's VPC."""

    id: str = key("GroupId")
    vpc_id: Fact[str] = fact("VpcId")
    ingress: Fact[tuple[Rule, ...]] = fact("IpPermissions", unordered=True)
    egress: Fact[tuple[Rule, ...]] = fact("IpPermissionsEgress", unordered=True)


@record
class FlowLog(Record):
    """A flow log of a VPC or of a subnet. `delivery` is SUCCESS or FAILED."""

    id: str = key("FlowLogId")
    resource: Fact[str] = fact("ResourceId")
    status: Fact[str] = fact("FlowLogStatus")
    traffic: Fact[str] = fact("TrafficType")
    delivery: Fact[str] = fact("DeliverLogsStatus")


@dataclass(frozen=True, slots=True)
class PublicAddress:
    """The public address of a network interface."""

    address: str = _wire("PublicIp", default="")


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface of an instance."""

    id: str = _wire("NetworkInterfaceId")
    public: PublicAddress | None = field(default=None, metadata={"wire": "Association"})


@record
class Instance(Record):
    """An instance that Databricks launched in a workspace's VPC, by its tag `Vendor`."""

    id: str = key("InstanceId")
    vpc_id: Fact[str] = fact("VpcId")
    public_address: Fact[str | None] = fact("PublicIpAddress", absent=None)
    interfaces: Fact[tuple[Interface, ...]] = fact("NetworkInterfaces")


@record
class NatGateway(Record):
    """A NAT gateway of a workspace's VPC."""

    id: str = key("NatGatewayId")
    subnet_id: Fact[str] = fact("SubnetId")


_NETWORKS: Final = ("networks",)

SUBNETS: Final = Kind(
    "subnets", Subnet, Scope.AWS, "ec2:DescribeSubnets", "ec2:DescribeSubnets", _NETWORKS
)
VPC_ENDPOINTS: Final = Kind(
    "vpc_endpoints",
    VpcEndpoint,
    Scope.AWS,
    "ec2:DescribeVpcEndpoints",
    "ec2:DescribeVpcEndpoints",
    _NETWORKS,
)
ROUTE_TABLES: Final = Kind(
    "route_tables",
    RouteTable,
    Scope.AWS,
    "ec2:DescribeRouteTables",
    "ec2:DescribeRouteTables",
    _NETWORKS,
)
SECURITY_GROUPS: Final = Kind(
    "security_groups",
    SecurityGroup,
    Scope.AWS,
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSecurityGroups",
    _NETWORKS,
)
FLOW_LOGS: Final = Kind(
    "flow_logs", FlowLog, Scope.AWS, "ec2:DescribeFlowLogs", "ec2:DescribeFlowLogs", _NETWORKS
)
INSTANCES: Final = Kind(
    "instances", Instance, Scope.AWS, "ec2:DescribeInstances", "ec2:DescribeInstances", _NETWORKS
)
NAT_GATEWAYS: Final = Kind(
    "nat_gateways",
    NatGateway,
    Scope.AWS,
    "ec2:DescribeNatGateways",
    "ec2:DescribeNatGateways",
    _NETWORKS,
)
