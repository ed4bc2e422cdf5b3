"""Which routes hold for a subnet, and which of them lead to public addresses."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from typing import Final

from lakewarden.estate.fact import Cause, UnreadError
from lakewarden.estate.vpc import ROUTE_TABLES, Route, RouteTable

_PRIVATE: Final = tuple(
    ipaddress.IPv4Network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16")
)
"""What nobody on the internet is reached by."""
_PRIVATE_V6: Final = (ipaddress.IPv6Network("fc00::/7"), ipaddress.IPv6Network("fe80::/10"))


def table_of(subnet_id: str, vpc_id: str, tables: Iterable[RouteTable]) -> RouteTable:
    """Return a subnet's route table: its own, or else the main one of its VPC.

    Raises:
        UnreadError: neither was read, or an association does not say what it is for.
    """
    main, nameless = None, False
    for table in tables:
        if table.vpc_id.get() != vpc_id:
            continue
        for association in table.associations.get():
            if association.subnet == subnet_id:
                return table
            if association.main:
                main = table
            nameless = nameless or not (
                association.main or association.subnet or association.gateway
            )
    if nameless:
        raise UnreadError(ROUTE_TABLES.gap(Cause.MISSING_FIELD, "an association names nothing"))
    if main is None:
        detail = f"no route table for {subnet_id} and no main one for {vpc_id}"
        raise UnreadError(ROUTE_TABLES.gap(Cause.NOT_FOUND, detail))
    return main


def routes_of(table: RouteTable) -> tuple[Route, ...]:
    """Return a table's routes.

    Raises:
        UnreadError: they were not read, or one lacks its destination or its target.
    """
    routes = table.routes.get()
    if not all(route.destination and route.target for route in routes):
        detail = f"a route of {table.id} lacks its destination or its target"
        raise UnreadError(ROUTE_TABLES.gap(Cause.MISSING_FIELD, detail))
    return routes


def ways_out(table: RouteTable) -> Iterator[Route]:
    """Yield the routes that lead beyond private addresses, those to prefix lists included.

    Raises:
        UnreadError: a route is not whole.
    """
    for route in routes_of(table):
        if route.target != "local" and not _is_private(route):
            yield route


def _is_private(route: Route) -> bool:
    try:
        if route.v4:
            v4 = ipaddress.IPv4Network(route.v4, strict=False)
            return any(v4.subnet_of(private) for private in _PRIVATE)
        if route.v6:
            v6 = ipaddress.IPv6Network(route.v6, strict=False)
            return any(v6.subnet_of(private) for private in _PRIVATE_V6)
    except ValueError as error:
        raise UnreadError(ROUTE_TABLES.gap(Cause.MALFORMED, str(error))) from None
    return False
