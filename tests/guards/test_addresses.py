"""IP access lists: the caller and the compute must stay inside, after every change of the plan."""

from __future__ import annotations

import ipaddress
from dataclasses import replace

import pytest
from hypothesis import example, settings
from hypothesis import given as drawn
from hypothesis import strategies as st

from guards.networks import NAT, NETWORK, table
from guards.plans import ME, asked, change
from lakewarden.estate.given import given, refused
from lakewarden.guards.addresses import GUARD
from lakewarden.guards.admitted import EVERYWHERE, admitted, spans_of
from lakewarden.proofs.network.intervals import within

ON, OFF = "true", None


def entry(identity, *addresses, kind="ALLOW", enabled=True):
    fields = {"label": identity, "list_type": kind, "ip_addresses": list(addresses)}
    return {"list_id": identity, "enabled": enabled, **fields}


def estate(*lists, switch=ON, workspace=None, out="", **kinds):
    usual = {
        "workspace": {"network_id": "n1", **(workspace or {})},
        "networks": [NETWORK],
        "ip_lists": list(lists),
        "workspace_conf": {"enableIpAccessLists": switch},
        "region_nats": [NAT],
        "region_route_tables": [table(out)],
        "region_vpcs": [{"VpcId": "vpc-1", "region": "us-east-1"}],
        "private_access": [{"private_access_settings_id": "p1", "public_access_enabled": False}],
    }
    return given(**{**usual, **kinds})


def new(label, *addresses, kind="ALLOW", **more):
    after = {"/label": label, "/list_type": kind, "/ip_addresses": list(addresses)}
    return change("ip_access_list", f"label={label}", None, {**after, "/enabled": True}, **more)


def switched(value, before=OFF):
    return change("workspace_conf", "enableIpAccessLists", {"/value": before}, {"/value": value})


def refusals(snapshot, *changes, **more):
    return [r.why for r in GUARD.refuse(asked(snapshot, *changes, **more))]


MINE = "198.51.100.0/24"
FOREIGN = "203.0.113.0/24"


def test_a_switch_admits_those_on_the_lists_that_the_same_plan_makes():
    assert not refusals(estate(switch=OFF), new("office", MINE), switched("true"))
    (why,) = refusals(estate(switch=OFF), new("office", FOREIGN), switched("true"))
    assert "ann@example.com calls from 198.51.100.7" in why


def test_every_state_on_the_way_counts():
    first = estate(entry("a", FOREIGN), switch=OFF)
    mine = change("ip_access_list", "a", {"/ip_addresses": [FOREIGN]}, {"/ip_addresses": [MINE]})
    assert not refusals(first, mine, switched("true"))
    assert refusals(first, switched("true"), mine)


def test_of_two_lists_one_is_enough_and_a_disabled_one_is_none():
    office = entry("a", MINE)
    assert not refusals(estate(office, entry("b", FOREIGN)), new("c", "192.0.2.0/24"))
    off = change("ip_access_list", "a", {"/enabled": True}, {"/enabled": False})
    assert refusals(estate(office, entry("b", FOREIGN)), off)
    assert not refusals(estate(office, entry("b", MINE)), off)
    assert not refusals(estate(office), off), "without an allow list everybody comes in"
    gone = change("ip_access_list", "a", {"/ip_addresses": [MINE]}, None)
    assert refusals(estate(office, entry("b", FOREIGN)), gone)


def test_a_block_list_must_not_hit_the_caller():
    assert refusals(estate(), new("bad", MINE, kind="BLOCK"))
    assert not refusals(estate(), new("bad", FOREIGN, kind="BLOCK"))
    assert not refusals(estate(switch=OFF), new("bad", MINE, kind="BLOCK"))


def test_who_is_not_known_is_refused_unless_nobody_is_shut_out():
    nobody = replace(ME, addresses=())
    given_ = asked(estate(switch=OFF), new("office", MINE), switched("true"), caller=nobody)
    (refusal,) = GUARD.refuse(given_)
    assert "--caller-address" in refusal.next_step
    assert "LAKEWARDEN_CALLER_ADDRESS" in refusal.next_step
    wider = new("home", FOREIGN)
    assert not refusals(estate(entry("a", MINE)), wider, caller=nobody)
    unread = estate(entry("a", MINE), out="nat-1", region_nats=refused())
    assert not refusals(unread, wider), "compute that nothing shuts out is not asked about"


def test_a_network_of_the_caller_must_be_inside_as_a_whole():
    wide = replace(ME, addresses=("198.51.100.0/23",))
    assert refusals(estate(switch=OFF), new("office", MINE), switched("true"), caller=wide)


def test_private_link_is_not_asked_for_addresses():
    private = {"private_access_settings_id": "p1"}
    shut = estate(switch=OFF, workspace=private)
    assert not refusals(shut, new("office", FOREIGN), switched("true"))
    both = [{"private_access_settings_id": "p1", "public_access_enabled": True}]
    half = estate(switch=OFF, workspace=private, private_access=both)
    assert refusals(half, new("office", FOREIGN), switched("true"))
    inside = replace(ME, addresses=("10.1.2.3",))
    assert not refusals(half, new("office", FOREIGN), switched("true"), caller=inside)
    plain = estate(switch=OFF)
    assert refusals(plain, new("office", FOREIGN), switched("true"), caller=inside)


