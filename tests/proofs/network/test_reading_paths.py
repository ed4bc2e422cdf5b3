"""Ways into other VPCs: transit gateways, peerings, and what belongs to somebody else."""

from __future__ import annotations

import pytest

from lakewarden.estate.given import refused
from lakewarden.proofs.network.egress import Outcome
from lakewarden.proofs.network.known import Missing
from proofs.network.estates import (
    GATEWAY,
    ME,
    NAT,
    THEM,
    acl,
    estate,
    route,
    seen,
    subnet,
    table,
    verdict,
    vpc,
)


def attachment(name, owner=ME, gateway_owner=ME, **change):
    return {
        "TransitGatewayAttachmentId": f"tgw-attach-{name}",
        "TransitGatewayId": "tgw-1",
        "TransitGatewayOwnerId": gateway_owner,
        "ResourceOwnerId": owner,
        "ResourceType": "vpc",
        "ResourceId": f"vpc-{name}",
        "State": "available",
        "Association": {"TransitGatewayRouteTableId": "tgw-rtb-1", "State": "associated"},
    } | change


def transit_vpc(name, *subnets, appliance="disable"):
    return {
        "TransitGatewayAttachmentId": f"tgw-attach-{name}",
        "VpcId": f"vpc-{name}",
        "SubnetIds": [f"subnet-{one}" for one in subnets],
        "Options": {"ApplianceModeSupport": appliance, "Ipv6Support": "disable"},
    }


def hop(name):
    return [{"TransitGatewayAttachmentId": f"tgw-attach-{name}"}]


def transit_table(*routes):
    return {"TransitGatewayRouteTableId": "tgw-rtb-1", "TransitGatewayId": "tgw-1"} | {
        "routes": list(routes)
    }


OUT = {
    "DestinationCidrBlock": "0.0.0.0/0",
    "State": "active",
    "Type": "static",
    "TransitGatewayAttachments": hop("hub"),
}
BACK = {
    "DestinationCidrBlock": "10.1.0.0/16",
    "State": "active",
    "Type": "propagated",
    "TransitGatewayAttachments": hop("spoke"),
}
HUB = {
    "region_vpcs": [vpc("spoke", 1), vpc("hub", 2)],
    "region_subnets": [
        subnet("dp", "10.1.1.0/24"),
        subnet("in", "10.2.1.0/24", "hub"),
        subnet("nat", "10.2.2.0/24", "hub"),
    ],
    "region_route_tables": [
        table("dp", route("0.0.0.0/0", TransitGatewayId="tgw-1")),
        table("in", route("0.0.0.0/0", NatGatewayId="nat-1"), of="hub"),
        table(
            "nat",
            route("0.0.0.0/0", GatewayId="igw-1"),
            route("10.1.0.0/16", TransitGatewayId="tgw-1"),
            of="hub",
        ),
    ],
    "network_acls": [acl("dp", "dp"), acl("hub", "in", "nat", of="hub")],
    "region_nats": [NAT | {"VpcId": "vpc-hub"}],
    "internet_gateways": [GATEWAY | {"Attachments": [{"VpcId": "vpc-hub", "State": "available"}]}],
    "transit_attachments": [attachment("spoke"), attachment("hub")],
    "transit_vpcs": [transit_vpc("spoke", "dp"), transit_vpc("hub", "in")],
    "transit_route_tables": [transit_table(OUT, BACK)],
}


def hub(**changes):
    return estate(**{**HUB, **changes})


def test_a_hub_that_nobody_registered_is_found():
    found = verdict(hub())
    assert found.outcome is Outcome.ARBITRARY, str(found)
    assert "tgw-1" in found.path
    assert found.path.endswith("nat-1 -> rtb-nat 0.0.0.0/0 -> igw-1")


@pytest.mark.parametrize(
    "name", ["transit_attachments", "transit_vpcs", "transit_route_tables", "region_subnets"]
)
def test_a_hub_that_was_not_read_makes_the_verdict_unknown(name):
    assert verdict(hub(**{name: refused()})).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({"State": "blackhole", "TransitGatewayAttachments": []}, Outcome.NO_INTERNET),
        ({"State": "pending"}, Outcome.UNKNOWN),
        ({"TransitGatewayAttachments": []}, Outcome.UNKNOWN),
        ({"DestinationCidrBlock": "", "PrefixListId": "pl-1"}, Outcome.UNKNOWN),
        ({"DestinationCidrBlock": "out"}, Outcome.UNKNOWN),
        ({"DestinationCidrBlock": ""}, Outcome.UNKNOWN),
    ],
)
def test_a_transit_route_is_followed_when_it_is_whole_and_active(change, outcome):
    found = verdict(hub(transit_route_tables=[transit_table(OUT | change, BACK)]))
    assert found.outcome is outcome, str(found)


def test_a_hub_of_another_account_is_named():
    theirs = [attachment("spoke"), attachment("hub", owner=THEM)]
    mine = HUB["region_subnets"][:1]
    found = verdict(hub(transit_attachments=theirs, region_subnets=mine))
    assert found.outcome is Outcome.UNKNOWN
    assert any(THEM in missing.what for missing in found.missing)


