"""Hands for who comes in and what watches them, there and back over HTTP."""

from __future__ import annotations

import pytest

from apply.nowhere import Nowhere
from lakewarden.apply.doors import Doors
from lakewarden.apply.hand import hands
from lakewarden.apply.run import State, carry_out, look
from lakewarden.collect.doors import Reach
from lakewarden.plan.change import Change, Target
from lakewarden.simulate import server

HERE = "workspace/3001"
OFFICE = ["203.0.113.0/24", "198.51.100.7/32"]
LIST = {"/label": "office", "/list_type": "ALLOW", "/ip_addresses": OFFICE, "/enabled": True}
ROLE = "/roles/[value=account_admin]"
HELD = {"value": "account_admin"}
ALERT = {
    "quantity_threshold": "9",
    "action_configurations": [{"action_type": "EMAIL_NOTIFICATION"}],
}
GRANT = "/grant_rules/[role=roles~1billing.admin]/principals"


@pytest.fixture(scope="module")
def served():
    with server.start("high-security", aws=False) as simulation:
        yield simulation


@pytest.fixture(scope="module")
def doors(served):
    urls = {str(number): url for number, url in served.workspace_urls.items()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABRICKS_TOKEN", served.token)
        reach = Reach(served.account_host, served.account_id, workspace_urls=urls, use_aws=False)
        made = Doors(reach, urls)
        made.databricks("account")
        made.databricks(HERE)
        yield made


def delivery(named):
    return {
        "/log_type": "AUDIT_LOGS",
        "/output_format": "JSON",
        "/credentials_id": named["credentials.hs-log-delivery"],
        "/storage_configuration_id": named["storage_configurations.hs-audit-logs"],
    }


CHANGES = {
    "a list of a workspace": lambda _: (("ip_access_list", HERE, "label=office"), None, LIST),
    "a list of the account": lambda _: (("ip_access_list", "account", "label=office"), None, LIST),
    "addresses of a list": lambda named: (
        (
            "ip_access_list",
            HERE,
            named["ip_access_list.3001/security operations and VPN"],
        ),
        {"/ip_addresses": OFFICE[:1]},
        {"/ip_addresses": OFFICE},
    ),
    "a role of a user": lambda named: (
        ("account_user", "account", named["user.simon.graf@high.example"]),
        {ROLE: None},
        {ROLE: HELD},
    ),
    "a user switched off": lambda named: (
        ("account_user", "account", named["user.simon.graf@high.example"]),
        {"/active": True},
        {"/active": False},
    ),
    "a role of a group": lambda named: (
        ("account_group", "account", named["group.hs-engineers"]),
        {ROLE: None},
        {ROLE: HELD},
    ),
    "a role of a service principal": lambda named: (
        ("account_service_principal", "account", named["service_principal.hs-connector"]),
        {ROLE: None},
        {ROLE: HELD},
    ),
    "an assignment": lambda named: (
        ("workspace_assignment", "account", f"3001/{named['user.simon.graf@high.example']}"),
        None,
        {"/permissions": ["USER"]},
    ),
    "another assignment": lambda named: (
        ("workspace_assignment", "account", f"3001/{named['group.hs-researchers']}"),
        {"/permissions": ["USER"]},
        {"/permissions": ["ADMIN"]},
    ),
    "a role of the account": lambda named: (
        ("rule_set", "account", f"accounts/{named['account']}/ruleSets/default"),
        {GRANT: ["groups/hs-automation"]},
        {GRANT: ["groups/hs-automation", "groups/hs-engineers"]},
    ),
    "scopes of a token": lambda named: (
        ("token", HERE, named["token.instrument upload"]),
        {"/scopes": ["files"]},
        {"/scopes": ["files", "sql"]},
    ),
    "a network policy": lambda _: (
        ("network_policy", "account", "hs-restricted"),
        {"/ingress/cross_workspace_access/restriction_mode": "RESTRICTED_ACCESS"},
        {"/ingress/cross_workspace_access/restriction_mode": "FULL_ACCESS"},
    ),
    "private access settings": lambda named: (
        ("private_access_settings", "account", named["private_access_settings.hs-private"]),
        {"/private_access_level": "ENDPOINT"},
        {"/private_access_level": "ACCOUNT"},
    ),
    "a delivery switched off": lambda named: (
        ("log_delivery", "account", named["log_delivery.hs-audit"]),
        {"/status": "ENABLED"},
        {"/status": "DISABLED"},
    ),
    "a delivery": lambda named: (
        ("log_delivery", "account", "config_name=all"),
        None,
        delivery(named),
    ),
    "a system schema": lambda named: (
        ("system_schema", HERE, f"{named['metastore.hs-us-east-1']}/access"),
        {"/state": "ENABLE_COMPLETED"},
        {"/state": "AVAILABLE"},
    ),
    "lifetimes of an app": lambda named: (
        ("custom_app_integration", "account", named["custom_app.hs-catalogue"]),
        {"/token_access_policy/refresh_token_ttl_in_minutes": 1440},
        {"/token_access_policy/refresh_token_ttl_in_minutes": 60},
    ),
    "a budget": lambda _: (
        ("budget", "account", "display_name=all"),
        None,
        {"/display_name": "all", "/alert_configurations": [ALERT]},
    ),
    "alerts of a budget": lambda named: (
        ("budget", "account", named["budget.hs-monthly"]),
        {"/display_name": "hs-monthly"},
        {"/display_name": "monthly"},
    ),
}


def documents(doors, target):
    """Return what is there, without what the service notes of every change."""
    found = hands()[target.kind].read(doors, target)
    noted = ("etag", "updated_at", "updated_by", "update_time")
    return found and {name: value for name, value in found.items() if name not in noted}


@pytest.mark.parametrize("name", CHANGES)
def test_there_and_back(served, doors, name):
    named = {**served.references, "account": served.account_id}
    (kind, scope, key), before, after = CHANGES[name](named)
    change = Change(Target(kind, scope, key), key, before, after)
    found = documents(doors, change.target)
    assert look(doors, change).state is State.BEFORE
    carry_out(doors, [change], Nowhere())
    assert look(doors, change).state is State.AFTER
    carry_out(doors, [change.taking_back(before)], Nowhere())
    assert documents(doors, change.target) == found


def test_a_delivery_that_was_taken_back_is_the_one_that_is_made_again(served, doors):
    named = served.references
    change = Change(
        Target("log_delivery", "account", "config_name=again"), "", None, delivery(named)
    )
    for _ in range(2):
        carry_out(doors, [change], Nowhere())
        made = hands()["log_delivery"].read(doors, change.target)
        carry_out(doors, [change.taking_back(None)], Nowhere())
    path = f"/api/2.0/accounts/{served.account_id}/log-delivery"
    answer = doors.databricks("account").get(path)["log_delivery_configurations"]
    alike = [entry["config_id"] for entry in answer if entry.get("config_name") == "again"]
    assert alike == [made["config_id"]]


def test_what_ends_for_good_is_gone(served, doors):
    principal = served.references["service_principal.hs-connector"]
    path = (
        f"/api/2.0/accounts/{served.account_id}/servicePrincipals/{principal}/credentials/secrets"
    )
    made = doors.databricks("account").send("POST", path, {"lifetime": "86400s"})
    secret = Target("service_principal_secret", "account", f"{principal}/{made['id']}")
    assert "secret_hash" not in hands()["service_principal_secret"].read(doors, secret)
    token = Target("token", HERE, served.references["token.instrument upload"])
    kept = [(secret, {"/id": made["id"]}), (token, {"/token_id": token.key})]
    gone = [Change(target, target.key, before, None) for target, before in kept]
    assert [look(doors, change).state for change in gone] == [State.BEFORE] * 2
    carry_out(doors, gone, Nowhere())
    assert [hands()[c.target.kind].read(doors, c.target) for c in gone] == [None, None]


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("account_user", "77"),
        ("budget", "77"),
        ("budget", "display_name=none"),
        ("custom_app_integration", "77"),
        ("ip_access_list", "77"),
        ("ip_access_list", "label=none"),
        ("log_delivery", "77"),
        ("log_delivery", "config_name=none"),
        ("network_policy", "none"),
        ("private_access_settings", "77"),
        ("published_app_integration", "77"),
        ("service_principal_secret", "77/77"),
        ("workspace_assignment", "3001/77"),
    ],
)
def test_what_is_not_there_is_read_as_nothing(doors, kind, key):
    assert hands()[kind].read(doors, Target(kind, "account", key)) is None


@pytest.mark.parametrize(
    ("kind", "place", "found", "wanted", "alike"),
    [
        ("ip_access_list", "/ip_addresses", ["10.0.0.1"], ["10.0.0.1/32"], True),
        ("ip_access_list", "/ip_addresses", ["10.0.0.1"], ["10.0.0.2"], False),
        ("system_schema", "/state", "ENABLE_INITIALIZED", "ENABLE_COMPLETED", True),
        ("system_schema", "/state", "AVAILABLE", "ENABLE_COMPLETED", False),
        ("budget", "/alert_configurations", [{"x": 1, "alert_id": "1"}], [{"x": 1}], True),
        ("budget", "/alert_configurations", [{"x": 1}], [{"x": 2}], False),
    ],
)
def test_what_means_the_same_is_the_same(kind, place, found, wanted, alike):
    target = Target(kind, "account", "x")
    assert hands()[kind].same(target, place, found, wanted) is alike
