"""Estates become networks: what is there, what is missing, and what another account hides."""

from __future__ import annotations

import pytest

from estate.holes import cut_short
from lakewarden.estate.catalog import KINDS
from lakewarden.estate.estate import Estate
from lakewarden.estate.given import refused
from lakewarden.proofs.network.egress import Outcome
from lakewarden.proofs.network.known import Missing
from lakewarden.proofs.network.reading import NEEDS
from proofs.network.estates import (
    BASE,
    BY_NAT,
    GATEWAY,
    ME,
    NAT,
    NOTHING,
    OPEN,
    THEM,
    acl,
    by_nat,
    estate,
    node,
    route,
    seen,
    subnet,
    table,
    verdict,
    vpc,
)

ON_THE_WAY = {
    "networks": "account admin",
    "region_vpcs": "ec2:DescribeVpcs",
    "region_subnets": "ec2:DescribeSubnets",
    "region_route_tables": "ec2:DescribeRouteTables",
    "region_security_groups": "ec2:DescribeSecurityGroups",
    "network_acls": "ec2:DescribeNetworkAcls",
    "region_nats": "ec2:DescribeNatGateways",
    "vpc_blocks": "ec2:DescribeVpcBlockPublicAccessOptions",
    "vpc_block_exclusions": "ec2:DescribeVpcBlockPublicAccessExclusions",
}


def test_a_spoke_without_routes_has_no_way_out():
    assert verdict(estate()).outcome is Outcome.NO_INTERNET


def test_a_way_out_is_found_with_its_path():
    found = verdict(by_nat())
    assert found.outcome is Outcome.ARBITRARY
    assert found.path == (
        "subnet subnet-dp -> rtb-dp 0.0.0.0/0 -> nat-1 -> rtb-nat 0.0.0.0/0 -> igw-1"
    )


@pytest.mark.parametrize("name", sorted(ON_THE_WAY.keys() - {"networks"}))
def test_a_list_on_the_way_that_nobody_may_read_makes_the_verdict_unknown(name):
    found = verdict(by_nat(**{name: refused()}))
    assert found.outcome is Outcome.UNKNOWN
    assert any(ON_THE_WAY[name] in missing.grant for missing in found.missing)


@pytest.mark.parametrize("name", sorted({kind.name for kind in NEEDS} - ON_THE_WAY.keys()))
def test_a_list_off_the_way_changes_nothing(name):
    assert verdict(by_nat(**{name: refused()})).outcome is Outcome.ARBITRARY


@pytest.mark.parametrize("name", ["region_route_tables", "network_acls"])
def test_nothing_is_concluded_from_what_a_broken_list_does_not_have(name):
    rows = [row for row in BASE[name] if row.get("RouteTableId") != "rtb-dp"]
    collections = {kind.name: [] for kind in NEEDS} | BASE | {name: rows[1:]}
    found = verdict(Estate(cut_short(name, **collections)))
    assert found.outcome is Outcome.UNKNOWN


def test_every_kind_that_is_needed_is_one():
    assert all(KINDS[kind.name] is kind for kind in NEEDS)


@pytest.mark.parametrize("field", ["vpc_id", "subnet_ids", "security_group_ids"])
def test_a_registered_network_that_is_not_whole_makes_the_verdict_unknown(field):
    network = {**BASE["networks"][0], field: None}
    assert verdict(by_nat(networks=[network])).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({"State": "active"}, Outcome.ARBITRARY),
        ({"State": "blackhole"}, Outcome.NO_INTERNET),
        ({"State": ""}, Outcome.UNKNOWN),
        ({"State": "filtered"}, Outcome.UNKNOWN),
        ({"NatGatewayId": ""}, Outcome.UNKNOWN),
        ({"NatGatewayId": "nat-2"}, Outcome.UNKNOWN),
        ({"DestinationCidrBlock": ""}, Outcome.UNKNOWN),
        ({"DestinationCidrBlock": "everywhere"}, Outcome.UNKNOWN),
    ],
)
def test_a_route_is_followed_when_it_is_whole_and_active(change, outcome):
    way = route("0.0.0.0/0", NatGatewayId="nat-1") | change
    tables = [table("dp", way), BY_NAT["region_route_tables"][1]]
    assert verdict(by_nat(region_route_tables=tables)).outcome is outcome


