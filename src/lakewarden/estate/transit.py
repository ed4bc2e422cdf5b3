"""Transit gateways: what is attached to them, and where their route tables lead.

What a route table learnt by propagation is among its routes, so propagations are not kept apart.
A gateway of another account shows its attachments here and keeps its route tables to itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from lakewarden.estate.fact import Fact
from lakewarden.estate.kind import Kind, Scope
from lakewarden.estate.record import Record, fact, key, record


def _wire(name: str, **default: Any) -> Any:
    return field(metadata={"wire": name}, **default)


@dataclass(frozen=True, slots=True)
class TableRef:
    """The route table that decides for an attachment; `state` is `associated` when it does."""

    table: str = _wire("TransitGatewayRouteTableId", default="")
    state: str = _wire("State", default="")


@record
class TransitAttachment(Record):
    """Something that is attached to a transit gateway.

    Attributes:
        gateway_owner: the AWS account that the gateway belongs to.
        type: `vpc`, `vpn`, `direct-connect-gateway`, `peering`, `connect` and so on.
        resource: the id of what is attached, for instance of a VPC.
        resource_owner: the AWS account that this belongs to.
        association: None where no route table decides for what comes from there.
    """

    id: str = key("TransitGatewayAttachmentId")
    gateway_id: Fact[str] = fact("TransitGatewayId")
    gateway_owner: Fact[str] = fact("TransitGatewayOwnerId")
    type: Fact[str] = fact("ResourceType")
    resource: Fact[str] = fact("ResourceId")
    resource_owner: Fact[str] = fact("ResourceOwnerId")
    state: Fact[str] = fact("State")
    association: Fact[TableRef | None] = fact("Association", absent=None)


@record
class TransitVpc(Record):
    """A VPC's attachment: the subnets that packets enter it by, and whether flows keep to one."""

    id: str = key("TransitGatewayAttachmentId")
    vpc_id: Fact[str] = fact("VpcId")
    subnet_ids: Fact[tuple[str, ...]] = fact("SubnetIds")
    appliance_mode: Fact[str] = fact("Options.ApplianceModeSupport")
    ipv6: Fact[str] = fact("Options.Ipv6Support")


@dataclass(frozen=True, slots=True)
class NextHop:
    """An attachment that a route leads to."""

    attachment: str = _wire("TransitGatewayAttachmentId", default="")
    resource: str = _wire("ResourceId", default="")
    type: str = _wire("ResourceType", default="")


@dataclass(frozen=True, slots=True)
class TransitRoute:
    """A route of a transit gateway.

    Attributes:
        cidr: where it leads to, IPv4 or IPv6.
        prefix_list: the prefix list that it was made for, or empty.
        state: `active` or `blackhole`.
        type: `static` or `propagated`; the former wins for equal destinations.
        through: the attachments; none for a black hole.
    """

    cidr: str = _wire("DestinationCidrBlock", default="")
    prefix_list: str = _wire("PrefixListId", default="")
    state: str = _wire("State", default="")
    type: str = _wire("Type", default="")
    through: tuple[NextHop, ...] = _wire("TransitGatewayAttachments", default=())


@record
class TransitRouteTable(Record):
    """A route table of a transit gateway with all its routes."""

    id: str = key("TransitGatewayRouteTableId")
    gateway_id: Fact[str] = fact("TransitGatewayId")
    routes: Fact[tuple[TransitRoute, ...]] = fact("routes")


TRANSIT_ATTACHMENTS: Final = Kind(
    "transit_attachments",
    TransitAttachment,
    Scope.AWS,
    "ec2:DescribeTransitGatewayAttachments",
    "ec2:DescribeTransitGatewayAttachments",
)
TRANSIT_VPCS: Final = Kind(
    "transit_vpcs",
    TransitVpc,
    Scope.AWS,
    "ec2:DescribeTransitGatewayVpcAttachments",
    "ec2:DescribeTransitGatewayVpcAttachments",
)
TRANSIT_ROUTE_TABLES: Final = Kind(
    "transit_route_tables",
    TransitRouteTable,
    Scope.AWS,
    "ec2:SearchTransitGatewayRoutes",
    "ec2:DescribeTransitGatewayRouteTables, ec2:SearchTransitGatewayRoutes",
)
