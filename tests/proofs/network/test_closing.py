"""Edits that close the internet are tried, are the smallest, and say what they cut off."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lakewarden.proofs.facts.regions import region
from lakewarden.proofs.network.closing import closings
from lakewarden.proofs.network.egress import Outcome, egress
from lakewarden.proofs.network.inspection import StatelessGroup, StatelessRule
from lakewarden.proofs.network.known import Missing
from lakewarden.proofs.network.liveness import Host, Reach, reachable, required
from lakewarden.proofs.network.topology import (
    Attachment,
    Endpoint,
    GroupRule,
    PrefixList,
    Subnet,
    TransitRoute,
    TransitTable,
)
from proofs.network.building import (
    HTTPS,
    IGW,
    NAT,
    NAT_SUBNET,
    behind_firewall,
    behind_nat,
    domains,
    group,
    listed,
    network,
    policy,
    rules,
    table,
    topology,
)
from proofs.network.layouts import LAYOUTS

CONTROL = Host("control.example.com", (443, 8443), ("3.237.73.224/28",))
RELAY = Host("tunnel.example.com")
NAMES = ("a.example.com", "control.example.com", "tunnel.example.com")
STS = Host("sts.example.com", service="com.amazonaws.us-east-1.sts")


def said(found):
    return [str(closing) for closing in found]


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_every_proposal_closes_when_it_is_applied(layout):
    found = closings(layout.topology, layout.network)
    assert bool(found) == (layout.outcome == "arbitrary internet")
    for closing in found:
        edited = layout.topology
        for edit in closing.edits:
            edited = edit.apply(edited)
        after = egress(edited, layout.network)
        assert after.outcome is closing.outcome
        assert after.outcome is not Outcome.ARBITRARY
        for spared in closing.edits:
            left = layout.topology
            for edit in closing.edits:
                left = left if edit is spared else edit.apply(left)
            assert egress(left, layout.network).outcome is Outcome.ARBITRARY


def test_one_route_is_enough_behind_a_nat_gateway():
    assert said(closings(behind_nat(), network())) == [
        "remove the route to 0.0.0.0/0 by nat-1 from r-dp: no internet",
        "remove the route to 0.0.0.0/0 by igw-1 from r-nat: no internet",
        "detach igw-1: no internet",
        "let sg-dp out to private networks, prefix lists, no further: no internet",
    ]


def test_two_ways_out_need_two_edits_or_one_that_both_share():
    second = Subnet("dp2", "vpc", "10.0.5.0/24", "b")
    made = behind_nat(
        tables=listed(
            table("dp", "0.0.0.0/0 > nat-1"),
            table("dp2", "0.0.0.0/0 > igw-2"),
            table("nat", "0.0.0.0/0 > igw-1"),
        ),
        subnets=(NAT_SUBNET, second),
        internet_gateways=listed(IGW, replace(IGW, id="igw-2")),
    )
    both = network(("dp", "dp2"), public=True)
    found = closings(made, both)
    assert [len(closing.edits) for closing in found] == [1]
    assert said(found)[0].startswith("let sg-dp out")
    needed = closings(made, both, (RELAY,))
    assert all(closing.kills for closing in needed)
    assert [len(closing.edits) for closing in needed][:2] == [1, 2]


def test_what_databricks_needs_by_address_stays_open():
    found = closings(behind_nat(), network(), (CONTROL,))
    assert str(found[0]) == (
        "let sg-dp out to private networks, prefix lists and to control.example.com, no further: "
        "named destinations only"
    )
    assert [bool(closing.kills) for closing in found] == [False, True, True, True]
    assert "this cuts off control.example.com" in str(found[1])


def test_a_firewall_is_tightened_without_cutting_off_what_is_needed():
    made = behind_firewall(policy(domains(*NAMES), order="DEFAULT_ACTION_ORDER"))
    assert egress(made, network()).outcome is Outcome.ARBITRARY
    found = closings(made, network(), (CONTROL, RELAY))
    alive = [closing for closing in found if not closing.kills]
    assert [str(edit).split(",")[0] for c in alive for edit in c.edits] == [
        "give fw-1 strict order"
    ]
    edited = alive[0].edits[0].apply(made)
    after = egress(edited, network(), CONTROL.addresses)
    assert [named.name for named in after.names] == [
        *NAMES,
        "3.237.73.224/28",
    ]


def test_nothing_is_proposed_where_nothing_is_open_or_all_that_is_open_is_wanted():
    assert closings(topology(table("dp")), network()) == ()
    to_control = (GroupRule("tcp", 443, 443, v4=CONTROL.addresses),)
    assert closings(behind_nat(groups=listed(group(to_control))), network(), (CONTROL,)) == ()


def test_destinations_make_the_difference_between_named_and_arbitrary():
    to_control = (GroupRule("tcp", 443, 443, v4=CONTROL.addresses),)
    made = behind_nat(groups=listed(group(to_control)))
    assert egress(made, network()).outcome is Outcome.ARBITRARY
    found = egress(made, network(), ("3.237.73.224/28", "9.9.9.9/32"))
    assert found.outcome is Outcome.NAMED
    assert [(n.name, n.protocols) for n in found.names] == [("3.237.73.224/28", ("address",))]
    assert egress(made, network(), ("3.237.73.224/29",)).v4 == 8


def reach(made, host, **more):
    (found,) = reachable(made, network(**more), (host,))
    return found.reach


def test_a_host_behind_nat_is_reached_where_every_step_lets_it_through():
    assert reach(behind_nat(), CONTROL) is Reach.YES
    assert reach(behind_nat(), RELAY) is Reach.YES
    assert reach(behind_nat(groups=listed(group(HTTPS))), RELAY) is Reach.YES
    assert reach(behind_nat(groups=listed(group(HTTPS))), CONTROL) is Reach.NO
    assert reach(topology(table("dp")), RELAY) is Reach.NO


def test_what_is_not_known_is_not_reachable_for_sure():
    gap = Missing("NAT gateways")
    assert reach(behind_nat(nat_gateways=listed(gap=gap)), CONTROL) is Reach.UNKNOWN
    assert reach(behind_nat(groups=listed(gap=gap)), CONTROL) is Reach.UNKNOWN
    unread = replace(NAT, public=gap)
    assert reach(behind_nat(nat_gateways=listed(unread)), CONTROL) is Reach.UNKNOWN


def test_one_subnet_that_does_not_reach_a_host_is_enough():
    second = Subnet("dp2", "vpc", "10.0.5.0/24", "b")
    made = behind_nat(
        tables=listed(
            table("dp", "0.0.0.0/0 > nat-1"), table("nat", "0.0.0.0/0 > igw-1"), table("dp2")
        ),
        subnets=(NAT_SUBNET, second),
    )
    assert reach(made, CONTROL) is Reach.YES
    assert reach(made, CONTROL, subnets=("dp", "dp2")) is Reach.NO


def with_sts(ingress, *, private_dns=True, groups=("sg-ep",)):
    endpoint = Endpoint(
        "vpce-sts", "vpc", "Interface", STS.service, None, ("dp",), groups, private_dns
    )
    own = (GroupRule("tcp", 443, 443, groups=("sg-ep",)),)
    sg = group(ingress=ingress, egress=(), name="sg-ep")
    return topology(table("dp"), groups=listed(group(own), sg), endpoints=listed(endpoint))


def test_an_interface_endpoint_needs_both_groups_and_private_dns():
    from_nodes = (GroupRule("tcp", 443, 443, groups=("sg-dp",)),)
    by_address = (GroupRule("tcp", 443, 443, v4=("10.0.0.0/16",)),)
    assert reach(with_sts(from_nodes), STS) is Reach.YES
    assert reach(with_sts(by_address), STS) is Reach.YES
    assert reach(with_sts(()), STS) is Reach.NO
    assert reach(with_sts(from_nodes, private_dns=False), STS) is Reach.NO
    assert reach(with_sts(from_nodes, private_dns=Missing("x")), STS) is Reach.UNKNOWN
    assert reach(with_sts(from_nodes, groups=Missing("x")), STS) is Reach.UNKNOWN


def test_s3_is_reached_by_its_gateway_endpoint_or_by_nat():
    s3 = Host("s3.example.com", service="com.amazonaws.us-east-1.s3")
    endpoint = Endpoint("vpce-s3", "vpc", "Gateway", s3.service)
    prefixes = listed(PrefixList("pl-s3", ("52.216.0.0/15",)))
    more = {"endpoints": listed(endpoint), "prefix_lists": prefixes}
    assert reach(topology(table("dp", "pl-s3 > vpce-s3"), **more), s3) is Reach.YES
    assert reach(behind_nat(**more), s3) is Reach.YES
    assert reach(topology(table("dp"), **more), s3) is Reach.NO
    narrow = (GroupRule("tcp", 443, 443, prefix_lists=("pl-s3",)),)
    made = topology(table("dp", "pl-s3 > vpce-s3"), groups=listed(group(narrow)), **more)
    assert reach(made, s3) is Reach.YES
    assert egress(made, network()).outcome is Outcome.NO_INTERNET


def test_a_name_gets_through_a_firewall_only_where_its_connection_does():
    shape = rules("DROP UDP", "DROP ICMP")
    listed_name = domains("tunnel.example.com")
    assert reach(behind_firewall(policy(listed_name, shape)), RELAY) is Reach.YES
    other = policy(domains("b.example.com"), shape)
    assert reach(behind_firewall(other), RELAY) is Reach.NO
    strict = policy(listed_name, shape, default=("aws:drop_strict",))
    assert reach(behind_firewall(strict), RELAY) is not Reach.YES
    with_syn = policy(listed_name, rules("DROP TCP", priority=30))
    assert reach(behind_firewall(with_syn), RELAY) is not Reach.YES
    unseen = behind_firewall(policy(listed_name, shape), edge=())
    assert reach(unseen, RELAY) is not Reach.YES


def test_what_a_region_needs_with_and_without_privatelink():
    known = region("us-east-1")
    plain = {host.name: host for host in required(known, private_link=False)}
    control = plain["nvirginia.cloud.databricks.com"]
    assert control.addresses == ("3.237.73.224/28",)
    assert control.ports == (443, 8443, 8444, 8445, 8446, 8447, 8448, 8449, 8450, 8451)
    assert plain["tunnel.us-east-1.cloud.databricks.com"].ports == (443,)
    private = required(known, private_link=True)
    assert {host.service for host in private} == {
        "com.amazonaws.us-east-1.s3",
        "com.amazonaws.us-east-1.sts",
        "com.amazonaws.us-east-1.kinesis-streams",
        "com.amazonaws.vpce.us-east-1.vpce-svc-09143d1e626de2f04",
        "com.amazonaws.vpce.us-east-1.vpce-svc-00018a8c3ff62ffdf",
    }


def privately_linked(ports):
    """Make an isolated network with every endpoint that a region needs."""
    hosts = required(region("us-east-1"), private_link=True)
    endpoints = [
        Endpoint(
            f"vpce-{n}",
            "vpc",
            "Interface",
            host.service,
            subnets=("ep",),
            groups=("sg-ep",),
            private_dns=True,
        )
        for n, host in enumerate(hosts)
        if not host.service.endswith(".s3")
    ]
    endpoints.append(Endpoint("vpce-s3", "vpc", "Gateway", "com.amazonaws.us-east-1.s3"))
    opened = tuple(GroupRule("tcp", a, b, groups=("sg-dp",)) for a, b in ports)
    out = tuple(GroupRule("tcp", a, b, v4=("10.0.0.0/16",)) for a, b in ports)
    to_s3 = GroupRule("tcp", 443, 443, prefix_lists=("pl-s3",))
    return hosts, topology(
        table("dp", "pl-s3 > vpce-s3"),
        table("ep"),
        subnets=(Subnet("ep", "vpc", "10.0.6.0/24"),),
        groups=listed(group((*out, to_s3)), group((), opened, name="sg-ep")),
        endpoints=listed(*endpoints),
        prefix_lists=listed(PrefixList("pl-s3", ("52.216.0.0/15",))),
    )


def test_an_isolated_network_is_live_by_its_endpoints_alone():
    hosts, made = privately_linked(((443, 443), (6666, 6666), (8443, 8451)))
    assert egress(made, network()).outcome is Outcome.NO_INTERNET
    found = reachable(made, network(), hosts)
    assert [reached.reach for reached in found] == [Reach.YES] * 5
    assert found[-1].reason == "subnet dp -> r-dp 10.0.0.0/16 -> vpce-4"
    hosts, made = privately_linked(((443, 443), (8443, 8451)))
    found = {r.host.name: r.reach for r in reachable(made, network(), hosts)}
    assert [name for name, reach_ in found.items() if reach_ is not Reach.YES] == [
        "tunnel.privatelink.us-east-1.cloud.databricks.com"
    ]


def test_a_stateless_rule_that_may_drop_answers_leaves_nothing_sure():
    back = StatelessRule(1, ("aws:drop",), destinations=("10.0.2.0/24",), protocols=(6,))
    passing = {"stateless_default": ("aws:pass",)}
    assert reach(behind_firewall(policy(**passing)), CONTROL) is Reach.YES
    shut = policy(stateless=(StatelessGroup("s", 1, (back,)),), **passing)
    assert reach(behind_firewall(shut), CONTROL) is Reach.UNKNOWN


def test_a_way_that_may_end_is_not_sure():
    """In appliance mode, packets may land in a zone from which nothing leads on."""
    hub = "10.9.0.0/16"
    lands = Attachment("att-2", "tgw-1", "vpc", "hub", ("land-a", "land-b"), "t-1")
    made = topology(
        table("dp", "0.0.0.0/0 > tgw-1"),
        table("land-a", "0.0.0.0/0 > nat-1", vpc="hub", cidrs=(hub,)),
        table("land-b", vpc="hub", cidrs=(hub,)),
        table("nat", "0.0.0.0/0 > igw-1", vpc="hub", cidrs=(hub,)),
        subnets=(
            Subnet("land-a", "hub", "10.9.1.0/24", "a"),
            Subnet("land-b", "hub", "10.9.2.0/24", "b"),
            Subnet("nat", "hub", "10.9.3.0/24", "a"),
        ),
        nat_gateways=listed(NAT),
        internet_gateways=listed(replace(IGW, vpc="hub")),
        attachments=listed(Attachment("att-1", "tgw-1", "vpc", "vpc", ("dp",), "t-1"), lands),
        transit_tables=listed(
            TransitTable("t-1", "tgw-1", (TransitRoute("0.0.0.0/0", ("att-2",)),))
        ),
    )
    assert reach(made, CONTROL) is Reach.YES
    both = listed(made.attachments.items[0], replace(lands, appliance_mode=True))
    assert reach(replace(made, attachments=both), CONTROL) is Reach.UNKNOWN