def test_a_route_that_a_virtual_gateway_made_comes_second():
    learnt = {"Origin": "EnableVgwRoutePropagation"}
    ways = [
        route("0.0.0.0/0", NatGatewayId="nat-1"),
        route("0.0.0.0/0", GatewayId="vgw-1", **learnt),
    ]
    topology, _ = seen(by_nat(region_route_tables=[table("dp", *ways)]))
    assert [one.propagated for one in topology.tables.items[0].routes] == [False, False, True]


def test_an_association_that_names_nothing_hides_what_else_it_may_be():
    nameless = {**table("x"), "Associations": [{"Main": False}]}
    main = table("m", main=True)
    found = verdict(estate(region_route_tables=[main, nameless]))
    assert found.outcome is Outcome.UNKNOWN
    assert verdict(estate(region_route_tables=[main])).outcome is Outcome.NO_INTERNET


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({"ConnectivityType": "private"}, Outcome.NO_INTERNET),
        ({"ConnectivityType": None}, Outcome.UNKNOWN),
        ({"ConnectivityType": "secret"}, Outcome.UNKNOWN),
        ({"State": "deleted"}, Outcome.UNKNOWN),
        ({"State": None}, Outcome.UNKNOWN),
        ({"SubnetId": None}, Outcome.UNKNOWN),
    ],
)
def test_a_nat_gateway_is_what_it_says(change, outcome):
    assert verdict(by_nat(region_nats=[NAT | change])).outcome is outcome


def block(mode, state="update-complete"):
    return {"region": "us-east-1", "State": state, "InternetGatewayBlockMode": mode}


def exclusion(state="create-complete"):
    resource = f"arn:aws:ec2:us-east-1:{ME}:vpc/vpc-spoke"
    return {
        "ExclusionId": "x",
        "ResourceArn": resource,
        "InternetGatewayExclusionMode": "allow-bidirectional",
        "State": state,
    }


@pytest.mark.parametrize(
    ("blocks", "exclusions", "outcome"),
    [
        ([block("block-bidirectional")], [], Outcome.NO_INTERNET),
        ([block("block-bidirectional")], [exclusion()], Outcome.ARBITRARY),
        ([block("block-bidirectional")], [exclusion("delete-complete")], Outcome.NO_INTERNET),
        ([block("block-bidirectional")], [exclusion("delete-in-progress")], Outcome.UNKNOWN),
        ([block("block-bidirectional", "update-in-progress")], [], Outcome.UNKNOWN),
        ([{**block("off"), "region": "eu-west-1"}], [], Outcome.UNKNOWN),
    ],
)
def test_a_region_blocks_what_it_says_and_no_other_does(blocks, exclusions, outcome):
    found = by_nat(vpc_blocks=blocks, vpc_block_exclusions=exclusions)
    assert verdict(found).outcome is outcome


def on_the_gateway(**changes):
    tables = [table("dp", route("0.0.0.0/0", GatewayId="igw-1"))]
    return estate(region_route_tables=tables, **{"internet_gateways": [GATEWAY], **changes})


def test_nodes_show_whether_they_have_public_addresses():
    assert seen(on_the_gateway())[1].public_nodes is False
    assert verdict(on_the_gateway()).outcome is Outcome.NO_INTERNET
    open_ = on_the_gateway(region_interfaces=[node(public="203.0.113.9")])
    assert seen(open_)[1].public_nodes is True
    assert verdict(open_).outcome is Outcome.ARBITRARY


