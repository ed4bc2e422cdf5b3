"""The public way into a workspace: who shuts or narrows it must still come in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from guards.networks import NAT, NETWORK, table
from guards.people import directory, machine, user
from guards.plans import ME, asked, change
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import refused
from lakewarden.guards.front_door import GUARD
from lakewarden.guards.guard import Caller
from lakewarden.guards.registry import refusals as every

MINE = "198.51.100.0/24"
ROBOT = Caller(user="app-7", addresses=ME.addresses)
PRIVATE = {"private_access_settings_id": "p1", "public_access_enabled": True}
PLACE = "/ingress/public_access"
RULES = (f"{PLACE}/restriction_mode", f"{PLACE}/allow_rules")


def estate(out="", **kinds):
    usual = {
        "workspace": {"network_id": "n1", "private_access_settings_id": "p1"},
        "networks": [NETWORK],
        "region_nats": [NAT],
        "region_route_tables": [table(out)],
        "region_vpcs": [{"VpcId": "vpc-1", "region": "us-east-1"}],
        "private_access": [{**PRIVATE, "private_access_level": "ACCOUNT"}],
        "network_policies": [{"network_policy_id": "np"}],
        "workspace_network": [{"workspace_id": 1, "network_policy_id": "np"}],
    }
    people = [{**user("12"), "userName": "ann@example.com"}]
    return directory(people, [machine("7")], **{**usual, **kinds})


def settings(place, before, after):
    return change("private_access_settings", "p1", {place: before}, {place: after}, scope="account")


SHUT = settings("/public_access_enabled", before=True, after=False)


def restricted(*rules, deny=()):
    after = {RULES[0]: "RESTRICTED_ACCESS", RULES[1]: list(rules)}
    after |= {f"{PLACE}/deny_rules": list(deny)} if deny else {}
    return change("network_policy", "np", dict.fromkeys(after), after, scope="account")


def rule(*networks, kind="", ids=(), **more):
    origin = {"included_ip_ranges": {"ip_ranges": list(networks)}} if networks else {}
    named = [{"principal_id": i} for i in ids]
    who = {"identity_type": f"IDENTITY_TYPE_{kind}", "identities": named} if kind else None
    return {"origin": origin or {"all_ip_ranges": True}, "authentication": who, **more}


def refusals(snapshot, *changes, caller=ME):
    return [r.why for r in GUARD.refuse(asked(snapshot, *changes, caller=caller))]


def test_the_public_way_is_not_shut_behind_who_comes_by_it():
    (why,) = refusals(estate(), SHUT)
    assert "from 198.51.100.7, which is shut out" in why
    inside = replace(ME, addresses=("10.0.0.4",))
    assert not refusals(estate(), SHUT, caller=inside)
    assert not refusals(estate(), SHUT, caller=replace(ME, addresses=("10.0.0.4", "192.0.2.1")))
    assert "not known" in refusals(estate(), SHUT, caller=replace(ME, addresses=()))[0]


def test_workspaces_that_get_or_have_others_are_told_apart():
    plain = estate(workspace={"network_id": "n1"})
    assert not refusals(plain, SHUT)
    gets = change(
        "workspace",
        "1",
        {"/private_access_settings_id": None},
        {"/private_access_settings_id": "p1"},
        scope="account",
    )
    assert not refusals(plain, gets)
    assert refusals(plain, SHUT, gets)
    assert refusals(plain, gets, SHUT)


def test_endpoints_that_the_caller_may_come_by_stay():
    inside = replace(ME, addresses=("10.0.0.4",))
    level = settings("/private_access_level", "ACCOUNT", "ENDPOINT")
    assert "by which endpoint" in refusals(estate(), level, caller=inside)[0]
    assert not refusals(estate(), level)
    two = {**PRIVATE, "private_access_level": "ENDPOINT", "allowed_vpc_endpoint_ids": ["a", "b"]}
    one = settings("/allowed_vpc_endpoint_ids", ["a", "b"], ["a"])
    more = settings("/allowed_vpc_endpoint_ids", ["a", "b"], ["a", "b", "c"])
    assert refusals(estate(private_access=[two]), one, caller=inside)
    assert not refusals(estate(private_access=[two]), more, caller=inside)


@pytest.mark.parametrize(
    ("rules", "person", "robot"),
    [
        ([], False, False),
        ([rule(MINE)], True, True),
        ([rule()], True, True),
        ([rule("203.0.113.0/24")], False, False),
        ([rule(MINE, kind="ALL_USERS")], True, False),
        ([rule(MINE, kind="ALL_SERVICE_PRINCIPALS")], False, True),
        ([rule(kind="SELECTED_IDENTITIES", ids=[12])], True, False),
        ([rule(kind="SELECTED_IDENTITIES", ids=[7])], False, True),
        ([rule(MINE, destination={"workspace_ui": {}})], False, False),
        ([rule(MINE, destination={"workspace_api": {}})], True, True),
        ([rule(MINE, destination={"workspace_api": {"scopes": ["sql"]}})], False, False),
        (
            [
                rule(
                    MINE,
                    destination={"workspace_api": {"scope_qualifier": "API_SCOPE_QUALIFIER_READ"}},
                )
            ],
            False,
            False,
        ),
        ([{"origin": {"excluded_ip_ranges": {"ip_ranges": [MINE]}}}], False, False),
        ([{"origin": {"excluded_ip_ranges": {"ip_ranges": ["192.0.2.0/24"]}}}], True, True),
    ],
)
def test_a_network_policy_admits_its_author(rules, person, robot):
    assert (not refusals(estate(), restricted(*rules))) is person
    assert (not refusals(estate(), restricted(*rules), caller=ROBOT)) is robot


def test_a_deny_rule_must_not_hit_the_caller():
    assert refusals(estate(), restricted(rule(), deny=[rule(MINE)]))
    assert refusals(estate(), restricted(rule(), deny=[rule(MINE, kind="ALL_USERS")]))
    assert not refusals(estate(), restricted(rule(), deny=[rule("203.0.113.0/24")]))
    people = restricted(rule(), deny=[rule(MINE, kind="ALL_USERS")])
    assert refusals(estate(), people, caller=ROBOT), "nobody says that it spares programs"
    others = rule(MINE, kind="SELECTED_IDENTITIES", ids=[7])
    assert not refusals(estate(), restricted(rule(), deny=[others]))


def test_the_compute_keeps_a_way_in():
    everybody = restricted(rule(MINE))
    assert "192.0.2.10" in refusals(estate("nat-1"), everybody)[0]
    assert not refusals(estate("nat-1"), restricted(rule(MINE, "192.0.2.10")))
    behind = {**NETWORK, "vpc_endpoints": {"rest_api": ["e"]}}
    assert not refusals(estate("nat-1", networks=[behind]), everybody)


def test_ways_out_are_no_matter_of_this_guard_and_unread_ones_are_refused():
    egress = change("network_policy", "np", {"/egress/x": 1}, {"/egress/x": 2}, scope="account")
    assert not GUARD.about(egress)
    assert not GUARD.about(change("workspace", "1", {"/network_id": 1}, {"/network_id": 2}))
    tier = estate(
        network_policies=refused(Cause.DISABLED), workspace_network=refused(Cause.DISABLED)
    )
    assert len(every(asked(tier, SHUT))) == 1
    unread = estate(network_policies=refused())
    assert any("nobody can tell" in r.why for r in every(asked(unread, SHUT)))
