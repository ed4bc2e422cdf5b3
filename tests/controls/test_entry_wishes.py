"""What is wished of who comes in, where more than one thing would do, or nothing is safe."""

from __future__ import annotations

import pytest

from lakewarden.clock import parse_time
from lakewarden.controls.kit.admin_examples import administered, group, user
from lakewarden.controls.kit.control import Context
from lakewarden.controls.kit.oauth_secrets import example_secret, secrets_of
from lakewarden.controls.kit.planning import plan_for
from lakewarden.controls.kit.registry import control
from lakewarden.controls.kit.tokens import example_estate, example_token
from lakewarden.estate.estate import Estate
from lakewarden.estate.given import given
from lakewarden.plan.plan import Origin
from lakewarden.policyfile.policy import Policy

OURS = ("198.51.100.0/24", "203.0.113.7/32")
POLICY = Policy(admitted_networks=OURS)
ADMINS = Policy(admin_patterns=("^adm-",), break_glass=("emergency",))
ADA, BOB, DAN = (
    user("1", "adm-ada", admin=True),
    user("2", "adm-bob", admin=True),
    user("3", "dan", admin=True),
)


def planned(identity, snapshot, policy=None):
    chosen = control(identity)
    policy = (policy or Policy()).naming([identity])
    at = Context(Estate(snapshot), policy, parse_time(snapshot.meta.taken))
    return plan_for(at.estate, [chosen], at, Origin("a", snapshot.meta.taken, "high"))


def told(plan):
    """Return the one thing that people are told, when nothing is changed."""
    assert not plan.changes
    (one,) = [*(entry.do for entry in plan.manual), *(entry.why for entry in plan.blocked)]
    return one


def listed(number, *addresses, kind="ALLOW", enabled=True, label=""):
    return {
        "list_id": str(number),
        "label": label or f"list {number}",
        "list_type": kind,
        "ip_addresses": list(addresses),
        "enabled": enabled,
    }


def lists(*entries, switch="true"):
    return given(
        ip_lists=entries,
        workspace_conf={"enableIpAccessLists": switch},
        network_policies=[{"network_policy_id": "p1"}],
        workspace_network=[{"workspace_id": 1, "network_policy_id": "p1"}],
        private_access=[],
    )


def after(plan):
    """Return what a plan leaves, by the key of what it changes."""
    return {change.target.key: change.after for change in plan.changes}


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        (Policy(), "say which networks may come in: network.admitted_networks in lakewarden.toml"),
        (Policy(admitted_networks=("0.0.0.0/1",)), "admits 0.0.0.0/1: name networks of your own"),
    ],
)
def test_nobody_is_let_in_whom_the_policy_file_does_not_name(policy, said):
    assert said in told(planned("ip-access-lists", lists(), policy))


def test_two_halves_of_the_internet_become_the_networks_that_are_named():
    halves = listed(1, "0.0.0.0/1"), listed(2, "128.0.0.0/1")
    plan = planned("ip-access-lists", lists(*halves), POLICY)
    assert after(plan) == {"1": {"/ip_addresses": list(OURS)}, "2": {"/enabled": False}}
    assert plan.changes[1].follows == (plan.changes[0].address,)


def test_what_lies_apart_from_a_wide_network_stays():
    wide = listed(1, "9.0.0.0/8", "9.1.0.0/16", "192.0.2.0/24")
    plan = planned("ip-access-lists", lists(wide, listed(2, "192.0.2.128/25")), POLICY)
    assert after(plan) == {"1": {"/ip_addresses": ["192.0.2.0/24", *OURS]}}


def test_a_list_is_made_before_the_switch_and_by_a_name_that_is_free():
    taken = listed(1, "192.0.2.1", kind="BLOCK", label="admitted networks")
    plan = planned("ip-access-lists", lists(taken, switch=None), POLICY)
    made, switch = plan.changes
    assert made.target.key == "label=admitted networks 2"
    assert made.before is None
    assert made.after["/ip_addresses"] == list(OURS)
    assert switch.follows == (made.address,)
    assert switch.taking_back(switch.before).after == {"/value": "false"}


def test_a_list_that_sleeps_is_woken():
    asleep = listed(1, "192.0.2.1", enabled=False, label="admitted networks")
    plan = planned("ip-access-lists", lists(asleep), POLICY)
    assert after(plan) == {"1": {"/enabled": True, "/ip_addresses": list(OURS)}}


@pytest.mark.parametrize(
    ("addresses", "policy", "keys"),
    [
        (("192.0.2.0/24",), Policy(), ["enableIpAccessLists"]),
        (OURS, POLICY, ["enableIpAccessLists"]),
        (OURS[:1], POLICY, ["label=admitted networks", "enableIpAccessLists"]),
    ],
)
def test_the_switch_shuts_out_no_network_that_is_named(addresses, policy, keys):
    plan = planned("ip-access-lists", lists(listed(1, *addresses), switch="false"), policy)
    assert [change.target.key for change in plan.changes] == keys