@pytest.mark.parametrize(
    "changes",
    [
        {"region_interfaces": []},
        {"instances": []},
        {"instances": refused()},
        {"region_interfaces": refused()},
        {"region_interfaces": [node(), {**node("eni-2"), "SubnetId": None}]},
    ],
)
def test_without_a_node_nobody_knows_about_public_addresses(changes):
    found = on_the_gateway(**changes)
    assert isinstance(seen(found)[1].public_nodes, Missing)
    assert verdict(found).outcome is Outcome.UNKNOWN


def test_nodes_of_two_kinds_show_nothing():
    both = [node(), node("eni-2", "i-2", "203.0.113.9")]
    found = on_the_gateway(
        region_interfaces=both, instances=[{"InstanceId": "i-1"}, {"InstanceId": "i-2"}]
    )
    assert isinstance(seen(found)[1].public_nodes, Missing)


@pytest.mark.parametrize("state", ["detached", "detaching"])
def test_a_gateway_that_is_not_attached_lets_nothing_out(state):
    loose = {**GATEWAY, "Attachments": [{"VpcId": "vpc-spoke", "State": state}]}
    public = [node(public="203.0.113.9")]
    found = on_the_gateway(internet_gateways=[loose], region_interfaces=public)
    assert verdict(found).outcome is Outcome.NO_INTERNET


def test_blocks_that_come_and_go_are_not_known():
    moving = {"CidrBlock": "10.9.0.0/16", "CidrBlockState": {"State": "associating"}}
    gone = {"CidrBlock": "10.8.0.0/16", "CidrBlockState": {"State": "disassociated"}}
    one, two = vpc("spoke", 1), vpc("other", 2)
    one["CidrBlockAssociationSet"] = [*one["CidrBlockAssociationSet"], moving]
    two["CidrBlockAssociationSet"] = [*two["CidrBlockAssociationSet"], gone]
    first, second = seen(estate(region_vpcs=[one, two]))[0].vpcs.items
    assert isinstance(first.cidrs, Missing)
    assert second.cidrs == ("10.2.0.0/16",)


def test_names_are_resolved_as_the_options_say():
    (plain,) = seen(estate())[0].vpcs.items
    assert (plain.resolvers, plain.dns_support, plain.dns_hostnames) == (
        ("AmazonProvidedDNS",),
        True,
        False,
    )
    (none,) = seen(estate(region_vpcs=[vpc("spoke", 1) | {"DhcpOptionsId": "default"}]))[
        0
    ].vpcs.items
    assert none.resolvers == ()
    (lost,) = seen(estate(dhcp_options=[], vpc_dns=[], dns_firewalls=refused()))[0].vpcs.items
    for value in (lost.resolvers, lost.dns_support, lost.dns_hostnames, lost.dns_firewall):
        assert isinstance(value, Missing)


@pytest.mark.parametrize(
    ("of", "status", "guarded"),
    [
        ("vpc-spoke", "COMPLETE", True),
        ("vpc-spoke", "DELETING", False),
        ("vpc-other", "COMPLETE", False),
    ],
)
def test_dns_is_guarded_where_rules_are_in_force(of, status, guarded):
    one = {"Id": "a", "VpcId": of, "Priority": 1, "Status": status, "rules": []}
    (found,) = seen(estate(dns_firewalls=[one]))[0].vpcs.items
    assert found.dns_firewall is guarded


def test_groups_keep_what_their_rules_name():
    rule = NOTHING | {
        "IpProtocol": "tcp",
        "FromPort": 443,
        "ToPort": 444,
        "IpRanges": [{"CidrIp": "192.0.2.0/24"}],
        "Ipv6Ranges": [{"CidrIpv6": "2001:db8::/32"}],
        "PrefixListIds": [{"PrefixListId": "pl-1"}],
        "UserIdGroupPairs": [{"GroupId": "sg-2"}],
    }
    group = BASE["region_security_groups"][0] | {"IpPermissionsEgress": [rule]}
    (found,) = seen(estate(region_security_groups=[group]))[0].groups.items
    (one,) = found.egress
    assert (one.protocol, one.first, one.last) == ("tcp", 443, 444)
    assert (one.v4, one.v6) == (("192.0.2.0/24",), ("2001:db8::/32",))
    assert (one.prefix_lists, one.groups) == (("pl-1",), ("sg-2",))
    assert found.ingress == ()