def test_a_gateway_of_another_account_is_named():
    silent = [attachment("spoke", gateway_owner=THEM, Association=None)]
    found = verdict(hub(transit_attachments=silent, transit_route_tables=[]))
    assert found.outcome is Outcome.UNKNOWN
    assert any(THEM in missing.what for missing in found.missing)


@pytest.mark.parametrize(
    ("association", "outcome"),
    [
        (None, Outcome.NO_INTERNET),
        ({"TransitGatewayRouteTableId": "tgw-rtb-1", "State": "disassociating"}, Outcome.UNKNOWN),
        ({"TransitGatewayRouteTableId": "tgw-rtb-2", "State": "associated"}, Outcome.UNKNOWN),
    ],
)
def test_the_table_that_decides_is_the_one_that_is_associated(association, outcome):
    mine = attachment("spoke", Association=association)
    found = verdict(hub(transit_attachments=[mine, attachment("hub")]))
    assert found.outcome is outcome, str(found)


def test_an_attachment_that_is_gone_leads_nowhere_that_is_known():
    gone = [attachment("spoke", State="deleted"), attachment("hub")]
    assert verdict(hub(transit_attachments=gone)).outcome is Outcome.UNKNOWN


def test_attachments_of_other_kinds_have_no_subnets():
    vpn = attachment("vpn", ResourceType="vpn", ResourceId="vpn-1")
    topology, _ = seen(hub(transit_attachments=[vpn]))
    (found,) = topology.attachments.items
    assert (found.kind, found.resource, found.subnets, found.table) == (
        "vpn",
        "vpn-1",
        (),
        "tgw-rtb-1",
    )


@pytest.mark.parametrize(("option", "on"), [("enable", True), ("disable", False)])
def test_appliance_mode_is_read(option, on):
    ways = [transit_vpc("spoke", "dp", appliance=option), transit_vpc("hub", "in")]
    topology, _ = seen(hub(transit_vpcs=ways))
    modes = {one.id: one.appliance_mode for one in topology.attachments.items}
    assert modes == {"tgw-attach-spoke": on, "tgw-attach-hub": False}


def side(name, number, owner=ME, **change):
    return {
        "VpcId": f"vpc-{name}",
        "OwnerId": owner,
        "CidrBlockSet": [{"CidrBlock": f"10.{number}.0.0/16"}],
    } | change


def peering(accepter, status="active"):
    return {
        "VpcPeeringConnectionId": "pcx-1",
        "Status": {"Code": status},
        "RequesterVpcInfo": side("spoke", 1),
        "AccepterVpcInfo": accepter,
    }


def peered(accepter, status="active", **changes):
    way = [table("dp", route("0.0.0.0/0", VpcPeeringConnectionId="pcx-1"))]
    return estate(peerings=[peering(accepter, status)], region_route_tables=way, **changes)


def test_of_a_peer_that_is_known_all_addresses_count():
    both = [vpc("spoke", 1), vpc("peer", 3)]
    (found,) = seen(peered(side("peer", 9), region_vpcs=both))[0].peerings.items
    assert (found.requester_cidrs, found.accepter_cidrs) == (("10.1.0.0/16",), ("10.3.0.0/16",))
    assert found.active is True


def test_of_a_peer_in_another_account_the_peering_tells():
    (found,) = seen(peered(side("peer", 9, THEM)))[0].peerings.items
    assert found.accepter_cidrs == ("10.9.0.0/16",)
    silent = side("peer", 9, THEM, CidrBlockSet=[])
    (found,) = seen(peered(silent))[0].peerings.items
    assert isinstance(found.accepter_cidrs, Missing)
    assert THEM in found.accepter_cidrs.what
    odd = side("peer", 9, THEM, CidrBlockSet=[{"CidrBlock": "there"}])
    assert isinstance(seen(peered(odd))[0].peerings.items[0].accepter_cidrs, Missing)


def test_nothing_leaves_through_a_peer():
    both = [vpc("spoke", 1), vpc("peer", 3)]
    assert verdict(peered(side("peer", 3), region_vpcs=both)).outcome is Outcome.NO_INTERNET
    (found,) = seen(peered(side("peer", 3), "deleted"))[0].peerings.items
    assert found.active is False


def test_egress_only_gateways_belong_to_a_vpc():
    one = {
        "EgressOnlyInternetGatewayId": "eigw-1",
        "Attachments": [{"VpcId": "vpc-spoke", "State": "attached"}],
    }
    (found,) = seen(estate(egress_only_gateways=[one]))[0].egress_only_gateways.items
    assert (found.id, found.vpc) == ("eigw-1", "vpc-spoke")
    listing = seen(estate(internet_gateways=[{"InternetGatewayId": "igw-1"}]))[0].internet_gateways
    assert (listing.items, isinstance(listing.gap, Missing)) == ((), True)