def ruled(*rules, mode="RESTRICTED_ACCESS", cross=None, **access):
    """Return an estate of one workspace with a network policy."""
    public = {"restriction_mode": mode, "allow_rules": list(rules)}
    wall = {"restriction_mode": "RESTRICTED_ACCESS", **access}
    wall.setdefault("policy_enforcement", {"enforcement_mode": "ENFORCED"})
    policy = {
        "network_policy_id": "p1",
        "egress": {"network_access": wall},
        "ingress": {"public_access": public, "cross_workspace_access": cross or {}},
    }
    return given(
        network_policies=[policy],
        workspace_network=[{"workspace_id": 1, "network_policy_id": "p1"}],
        workspace_conf={"enableIpAccessLists": None},
        ip_lists=[],
    )


def rule(who, **origin):
    whose = {"identity_type": f"IDENTITY_TYPE_{who}", "identities": [{"principal_id": 7}]}
    return {"label": who, "origin": origin, "authentication": whose}


def left(plan, place):
    (change,) = plan.changes
    (value,) = [v for path, v in change.after.items() if path.endswith(place)]
    return value


def test_a_rule_that_admits_everybody_keeps_whom_it_is_for_and_nobody_is_added():
    machines = rule("ALL_SERVICE_PRINCIPALS", all_ip_ranges=True)
    chosen = rule("SELECTED_IDENTITIES", all_ip_ranges=True)
    plan = planned("context-based-ingress", ruled(machines, chosen), POLICY)
    narrow = {"included_ip_ranges": {"ip_ranges": list(OURS)}}
    assert left(plan, "allow_rules") == [{**machines, "origin": narrow}, chosen]
    assert plan.changes[0].name == "p1, of example"


def test_a_policy_that_begins_to_restrict_admits_people_and_machines():
    plan = planned("context-based-ingress", ruled(mode="FULL_ACCESS"), POLICY)
    kinds = [entry["authentication"]["identity_type"] for entry in left(plan, "allow_rules")]
    assert kinds == ["IDENTITY_TYPE_ALL_USERS", "IDENTITY_TYPE_ALL_SERVICE_PRINCIPALS"]
    assert left(plan, "restriction_mode") == "RESTRICTED_ACCESS"


def test_which_workspaces_a_rule_for_all_is_for_a_person_says():
    wide = {"label": "fleet", "origin": {"all_source_workspaces": True}}
    cross = {"restriction_mode": "FULL_ACCESS", "allow_rules": [wide]}
    plan = planned("cross-workspace-access-restricted", ruled(cross=cross))
    assert "name the workspaces that fleet of network policy p1 is for" in told(plan)


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ((), "network.allowed_destinations in lakewarden.toml"),
        (("lake",), "add lake of network.allowed_destinations to network policy p1 first"),
        ((".example.com",), "write out the names that .example.com stands for"),
    ],
)
def test_serverless_compute_never_loses_what_nobody_wrote_down(wanted, said):
    estate = ruled(restriction_mode="FULL_ACCESS")
    plan = planned("serverless-egress-restricted", estate, Policy(allowed_destinations=wanted))
    assert said in told(plan)


def test_what_is_wanted_is_allowed_before_the_rest_is_refused():
    kept = [{"destination": "pypi.example.com", "internet_destination_type": "DNS_NAME"}]
    lake = [{"bucket_name": "lake", "region": "us-east-1"}]
    estate = ruled(
        restriction_mode="FULL_ACCESS",
        allowed_internet_destinations=kept,
        allowed_storage_destinations=lake,
    )
    wanted = Policy(allowed_destinations=("PyPI.example.com", "lake", "git.example.com"))
    plan = planned("serverless-egress-restricted", estate, wanted)
    added = {"destination": "git.example.com", "internet_destination_type": "DNS_NAME"}
    assert left(plan, "allowed_internet_destinations") == [*kept, added]


def test_destinations_are_taken_off_and_the_rest_stays_as_it_is_written():
    good = {"destination": "pypi.example.com", "internet_destination_type": "DNS_NAME"}
    bad = {"destination": "pastebin.com", "internet_destination_type": "DNS_NAME"}
    estate = ruled(allowed_internet_destinations=[good, bad])
    plan = planned("serverless-egress-destinations", estate)
    assert left(plan, "allowed_internet_destinations") == [good]


