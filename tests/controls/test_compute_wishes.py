"""What is wished for compute: nothing smaller, older or looser, and nothing that nobody said."""

from __future__ import annotations

import json

import pytest

from lakewarden.clock import parse_time
from lakewarden.controls.kit.control import Context
from lakewarden.controls.kit.planning import plan_for
from lakewarden.controls.kit.registry import control
from lakewarden.estate.estate import Estate
from lakewarden.estate.given import given
from lakewarden.plan.paths import shown
from lakewarden.plan.plan import Origin
from lakewarden.policyfile.policy import Policy

OFFER = [
    {"key": "18.1.x-cpu-ml-scala2.13", "name": "18.1 ML"},
    {"key": "17.3.x-cpu-ml-scala2.13", "name": "17.3 LTS ML (Spark 4.0)"},
    {"key": "17.3.x-scala2.13", "name": "17.3 LTS (Spark 4.0)"},
    {"key": "15.4.x-scala2.12", "name": "15.4 LTS (Spark 3.5)"},
]


def node(name, *, encrypts=True, cores=2.0, memory=8192, category="General", disks=1, **fields):
    return {
        "node_type_id": name,
        "is_encrypted_in_transit": encrypts,
        "num_cores": cores,
        "memory_mb": memory,
        "category": category,
        "node_instance_type": {"local_disks": 0, "local_nvme_disks": disks},
        **fields,
    }


NODES = [
    node("m5d.large", encrypts=False),
    node("r5d.large", encrypts=False, memory=16384, category="Memory"),
    node("g4.large", encrypts=False, num_gpus=1),
    node("m6i.large", disks=0),
    node("m6id.small", cores=1.0),
    node("m7gd.large", is_graviton=True),
    node("m5dn.large", is_deprecated=True),
    node("g5.large", num_gpus=1),
    node("m6id.large"),
    node("m6id.xlarge", cores=4.0, memory=16384),
    node("r6id.xlarge", cores=4.0, memory=32768, category="Memory"),
]
BOUND = {"policy_id": "p1"}


def estate(rules=None, **kinds):
    """Return an estate with what is on offer, and one policy of some rules."""
    policy = {"policy_id": "p1", "name": "team", "definition": json.dumps(rules or {})}
    usual = {
        "runtimes": OFFER,
        "node_types": NODES,
        "instance_types": [],
        "instance_pools": [],
        "cluster_policies": [policy],
        "policy_families": [],
        "workspace_conf": {"enforceUserIsolation": None},
        "clusters": [],
        "job_clusters": [],
        "pipeline_clusters": [],
        "policy_permissions": [
            {
                "id": "p1",
                "name": "team",
                "access_control_list": [
                    {
                        "group_name": "users",
                        "all_permissions": [{"permission_level": "CAN_USE"}],
                    }
                ],
            }
        ],
    }
    return given(**{**usual, **kinds})


def cluster(**fields):
    made = {"cluster_id": "c1", "cluster_name": "team", "cluster_source": "UI", **fields}
    return {"clusters": [made]}


def planned(identity, snapshot, policy=None):
    policy = (policy or Policy()).naming([identity])
    at = Context(Estate(snapshot), policy, parse_time(snapshot.meta.taken))
    return plan_for(at.estate, [control(identity)], at, Origin("a", snapshot.meta.taken, "high"))


def after(identity, snapshot, policy=None):
    """Return what a plan leaves by path, or why there is none."""
    plan = planned(identity, snapshot, policy)
    left = {shown(place): v for c in plan.changes for place, v in c.after.items()}
    return left or [entry.why for entry in plan.blocked] or [entry.do for entry in plan.manual]


def regex(pattern):
    return {"type": "regex", "pattern": pattern}


@pytest.mark.parametrize(
    ("old", "rules", "new"),
    [
        ("9.1.x-scala2.12", {}, "17.3.x-scala2.13"),
        ("14.3.x-cpu-ml-scala2.12", {}, "17.3.x-cpu-ml-scala2.13"),
        ("9.1.x-scala2.12", {"spark_version": regex("15.*")}, "15.4.x-scala2.12"),
        ("18.0.x-scala2.13", {}, None),
        ("14.3.x-gpu-ml-scala2.12", {}, None),
        ("9.1.x-scala2.12", {"spark_version": regex("9.*")}, None),
        ("custom:my-runtime", {}, None),
    ],
)
def test_a_runtime_is_of_the_same_build_newer_and_allowed(old, rules, new):
    found = after("supported-runtimes", estate(rules, **cluster(spark_version=old, **BOUND)))
    if new is None:
        assert isinstance(found, list)
        assert "by hand" in found[0]
    else:
        assert found == {"spark_version": new}