def test_acls_are_read_in_the_order_in_which_they_decide():
    deny = {"RuleNumber": 50, "Egress": True, "Protocol": "6", "RuleAction": "deny"}
    deny |= {"Ipv6CidrBlock": "::/0", "PortRange": {"From": 1, "To": 9}}
    ping = {"RuleNumber": 60, "Egress": True, "Protocol": "1", "RuleAction": "allow"}
    ping |= {"CidrBlock": "10.0.0.0/8", "IcmpTypeCode": {"Type": 8, "Code": -1}}
    one = acl("dp", "dp")
    one["Entries"] = [*one["Entries"], ping, deny]
    (found,) = seen(estate(network_acls=[one]))[0].acls.items
    assert [(e.number, e.allow, e.cidr, e.first, e.last) for e in found.egress] == [
        (50, False, "::/0", 1, 9),
        (60, True, "10.0.0.0/8", 8, -1),
        (100, True, "0.0.0.0/0", None, None),
    ]
    assert [e.number for e in found.ingress] == [100]


@pytest.mark.parametrize(
    "change",
    [{"RuleAction": "maybe"}, {"CidrBlock": ""}, {"Protocol": "6"}, {"Protocol": "58"}],
)
def test_an_entry_that_makes_no_sense_is_not_known(change):
    one = acl("dp", "dp", "nat")
    one["Entries"][0] |= change
    assert verdict(by_nat(network_acls=[one])).outcome is Outcome.UNKNOWN


def test_a_table_that_another_account_may_hide_is_not_taken_for_the_main_one():
    shared = {
        "region_vpcs": [vpc("spoke", 1, owner=THEM)],
        "region_route_tables": [table("m", main=True)],
    }
    found = verdict(estate(**shared))
    assert found.outcome is Outcome.UNKNOWN
    assert THEM in found.missing[0].what
    shown = {**shared, "region_route_tables": [table("dp"), table("m", main=True)]}
    assert verdict(estate(**shown)).outcome is Outcome.NO_INTERNET


ENDPOINT = {
    "VpcEndpointId": "vpce-1",
    "VpcId": "vpc-spoke",
    "ServiceName": "com.amazonaws.us-east-1.sts",
    "VpcEndpointType": "Interface",
    "State": "available",
    "PrivateDnsEnabled": True,
    "PolicyDocument": "{}",
    "Groups": [{"GroupId": "sg-dp"}],
    "SubnetIds": ["subnet-dp"],
    "NetworkInterfaceIds": ["eni-1"],
}


def test_an_endpoint_is_at_the_addresses_of_its_interfaces():
    (found,) = seen(estate(region_endpoints=[ENDPOINT]))[0].endpoints.items
    assert (found.addresses, found.groups, found.subnets) == (
        ("10.1.1.9",),
        ("sg-dp",),
        ("subnet-dp",),
    )
    assert (found.policy, found.private_dns, found.kind) == ("{}", True, "Interface")
    lost = ENDPOINT | {"NetworkInterfaceIds": ["eni-1", "eni-2"], "Groups": None}
    (found,) = seen(estate(region_endpoints=[lost]))[0].endpoints.items
    assert found.addresses == ()
    assert isinstance(found.groups, Missing)


def test_an_endpoint_that_is_not_available_carries_nothing():
    pending = ENDPOINT | {"State": "pendingAcceptance"}
    assert seen(estate(region_endpoints=[pending]))[0].endpoints.items == ()
    listing = seen(estate(region_endpoints=[ENDPOINT | {"State": None}]))[0].endpoints
    assert listing.items == ()
    assert "State" in listing.gap.what or "missing field" in listing.gap.what