def test_a_wildcard_gives_way_to_the_names_that_are_wanted_of_it():
    star = {"destination": "*.example.com", "internet_destination_type": "DNS_NAME"}
    estate = ruled(allowed_internet_destinations=[star])
    wanted = Policy(allowed_destinations=("git.example.com", "elsewhere.org"))
    plan = planned("serverless-egress-destinations", estate, wanted)
    assert left(plan, "allowed_internet_destinations") == [
        {**star, "destination": "git.example.com"}
    ]
    assert "or it loses everything" in told(planned("serverless-egress-destinations", estate))


def test_what_only_logs_is_enforced_with_all_that_is_wanted():
    logs = {"enforcement_mode": "DRY_RUN"}
    estate = ruled(policy_enforcement=logs)
    alone = planned("serverless-egress-restricted", estate)
    assert left(alone, "enforcement_mode") == "ENFORCED"
    wanted = Policy(allowed_destinations=("git.example.com",))
    plan = planned("serverless-egress-restricted", estate, wanted)
    assert [e["destination"] for e in left(plan, "allowed_internet_destinations")] == [
        "git.example.com"
    ]


def private(*allowed, level="ENDPOINT", attached="s1"):
    settings = {
        "private_access_settings_id": "s1",
        "public_access_enabled": True,
        "private_access_level": level,
        "allowed_vpc_endpoint_ids": list(allowed),
    }
    ends = [
        {"vpc_endpoint_id": "e1", "state": "available"},
        {"vpc_endpoint_id": "e2", "state": "rejected"},
    ]
    return given(
        workspace={"private_access_settings_id": attached},
        private_access=[settings],
        registered_endpoints=ends,
    )


def test_the_public_way_closes_only_when_another_is_known_to_work():
    plan = planned("private-link-front-end", private("e1", "e2"))
    assert left(plan, "allowed_vpc_endpoint_ids") == ["e1"]
    assert left(plan, "public_access_enabled") is False
    assert "nobody would get in" in told(planned("private-link-front-end", private("e2")))
    assert "attach them" in told(planned("private-link-front-end", private(attached=None)))


def account(*users, groups=(), policy=ADMINS, limit=2):
    robots = {"account_service_principals": []}
    estate = administered(users, groups=groups, inside="1", **robots)
    thresholds = {"account_admins": limit}
    return planned(
        "account-admin-count",
        estate,
        Policy(
            thresholds=thresholds,
            admin_patterns=policy.admin_patterns,
            break_glass=policy.break_glass,
        ),
    )


def test_the_role_goes_from_those_who_are_not_meant():
    assert [c.address for c in account(ADA, BOB, DAN).changes] == ["account:account_user[3]"]


@pytest.mark.parametrize(
    ("users", "policy", "said"),
    [
        ((ADA, BOB, DAN), Policy(), "access.admin_patterns or access.admin_groups"),
        (
            (ADA, DAN, user("4", "eve", admin=True)),
            ADMINS,
            "1 of the admins would be left, and it takes 2",
        ),
        (
            ({**ADA, "active": False}, {**BOB, "active": False}, DAN),
            ADMINS,
            "a person who can sign in",
        ),
        ((ADA, BOB, user("5", "adm-kim", admin=True)), ADMINS, "choose who is no admin any more"),
        ((DAN,), ADMINS, "to a second account that is for administration alone"),
    ],
)
def test_nobody_goes_when_the_wrong_ones_would_be_left(users, policy, said):
    assert said in told(account(*users, policy=policy))


def test_a_group_loses_the_role_only_when_all_its_members_are_to():
    crew, mixed = group("crew", "3", admin=True), group("mixed", "2", "4", admin=True)
    spared = group("emergency", "5", admin=True)
    plan = account(ADA, BOB, user("3", "dan"), user("4", "eve"), groups=[crew, mixed, spared])
    assert [c.address for c in plan.changes] == ["account:account_group[crew]"]
    (step,) = plan.manual
    assert "Take eve@example.com out of the group mixed" in step.do


def test_who_is_in_the_group_of_admins_without_an_assignment_is_taken_out_by_people():
    assigned = [{"principal": {"principal_id": n}, "permissions": ["ADMIN"]} for n in (1, 3)]
    estate = administered(
        [ADA, user("3", "dan"), user("4", "eve")],
        inside="1 3 4",
        assigned=assigned,
        account_service_principals=[],
    )
    policy = Policy(thresholds={"workspace_admins": 2}, admin_patterns=("^adm-",))
    plan = planned("workspace-admin-count", estate, policy)
    assert after(plan) == {"1/3": {"/permissions": ["USER"]}}
    (step,) = plan.manual
    assert "Take eve@example.com out of the group admins of example" in step.do


def test_machines_stay_while_it_is_enough_that_people_go():
    machine = {**user("9", "x", admin=True), "displayName": "loader", "applicationId": "a"}
    robots = {"account_service_principals": [machine]}
    estate = administered([ADA, BOB, DAN], inside="1", **robots)
    for limit, gone in ((3, ["3"]), (2, ["3", "9"])):
        policy = Policy(thresholds={"account_admins": limit}, admin_patterns=("^adm-",))
        plan = planned("account-admin-count", estate, policy)
        assert [change.target.key for change in plan.changes] == gone


