from __future__ import annotations

import copy

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from terraform.plans import HIGH, document, example, judged, refers, resource, verdicts

AWFUL = example("awful")
HARDENED = example("hardened")
OF_HARDENED = verdicts(HARDENED)


@pytest.mark.parametrize(
    ("control", "subject", "reason"),
    [
        ("ip-access-lists", "awful", "0.0.0.0/0"),
        ("tokens-expire", "nightly job", "never expires"),
        ("tokens-expire", "laptop", "3650 days"),
        ("clusters-terminate", "shared", "never stops"),
        ("cluster-settings-without-secrets", "shared", "AWS access key"),
        ("bucket-public-access-blocked", "awful-root", "BlockPublicAcls is off"),
        ("root-bucket-policy", "awful-root", "by anonymous"),
        ("cluster-isolation", "shared", "NONE"),
        ("cross-account-role-trust", "aws_iam_role.databricks", "sts:AssumeRole"),
        ("secret-scope-acls", "shared", "MANAGE"),
        ("token-use-restricted", "awful", "users"),
        ("token-lifetime-limited", "awful", "maxTokenLifetimeDays"),
        ("legacy-dbfs-disabled", "awful", "disable_legacy_dbfs"),
        ("customer-managed-vpc", "awful", "network that Databricks manages"),
        ("cmk-workspace-storage", "awful", "no key of your own"),
    ],
)
def test_the_awful_plan_fails(control, subject, reason):
    finding = judged(AWFUL, controls=[control])[control, subject]
    assert finding.verdict.value == "FAIL"
    assert reason in finding.reason


def test_no_evidence_of_a_plan_shows_its_secrets():
    assert "wJalr" not in repr(judged(AWFUL))
    assert "AKIA" not in repr(judged(AWFUL))


def test_the_hardened_plan_fails_nothing():
    assert "FAIL" not in OF_HARDENED.values()


@pytest.mark.parametrize(
    "control",
    [
        "bucket-public-access-blocked",
        "cluster-isolation",
        "cmk-managed-services",
        "cross-account-role-trust",
        "legacy-dbfs-disabled",
        "root-bucket-policy",
        "serverless-egress-restricted",
        "token-lifetime-limited",
        "tokens-expire",
        "workspace-admins-restricted",
    ],
)
def test_what_a_plan_knows_passes(control):
    assert any(c == control and verdict == "PASS" for (c, _), verdict in OF_HARDENED.items())


@pytest.mark.parametrize(
    ("control", "subject"),
    [
        ("customer-managed-vpc", "hardened"),
        ("private-link-back-end", "hardened"),
        ("audit-log-delivery", "11111111-2222-4333-8444-555555555555"),
        ("cloudtrail-enabled", "11111111-2222-4333-8444-555555555555"),
        ("ip-access-lists", "hardened"),
        ("secret-scope-acls", "warehouse"),
    ],
)
def test_what_a_plan_cannot_know_is_unknown(control, subject):
    assert OF_HARDENED[control, subject] == "UNKNOWN"


def test_nothing_is_said_of_what_the_plan_does_not_speak_of():
    only = document(resource("databricks_cluster.c", {"cluster_name": "c"}))
    assert {subject for _, subject in verdicts(only)} == {"c"}
    assert verdicts(document()) == {}


def test_nothing_is_concluded_from_an_absence():
    switch = {"custom_config": {"enableIpAccessLists": "true"}}
    on = resource("databricks_workspace_conf.c", switch)
    office = resource(
        "databricks_ip_access_list.l",
        {"list_type": "ALLOW", "enabled": True, "ip_addresses": ["198.51.100.0/24"]},
    )
    for some in ((on,), (office,), (on, office)):
        assert set(verdicts(document(*some), controls=["ip-access-lists"]).values()) == {"UNKNOWN"}


def test_a_wrong_part_of_a_list_fails_however_long_the_list_is():
    world = {"list_type": "ALLOW", "enabled": True, "ip_addresses": ["0.0.0.0/0", None]}
    later = {"id": True, "ip_addresses": [False, True]}
    on = resource("databricks_workspace_conf.c", {"custom_config": {"enableIpAccessLists": "true"}})
    anybody = resource("databricks_ip_access_list.l", world, unknown=later)
    assert set(verdicts(document(on, anybody), controls=["ip-access-lists"]).values()) == {"FAIL"}