@pytest.mark.parametrize(
    ("out", "kinds", "told"),
    [
        ("", {}, ""),
        ("nat-1", {}, "192.0.2.10"),
        ("vpce-1", {}, "192.0.2.10"),
        ("igw-1", {}, "public addresses of their own"),
        ("tgw-1", {}, "no NAT gateway was found"),
        ("vpce-1", {"region_nats": [{**NAT, "State": "deleted"}]}, "no NAT gateway was found"),
        ("nat-1", {"region_nats": [{**NAT, "ConnectivityType": "private"}]}, "no NAT gateway"),
        ("nat-1", {"region_nats": refused()}, "DescribeNatGateways"),
        ("nat-1", {"networks": [{**NETWORK, "vpc_endpoints": {"rest_api": ["e"]}}]}, ""),
        ("nat-1", {"workspace": {"network_id": "n1", "compute_mode": "SERVERLESS"}}, ""),
    ],
)
def test_the_compute_stays_inside(out, kinds, told):
    whys = refusals(estate(switch=OFF, out=out, **kinds), new("o", MINE), switched("true"))
    assert len(whys) == bool(told)
    assert not told or told in whys[0]
    admits = new("nat", "192.0.2.10", MINE)
    again = refusals(estate(switch=OFF, out="nat-1"), admits, switched("true"))
    assert not again


def test_gateways_of_a_hub_and_of_a_network_of_databricks_making():
    hub = {**NAT, "NatGatewayId": "nat-2", "VpcId": "vpc-hub"}
    vpcs = [{"VpcId": name, "region": "us-east-1"} for name in ("vpc-1", "vpc-hub")]
    through = estate(switch=OFF, out="tgw-1", region_nats=[hub], region_vpcs=vpcs)
    assert "192.0.2.10" in refusals(through, new("o", MINE), switched("true"))[0]
    managed = estate(
        switch=OFF, workspace={"network_id": None}, region_nats=[hub], region_vpcs=vpcs
    )
    assert "192.0.2.10" in refusals(managed, new("o", MINE), switched("true"))[0]


def test_the_account_console_asks_the_caller_alone():
    setting = change(
        "account_setting",
        "acct_ip_acl_enable",
        {"/value": False},
        {"/value": True},
        scope="account",
    )
    off = given(
        account_ip_lists=[entry("a", FOREIGN)], account_settings={"acct_ip_acl_enable": None}
    )
    assert refusals(off, setting)
    mine = given(account_ip_lists=[entry("a", MINE)], account_settings={"acct_ip_acl_enable": None})
    assert not refusals(mine, setting)


def test_what_was_not_read_is_refused():
    (why,) = refusals(estate(ip_lists=refused()), new("office", MINE))
    assert "ip-access-lists" in why
    (why,) = refusals(estate(entry("a", "office")), new("office", MINE))
    assert "office is not an address" in why


def test_what_is_no_matter_of_lists_is_not_looked_at():
    other = change("workspace_conf", "enableWebTerminal", {"/value": "true"}, {"/value": "false"})
    assert not GUARD.concerns(asked(estate(), other).plan)
    assert GUARD.concerns(asked(estate(), switched("true")).plan)


networks = st.builds(
    lambda number, bits: str(ipaddress.ip_network((number, bits), strict=False)),
    st.integers(0, 2**32 - 1),
    st.integers(0, 32),
)
lists = st.lists(
    st.builds(
        lambda kind, addresses, enabled: entry("x", *addresses, kind=kind, enabled=enabled),
        st.sampled_from(["ALLOW", "BLOCK"]),
        st.lists(networks, min_size=1, max_size=3),
        st.booleans(),
    ),
    max_size=4,
)


def lets_in(entries, number):
    """Decide about one address, list by list."""
    address = ipaddress.ip_address(number)
    hits = [
        (e["list_type"], any(address in ipaddress.ip_network(n) for n in e["ip_addresses"]))
        for e in entries
        if e.get("enabled", True)
    ]
    allow = [hit for kind, hit in hits if kind == "ALLOW"]
    return ("BLOCK", True) not in hits and (not allow or any(allow))


@drawn(lists, st.integers(0, 2**32 - 1))
@example([entry("x", "0.0.0.0/0", kind="BLOCK")], 7)
def test_sets_of_addresses_decide_as_the_platform_does(entries, number):
    own = spans_of([str(ipaddress.ip_address(number))])
    assert within(own, admitted(entries, switched_on=True)) is lets_in(entries, number)
    assert admitted(entries, switched_on=False) == EVERYWHERE


@settings(max_examples=60)
@drawn(lists, lists, st.integers(2**24, 9 * 2**24))
def test_a_plan_is_refused_when_it_leaves_the_caller_outside_at_any_time(before, after, number):
    """Whatever lists become of which, with the switch on."""
    me = replace(ME, addresses=(str(ipaddress.ip_address(number)),))
    old = [{**e, "list_id": f"o{n}", "label": f"o{n}"} for n, e in enumerate(before)]
    made = [new(f"n{n}", *e["ip_addresses"], kind=e["list_type"]) for n, e in enumerate(after)]
    gone = [change("ip_access_list", e["list_id"], {"/label": e["label"]}, None) for e in old]
    states = [[*old]]
    for one in made:
        fields = {path.removeprefix("/"): value for path, value in one.after.items()}
        states.append([*states[-1], {**fields, "list_id": one.target.key}])
    for one in gone:
        states.append([e for e in states[-1] if e["list_id"] != one.target.key])
    inside = [lets_in(state, number) for state in states]
    found = refusals(estate(*old), *made, *gone, caller=me)
    if inside[0]:
        assert bool(found) is not all(inside)
    else:
        assert not (found and all(inside[1:]))