def test_a_role_that_no_group_holds_is_given_to_one_first():
    name = "accounts/00000000-0000-4000-8000-000000000000/ruleSets/default"
    rules = [{"role": "roles/billing.admin", "principals": ["users/ann@example.com"]}]
    estate = given(rule_sets=[{"name": name, "grant_rules": rules}])
    said = told(planned("account-roles-held-by-groups", estate))
    assert "Grant roles/billing.admin to an account group" in said


def test_a_token_of_somebody_for_emergencies_is_left_to_them():
    people = {"account_users": [user("7", "ann")], "account_groups": []}
    estate = example_estate([example_token(left=None)], **people)
    policy = Policy(break_glass=("Ann@example.com",))
    assert "who keeps access in an emergency" in told(planned("tokens-expire", estate, policy))
    (change,) = planned("tokens-expire", estate).changes
    assert change.irreversible
    assert change.before == {"/token_id": "t1"}


@pytest.mark.parametrize(("life", "mended"), [(90, True), (None, False), (900, False)])
def test_a_secret_is_deleted_only_beside_one_that_lasts(life, mended):
    old, new = example_secret(400, 730), example_secret(10, life, id="s2")
    plan = planned("service-principal-secrets-rotated", secrets_of(old, new))
    assert [c.target.key for c in plan.changes] == ["7/s1"] * mended
    assert bool(plan.manual) is not mended


def test_everybody_gives_way_to_those_who_could_sign_in_through_them():
    acl = [{"group_name": "users", "all_permissions": [{"permission_level": "CAN_USE"}]}]
    estate = given(
        authorization={"passwords": {"access_control_list": acl}},
        workspace_groups=[{"id": "1", "displayName": "emergency"}],
        account_users=[user("1", "ann"), {**user("2", "bo"), "active": False}],
    )
    named = Policy(break_glass=("emergency", "ann@example.com"))
    kept = left(planned("local-passwords-disabled", estate, named), "access_control_list")
    assert [entry.get("group_name") or entry.get("user_name") for entry in kept] == [
        "emergency",
        "ann@example.com",
    ]
    for name in ("nowhere", "bo@example.com"):
        lost = planned("local-passwords-disabled", estate, Policy(break_glass=(name,)))
        assert f"{name} of access.break_glass is neither a group" in told(lost)


def test_a_machine_that_used_tokens_as_everybody_can_is_named_first():
    acl = [{"group_name": "users", "all_permissions": [{"permission_level": "CAN_USE"}]}]
    estate = given(
        authorization={"tokens": {"access_control_list": acl}},
        workspace_conf={"enableTokensConfig": "true"},
        workspace_groups=[],
    )
    plan = planned("token-use-restricted", estate, Policy(token_principals=("ci-runner",)))
    assert "grant it CAN_USE by name first" in told(plan)
    assert "access.token_principals" in told(planned("token-use-restricted", estate))


def test_a_schema_that_a_metastore_cannot_fill_is_left_to_people():
    metastore = {"metastore_assignments": [{"workspace_id": 1, "metastore_id": "m"}]}
    schemas = [{"schema": "access", "state": "UNAVAILABLE"}]
    plan = planned("system-tables-audit", given(system_schemas=schemas, **metastore))
    assert "Give the workspace a metastore" in told(plan)


def test_a_delivery_without_a_filter_is_made_by_the_way_of_those_that_have_one():
    filtered = {
        "log_type": "AUDIT_LOGS",
        "status": "ENABLED",
        "workspace_ids_filter": [1],
        "credentials_id": "c1",
        "log_delivery_status": {"status": "SUCCEEDED"},
    }
    one = {**filtered, "config_id": "d1", "storage_configuration_id": "s1"}
    two = {**filtered, "config_id": "d2", "storage_configuration_id": "s2"}
    kinds = {"storage_configurations": [], "bucket_public_access": []}
    plan = planned("audit-log-delivery", given(log_deliveries=[one], **kinds))
    assert left(plan, "credentials_id") == "c1"
    assert "/workspace_ids_filter" not in plan.changes[0].after
    split = planned("audit-log-delivery", given(log_deliveries=[one, two], **kinds))
    assert "make one without a filter by hand" in told(split)


def test_nobody_is_told_of_costs_whom_the_policy_file_does_not_name():
    assert "costs.alert in lakewarden.toml" in told(planned("budgets-alert", given(budgets=[])))
    unsaid = planned("budgets-alert", given(budgets=[]), Policy(cost_alerts=("a@example.com",)))
    assert "costs.monthly in lakewarden.toml" in told(unsaid)
