"""What is wished for data, jobs, keys and scopes, where more than one thing would do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lakewarden.clock import parse_time
from lakewarden.controls.kit.control import Context
from lakewarden.controls.kit.planning import plan_for
from lakewarden.controls.kit.registry import control
from lakewarden.controls.kit.unity_examples import governed, shared_with
from lakewarden.estate.dbfs import DBFS_FOLDERS
from lakewarden.estate.estate import Estate
from lakewarden.estate.given import given
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.plan.plan import Origin
from lakewarden.policyfile.policy import Policy

OPEN, ISOLATED = "ISOLATION_MODE_OPEN", "ISOLATION_MODE_ISOLATED"
HIGH = {"Sensitivity": "high"}
LABEL = Policy(sensitive_tags=HIGH)
ARN = "arn:aws:kms:us-east-1:111122223333:key"


def planned(identity, snapshot, policy=None):
    chosen = control(identity)
    policy = (policy or Policy()).naming([identity])
    at = Context(Estate(snapshot), policy, parse_time(snapshot.meta.taken))
    return plan_for(at.estate, [chosen], at, Origin("a", snapshot.meta.taken, "high"))


def several(*workspaces, **collections):
    """Return an estate of workspaces, numbered from one, that all show the same."""
    rows = [
        {"workspace_id": n, "aws_region": "us-east-1", **w} for n, w in enumerate(workspaces, 1)
    ]
    parts = [
        given(
            workspaces=rows,
            metastore_assignments=[{"workspace_id": n, "metastore_id": "m1"}],
            **collections,
        )
        for n in range(1, len(rows) + 1)
    ]
    kept = dict(parts[0]._collections)
    for n, part in enumerate(parts[1:], 2):
        for (kind, scope), (header, found) in part._collections.items():
            if scope == "workspace/1":
                place = f"workspace/{n}"
                kept[kind, place] = (replace(header, scope=place), found)
    return MemorySnapshot(parts[0].meta, kept)


def catalog(mode, *bound):
    found = {"name": "pay", "catalog_type": "MANAGED_CATALOG", "isolation_mode": mode}
    bindings = [{"name": "pay", "bindings": [{"workspace_id": w} for w in bound]}]
    return {"catalogs": [found], "catalog_bindings": bindings}


def bindings_after(plan):
    (change,) = [c for c in plan.changes if c.target.kind == "workspace_bindings"]
    return {v["workspace_id"] for v in change.after.values() if v}


def test_a_catalog_is_left_to_the_sensitive_of_those_that_it_is_bound_to():
    estate = several({"custom_tags": HIGH}, {}, {"custom_tags": HIGH}, **catalog("ISOLATED", 1, 2))
    plan = planned("catalogs-isolated", estate, LABEL)
    assert [c.target.kind for c in plan.changes] == ["workspace_bindings"]
    assert bindings_after(plan) == {1}


def test_an_open_catalog_stays_with_every_sensitive_workspace_and_is_bound_first():
    estate = several({}, {"custom_tags": HIGH}, {"custom_tags": HIGH}, **catalog("OPEN", 2))
    plan = planned("catalogs-isolated", estate, LABEL)
    assert [c.target.kind for c in plan.changes] == ["workspace_bindings", "catalog"]
    assert bindings_after(plan) == {2, 3}
    assert {c.target.scope for c in plan.changes} == {"workspace/2"}


@pytest.mark.parametrize(("policy", "told"), [(LABEL, "carries the tags"), (Policy(), "nobody")])
def test_a_catalog_is_never_bound_to_nobody(policy, told):
    plan = planned("catalogs-isolated", several({}, **catalog("OPEN")), policy)
    assert not plan.changes
    assert told in plan.blocked[0].why
    assert "data.sensitive_tags" in plan.blocked[0].why


def located(*locations):
    found = catalog("ISOLATED", 1)
    found["catalogs"][0]["storage_root"] = "s3://b/lake/pay"
    rows = [
        {"name": name, "url": url, "credential_name": "key", "isolation_mode": mode}
        for name, url, mode in locations
    ]
    keys = [{"name": "key", "isolation_mode": OPEN}]
    return governed(external_locations=rows, storage_credentials=keys, **found)


def test_a_credential_is_isolated_with_the_locations_that_it_opens():
    lake = ("lake", "s3://b/lake", OPEN)
    plan = planned("locations-isolated", located(lake, ("pay", "s3://b/lake/pay", ISOLATED)))
    kinds = [c.target.key for c in plan.changes]
    assert kinds == ["external_location/lake", "lake", "storage_credential/key", "key"]
    assert not plan.manual


def test_a_credential_that_opens_something_else_is_parted_by_people():
    lake = ("lake", "s3://b/lake", OPEN)
    plan = planned("locations-isolated", located(lake, ("trial", "s3://b/trial", OPEN)))
    assert [c.target.key for c in plan.changes] == ["external_location/lake", "lake"]
    assert "trial" in plan.manual[0].do


def test_a_metastore_is_chosen_only_where_there_is_no_choice():
    here = {"workspace_id": 1}
    stores = [{"metastore_id": f"m{n}", "region": "us-east-1"} for n in (1, 2)]
    plan = planned("metastore-assigned", given(metastore_assignments=[here], metastores=stores))
    assert not plan.changes
    assert "2 metastores lie in us-east-1" in plan.blocked[0].why


def test_a_group_without_members_is_given_no_metastore():
    store = {"metastore_id": "m1", "name": "main", "owner": "ann@example.com"}
    estate = given(metastores=[store], account_groups=[{"id": "1", "displayName": "data"}])
    plan = planned("metastore-owner-is-group", estate, Policy(metastore_admins="data"))
    assert "no group data with members" in plan.blocked[0].why


def test_a_metastore_changes_hands_after_what_it_holds():
    store = {"metastore_id": "m1", "name": "main", "owner": "ann@example.com"}
    staffed = [{"id": "1", "displayName": "data", "members": [{"value": "7"}]}]
    estate = governed(metastores=[store], account_groups=staffed, **catalog("OPEN", 1))
    both = [control("metastore-owner-is-group"), control("catalogs-isolated")]
    policy = Policy(metastore_admins="data").naming([c.id for c in both])
    at = Context(Estate(estate), policy, parse_time(estate.meta.taken))
    plan = plan_for(at.estate, both, at, Origin("a", estate.meta.taken, "high"))
    assert [c.target.kind for c in plan.changes] == ["catalog", "metastore"]


def test_a_recipient_with_two_tokens_is_for_people():
    plan = planned("recipient-tokens-expire", shared_with(tokens=[{"id": "a"}, {"id": "b"}]))
    assert not plan.changes
    assert "Rotate" in plan.manual[0].do


def test_an_address_that_lets_nearly_everybody_in_is_no_answer():
    told = Policy(recipient_addresses={"partner": ("0.0.0.0/1", "128.0.0.0/1")})
    plan = planned("recipient-ip-lists", shared_with(ip_access_list=None), told)
    assert "data.recipient_addresses.partner" in plan.blocked[0].why


def test_all_privileges_are_taken_apart_by_people():
    rows = [
        {"principal": "a", "privileges": ["ALL_PRIVILEGES"]},
        {"principal": "b", "privileges": ["CREATE_CATALOG", "CREATE_SHARE"]},
        {"principal": "c", "privileges": ["CREATE_SHARE"]},
    ]
    stores = [{"metastore_id": "m1", "name": "main"}]
    grants = [{"metastore_id": "m1", "privilege_assignments": rows}]
    plan = planned("sharing-creators", governed(metastores=stores, metastore_grants=grants))
    (change,) = plan.changes
    kept = [value and value["privileges"] for value in change.after.values()]
    assert kept == [["CREATE_CATALOG"], None]
    assert "Grant a on the metastore" in plan.manual[0].do


def test_dbfs_stays_on_while_tables_lie_there():
    path = "/user/hive/warehouse"
    assert DBFS_FOLDERS.keyed
    estate = given(
        workspace_settings={"disable_legacy_dbfs": False},
        dbfs_folders={path: {"files": [{"path": f"{path}/orders"}]}},
    )
    plan = planned("legacy-dbfs-disabled", estate)
    assert not plan.changes
    assert path in plan.blocked[0].why


def test_the_old_metastore_is_shut_once_another_catalog_is_the_default():
    old = {"disable_legacy_access": False, "default_namespace_ws": "hive_metastore"}
    estate = given(workspace_settings=old, **catalog("OPEN"))
    named = Policy(default_catalogs={"*": "pay"})
    plan = planned("legacy-access-disabled", estate, named)
    assert [c.target.key for c in plan.changes] == ["default_namespace_ws", "disable_legacy_access"]
    assert plan.changes[1].follows == (plan.changes[0].address,)
    assert not planned("legacy-access-disabled", estate).changes


ACME = "https://github.com/acme"


@pytest.mark.parametrize(
    ("listed", "hosts", "wanted"),
    [
        (f"{ACME}/,https://github.com/", (), f"{ACME}/"),
        (
            f"{ACME}/,https://github.com/",
            (f"{ACME}/", "https://github.com/b/"),
            f"{ACME}/,https://github.com/b/",
        ),
        (f"{ACME}/,https://evil.example/x/", (f"{ACME}/", "https://git.example/b/"), f"{ACME}/"),
        ("", (f"{ACME}/", "https://git.example/"), f"{ACME}/"),
        ("https://github.com/", (), None),
    ],
)
def test_the_allow_list_keeps_what_is_narrow_and_yours(listed, hosts, wanted):
    conf = {
        "enableProjectsAllowList": "true",
        "projectsAllowListPermissions": "ALLOWLISTED_CLONE_COMMIT_PUSH",
        "projectsAllowList": listed,
    }
    plan = planned("git-allow-list", given(workspace_conf=conf), Policy(git_hosts=hosts))
    if wanted is None:
        assert "access.git_hosts" in plan.blocked[0].why
    else:
        assert [c.after["/value"] for c in plan.changes] == [wanted]


def test_the_allow_list_is_filled_before_it_is_switched_on():
    conf = dict.fromkeys(("enableProjectsAllowList", "projectsAllowListPermissions"))
    estate = given(workspace_conf={**conf, "projectsAllowList": None})
    plan = planned("git-allow-list", estate, Policy(git_hosts=(f"{ACME}/",)))
    assert plan.changes[-1].target.key == "enableProjectsAllowList"


def keys(*registered):
    return {
        "encryption_keys": [
            {
                "customer_managed_key_id": name,
                "use_cases": ["STORAGE"],
                "aws_key_info": {"key_arn": f"{ARN}/{name}"},
            }
            for name in registered
        ],
        "kms_keys": [
            {"arn": f"{ARN}/{name}", "KeyState": "Enabled", "KeyManager": "CUSTOMER"}
            for name in registered
        ],
    }


def workspace(**fields):
    return {"workspace_name": "w", "pricing_tier": "ENTERPRISE", **fields}


def test_the_one_key_that_fits_is_attached_for_good():
    plan = planned("cmk-workspace-storage", several(workspace(), **keys("k1")))
    (change,) = plan.changes
    assert change.after == {"/storage_customer_managed_key_id": "k1"}
    assert change.irreversible


@pytest.mark.parametrize(
    ("others", "names"),
    [
        ((), ("k1", "k2")),
        ((workspace(custom_tags=HIGH, storage_customer_managed_key_id="k1"),), ("k1",)),
    ],
)
def test_no_key_is_chosen_among_several_or_shared_with_another_sort(others, names):
    estate = several(workspace(), *others, **keys(*names))
    plan = planned("cmk-workspace-storage", estate, LABEL if others else None)
    assert not plan.changes
    assert "registered for STORAGE" in plan.blocked[0].why


def test_a_key_that_somebody_disabled_is_not_enabled_by_a_plan():
    found = keys("k1")
    found["kms_keys"][0]["KeyState"] = "Disabled"
    attached = workspace(storage_customer_managed_key_id="k1")
    plan = planned("cmk-workspace-storage", several(attached, **found))
    assert not plan.changes
    assert "who disabled it" in plan.manual[0].do


def test_a_scope_of_everybody_is_given_an_owner_before_everybody_loses_it():
    estate = given(
        secret_scopes=[{"name": "hr", "items": [{"principal": "users", "permission": "MANAGE"}]}],
        workspace_groups=[{"id": "1", "displayName": "hr-team"}],
    )
    plan = planned("secret-scope-acls", estate, Policy(secret_owners={"h*": "hr-team"}))
    assert [(c.target.key, c.after["/permission"]) for c in plan.changes] == [
        ("hr/hr-team", "MANAGE"),
        ("hr/users", "READ"),
    ]
    assert not planned("secret-scope-acls", estate, Policy(secret_owners={"h*": "gone"})).changes
