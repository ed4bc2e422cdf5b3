"""EC2: all that a region has between the subnets of workspaces and the rest of the world.

Nothing is asked for by VPC. Routes lead from one VPC to the next, and to have everything is to
have whatever they lead to; a VPC of another account is not among it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from lakewarden.clients.failure import CallFailedError
from lakewarden.collect.aws_calls import call, need, one_each, pages, regions
from lakewarden.collect.task import Task, collects
from lakewarden.estate.fact import Cause
from lakewarden.estate.firewall_rules import FIREWALL_RULE_GROUPS
from lakewarden.estate.kind import Kind
from lakewarden.estate.record import hollow
from lakewarden.estate.region import (
    EGRESS_ONLY_GATEWAYS,
    INTERNET_GATEWAYS,
    NETWORK_ACLS,
    PEERINGS,
    PREFIX_LISTS,
    REGION_ENDPOINTS,
    REGION_INTERFACES,
    REGION_NATS,
    REGION_ROUTE_TABLES,
    REGION_SECURITY_GROUPS,
    REGION_SUBNETS,
    REGION_VPCS,
    VPC_BLOCK_EXCLUSIONS,
    VPC_BLOCKS,
)
from lakewarden.estate.resolving import DHCP_OPTIONS
from lakewarden.estate.transit import TRANSIT_ATTACHMENTS, TRANSIT_ROUTE_TABLES, TRANSIT_VPCS

_LISTS: Final[dict[Kind[Any], tuple[str, str]]] = {
    DHCP_OPTIONS: ("describe_dhcp_options", "DhcpOptions"),
    EGRESS_ONLY_GATEWAYS: (
        "describe_egress_only_internet_gateways",
        "EgressOnlyInternetGateways",
    ),
    INTERNET_GATEWAYS: ("describe_internet_gateways", "InternetGateways"),
    NETWORK_ACLS: ("describe_network_acls", "NetworkAcls"),
    PEERINGS: ("describe_vpc_peering_connections", "VpcPeeringConnections"),
    REGION_ENDPOINTS: ("describe_vpc_endpoints", "VpcEndpoints"),
    REGION_INTERFACES: ("describe_network_interfaces", "NetworkInterfaces"),
    REGION_NATS: ("describe_nat_gateways", "NatGateways"),
    REGION_ROUTE_TABLES: ("describe_route_tables", "RouteTables"),
    REGION_SECURITY_GROUPS: ("describe_security_groups", "SecurityGroups"),
    REGION_SUBNETS: ("describe_subnets", "Subnets"),
    TRANSIT_ATTACHMENTS: ("describe_transit_gateway_attachments", "TransitGatewayAttachments"),
    TRANSIT_VPCS: ("describe_transit_gateway_vpc_attachments", "TransitGatewayVpcAttachments"),
}
"""How EC2 lists things: operation and envelope."""

_BY_NAME: Final = {kind.name: how for kind, how in _LISTS.items()}
_ALL_ROUTES: Final = [{"Name": "state", "Values": ["active", "blackhole"]}]


@collects(*_LISTS)
def region(task: Task) -> Iterator[Any]:
    """Read all that there is of a kind in every region that has a workspace."""
    operation, envelope = _BY_NAME[task.kind.name]
    for name in regions(task):
        for item in _items(task.cloud.client("ec2", name), operation, envelope):
            yield task.record(item)


@collects(REGION_VPCS)
def region_vpcs(task: Task) -> Iterator[Any]:
    """Read every VPC of every region that has a workspace, and whose eyes see them."""
    identity = call(
        task.cloud.client("sts", "us-east-1").get_caller_identity, source="sts:GetCallerIdentity"
    )
    for name in regions(task):
        for item in _items(task.cloud.client("ec2", name), "describe_vpcs", "Vpcs"):
            yield task.record({**item, "region": name, "reader": need(identity, "Account")})


@collects(TRANSIT_ROUTE_TABLES)
def transit_route_tables(task: Task) -> Iterator[Any]:
    """Read every route table of the account's own transit gateways, with its routes."""
    for name in regions(task):
        client = task.cloud.client("ec2", name)
        tables = {
            table["TransitGatewayRouteTableId"]: table
            for table in _items(
                client,
                "describe_transit_gateway_route_tables",
                "TransitGatewayRouteTables",
                source="ec2:DescribeTransitGatewayRouteTables",
            )
        }

        def ask(
            identity: str, client: Any = client, tables: Mapping[str, Any] = tables
        ) -> Mapping[str, Any]:
            return {**tables[identity], "routes": _routes(client, identity)}

        yield from one_each(task, "id", tables, ask)