@pytest.mark.parametrize(
    ("old", "rules", "new"),
    [
        ("m5d.large", {}, "m6id.large"),
        ("r5d.large", {}, "r6id.xlarge"),
        ("g4.large", {}, "g5.large"),
        ("m5d.large", {"node_type_id": regex("m6id.xlarge")}, "m6id.xlarge"),
    ],
)
def test_a_machine_is_like_the_old_one_and_never_smaller(old, rules, new):
    made = cluster(node_type_id=old, driver_node_type_id="m6id.large", **BOUND)
    assert after("nitro-instances", estate(rules, **made)) == {"node_type_id": new}


@pytest.mark.parametrize(
    ("rules", "fields", "why"),
    [
        ({"node_type_id": regex("i3.*")}, {}, "its policy allows none"),
        ({}, {"instance_pool_id": "l1"}, "come from a pool"),
    ],
)
def test_no_machine_is_made_up(rules, fields, why):
    nodes = {"node_type_id": "m5d.large", "driver_node_type_id": "m5d.large"}
    (found,) = after("nitro-instances", estate(rules, **cluster(**nodes, **BOUND, **fields)))
    assert why in found


ALLOWED = Policy(required_tags=("Owner",), tag_values={"Owner": ("ann", "bob")})
ONE = Policy(required_tags=("Owner",), tag_values={"Owner": ("ann",)})
SAID = Policy(required_tags=("Owner",), tag_defaults={"exam*": {"Owner": "cleo"}})
ANY = Policy(required_tags=("Owner",))
FIXED = {"custom_tags.Owner": {"type": "fixed", "value": "bob"}}


@pytest.mark.parametrize(
    ("policy", "rules", "workspace", "owner"),
    [
        (ALLOWED, FIXED, None, "bob"),
        (ONE, {}, None, "ann"),
        (SAID, {}, {"Owner": "dora"}, "cleo"),
        (ANY, {}, {"Owner": "dora"}, "dora"),
        (ALLOWED, {}, {"Owner": "dora"}, None),
        (ONE, FIXED, None, None),
        (ANY, {}, None, None),
    ],
)
def test_a_tag_is_what_somebody_said(policy, rules, workspace, owner):
    place = {"custom_tags": workspace} if workspace else {}
    made = estate(rules, workspace=place, **cluster(custom_tags={"Team": "x"}, **BOUND))
    found = after("cluster-tags", made, policy)
    if owner is None:
        assert "tags.defaults in lakewarden.toml" in found[0]
    else:
        assert found == {"custom_tags.Owner": owner}


def test_a_workspace_is_not_tagged_after_itself():
    (found,) = after("workspace-tags", given(workspace={"custom_tags": {"Owner": " "}}), ANY)
    assert "tags.defaults" in found


@pytest.mark.parametrize(
    ("runtime", "rules", "enforced", "mode", "lost"),
    [
        ("17.3.x-scala2.13", {}, None, "USER_ISOLATION", ""),
        ("17.3.x-scala2.13", {}, "true", "USER_ISOLATION", "nobody make clusters"),
        (
            "17.3.x-scala2.13",
            {"data_security_mode": regex("DATA_SECURITY_MODE_.*")},
            None,
            "DATA_SECURITY_MODE_STANDARD",
            "no longer be as it was",
        ),
        ("17.3.x-cpu-ml-scala2.13", {}, None, None, ""),
        (
            "17.3.x-scala2.13",
            {"data_security_mode": {"type": "fixed", "value": "NONE"}},
            None,
            None,
            "",
        ),
    ],
)
def test_an_access_mode_suits_runtime_and_policy(runtime, rules, enforced, mode, lost):
    made = cluster(spark_version=runtime, data_security_mode="NONE", **BOUND)
    conf = {"workspace_conf": {"enforceUserIsolation": enforced}}
    plan = planned("cluster-isolation", estate(rules, **made, **conf))
    assert [c.after for c in plan.changes] == ([{"/data_security_mode": mode}] if mode else [])
    assert len(plan.blocked) == (mode is None)
    assert all(lost in c.irreversible and bool(lost) is bool(c.irreversible) for c in plan.changes)


