from __future__ import annotations

import pytest

from lakewarden.estate.estate import Estate
from lakewarden.estate.fact import UnreadError
from lakewarden.estate.given import given
from lakewarden.estate.vpc import ROUTE_TABLES
from lakewarden.semantics.routes import table_of, ways_out

MAIN = {"RouteTableId": "rtb-0", "VpcId": "vpc-1", "Associations": [{"Main": True}]}
OWN = {
    "RouteTableId": "rtb-1",
    "VpcId": "vpc-1",
    "Associations": [{"Main": False, "SubnetId": "s1"}, {"Main": False, "GatewayId": "igw-1"}],
}
OTHER = {**MAIN, "RouteTableId": "rtb-2", "VpcId": "vpc-2"}


def tables(*items):
    return Estate(given(route_tables=list(items))).of(ROUTE_TABLES).each()


def test_a_subnet_has_its_own_table_or_the_main_one():
    assert table_of("s1", "vpc-1", tables(OTHER, MAIN, OWN)).id == "rtb-1"
    assert table_of("s2", "vpc-1", tables(OTHER, MAIN, OWN)).id == "rtb-0"
    with pytest.raises(UnreadError, match="no route table"):
        table_of("s2", "vpc-1", tables(OWN, OTHER))


def test_an_association_that_names_nothing_may_be_the_one():
    odd = {**OWN, "Associations": [{"Main": False}]}
    with pytest.raises(UnreadError, match="names nothing"):
        table_of("s1", "vpc-1", tables(odd, MAIN))
    assert table_of("s1", "vpc-1", tables(odd, OWN)).id == "rtb-1"


def out(**route):
    (table,) = tables({**MAIN, "Routes": [{"GatewayId": "x-1", **route}]})
    return [way.destination for way in ways_out(table)]


@pytest.mark.parametrize(
    ("route", "leads_out"),
    [
        ({"DestinationCidrBlock": "0.0.0.0/0"}, True),
        ({"DestinationCidrBlock": "198.51.100.0/24"}, True),
        ({"DestinationCidrBlock": "10.0.0.0/7"}, True),
        ({"DestinationCidrBlock": "10.0.0.0/8"}, False),
        ({"DestinationCidrBlock": "172.32.0.0/16"}, True),
        ({"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "local"}, False),
        ({"DestinationIpv6CidrBlock": "::/0"}, True),
        ({"DestinationIpv6CidrBlock": "fd00::/8"}, False),
        ({"DestinationPrefixListId": "pl-1"}, True),
    ],
)
def test_what_leads_beyond_private_addresses(route, leads_out):
    assert bool(out(**route)) is leads_out


@pytest.mark.parametrize(
    "route", [{}, {"DestinationCidrBlock": "x"}, {"DestinationCidrBlock": "::", "GatewayId": ""}]
)
def test_a_route_that_makes_no_sense_is_unread(route):
    with pytest.raises(UnreadError):
        out(**route)