def test_a_prefix_list_has_its_ranges():
    entries = {"PrefixListId": "pl-1", "PrefixListName": "s3", "entries": [{"Cidr": "1.2.3.0/24"}]}
    odd = {"PrefixListId": "pl-2", "entries": [{"Cidr": "somewhere"}]}
    one, two = seen(estate(prefix_lists=[entries, odd]))[0].prefix_lists.items
    assert (one.id, one.name, one.cidrs) == ("pl-1", "s3", ("1.2.3.0/24",))
    assert isinstance(two.cidrs, Missing)


def test_an_interface_forwards_when_nothing_checks_it():
    appliance = BASE["region_interfaces"][0] | {"SourceDestCheck": False}
    silent = node("eni-2") | {"SourceDestCheck": None}
    one, two = seen(estate(region_interfaces=[appliance, silent]))[0].interfaces.items
    assert one.forwards is True
    assert isinstance(two.forwards, Missing)
    assert (one.subnet, one.addresses, one.public) == ("subnet-dp", ("10.1.1.9",), "")


def test_subnets_have_the_addresses_that_they_have():
    six = {"Ipv6CidrBlock": "2001:db8::/64", "Ipv6CidrBlockState": {"State": "associated"}}
    dual = subnet("dp", "10.1.1.0/24") | {"Ipv6CidrBlockAssociationSet": [six]}
    only = {**dual, "SubnetId": "subnet-6", "CidrBlock": None, "Ipv6Native": True}
    odd = [subnet("odd", "here"), subnet("lost", None)]
    one, two, three, four = seen(estate(region_subnets=[dual, only, *odd]))[0].subnets.items
    assert (one.cidr, one.v6) == ("10.1.1.0/24", ("2001:db8::/64",))
    assert (two.cidr, two.v6) == ("", ("2001:db8::/64",))
    assert isinstance(three.cidr, Missing)
    assert isinstance(four.cidr, Missing)


@pytest.mark.parametrize(
    ("lost", "way"),
    [
        ("VpcId", route("0.0.0.0/0", GatewayId="igw-1")),
        ("MapPublicIpOnLaunch", route("0.0.0.0/0", GatewayId="igw-1")),
        ("CidrBlock", route("0.0.0.0/0", NatGatewayId="nat-1")),
        (
            "Ipv6CidrBlockAssociationSet",
            {"DestinationIpv6CidrBlock": "::/0", "GatewayId": "igw-1", "State": "active"},
        ),
    ],
)
def test_a_field_that_a_subnet_lost_opens_no_proof(lost, way):
    rule = NOTHING | {
        "IpProtocol": "-1",
        "IpRanges": [{"CidrIp": "0.0.0.0/0"}],
        "Ipv6Ranges": [{"CidrIpv6": "::/0"}],
    }
    both = acl("dp", "dp", "nat")
    six = [{**e, "RuleNumber": 101, "CidrBlock": "", "Ipv6CidrBlock": "::/0"} for e in OPEN]
    both["Entries"] += six
    found = by_nat(
        region_subnets=[subnet("dp", "10.1.1.0/24") | {lost: None}, subnet("nat", "10.1.2.0/24")],
        region_route_tables=[table("dp", way), BY_NAT["region_route_tables"][1]],
        region_security_groups=[
            BASE["region_security_groups"][0] | {"IpPermissionsEgress": [rule]}
        ],
        network_acls=[both],
    )
    assert verdict(found).outcome is not Outcome.NO_INTERNET


def test_interfaces_that_lost_their_addresses_show_nothing():
    bare = BASE["region_interfaces"][0] | {"PrivateIpAddresses": None}
    assert verdict(on_the_gateway(region_interfaces=[bare])).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("lost", [{"FromPort": 1}, {"ToPort": 1}, {}])
def test_a_rule_that_lost_its_ports_is_not_one_for_all(lost):
    rule = NOTHING | {"IpProtocol": "tcp", "IpRanges": [{"CidrIp": "192.0.2.0/24"}]} | lost
    group = BASE["region_security_groups"][0] | {"IpPermissionsEgress": [rule]}
    (found,) = seen(estate(region_security_groups=[group]))[0].groups.items
    assert isinstance(found.egress, Missing)
