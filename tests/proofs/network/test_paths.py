"""What single components do, where layouts and random networks do not look closely."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lakewarden.proofs.network.channels import State, channels
from lakewarden.proofs.network.egress import Outcome, egress
from lakewarden.proofs.network.flow import Kind
from lakewarden.proofs.network.graph import Graph
from lakewarden.proofs.network.groups import ingress_of
from lakewarden.proofs.network.inspection import FirewallEndpoint
from lakewarden.proofs.network.known import Listing, Missing
from lakewarden.proofs.network.ranges import network as net
from lakewarden.proofs.network.scene import Scene
from lakewarden.proofs.network.services import EVERY, NOTHING, service
from lakewarden.proofs.network.topology import (
    AclEntry,
    Attachment,
    BlockPublicAccess,
    Endpoint,
    GroupRule,
    Interface,
    Peering,
    PrefixList,
    Proxy,
    Route,
    RouteTable,
    Subnet,
    Topology,
    TransitRoute,
    TransitTable,
    Vpc,
    WorkspaceNetwork,
)
from proofs.network.building import (
    ANYWHERE,
    HTTPS,
    IGW,
    NAT,
    NAT_SUBNET,
    OPEN,
    PUBLIC_V4,
    V6,
    VPC,
    acl,
    behind_firewall,
    behind_nat,
    changed,
    domains,
    firewall,
    group,
    listed,
    network,
    policy,
    rules,
    table,
    topology,
)
from proofs.network.layouts import NODES

GAP = Missing("a fact", "ec2:DescribeFacts")
HUB = "10.9.0.0/16"


def verdict(made, workspace=NODES):
    return egress(made, workspace).outcome


def kinds(made, workspace=NODES):
    return {leaf.kind for leaf in egress(made, workspace).leaves if leaf.kind is not Kind.DROPPED}


def drops(made, workspace=NODES):
    return {leaf.detail for leaf in egress(made, workspace).leaves if leaf.kind is Kind.DROPPED}


IN_THE_WAY = {
    "NAT gateways, of IPv6 that they translate": topology(
        table("dp", "64:ff9b::/96 > nat-1"),
        subnets=(Subnet("dp", "vpc", "10.0.1.0/24", v6=(V6,)),),
        nat_gateways=listed(gap=GAP),
    ),
    "another site, of IPv6 that it may translate": topology(
        table("dp", "64:ff9b::/96 > vgw-1"),
        subnets=(Subnet("dp", "vpc", "10.0.1.0/24", v6=(V6,)),),
    ),
    "a stateless action": behind_firewall(policy(stateless_default=("aws:shrug",))),
    "tables": behind_nat(tables=listed(gap=GAP)),
    "table of the NAT gateway": behind_nat(
        tables=listed(table("dp", "0.0.0.0/0 > nat-1"), gap=GAP)
    ),
    "main table": behind_nat(tables=listed(table("dp", "0.0.0.0/0 > nat-1"))),
    "NAT gateways": behind_nat(nat_gateways=listed(gap=GAP)),
    "whether NAT is public": behind_nat(nat_gateways=listed(replace(NAT, public=GAP))),
    "subnet of NAT": behind_nat(nat_gateways=listed(replace(NAT, subnet=GAP))),
    "ACLs": behind_nat(acls=listed(gap=GAP)),
    "ACL entries": behind_nat(acls=listed(acl("dp", "nat", egress=GAP))),
    "ACL answers": behind_nat(acls=listed(acl("dp", "nat", ingress=GAP))),
    "ACL of NAT": behind_nat(acls=listed(acl("dp"), acl("nat", ingress=GAP, name="acl-2"))),
    "security groups": behind_nat(groups=listed(gap=GAP)),
    "security group rules": behind_nat(groups=listed(group(GAP))),
    "subnets": replace(behind_nat(), subnets=listed(gap=GAP)),
    "CIDR of the subnet": replace(
        behind_nat(), subnets=changed(behind_nat().subnets, "dp", cidr=GAP)
    ),
    "route state": behind_nat(
        tables=listed(
            RouteTable("r-dp", "vpc", (Route("0.0.0.0/0", "nat-1", blackhole=GAP),), ("dp",)),
            table("nat", "0.0.0.0/0 > igw-1"),
        )
    ),
    "prefix list of a group": behind_nat(
        groups=listed(group((GroupRule(prefix_lists=("pl-1",)),))),
        prefix_lists=listed(PrefixList("pl-1", GAP)),
    ),
    "prefix list of a route": behind_nat("pl-1 > nat-1", prefix_lists=listed(gap=GAP)),
    "block public access": replace(behind_nat(), block_public_access=GAP),
    "a mode of block public access": replace(
        behind_nat(), block_public_access=BlockPublicAccess("block-sundays")
    ),
    "firewall policy": behind_firewall(GAP),
    "firewalls": behind_firewall(policy(), firewalls=listed(gap=GAP)),
    "firewall endpoints": behind_firewall(
        policy(), firewalls=listed(replace(firewall(policy()), endpoints=GAP))
    ),
    "firewall subnet": behind_firewall(
        policy(),
        firewalls=listed(
            replace(firewall(policy()), endpoints=(FirewallEndpoint("vpce-fw", "x"),))
        ),
    ),
    "HOME_NET": behind_firewall(policy(home_net=GAP)),
    "stateless groups": behind_firewall(policy(stateless=GAP)),
    "CIDRs of the firewall's VPC": behind_firewall(policy(), vpcs=listed(Vpc("vpc", GAP))),
    "edge table": behind_firewall(
        policy(domains("a.test"), rules("DROP UDP", "DROP ICMP")),
        tables=listed(
            table("dp", "0.0.0.0/0 > nat-1"),
            table("nat", "0.0.0.0/0 > vpce-fw"),
            table("fw", "0.0.0.0/0 > igw-1"),
            RouteTable("r-edge", "vpc", GAP, gateways=("igw-1",)),
        ),
    ),
    "an endpoint that is not listed": topology(
        table("dp", "0.0.0.0/0 > vpce-1"), endpoints=listed(gap=GAP)
    ),
    "an interface that is not listed": topology(table("dp", "0.0.0.0/0 > eni-1")),
    "a target of no known kind": topology(table("dp", "0.0.0.0/0 > arn:aws:networkmanager::1:x")),
    "a carrier gateway": topology(table("dp", "0.0.0.0/0 > cagw-1")),
    "public addresses of nodes": topology(
        table("dp", "0.0.0.0/0 > igw-1"), interfaces=Listing(gap=GAP)
    ),
    "IPv6 addresses of the subnet": topology(
        table("dp", "::/0 > eigw-1"), subnets=(Subnet("dp", "vpc", "10.0.1.0/24", v6=GAP),)
    ),
}


@pytest.mark.parametrize("name", IN_THE_WAY)
def test_a_fact_that_the_path_needs_makes_it_unknown(name):
    found = egress(IN_THE_WAY[name], NODES)
    assert found.outcome is Outcome.UNKNOWN
    assert found.missing


BESIDE = {
    "NAT gateways": topology(table("dp"), nat_gateways=listed(gap=GAP)),
    "internet gateways": topology(table("dp"), internet_gateways=listed(gap=GAP)),
    "interfaces": topology(table("dp"), interfaces=listed(gap=GAP)),
    "firewalls": topology(table("dp"), firewalls=listed(gap=GAP)),
    "transit": topology(table("dp"), attachments=listed(gap=GAP), transit_tables=listed(gap=GAP)),
    "endpoints": topology(table("dp"), endpoints=listed(gap=GAP)),
    "IPv6": topology(table("dp"), subnets=(Subnet("dp", "vpc", "10.0.1.0/24", v6=GAP),)),
    "ACL entries": topology(
        table("dp"), acls=listed(acl("dp", egress=GAP)), groups=listed(group(()))
    ),
    "prefix list of an endpoint": topology(
        table("dp", "pl-1 > vpce-s3"),
        endpoints=listed(Endpoint("vpce-s3", "vpc", "Gateway", GAP)),
        prefix_lists=listed(gap=GAP),
    ),
    "peering": topology(table("dp", "0.0.0.0/0 > pcx-1"), peerings=listed(gap=GAP)),
    "CIDRs of a peer": topology(
        table("dp", "0.0.0.0/0 > pcx-1"), peerings=listed(Peering("pcx-1", "vpc", "far", GAP, GAP))
    ),
    "CIDRs of a VPC that a group names": topology(
        table("dp", "0.0.0.0/0 > nat-1"),
        groups=listed(group((GroupRule(groups=("sg-dp",)),))),
        vpcs=listed(gap=GAP),
        nat_gateways=listed(gap=GAP),
    ),
    "block public access": replace(topology(table("dp")), block_public_access=GAP),
    "a private NAT gateway's way": behind_nat("10.5.0.0/16 > nat-1", nat_gateways=listed(gap=GAP)),
}


@pytest.mark.parametrize("name", BESIDE)
def test_a_fact_that_no_path_needs_does_not_matter(name):
    assert verdict(BESIDE[name]) is Outcome.NO_INTERNET


def test_what_surely_gets_out_wins_over_what_is_not_known():
    made = behind_nat("0.0.0.0/1 > nat-1", "128.0.0.0/1 > vgw-1")
    found = egress(made, NODES)
    assert found.outcome is Outcome.ARBITRARY
    assert found.v4 < PUBLIC_V4
    assert [str(gap) for gap in found.missing] == ["what vgw-1 lets out to the internet"]


def test_networks_without_subnets_or_groups_are_unknown():
    for workspace in (
        WorkspaceNetwork("ws", "vpc", GAP, ("sg-dp",)),
        WorkspaceNetwork("ws", "vpc", ("dp",), GAP),
        WorkspaceNetwork("ws", "vpc", ("dp",), ()),
        WorkspaceNetwork("ws", "vpc", ("elsewhere",), ("sg-dp",)),
    ):
        assert verdict(behind_nat(), workspace) is Outcome.UNKNOWN


def test_packets_end_where_they_should():
    made = topology(
        table("dp", f"{HUB} > pcx-1", "10.8.0.0/16 > vgw-1", "0.0.0.0/0 > igw-9"),
        peerings=listed(Peering("pcx-1", "far", "vpc", (HUB,), (VPC,))),
        internet_gateways=listed(replace(IGW, id="igw-9", vpc="other")),
    )
    assert kinds(made) == {Kind.LOCAL, Kind.PEER, Kind.ON_PREMISES}
    assert "igw-9 is not attached to vpc" in drops(made)
    dead = replace(made, peerings=changed(made.peerings, "pcx-1", active=False))
    assert kinds(dead) == {Kind.LOCAL, Kind.ON_PREMISES}


def test_a_longer_prefix_wins_and_a_propagated_route_loses():
    both = (
        Route("0.0.0.0/0", "nat-1"),
        Route("0.0.0.0/0", "vgw-1", propagated=True),
        Route("8.0.0.0/8", "pcx-1"),
    )
    made = behind_nat(
        tables=listed(RouteTable("r-dp", "vpc", both, ("dp",)), table("nat", "0.0.0.0/0 > igw-1"))
    )
    found = egress(made, NODES)
    assert (found.v4, found.missing) == (PUBLIC_V4 - 2**24, ())


def test_a_subnet_without_a_table_of_its_own_uses_the_main_one():
    made = behind_nat(
        tables=listed(
            table("any", "0.0.0.0/0 > nat-1", main=True),
            table("nat", "0.0.0.0/0 > igw-1"),
            table("far", "0.0.0.0/0 > igw-1", vpc="far", main=True),
        )
    )
    assert egress(made, NODES).path.startswith("subnet dp -> r-any 0.0.0.0/0 -> nat-1")


def test_entries_of_an_acl_go_by_number():
    deny = AclEntry(50, allow=False, cidr="0.0.0.0/0", protocol="tcp", first=443, last=443)
    https = listed(group(HTTPS))
    shut = behind_nat(groups=https, acls=listed(acl("dp", "nat", egress=(*OPEN, deny))))
    assert verdict(shut) is Outcome.NO_INTERNET
    late = replace(deny, number=150)
    made = behind_nat(groups=https, acls=listed(acl("dp", "nat", egress=(*OPEN, late))))
    assert verdict(made) is Outcome.ARBITRARY


def test_an_acl_that_denies_one_icmp_code_denies_no_type():
    ping = listed(group((GroupRule("icmp", 3, -1, v4=("0.0.0.0/0",)),)))
    deny = AclEntry(50, allow=False, cidr="0.0.0.0/0", protocol="icmp", first=3, last=4)
    made = behind_nat(groups=ping, acls=listed(acl("dp", "nat", egress=(deny, *OPEN))))
    assert str(egress(made, NODES).services) == "ICMP 3"


def test_an_acl_between_nodes_and_nat_counts_their_addresses():
    from_nodes = AclEntry(1, allow=False, cidr="10.0.1.0/25", protocol="-1")
    closed = acl("nat", ingress=(from_nodes, *OPEN), name="acl-2")
    made = behind_nat(acls=listed(acl("dp"), closed))
    assert verdict(made) is Outcome.ARBITRARY
    whole = replace(from_nodes, cidr="10.0.1.0/24")
    made = behind_nat(acls=listed(acl("dp"), replace(closed, ingress=(whole, *OPEN))))
    assert verdict(made) is Outcome.NO_INTERNET


def test_several_groups_let_out_what_any_of_them_does():
    made = behind_nat(groups=listed(group(()), group(HTTPS, name="sg-2")))
    assert verdict(made) is Outcome.NO_INTERNET
    assert verdict(made, network(groups=("sg-dp", "sg-2"))) is Outcome.ARBITRARY


def test_ingress_of_endpoints():
    rules_in = (
        GroupRule("tcp", 443, 443, groups=("sg-dp",)),
        GroupRule("tcp", 80, 80, v4=("10.0.0.0/25",)),
        GroupRule("udp", 53, 53, prefix_lists=("pl-1",)),
    )
    made = topology(groups=listed(group(ingress=rules_in)), prefix_lists=listed(gap=GAP))
    may, sure = Scene(Graph(made)), Scene(Graph(made), certain=True)
    source = net("10.0.0.0/24")
    assert str(ingress_of(may, ("sg-dp",), source, ("sg-dp",))) == "TCP 80, 443, UDP 53"
    assert ingress_of(sure, ("sg-dp",), source, ("sg-dp",)) == service(6, ((443, 443),))
    assert ingress_of(sure, ("sg-dp",), source, ()) == NOTHING
    assert ingress_of(may, GAP, source, ()) == EVERY
    assert ingress_of(sure, GAP, source, ()) == NOTHING


def test_transit_routes_are_followed_by_zone():
    def spread(mode, spoke_zone):
        return topology(
            table("dp", "0.0.0.0/0 > tgw-1"),
            table("land-a", "0.0.0.0/0 > nat-1", vpc="hub", cidrs=(HUB,)),
            table("land-b", vpc="hub", cidrs=(HUB,)),
            table("nat", "0.0.0.0/0 > igw-1", vpc="hub", cidrs=(HUB,)),
            subnets=(
                Subnet("dp", "vpc", "10.0.1.0/24", spoke_zone),
                Subnet("land-a", "hub", "10.9.1.0/24", "a"),
                Subnet("land-b", "hub", "10.9.2.0/24", "b"),
                Subnet("nat", "hub", "10.9.3.0/24", "a"),
            ),
            nat_gateways=listed(NAT),
            internet_gateways=listed(replace(IGW, vpc="hub")),
            attachments=listed(
                Attachment("att-1", "tgw-1", "vpc", "vpc", ("dp",), "t-1"),
                Attachment("att-2", "tgw-1", "vpc", "hub", ("land-a", "land-b"), "t-1", mode),
            ),
            transit_tables=listed(
                TransitTable("t-1", "tgw-1", (TransitRoute("0.0.0.0/0", ("att-2",)),))
            ),
        )

    assert verdict(spread(mode=False, spoke_zone="a")) is Outcome.ARBITRARY
    assert verdict(spread(mode=False, spoke_zone="b")) is Outcome.NO_INTERNET
    assert verdict(spread(mode=True, spoke_zone="b")) is Outcome.ARBITRARY
    assert verdict(spread(mode=GAP, spoke_zone="b")) is Outcome.ARBITRARY
    assert verdict(spread(mode=False, spoke_zone="c")) is Outcome.ARBITRARY


@pytest.mark.parametrize(
    ("attachment", "routes", "outcome"),
    [
        ({}, (TransitRoute("0.0.0.0/0", ("att-vpn",)),), Outcome.UNKNOWN),
        ({}, (TransitRoute("0.0.0.0/0", ("att-far",)),), Outcome.UNKNOWN),
        ({}, (TransitRoute("0.0.0.0/0"),), Outcome.UNKNOWN),
        ({}, (TransitRoute("10.0.0.0/8", ("att-vpn",)),), Outcome.NO_INTERNET),
        ({"table": ""}, (TransitRoute("0.0.0.0/0", ("att-vpn",)),), Outcome.NO_INTERNET),
        ({"table": GAP}, (), Outcome.UNKNOWN),
        ({"subnets": GAP}, (), Outcome.UNKNOWN),
        ({}, GAP, Outcome.UNKNOWN),
        (
            {},
            (
                TransitRoute("0.0.0.0/0", blackhole=True),
                TransitRoute("0.0.0.0/0", ("att-vpn",), propagated=True),
            ),
            Outcome.NO_INTERNET,
        ),
    ],
)
def test_a_transit_gateway_beyond_vpcs(attachment, routes, outcome):
    mine = Attachment("att-1", "tgw-1", "vpc", "vpc", ("dp",), "t-1")
    made = topology(
        table("dp", "0.0.0.0/0 > tgw-1"),
        attachments=listed(
            replace(mine, **attachment), Attachment("att-vpn", "tgw-1", "vpn", "vpn-1")
        ),
        transit_tables=listed(TransitTable("t-1", "tgw-1", routes)),
    )
    assert verdict(made) is outcome


def test_an_interface_that_checks_its_traffic_passes_nothing_on():
    one = Interface("eni-1", "nat", ("10.0.2.7",), "3.3.3.3", forwards=False)
    made = behind_nat("0.0.0.0/0 > eni-1", interfaces=listed(one))
    assert verdict(made) is Outcome.NO_INTERNET
    assert verdict(replace(made, interfaces=listed(replace(one, forwards=GAP)))) is Outcome.UNKNOWN
    hidden = replace(one, forwards=True, public="")
    assert verdict(replace(made, interfaces=listed(hidden))) is Outcome.NO_INTERNET


def test_nat64_leads_ipv6_to_the_ipv4_internet():
    six = Subnet("dp", "vpc", "", "a", (V6,))
    made = behind_nat("64:ff9b::/96 > nat-1", subnets=(six, NAT_SUBNET))
    found = egress(made, NODES)
    assert (found.v4, found.v6, str(found.services)) == (PUBLIC_V4, 0, "ICMP, TCP, UDP")


def test_a_proxy_for_all_names_is_the_internet():
    made = topology(table("dp"), proxies=(Proxy("squid", "10.0.9.9", 3128),))
    assert verdict(made) is Outcome.ARBITRARY
    shut = replace(made, proxies=(Proxy("squid", "10.0.9.9", 3128, ()),))
    assert verdict(shut) is Outcome.NO_INTERNET
    elsewhere = replace(made, groups=listed(group((GroupRule("tcp", 443, 443, v4=(VPC,)),))))
    assert verdict(elsewhere) is Outcome.NO_INTERNET


def test_bad_addresses_are_errors():
    with pytest.raises(ValueError, match="not appear to be"):
        egress(behind_nat("somewhere > nat-1"), NODES)


def state(made, channel):
    return {c.id: c.state for c in channels(made, NODES, egress(made, NODES))}.get(channel)


@pytest.mark.parametrize(
    ("vpc", "found"),
    [
        (Vpc("vpc", (VPC,)), State.OPEN),
        (Vpc("vpc", (VPC,), dns_support=False), State.CLOSED),
        (Vpc("vpc", (VPC,), dns_firewall=True), State.NARROWED),
        (Vpc("vpc", (VPC,), dns_firewall=GAP), State.UNKNOWN),
        (Vpc("vpc", (VPC,), dns_support=GAP), State.UNKNOWN),
    ],
)
def test_the_resolver_is_a_channel_whatever_routes_say(vpc, found):
    assert state(topology(table("dp"), vpcs=listed(vpc)), "dns") is found
    assert state(topology(table("dp"), vpcs=listed(gap=GAP)), "dns") is State.UNKNOWN


@pytest.mark.parametrize(
    ("policy_text", "found"), [(None, State.OPEN), ("{}", State.NARROWED), (GAP, State.UNKNOWN)]
)
def test_endpoints_are_channels_by_their_policies(policy_text, found):
    made = topology(
        table("dp", "pl-1 > vpce-s3"),
        endpoints=listed(
            Endpoint("vpce-s3", "vpc", "Gateway", "com.amazonaws.us-east-1.s3", policy_text),
            Endpoint("vpce-x", "vpc", "Interface", "x", None, ("dp",), ("sg-shut",)),
        ),
        groups=listed(group(ANYWHERE), group((), name="sg-shut")),
        prefix_lists=listed(PrefixList("pl-1", ("52.216.0.0/15",))),
    )
    assert state(made, "s3-endpoint") is found
    assert state(made, "endpoint") is None


def test_names_may_be_forged_where_names_are_all_there_is():
    used = policy(domains("a.test"), rules("DROP UDP", "DROP ICMP"))
    assert state(behind_firewall(used), "server-name") is State.OPEN
    assert state(behind_nat(), "server-name") is None
    always = {"dns", "metadata", "control-plane", "serverless"}
    made = topology(table("dp"))
    assert {c.id for c in channels(made, NODES, egress(made, NODES))} == always


def test_an_empty_topology_is_unknown():
    assert verdict(Topology()) is Outcome.UNKNOWN


def test_prefixes_of_a_list_keep_their_lengths():
    """Three neighbours of /16 are no wide prefix that loses against a /15 across their end."""
    neighbours = PrefixList("pl-1", ("52.0.0.0/16", "52.1.0.0/16", "52.2.0.0/16"))
    made = behind_nat(
        "pl-1 > nat-1", "52.2.0.0/15 > pcx-1", "52.0.0.0/8 > pcx-1", prefix_lists=listed(neighbours)
    )
    assert egress(made, NODES).v4 == 3 * 2**16