def test_a_cluster_of_a_repeated_task_is_found_within_the_task():
    job = {"job_id": 7, "part": "task all/one", "name": "load, task all/one"}
    job |= {"spark_version": "17.3.x-scala2.13", "data_security_mode": "NONE"}
    (change,) = planned("job-cluster-isolation", estate(job_clusters=[job])).changes
    assert (change.target.key, change.name) == ("7", "load")
    place = "/settings/tasks/[task_key=all]/for_each_task/task/new_cluster/data_security_mode"
    assert change.after == {place: "SINGLE_USER"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (None, {"minValue": 10, "maxValue": 120}),
        ({"type": "fixed", "value": 0}, {"minValue": 10, "maxValue": 120, "defaultValue": 120}),
        (
            {"type": "range", "minValue": 20, "maxValue": 900, "defaultValue": 300},
            {"minValue": 20, "maxValue": 120, "defaultValue": 120},
        ),
        (
            {"type": "range", "maxValue": 60, "defaultValue": 30, "hidden": True},
            {"minValue": 10, "maxValue": 60, "defaultValue": 30, "hidden": True},
        ),
    ],
)
def test_an_idle_time_is_cut_to_what_is_allowed(old, new):
    rules = {"autotermination_minutes": old} if old else {}
    found = after("cluster-policies-bounded", estate(rules))
    assert found["definition.autotermination_minutes"] == {"type": "range", **new}


def test_bounds_that_are_there_are_insisted_on_and_others_are_for_people():
    rules = {
        "autotermination_minutes": {"type": "fixed", "value": 30},
        "autoscale.max_workers": {"type": "range", "maxValue": 8, "isOptional": True},
        "node_type_id": {"type": "allowlist", "values": ["m6id.large"]},
    }
    plan = planned("cluster-policies-bounded", estate(rules))
    (change,) = plan.changes
    assert change.after == {"/definition/autoscale.max_workers": {"type": "range", "maxValue": 8}}
    (step,) = plan.manual
    assert step.do == "In the policy team add an allowlist for driver_node_type_id."


def family(**rules):
    return {
        "cluster_policies": [{"policy_id": "p1", "name": "team", "policy_family_id": "f1"}],
        "policy_families": [{"policy_family_id": "f1", "definition": json.dumps(rules)}],
    }


def test_a_policy_of_a_family_gets_rules_of_its_own():
    inherited = family(
        data_security_mode={
            "type": "allowlist",
            "values": ["NONE", "SINGLE_USER"],
            "defaultValue": "NONE",
            "hidden": True,
        }
    )
    (change,) = planned("policies-fix-access-mode", estate(**inherited)).changes
    place = "/policy_family_definition_overrides/data_security_mode"
    rule = {"type": "allowlist", "values": ["SINGLE_USER"], "defaultValue": "SINGLE_USER"}
    assert change.before == {place: None}
    assert change.after == {place: {**rule, "hidden": True}}


@pytest.mark.parametrize(
    ("rule", "left"),
    [
        (
            {"type": "allowlist", "values": ["9.1.x-scala2.12", "15.4.x-scala2.12"]},
            ["15.4.x-scala2.12"],
        ),
        ({"type": "fixed", "value": "9.1.x-scala2.12"}, ["17.3.x-scala2.13"]),
        (regex("1[0-9][.]4.*"), ["15.4.x-scala2.12"]),
        (regex("9[.].*"), ["auto:latest-lts"]),
        (
            {"type": "unlimited", "defaultValue": "auto:latest-ml"},
            ["auto:latest-lts", "auto:latest-ml", *sorted((r["key"] for r in OFFER), reverse=True)],
        ),
    ],
)
def test_a_policy_offers_no_runtime_that_it_did_not(rule, left):
    found = after("policies-bound-runtime", estate({"spark_version": rule}))
    assert found["definition.spark_version"]["values"] == left