def _routes(client: Any, table: str) -> list[Mapping[str, Any]]:
    """Return all routes of a table.

    Raises:
        CallFailedError: an answer is missing, or EC2 says that it left routes out.
    """
    found: list[Mapping[str, Any]] = []
    more: Any = None
    for page in pages(
        client,
        "search_transit_gateway_routes",
        TransitGatewayRouteTableId=table,
        Filters=_ALL_ROUTES,
    ):
        found += need(page, "Routes")
        more = page.get("AdditionalRoutesAvailable")
    if more:
        raise CallFailedError(Cause.MISSING_FIELD, "the answer says that there are more routes")
    return found


@collects(PREFIX_LISTS)
def prefix_lists(task: Task) -> Iterator[Any]:
    """Read the ranges of every prefix list that a route, a group or a firewall names."""
    wanted = _named_lists(task)
    if not wanted:
        return
    source = "ec2:DescribeManagedPrefixLists"
    for name in regions(task):
        client = task.cloud.client("ec2", name)
        listed = {
            item["PrefixListId"]: item
            for item in _items(
                client, "describe_managed_prefix_lists", "PrefixLists", source=source
            )
        }
        here = wanted & listed.keys()
        wanted -= here

        def ask(
            identity: str, client: Any = client, listed: Mapping[str, Any] = listed
        ) -> Mapping[str, Any]:
            operation = "get_managed_prefix_list_entries"
            entries = list(_items(client, operation, "Entries", PrefixListId=identity))
            return {**listed[identity], "entries": entries}

        yield from one_each(task, "id", here, ask)
    for identity in sorted(wanted):
        gap = PREFIX_LISTS.gap(Cause.NOT_FOUND, f"no prefix list {identity}")
        yield hollow(task.kind.record, {"id": identity}, gap)


def _named_lists(task: Task) -> set[str]:
    found: set[str] = set()
    for table in task.before(REGION_ROUTE_TABLES).seen():
        if table.routes.gap is None:
            found |= {route.prefix_list for route in table.routes.get()}
    for group in task.before(REGION_SECURITY_GROUPS).seen():
        for rules in (group.ingress, group.egress):
            if rules.gap is None:
                found |= {one.id for rule in rules.get() for one in rule.prefix_lists}
    for rule_group in task.before(FIREWALL_RULE_GROUPS).seen():
        if rule_group.references.gap is None:
            ends = [one.arn.rpartition("/")[2] for one in rule_group.references.get().values()]
            found |= {end for end in ends if end.startswith("pl-")}
    return found - {""}


@collects(VPC_BLOCKS)
def vpc_blocks(task: Task) -> Iterator[Any]:
    """Read how each region that has a workspace keeps its VPCs from the internet."""

    def ask(name: str) -> Mapping[str, Any]:
        answer = call(task.cloud.client("ec2", name).describe_vpc_block_public_access_options)
        return {**need(answer, "VpcBlockPublicAccessOptions"), "region": name}

    yield from one_each(task, "region", regions(task), ask)


@collects(VPC_BLOCK_EXCLUSIONS)
def vpc_block_exclusions(task: Task) -> Iterator[Any]:
    """Read what each region leaves out of that; boto3 does not page this list by itself."""
    for name in regions(task):
        client = task.cloud.client("ec2", name)
        more: dict[str, str] = {}
        while True:
            answer = call(client.describe_vpc_block_public_access_exclusions, **more)
            for item in need(answer, "VpcBlockPublicAccessExclusions"):
                yield task.record(item)
            if not answer.get("NextToken"):
                break
            more = {"NextToken": answer["NextToken"]}


def _items(
    client: Any, operation: str, envelope: str, *, source: str = "", **arguments: Any
) -> Iterator[Mapping[str, Any]]:
    """Yield the items of a list.

    Raises:
        CallFailedError: an answer is missing or has no list.
    """
    for page in pages(client, operation, source=source, **arguments):
        yield from need(page, envelope)
