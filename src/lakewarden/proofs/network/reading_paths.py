"""What leads from one VPC to the next, or out: route tables, gateways, peerings, transit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lakewarden.estate.estate import Estate
from lakewarden.estate.fact import Cause, Fact, UnreadError
from lakewarden.estate.region import (
    EGRESS_ONLY_GATEWAYS,
    INTERNET_GATEWAYS,
    PEERINGS,
    REGION_NATS,
    REGION_ROUTE_TABLES,
    REGION_SUBNETS,
    REGION_VPCS,
    GatewayAttachment,
    Peer,
    RegionNat,
)
from lakewarden.estate.region import Peering as ReadPeering
from lakewarden.estate.transit import (
    TRANSIT_ATTACHMENTS,
    TRANSIT_ROUTE_TABLES,
    TRANSIT_VPCS,
    TransitAttachment,
    TransitRouteTable,
)
from lakewarden.estate.transit import TransitRoute as ReadTransitRoute
from lakewarden.estate.vpc import Association
from lakewarden.estate.vpc import Route as ReadRoute
from lakewarden.estate.vpc import RouteTable as ReadTable
from lakewarden.proofs.network.known import Known, Listing, Missing
from lakewarden.proofs.network.reading_facts import addresses, listing, tried
from lakewarden.proofs.network.topology import (
    Attachment,
    EgressOnlyGateway,
    InternetGateway,
    NatGateway,
    Peering,
    Route,
    RouteTable,
    TransitRoute,
    TransitTable,
    Vpc,
)

_STATES: Final = {"active": False, "blackhole": True}
_ATTACHED: Final = frozenset({"available", "attached"})
_PASSING: Final = frozenset({"available", "modifying"})


def tables(estate: Estate) -> Listing[RouteTable]:
    """Return every route table that is known, and a missing one for each that others may hide."""
    found = listing(estate.of(REGION_ROUTE_TABLES), _table)
    named = {subnet for table in found.items for subnet in table.subnets}
    return Listing((*found.items, *_hidden(estate, named)), found.gap)


def _hidden(estate: Estate, named: set[str]) -> Iterator[RouteTable]:
    """Yield tables without routes for subnets that another account shares.

    Whoever may only use a subnet is not sure to see that it has a table of its own.
    """
    foreign = dict(_foreign(estate))
    for subnet in estate.of(REGION_SUBNETS).seen():
        if subnet.id in named or subnet.vpc_id.gap is not None:
            continue
        vpc = subnet.vpc_id.get()
        if vpc in foreign:
            what = f"the routes of {subnet.id}: {vpc} is of account {foreign[vpc]}"
            yield RouteTable(f"routes of {subnet.id}", vpc, Missing(what), (subnet.id,))


def _foreign(estate: Estate) -> Iterator[tuple[str, str]]:
    """Yield the VPCs that belong, as far as is known, to another account, with that account."""
    for vpc in estate.of(REGION_VPCS).seen():
        owner = "nobody knows whom" if vpc.owner.gap else vpc.owner.get()
        if vpc.reader.gap is not None or owner != vpc.reader.get():
            yield vpc.id, owner


def _table(table: ReadTable) -> RouteTable:
    associations = table.associations.get()
    if not all(map(_names_something, associations)):
        detail = f"an association of {table.id} names nothing"
        raise UnreadError(REGION_ROUTE_TABLES.gap(Cause.MISSING_FIELD, detail))
    return RouteTable(
        table.id,
        table.vpc_id.get(),
        tried(lambda: tuple(map(_route, table.routes.get())), f"routes of {table.id}"),
        tuple(one.subnet for one in associations if one.subnet),
        any(one.main for one in associations),
        tuple(one.gateway for one in associations if one.gateway),
    )


def _names_something(association: Association) -> bool:
    return bool(association.main or association.subnet or association.gateway)


def _route(route: ReadRoute) -> Route:
    """Return a route.

    Raises:
        ValueError: it lacks its destination or its target, or the former is no network.
    """
    if not route.destination or not route.target:
        raise ValueError("a route lacks its destination or its target")
    if not route.prefix_list:
        addresses([route.destination])
    gone = _STATES.get(route.state, Missing(f"whether the route to {route.destination} is active"))
    propagated = route.origin == "EnableVgwRoutePropagation"
    return Route(route.destination, route.target, gone, propagated)


def internet_gateways(estate: Estate) -> Listing[InternetGateway]:
    """Return every internet gateway that is known."""
    return listing(
        estate.of(INTERNET_GATEWAYS), lambda g: InternetGateway(g.id, _vpc_of(g.attachments))
    )


def egress_only_gateways(estate: Estate) -> Listing[EgressOnlyGateway]:
    """Return every egress-only internet gateway that is known."""
    return listing(
        estate.of(EGRESS_ONLY_GATEWAYS), lambda g: EgressOnlyGateway(g.id, _vpc_of(g.attachments))
    )


def _vpc_of(attachments: Fact[tuple[GatewayAttachment, ...]]) -> str:
    """Return the VPC that a gateway is attached to, or nothing."""
    return next((one.vpc_id for one in attachments.get() if one.state in _ATTACHED), "")


def nats(estate: Estate) -> Listing[NatGateway]:
    """Return every NAT gateway that is there."""
    return listing(estate.of(REGION_NATS), _nat)


def _nat(nat: RegionNat) -> NatGateway | None:
    if nat.state.get() != "available":
        return None
    what = f"of {nat.id}"
    return NatGateway(
        nat.id,
        tried(nat.subnet_id.get, f"subnet {what}"),
        tried(lambda: _is_public(nat.connectivity.get()), f"connectivity {what}"),
    )


def _is_public(connectivity: str) -> bool:
    if connectivity not in {"public", "private"}:
        raise ValueError(f"no such type as {connectivity}")
    return connectivity == "public"


def peerings(estate: Estate, vpcs: Listing[Vpc]) -> Listing[Peering]:
    """Return every peering that is known; of VPCs that are known, all their addresses count."""
    blocks = {vpc.id: _blocks(vpc) for vpc in vpcs.items}
    return listing(estate.of(PEERINGS), lambda peering: _peering(peering, blocks))


def _blocks(vpc: Vpc) -> Known[tuple[str, ...]]:
    if isinstance(vpc.cidrs, Missing):
        return vpc.cidrs
    return vpc.v6 if isinstance(vpc.v6, Missing) else (*vpc.cidrs, *vpc.v6)


def _peering(peering: ReadPeering, blocks: dict[str, Known[tuple[str, ...]]]) -> Peering:
    requester, accepter = peering.requester.get(), peering.accepter.get()
    status = tried(peering.status.get, f"status of {peering.id}")
    return Peering(
        peering.id,
        requester.vpc_id,
        accepter.vpc_id,
        blocks.get(requester.vpc_id) or _told(requester),
        blocks.get(accepter.vpc_id) or _told(accepter),
        status if isinstance(status, Missing) else status == "active",
    )


def _told(peer: Peer) -> Known[tuple[str, ...]]:
    """Return the addresses that a peering tells of a side; an active one tells them all."""
    what = f"addresses of {peer.vpc_id} in account {peer.owner}"
    told = [*(one.cidr for one in peer.blocks), *(one.cidr for one in peer.blocks6)]
    return tried(lambda: addresses(told), what) if told else Missing(what)


def attachments(estate: Estate) -> Listing[Attachment]:
    """Return every attachment of a transit gateway that carries packets."""
    return listing(estate.of(TRANSIT_ATTACHMENTS), lambda one: _attachment(estate, one))


def _attachment(estate: Estate, one: TransitAttachment) -> Attachment | None:
    if one.state.get() not in _PASSING:
        return None
    kind, what = one.type.get(), f"of {one.id}"
    common = (one.id, one.gateway_id.get(), kind, one.resource.get())
    table = tried(lambda: _associated(estate, one), f"the route table {what}")
    if kind != "vpc":
        return Attachment(*common, table=table)
    return Attachment(
        *common,
        tried(lambda: _landings(estate, one), f"the subnets {what}"),
        table,
        tried(
            lambda: estate.need(TRANSIT_VPCS, one.id).appliance_mode.get() == "enable",
            f"appliance mode {what}",
        ),
    )


def _landings(estate: Estate, one: TransitAttachment) -> tuple[str, ...]:
    """Return the subnets by which packets enter a VPC.

    Raises:
        UnreadError: they were not read.
        ValueError: they are another account's.
    """
    found = estate.need(TRANSIT_VPCS, one.id).subnet_ids.get()
    if not all(estate.find(REGION_SUBNETS, subnet) for subnet in found):
        owner = "another account" if one.resource_owner.gap else one.resource_owner.get()
        raise ValueError(f"{one.resource.get()} is of {owner}, which was not read")
    return found


def _associated(estate: Estate, one: TransitAttachment) -> str:
    """Return the table that decides for what comes from an attachment, or nothing.

    Raises:
        UnreadError: it was not read.
        ValueError: nobody but the gateway's owner knows, or it is about to change.
    """
    association = one.association.get()
    name = association.table if association else ""
    if association and association.state != "associated":
        raise ValueError(f"its association is {association.state or 'in no state'}")
    if association and not name:
        raise ValueError("it is associated with something else")
    if name and estate.find(TRANSIT_ROUTE_TABLES, name):
        return name
    own = {table.gateway_id.get() for table in estate.of(TRANSIT_ROUTE_TABLES).each()}
    if one.gateway_id.get() not in own:
        raise ValueError(f"{one.gateway_id.get()} is of account {one.gateway_owner.get()}")
    return name


def transit_tables(estate: Estate) -> Listing[TransitTable]:
    """Return every route table of a transit gateway that is known."""
    return listing(estate.of(TRANSIT_ROUTE_TABLES), _transit_table)


def _transit_table(table: TransitRouteTable) -> TransitTable:
    return TransitTable(
        table.id,
        table.gateway_id.get(),
        tried(lambda: tuple(map(_transit_route, table.routes.get())), f"routes of {table.id}"),
    )


def _transit_route(route: ReadTransitRoute) -> TransitRoute:
    """Return a route of a transit gateway.

    Raises:
        ValueError: it lacks its destination, or is in no state that we know.
    """
    destination = route.cidr or route.prefix_list
    if route.cidr:
        addresses([route.cidr])
    if not destination or route.state not in _STATES:
        raise ValueError(f"a route to {destination or 'nowhere'} is {route.state or 'stateless'}")
    through = tuple(hop.attachment for hop in route.through if hop.attachment)
    return TransitRoute(destination, through, _STATES[route.state], route.type == "propagated")