@pytest.mark.parametrize(
    ("rule", "left"),
    [
        (
            {"type": "allowlist", "values": ["m5d.large", "m6id.large"]},
            {"values": ["m6id.large"], "isOptional": None},
        ),
        (
            {"type": "allowlist", "values": ["m5d.large"], "defaultValue": "m5d.large"},
            {"values": ["m6id.large"], "defaultValue": "m6id.large"},
        ),
        (regex("m5d.large|g5.*"), {"values": ["g5.large"]}),
        (
            {"type": "blocklist", "values": ["g5.large"], "defaultValue": "r5d.large"},
            {"defaultValue": "r6id.xlarge"},
        ),
    ],
)
def test_a_policy_offers_modern_machines_that_it_offered_before(rule, left):
    modern = {"type": "fixed", "value": "m6id.large"}
    rules = {"node_type_id": rule, "driver_node_type_id": modern}
    found = after("policies-allow-nitro-only", estate(rules))["definition.node_type_id"]
    assert found["type"] == "allowlist"
    assert {name: found.get(name) for name in left} == left
    assert "m5d.large" not in found["values"]


ARN = "arn:aws:iam::111122223333:instance-profile/reader"


@pytest.mark.parametrize(
    ("profiles", "rule"),
    [
        ([], {"type": "forbidden"}),
        ([None, None], {"type": "forbidden"}),
        ([ARN, ARN], {"type": "fixed", "value": ARN}),
        ([ARN, None], None),
    ],
)
def test_a_profile_is_forbidden_where_nothing_has_one(profiles, rule):
    made = [
        {"cluster_id": f"c{n}", **BOUND, "aws_attributes": {"instance_profile_arn": profile}}
        for n, profile in enumerate(profiles)
    ]
    found = after("policies-fix-instance-profile", estate(clusters=made))
    place = "definition.aws_attributes.instance_profile_arn"
    assert found == {place: rule} if rule else ARN in found[0]


def test_a_script_that_a_job_has_is_not_forbidden_under_it():
    script = {"volumes": {"destination": "/Volumes/m/p/v/a.sh"}}
    job = {"job_id": 7, "part": "cluster main", "name": "load", **BOUND, "init_scripts": [script]}
    plan = planned("policies-forbid-init-scripts", estate(job_clusters=[job]))
    (change,) = plan.changes
    assert not any("volumes" in place for place in change.after)
    assert len(change.after) == 5
    (step,) = plan.manual
    assert "/Volumes/m/p/v/a.sh" in step.do


TAG = "custom_tags.Owner"


@pytest.mark.parametrize(
    ("policy", "rule", "new"),
    [
        (
            ANY,
            {"type": "allowlist", "values": ["a"], "isOptional": True},
            {"type": "allowlist", "values": ["a"]},
        ),
        (ALLOWED, None, {"type": "allowlist", "values": ["ann", "bob"]}),
        (ONE, {"type": "unlimited"}, {"type": "fixed", "value": "ann"}),
        (
            ALLOWED,
            {"type": "allowlist", "values": ["ann", "eve"]},
            {"type": "fixed", "value": "ann"},
        ),
        (ANY, {"type": "unlimited"}, None),
    ],
)
def test_a_tag_is_insisted_on_with_values_that_somebody_named(policy, rule, new):
    found = after("policies-enforce-tags", estate({TAG: rule} if rule else {}), policy)
    assert found == {f"definition.{TAG}": new} if new else "tags.values" in found[0]


def acl(*levels, inherited=False):
    held = [{"permission_level": level, "inherited": inherited} for level in levels]
    entries = [
        {"user_name": "ann@example.com", "all_permissions": [{"permission_level": "CAN_MANAGE"}]},
        {"group_name": "users", "all_permissions": held},
    ]
    lists = [{"id": "c1", "name": "team", "access_control_list": entries}]
    return given(cluster_permissions=lists)


def test_everybody_keeps_the_least_and_the_others_what_they_have():
    (change,) = planned("cluster-acls", acl("CAN_RESTART", "CAN_ATTACH_TO")).changes
    assert change.target.key == "clusters/c1"
    assert change.after["/access_control_list"] == [
        {"user_name": "ann@example.com", "permission_level": "CAN_MANAGE"},
        {"group_name": "users", "permission_level": "CAN_ATTACH_TO"},
    ]


def test_what_everybody_inherits_is_taken_away_above():
    (found,) = after("cluster-acls", acl("CAN_MANAGE", inherited=True))
    assert "inherits CAN_MANAGE" in found