def test_what_is_known_after_apply_is_not_passed_over():
    storage = resource(
        "databricks_mws_storage_configurations.s",
        unknown={"storage_configuration_id": True, "bucket_name": True},
        expressions={"bucket_name": refers("data.external.name.result")},
    )
    block = resource("aws_s3_bucket_public_access_block.b", {"bucket": "b"})
    found = verdicts(document(storage, block), controls=["bucket-public-access-blocked"])
    assert set(found.values()) == {"UNKNOWN"}


def test_a_name_known_after_apply_is_told_before_what_no_plan_shows():
    location = resource(
        "databricks_external_location.l",
        {"name": "lake", "credential_name": "reader"},
        unknown={"id": True, "url": True},
        expressions={"url": refers("data.external.name.result")},
    )
    found = judged(document(location), controls=["bucket-public-access-blocked"])
    (finding,) = found.values()
    assert finding.verdict.value == "UNKNOWN"
    assert finding.reason.startswith("databricks_external_location.l: known after apply")


def test_what_a_metastore_holds_is_judged_although_the_plan_does_not_say_which_one():
    shared = {"name": "partner", "authentication_type": "TOKEN"}
    unbound = resource("databricks_recipient.r", shared)
    found = verdicts(document(unbound, resource("databricks_catalog.c", {"name": "main"})))
    assert found == {
        ("recipient-ip-lists", "partner"): "UNKNOWN",
        ("recipient-tokens-expire", "partner"): "UNKNOWN",
        ("catalogs-isolated", "main"): "UNKNOWN",
    }
    everybody = {**shared, "ip_access_list": [{"allowed_ip_addresses": ["0.0.0.0/0"]}]}
    opened = document(resource("databricks_recipient.r", everybody))
    assert verdicts(opened)["recipient-ip-lists", "partner"] == "FAIL"


def test_findings_carry_the_line_of_what_decided():
    lines = {
        "databricks_ip_access_list.everybody": "workspace.tf:13",
        "databricks_workspace_conf.this": "workspace.tf:3",
        "databricks_cluster.shared": "workspace.tf:33",
        "databricks_mws_workspaces.this": "account.tf:60",
    }
    found = judged(AWFUL, lines=lines)
    assert found["ip-access-lists", "awful"].location == "workspace.tf:13"
    assert found["clusters-terminate", "shared"].location == "workspace.tf:33"
    assert found["customer-managed-vpc", "awful"].location == "account.tf:60"
    assert judged(AWFUL)["ip-access-lists", "awful"].location == ""


def test_the_policy_file_counts_for_plans_too():
    excluded = HIGH.naming(["tokens-expire"])
    assert {control for control, _ in judged(AWFUL, excluded)} == {"tokens-expire"}


def _modules(module):
    yield module
    for child in module.get("child_modules", ()):
        yield from _modules(child)


def _resources(data):
    return [
        r for m in _modules(data["planned_values"]["root_module"]) for r in m.get("resources", ())
    ]


ATTRIBUTES = [
    (number, name)
    for number, r in enumerate(_resources(HARDENED))
    for name, value in r["values"].items()
    if value not in (None, [])
]


def _without(place, *, later):
    number, name = place
    data = copy.deepcopy(HARDENED)
    robbed = _resources(data)[number]
    del robbed["values"][name]
    for change in data["resource_changes"]:
        if change["address"] == robbed["address"]:
            change["change"]["after_unknown"][name] = later
    return data


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(ATTRIBUTES), st.booleans())
def test_an_attribute_that_goes_missing_never_makes_a_pass(place, later):
    for key, verdict in verdicts(_without(place, later=later)).items():
        if verdict == "PASS":
            assert OF_HARDENED.get(key, "PASS") == "PASS", key


def test_a_job_whose_tasks_are_missing_is_not_free_of_secrets():
    number = next(n for n, r in enumerate(_resources(HARDENED)) if r["type"] == "databricks_job")
    found = verdicts(_without((number, "task"), later=False))
    assert found["job-settings-without-secrets", "etl"] == "UNKNOWN"
