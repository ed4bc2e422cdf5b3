"""VPCs: subnets, routes, security groups, endpoints, gateways."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from lakewarden.terraform.write.families.buckets import whole_policy
from lakewarden.terraform.write.rows import Row, Rows, renamed
from lakewarden.terraform.write.thing import LeftOutError, Thing

_RULE: Final = """*+{from_port! to_port! protocol! cidr_blocks ipv6_cidr_blocks prefix_list_ids
    security_groups self description}"""
_GROUP: Final = "name description vpc_id tags revoke_rules_on_delete"
_SIDES: Final = {"IpPermissions": "ingress", "IpPermissionsEgress": "egress"}
_ANY_PORT: Final = 0
_TARGETS: Final = {
    "GatewayId": "gateway_id",
    "NatGatewayId": "nat_gateway_id",
    "TransitGatewayId": "transit_gateway_id",
    "EgressOnlyInternetGatewayId": "egress_only_gateway_id",
    "NetworkInterfaceId": "network_interface_id",
    "VpcPeeringConnectionId": "vpc_peering_connection_id",
    "LocalGatewayId": "local_gateway_id",
    "CarrierGatewayId": "carrier_gateway_id",
    "CoreNetworkArn": "core_network_arn",
}
_DESTINATIONS: Final = {
    "DestinationCidrBlock": "cidr_block",
    "DestinationIpv6CidrBlock": "ipv6_cidr_block",
    "DestinationPrefixListId": "destination_prefix_list_id",
}


def _rules(thing: Thing) -> Thing:
    """Return a security group with its rules as the provider has them."""
    partial = [place for place in thing.known if len(place) > 1]
    if partial and not thing.whole:
        raise LeftOutError("a part of its rules changes, and the rest of them is not known")
    group = thing.key.rpartition("/")[2]
    said = {
        name: [dict(rule) for given in thing.document[wire] for rule in _rule(given, group)]
        for wire, name in _SIDES.items()
        if wire in thing.document
    }
    return renamed(thing, said, said)


def _rule(given: Mapping[str, Any], group: str) -> Iterator[dict[str, Any]]:
    """Yield a rule of EC2, split where its ranges and groups say different things of themselves."""
    ports = {
        "from_port": given.get("FromPort") or _ANY_PORT,
        "to_port": given.get("ToPort") or _ANY_PORT,
        "protocol": given["IpProtocol"],
    }
    by_word: dict[str, dict[str, Any]] = {}
    for wire, field, name in (
        ("IpRanges", "CidrIp", "cidr_blocks"),
        ("Ipv6Ranges", "CidrIpv6", "ipv6_cidr_blocks"),
        ("PrefixListIds", "PrefixListId", "prefix_list_ids"),
        ("UserIdGroupPairs", "GroupId", "security_groups"),
    ):
        for entry in given.get(wire) or ():
            word = entry.get("Description") or ""
            rule = by_word.setdefault(word, {**ports, "description": word})
            if entry[field] == group:
                rule["self"] = True
            else:
                rule.setdefault(name, []).append(entry[field])
    yield from by_word.values()


def _routes(thing: Thing) -> Thing:
    routes = [_route(r) for r in thing.document.get("Routes") or () if _is_written(r)]
    return renamed(thing, {**thing.document, "route": routes}, ["VpcId", "route"])


def _is_written(route: Mapping[str, Any]) -> bool:
    """Return whether a route is written in the table.

    Those within the VPC are always there, a gateway endpoint makes its own, and a virtual gateway
    announces what it knows.
    """
    gateway = str(route.get("GatewayId") or "")
    announced = route.get("Origin") == "EnableVgwRoutePropagation"
    own = bool(route.get("DestinationPrefixListId")) and gateway.startswith("vpce-")
    return gateway != "local" and not announced and not own


def _route(given: Mapping[str, Any]) -> dict[str, Any]:
    names = {**_DESTINATIONS, **_TARGETS}
    made = {name: given[wire] for wire, name in names.items() if given.get(wire)}
    if str(made.get("gateway_id", "")).startswith("vpce-"):
        made["vpc_endpoint_id"] = made.pop("gateway_id")
    return made


def _endpoint(thing: Thing) -> Thing:
    groups = [entry["GroupId"] for entry in thing.document.get("Groups") or ()]
    document = {**thing.document, "groups": groups}
    gateway = document.get("VpcEndpointType") == "Gateway"
    unused = ("groups", "SubnetIds", "PrivateDnsEnabled") if gateway else ("RouteTableIds",)
    kept = {name: value for name, value in document.items() if name not in unused}
    return renamed(thing, kept, [*document])


def _lone_route(thing: Thing) -> Thing:
    table, _, destination = thing.parts[1].partition("/")
    kind = 2 if destination.startswith("pl-") else ":" in destination
    wire = list(_DESTINATIONS)[kind]
    document = {**thing.document, "table": table, "destination": destination, wire: destination}
    gateway = str(document.get("GatewayId") or "")
    if gateway.startswith("vpce-"):
        document |= {"GatewayId": None, "vpc_endpoint_id": gateway}
    return renamed(thing, document, [*document, *_TARGETS])


def _lone_rule(thing: Thing) -> Thing:
    group = thing.parts[1].partition("/")[0]
    document = {**thing.document, "group": group}
    return renamed(thing, document, [*document])


def _rule_row(direction: str) -> Row:
    return Row(
        f"aws_vpc_security_group_{direction}_rule",
        """security_group_id!<group ip_protocol!<IpProtocol from_port<FromPort to_port<ToPort
        cidr_ipv4<CidrIpv4 cidr_ipv6<CidrIpv6 prefix_list_id<PrefixListId
        referenced_security_group_id<ReferencedGroupId description<Description""",
        "network",
        import_id="",
        twice=True,
        prepare=_lone_rule,
    )


ROWS: Final[Rows] = {
    "vpc": Row(
        "aws_vpc",
        "cidr_block!<CidrBlock enable_dns_support enable_dns_hostnames",
        "network",
        import_id="{id}",
        also="tags instance_tenancy assign_generated_ipv6_cidr_block "
        "enable_network_address_usage_metrics",
        marks={"id": "@id"},
    ),
    "subnet": Row(
        "aws_subnet",
        """vpc_id!<VpcId cidr_block<CidrBlock availability_zone<AvailabilityZone
        map_public_ip_on_launch<MapPublicIpOnLaunch
        assign_ipv6_address_on_creation<AssignIpv6AddressOnCreation""",
        "network",
        import_id="{id}",
        also="tags ipv6_cidr_block ipv6_native enable_dns64 "
        "private_dns_hostname_type_on_launch enable_resource_name_dns_a_record_on_launch "
        "enable_resource_name_dns_aaaa_record_on_launch",
        marks={"id": "@id"},
    ),
    "route_table": Row(
        "aws_route_table",
        f"vpc_id!<VpcId route*+{{{' '.join([*_DESTINATIONS.values(), *_TARGETS.values()])} "
        "vpc_endpoint_id}",
        "network",
        import_id="{id}",
        also="tags propagating_vgws",
        prepare=_routes,
        marks={"id": "@id"},
    ),
    "security_group": Row(
        "aws_security_group",
        f"ingress{_RULE} egress{_RULE}",
        "network",
        import_id="{id}",
        also=_GROUP,
        prepare=_rules,
        marks={"id": "@id"},
    ),
    "security_group_ingress": _rule_row("ingress"),
    "security_group_egress": _rule_row("egress"),
    "route": Row(
        "aws_route",
        f"""route_table_id!<table destination_cidr_block<DestinationCidrBlock
        destination_ipv6_cidr_block<DestinationIpv6CidrBlock
        destination_prefix_list_id<DestinationPrefixListId vpc_endpoint_id
        {" ".join(f"{name}<{wire}" for wire, name in _TARGETS.items())}""",
        "network",
        import_id="{table}_{destination}",
        prepare=_lone_route,
    ),
    "vpc_endpoint": Row(
        "aws_vpc_endpoint",
        """vpc_id!<VpcId service_name!<ServiceName vpc_endpoint_type<VpcEndpointType
        private_dns_enabled<PrivateDnsEnabled route_table_ids<RouteTableIds
        subnet_ids<SubnetIds security_group_ids<groups""",
        "network",
        import_id="{id}",
        also="policy tags auto_accept ip_address_type dns_options",
        prepare=_endpoint,
        marks={"id": "@id"},
    ),
    "vpc_endpoint_policy": Row(
        "aws_vpc_endpoint_policy",
        "vpc_endpoint_id!<@id policy!~",
        "network",
        import_id="{id}",
        prepare=whole_policy,
    ),
    "nat_gateway": Row(
        "aws_nat_gateway",
        "subnet_id!<SubnetId connectivity_type<ConnectivityType",
        "network",
        import_id="{id}",
        also="allocation_id private_ip secondary_allocation_ids tags",
        marks={"id": "@id"},
    ),
    "internet_gateway": Row(
        "aws_internet_gateway",
        "vpc_id<VpcId",
        "network",
        import_id="{id}",
        also="tags",
        marks={"id": "@id"},
    ),
}
"""How VPCs become resources, by kind."""
