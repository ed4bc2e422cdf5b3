"""Resources of the customer's VPC: subnets, routes, security groups, endpoints, flow logs.

Rules and routes may be written within a group or table, or as resources of their own; each is a
part of what there will be.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from lakewarden.estate import vpc
from lakewarden.terraform.entries import Entry, Named, Reader, Source, same
from lakewarden.terraform.values import Part, Unsaid

_TARGETS: Final = {
    "carrier_gateway_id": "CarrierGatewayId",
    "core_network_arn": "CoreNetworkArn",
    "egress_only_gateway_id": "EgressOnlyInternetGatewayId",
    "gateway_id": "GatewayId",
    "local_gateway_id": "LocalGatewayId",
    "nat_gateway_id": "NatGatewayId",
    "network_interface_id": "NetworkInterfaceId",
    "transit_gateway_id": "TransitGatewayId",
    "vpc_peering_connection_id": "VpcPeeringConnectionId",
}
_WITHIN: Final = {
    "cidr_block": "DestinationCidrBlock",
    "ipv6_cidr_block": "DestinationIpv6CidrBlock",
    "destination_prefix_list_id": "DestinationPrefixListId",
    **_TARGETS,
}
_APART: Final = {
    "destination_cidr_block": "DestinationCidrBlock",
    "destination_ipv6_cidr_block": "DestinationIpv6CidrBlock",
    "destination_prefix_list_id": "DestinationPrefixListId",
    **_TARGETS,
}
_DIRECTIONS: Final = {"ingress": "IpPermissions", "egress": "IpPermissionsEgress"}


def _route_table(source: Source) -> Iterator[Entry]:
    routes = [_route(block, _WITHIN) for block in source.blocks("route")]
    fields = {"VpcId": source.one("vpc_id"), "Routes": Part(routes), "Associations": Part([])}
    yield Entry(vpc.ROUTE_TABLES, {"RouteTableId": source.name(), **fields})


def _lone_route(source: Source) -> Iterator[Entry]:
    fields = {"Routes": Part([_route(source, _APART)]), "Associations": Part([])}
    yield Entry(vpc.ROUTE_TABLES, {"RouteTableId": source.one("route_table_id"), **fields})


def _association(source: Source) -> Iterator[Entry]:
    subnet = source.one("subnet_id")
    tied = [{"Main": False, "SubnetId": subnet}] if isinstance(subnet, str) else []
    fields = {"Routes": Part([]), "Associations": Part(tied)}
    yield Entry(vpc.ROUTE_TABLES, {"RouteTableId": source.one("route_table_id"), **fields})


def _route(block: Source, names: Mapping[str, str]) -> dict[str, Any]:
    said = {wire: block.one(name) for name, wire in names.items()}
    return {wire: value for wire, value in said.items() if isinstance(value, str) and value}


def _security_group(source: Source) -> Iterator[Entry]:
    rules = {
        wire: Part([_rule(source, block, *_PORTS_WITHIN) for block in source.blocks(direction)])
        for direction, wire in _DIRECTIONS.items()
    }
    yield Entry(
        vpc.SECURITY_GROUPS, {"GroupId": source.name(), "VpcId": source.one("vpc_id"), **rules}
    )


_PORTS_WITHIN: Final = ("protocol", "cidr_blocks", "ipv6_cidr_blocks", "security_groups")
_PORTS_APART: Final = ("ip_protocol", "cidr_ipv4", "cidr_ipv6", "referenced_security_group_id")
_PORTS_OLD: Final = ("protocol", "cidr_blocks", "ipv6_cidr_blocks", "source_security_group_id")


def _rule_of(wire: str, *names: str) -> Reader:
    def reader(source: Source) -> Iterator[Entry]:
        rules: dict[str, Any] = {name: Part([]) for name in _DIRECTIONS.values()}
        place = wire or _DIRECTIONS.get(str(source.one("type")), "")
        if place:
            rules[place] = Part([_rule(source, source, *names)])
        yield Entry(vpc.SECURITY_GROUPS, {"GroupId": source.one("security_group_id"), **rules})

    return reader


def _rule(
    group: Source, block: Source, protocol: str, v4: str, v6: str, groups: str
) -> dict[str, Any]:
    """Return a rule as EC2 describes it; a group that the rule calls its own is that group."""
    others = [{"GroupId": other} for other in _things(block.get(groups))]
    if block.one("self") is True:
        others.append({"GroupId": group.name()})
    said = {
        "IpProtocol": block.one(protocol),
        "FromPort": block.one("from_port"),
        "ToPort": block.one("to_port"),
        "UserIdGroupPairs": others,
        "IpRanges": [{"CidrIp": cidr} for cidr in _things(block.get(v4))],
        "Ipv6Ranges": [{"CidrIpv6": cidr} for cidr in _things(block.get(v6))],
        "PrefixListIds": [{"PrefixListId": i} for i in _things(block.get("prefix_list_ids"))],
    }
    return {wire: None if isinstance(value, Unsaid) else value for wire, value in said.items()}


def _endpoint(source: Source) -> Iterator[Entry]:
    [entry] = same(
        vpc.VPC_ENDPOINTS,
        VpcId="vpc_id",
        ServiceName="service_name",
        VpcEndpointType="vpc_endpoint_type",
        State="state",
        PrivateDnsEnabled="private_dns_enabled",
        PolicyDocument="policy",
        RouteTableIds="route_table_ids",
        SubnetIds="subnet_ids",
    )(source)
    groups = [{"GroupId": group} for group in _things(source.get("security_group_ids"))]
    yield Entry(entry.kind, {**entry.fields, "Groups": groups or Unsaid.LATER})


def _things(said: Any) -> list[Any]:
    if isinstance(said, Named):
        return list(said.things)
    if isinstance(said, Part):
        return list(said.value)
    return said if isinstance(said, list) else [said] if isinstance(said, str) else []


def _flow_log(source: Source) -> Iterator[Entry]:
    watched = (source.one(name) for name in ("vpc_id", "subnet_id", "eni_id"))
    fields = {
        "FlowLogId": source.name(),
        "ResourceId": next((thing for thing in watched if thing is not None), None),
        "TrafficType": source.one("traffic_type"),
    }
    yield Entry(vpc.FLOW_LOGS, fields)


VPC: Final[Mapping[str, Reader]] = {
    "aws_subnet": same(
        vpc.SUBNETS,
        CidrBlock="cidr_block",
        AvailabilityZone="availability_zone",
        MapPublicIpOnLaunch="map_public_ip_on_launch",
    ),
    "aws_route_table": _route_table,
    "aws_route": _lone_route,
    "aws_route_table_association": _association,
    "aws_security_group": _security_group,
    "aws_security_group_rule": _rule_of("", *_PORTS_OLD),
    "aws_vpc_security_group_ingress_rule": _rule_of("IpPermissions", *_PORTS_APART),
    "aws_vpc_security_group_egress_rule": _rule_of("IpPermissionsEgress", *_PORTS_APART),
    "aws_vpc_endpoint": _endpoint,
    "aws_flow_log": _flow_log,
}
"""How the resources of a VPC are read, by type."""
