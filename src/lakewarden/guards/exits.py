"""By which public addresses the compute of a workspace comes to the control plane.

Clusters and warehouses call the workspace as people do, so that its IP access lists have to admit
the NAT gateways they come through. Those with PrivateLink at their back come from no public
address, and serverless compute comes from within.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from lakewarden.estate.account import NETWORKS, Network, Workspace
from lakewarden.estate.estate import Estate
from lakewarden.estate.fact import Cause, UnreadError
from lakewarden.estate.kind import Need
from lakewarden.estate.region import REGION_NATS, REGION_ROUTE_TABLES, REGION_VPCS, RegionNat
from lakewarden.estate.vpc import Route
from lakewarden.semantics.routes import table_of, ways_out

NEEDS: Final[tuple[Need, ...]] = (
    NETWORKS.need(),
    REGION_NATS.need(),
    REGION_ROUTE_TABLES.need(),
    REGION_VPCS.need(),
)
"""What must be collected to know."""
_GONE: Final = frozenset({"deleted", "deleting", "failed"})
_INSPECTED: Final = ("vpce-", "eni-")
"""Targets in the same VPC that pass on what they let through."""


def exits(estate: Estate, workspace: Workspace) -> tuple[str, ...]:
    """Return the public addresses of a workspace's compute; none where it comes from no such.

    Raises:
        UnreadError: something on the way out was not read, or leads where nothing can be seen.
    """
    if workspace.compute_mode.get() == "SERVERLESS":
        return ()
    if workspace.network_id.get() is None:
        region = workspace.region.get()
        vpcs = {vpc.id for vpc in estate.of(REGION_VPCS).each() if vpc.region.get() == region}
        return _addresses(estate, vpcs - _registered(estate), "the network of Databricks' making")
    network = estate.need(NETWORKS, workspace.network_id.get())
    if network.rest_endpoints.get():
        return ()
    found = {
        address for route in _routes(estate, network) for address in _by(estate, network, route)
    }
    return tuple(sorted(found))


def _routes(estate: Estate, network: Network) -> Iterator[Route]:
    tables = list(estate.of(REGION_ROUTE_TABLES).each())
    for subnet in network.subnet_ids.get():
        table = table_of(subnet, network.vpc_id.get(), tables)
        yield from (route for route in ways_out(table) if route.v4)


def _by(estate: Estate, network: Network, route: Route) -> tuple[str, ...]:
    """Return the addresses of what goes by a route."""
    if route.target.startswith("igw-"):
        detail = f"machines behind {route.target} get public addresses of their own"
        raise UnreadError(REGION_NATS.gap(Cause.NOT_FOUND, detail))
    if route.nat_gateway:
        nat = estate.need(REGION_NATS, route.nat_gateway)
        if nat.connectivity.get() == "public":
            return _public([nat])
    if route.target.startswith(_INSPECTED):
        return _addresses(estate, {network.vpc_id.get()}, route.target)
    vpcs = {vpc.id for vpc in estate.of(REGION_VPCS).each()}
    return _addresses(estate, vpcs - _registered(estate), route.target)


def _addresses(estate: Estate, vpcs: set[str], through: str) -> tuple[str, ...]:
    """Return the addresses of the NAT gateways of some VPCs, of which there must be some."""
    found = _public(nat for nat in estate.of(REGION_NATS).each() if nat.vpc_id.get() in vpcs)
    if not found:
        detail = f"no NAT gateway was found for what leaves through {through}"
        raise UnreadError(REGION_NATS.gap(Cause.NOT_FOUND, detail))
    return found


def _public(nats: Iterable[RegionNat]) -> tuple[str, ...]:
    found = set()
    for nat in nats:
        if nat.state.get() not in _GONE and nat.connectivity.get() == "public":
            found |= {one.public for one in nat.addresses.get()}
    return tuple(sorted(found - {""}))


def _registered(estate: Estate) -> set[str]:
    return {network.vpc_id.get() for network in estate.of(NETWORKS).each()}
