"""What single resources say, read as records of the estate."""

from __future__ import annotations

import base64

import pytest

from lakewarden.clock import parse_time
from lakewarden.estate.catalog import KINDS
from lakewarden.estate.fact import Cause
from lakewarden.terraform.planned import READERS
from lakewarden.terraform.values import Parts
from terraform.plans import NOW, estate, refers, resource

MOMENT = int(parse_time(NOW).timestamp() * 1000)


def records(name, *resources, parts=Parts.OPEN, **more):
    """Return the records of a kind that a plan of some resources has."""
    plan = estate(*resources, **more)
    snapshot = plan.snapshot(parts)
    return [
        record
        for header in snapshot.headers()
        if header.kind == name
        for record in snapshot.collection(KINDS[name], header.scope).seen()
    ]


def one(name, *resources, **more):
    [found] = records(name, *resources, **more)
    return found


def said(fact):
    return fact.get() if fact.gap is None else fact.gap.cause


CLUSTER = {
    "cluster_name": "c",
    "data_security_mode": "USER_ISOLATION",
    "autotermination_minutes": 0,
    "single_user_name": None,
}


def test_a_cluster_made_by_terraform():
    cluster = one("clusters", resource("databricks_cluster.c", CLUSTER))
    assert cluster.id == "databricks_cluster.c"
    assert said(cluster.origin) == "API"
    assert said(cluster.idle_minutes) == 0
    assert said(cluster.single_user) is None
    assert said(cluster.policy_id) is Cause.UNPLANNED
    assert cluster.name.source == "databricks_cluster.c"


def test_an_attribute_that_is_known_after_apply():
    later = {"id": True, "driver_node_type_id": True}
    cluster = one("clusters", resource("databricks_cluster.c", CLUSTER, unknown=later))
    assert said(cluster.driver_node_type) is Cause.PLANNED


def test_no_secret_of_a_plan_is_kept():
    conf = {"spark.hadoop.fs.s3a.secret.key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}
    made = resource("databricks_cluster.c", {**CLUSTER, "spark_conf": conf, "spark_env_vars": conf})
    task = {"task_key": "t", "new_cluster": [{"spark_conf": conf}]}
    job = resource("databricks_job.j", {"name": "j", "task": [task]})
    text = base64.b64encode(b"export AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPL")
    script = resource("databricks_global_init_script.s", {"content_base64": text.decode()})
    for name in ("clusters", "jobs", "job_clusters", "job_settings", "init_scripts"):
        found = records(name, made, job, script, parts=Parts.WHOLE)
        assert found
        assert "wJalr" not in repr(found)


def test_part_of_a_map_proves_a_wrong_and_never_a_right():
    conf = {"spark_conf": {"fs.s3a.access.key": "AKIAIOSFODNN7EXAMPLE"}}
    later = {"spark_conf": {"other": True}}
    made = resource("databricks_cluster.c", {**CLUSTER, **conf}, unknown=later | {"id": True})
    assert said(one("clusters", made).spark_conf) is Cause.PLANNED
    assert set(said(one("clusters", made, parts=Parts.WHOLE).spark_conf)) == {"fs.s3a.access.key"}


def conf_of(*resources):
    return {entry.name: said(entry.value) for entry in records("workspace_conf", *resources)}


def test_the_keys_of_workspace_conf():
    made = resource(
        "databricks_workspace_conf.c",
        {"custom_config": {"a": "true"}},
        unknown={"custom_config": {"b": True}},
    )
    assert conf_of(made) == {"a": "true", "b": Cause.PLANNED}
    assert conf_of(resource("databricks_workspace_conf.c", {"custom_config": None})) == {}


@pytest.mark.parametrize(
    ("kind", "made", "key", "value"),
    [
        (
            "workspace_settings",
            resource(
                "databricks_disable_legacy_dbfs_setting.s",
                {"disable_legacy_dbfs": [{"value": True}]},
            ),
            "disable_legacy_dbfs",
            True,
        ),
        (
            "workspace_settings",
            resource("databricks_default_namespace_setting.s", {"namespace": [{"value": "main"}]}),
            "default_namespace_ws",
            "main",
        ),
        (
            "workspace_settings",
            resource(
                "databricks_restrict_workspace_admins_setting.s",
                {},
                unknown={"restrict_workspace_admins": [{"status": True}]},
            ),
            "restrict_workspace_admins",
            Cause.PLANNED,
        ),
        (
            "account_settings",
            resource(
                "databricks_disable_legacy_features_setting.s",
                {"disable_legacy_features": [{"value": True}]},
            ),
            "disable_legacy_features",
            True,
        ),
        (
            "workspace_settings_v2",
            resource(
                "databricks_workspace_setting_v2.s",
                {"name": "x", "boolean_val": {"value": False}, "string_val": None},
            ),
            "x",
            False,
        ),
    ],
)
def test_settings(kind, made, key, value):
    setting = one(kind, made)
    assert setting.name == key
    assert said(setting.value) == value


@pytest.mark.parametrize(
    ("made", "created", "expiry"),
    [
        (resource("databricks_token.t", {"lifetime_seconds": 60}), MOMENT, MOMENT + 60_000),
        (resource("databricks_token.t", {"lifetime_seconds": None}), MOMENT, Cause.PLANNED),
        (resource("databricks_obo_token.t", {"lifetime_seconds": None}), MOMENT, -1),
        (resource("databricks_obo_token.t", {"lifetime_seconds": 60}), MOMENT, MOMENT + 60_000),
        (
            resource("databricks_obo_token.t", unknown={"id": True, "lifetime_seconds": True}),
            MOMENT,
            Cause.PLANNED,
        ),
        (
            resource(
                "databricks_token.t", {"id": "t", "creation_time": 5, "expiry_time": 9}, unknown={}
            ),
            5,
            9,
        ),
        (
            resource("databricks_obo_token.t", {"id": "t", "lifetime_seconds": 60}, unknown={}),
            Cause.UNPLANNED,
            Cause.UNPLANNED,
        ),
    ],
)
def test_how_long_a_token_lives(made, created, expiry):
    token = one("tokens", made)
    assert (said(token.created), said(token.expiry)) == (created, expiry)


def grants(scope):
    return {(grant.principal, grant.permission) for grant in said(scope.acl)}


def test_a_secret_scope_with_the_grants_that_are_known():
    scope = resource("databricks_secret_scope.s", {"name": "s", "initial_manage_principal": None})
    acl = resource(
        "databricks_secret_acl.a", {"scope": "s", "principal": "users", "permission": "WRITE"}
    )
    assert said(one("secret_scopes", scope, acl).acl) is Cause.PLANNED
    assert ("users", "WRITE") in grants(one("secret_scopes", scope, acl, parts=Parts.WHOLE))
    everybody = resource(
        "databricks_secret_scope.s", {"name": "s", "initial_manage_principal": "users"}
    )
    assert grants(one("secret_scopes", everybody, parts=Parts.WHOLE)) == {("users", "MANAGE")}


def test_permissions_belong_to_what_they_are_on():
    acl = [{"group_name": "users", "user_name": "", "permission_level": "CAN_USE"}]
    tokens = resource(
        "databricks_permissions.t", {"authorization": "tokens", "access_control": acl}
    )
    [grantee] = said(one("authorization", tokens).acl)
    assert grantee.name == "users"
    assert grantee.may("CAN_USE")
    job = resource("databricks_job.j", {"name": "j"})
    on_job = resource(
        "databricks_permissions.j",
        {"access_control": acl},
        unknown={"job_id": True},
        expressions={"job_id": refers("databricks_job.j.id", "databricks_job.j")},
    )
    assert one("job_permissions", job, on_job).id == str(one("jobs", job).id)


def test_a_grantee_that_is_made_by_the_plan_is_not_everybody():
    later = {"access_control": [{"group_name": True}]}
    acl = [{"permission_level": "CAN_USE"}]
    tokens = resource(
        "databricks_permissions.t",
        {"authorization": "tokens", "access_control": acl},
        unknown=later,
    )
    [grantee] = said(one("authorization", tokens).acl)
    assert grantee.name not in {"", "users"}


@pytest.mark.parametrize(
    ("run_as", "later", "name"),
    [
        ([{"user_name": "ann@example.com"}], {}, "ann@example.com"),
        ([], {}, Cause.UNPLANNED),
        ([{}], {"run_as": [{"user_name": True}]}, Cause.PLANNED),
    ],
)
def test_whom_a_job_runs_as(run_as, later, name):
    made = resource(
        "databricks_job.j", {"name": "j", "run_as": run_as}, unknown={"id": True, **later}
    )
    assert said(one("jobs", made).run_as_name) == name


def test_the_clusters_of_a_job():
    spec = [{"data_security_mode": "NONE", "spark_version": "15.4"}]
    blocks = {"job_cluster": [{"job_cluster_key": "k", "new_cluster": spec}]}
    made = resource("databricks_job.j", {"name": "j", **blocks})
    cluster = one("job_clusters", made)
    assert cluster.part == "cluster k"
    assert said(cluster.access_mode) == "NONE"


@pytest.mark.parametrize(
    ("status", "found"),
    [("Enabled", "Enabled"), ("Suspended", "Suspended"), ("Disabled", None)],
)
def test_versioning_of_a_bucket(status, found):
    values = {"bucket": "b", "versioning_configuration": [{"status": status}]}
    versioning = one("bucket_versioning", resource("aws_s3_bucket_versioning.v", values))
    assert said(versioning.status) == found


def test_a_key_that_rotates():
    made = resource("aws_kms_key.k", {"is_enabled": False, "enable_key_rotation": True})
    assert said(one("kms_keys", made).state) == "Disabled"
    assert said(one("kms_rotation", made).enabled) is True


def test_the_switches_of_an_account_hold_for_the_buckets_of_its_provider():
    bucket = resource("aws_s3_bucket.b", {"bucket": "lake"})
    block = resource("aws_s3_account_public_access_block.a", {"block_public_acls": True})
    found = one("account_public_access", bucket, block)
    assert said(found.buckets) == ("lake",)
    assert said(found.block_acls) is True
    assert said(found.restrict) is Cause.UNPLANNED


def test_a_network_with_what_it_is_made_of():
    subnet = resource("aws_subnet.a", {"map_public_ip_on_launch": False})
    network = resource(
        "databricks_mws_networks.n",
        {"vpc_endpoints": []},
        unknown={"network_id": True, "subnet_ids": True, "vpc_id": True},
        expressions={
            "subnet_ids": refers("aws_subnet.a.id", "aws_subnet.a"),
            "vpc_id": refers("data.aws_vpc.v.id", "data.aws_vpc.v"),
        },
    )
    found = one("networks", subnet, network)
    assert said(found.subnet_ids) == (one("subnets", subnet).id,)
    assert said(found.vpc_id) is Cause.PLANNED
    assert said(found.rest_endpoints) == ()


def test_every_reader_survives_a_resource_that_says_nothing():
    for name in READERS:
        assert estate(resource(f"{name}.x")).snapshot(Parts.WHOLE) is not None


def test_rules_of_a_security_group_wherever_they_are_written():
    within = {"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": ["0.0.0.0/0"]}
    group = resource("aws_security_group.g", {"ingress": [within], "egress": []})
    named = {"security_group_id": refers("aws_security_group.g.id", "aws_security_group.g")}
    apart = resource(
        "aws_vpc_security_group_egress_rule.r",
        {"ip_protocol": "-1", "cidr_ipv4": "10.0.0.0/8"},
        unknown={"id": True, "security_group_id": True},
        expressions=named,
    )
    assert said(one("security_groups", group, apart).ingress) is Cause.PLANNED
    found = one("security_groups", group, apart, parts=Parts.WHOLE)
    [inward], [outward] = said(found.ingress), said(found.egress)
    assert (inward.first, inward.ranges[0].cidr) == (443, "0.0.0.0/0")
    assert (outward.protocol, outward.ranges[0].cidr) == ("-1", "10.0.0.0/8")
    assert said(one("security_groups", group, apart, parts=Parts.LEAST).ingress) == ()


def test_routes_of_a_table_wherever_they_are_written():
    table = resource(
        "aws_route_table.t", {"route": [{"cidr_block": "10.0.0.0/8", "gateway_id": "local"}]}
    )
    apart = resource(
        "aws_route.r",
        {"destination_cidr_block": "0.0.0.0/0", "gateway_id": "igw-1"},
        unknown={"id": True, "route_table_id": True},
        expressions={"route_table_id": refers("aws_route_table.t.id", "aws_route_table.t")},
    )
    routes = said(one("route_tables", table, apart, parts=Parts.WHOLE).routes)
    assert [(route.destination, route.target) for route in routes] == [
        ("10.0.0.0/8", "local"),
        ("0.0.0.0/0", "igw-1"),
    ]


def test_what_expires_in_a_bucket():
    rule = {
        "status": "Enabled",
        "filter": [],
        "noncurrent_version_expiration": [{"noncurrent_days": 30}],
    }
    made = resource("aws_s3_bucket_lifecycle_configuration.l", {"bucket": "b", "rule": [rule]})
    [found] = said(one("bucket_lifecycle", made).rules)
    assert (found.enabled, found.whole, found.noncurrent_days, found.days) == (True, True, 30, 0)
    narrow = {**rule, "filter": [{"prefix": "logs/"}]}
    made = resource("aws_s3_bucket_lifecycle_configuration.l", {"bucket": "b", "rule": [narrow]})
    assert not said(one("bucket_lifecycle", made).rules)[0].whole


def test_the_clusters_and_settings_of_a_pipeline():
    made = resource(
        "databricks_pipeline.p",
        {
            "name": "p",
            "cluster": [{"label": "maintenance"}],
            "configuration": {"password": "hunter2-hunter2"},
        },
    )
    assert one("pipeline_clusters", made).part == "maintenance"
    looks = said(one("pipeline_settings", made).withheld)
    assert looks
    assert "hunter2" not in repr(looks)


def test_an_allow_list_of_artifacts():
    made = resource(
        "databricks_artifact_allowlist.a",
        {
            "artifact_type": "LIBRARY_JAR",
            "artifact_matcher": [{"artifact": "/Volumes/x/", "match_type": "PREFIX_MATCH"}],
        },
    )
    found = one("artifact_allow_lists", made)
    assert found.name == "LIBRARY_JAR"
    assert [matcher.artifact for matcher in said(found.matchers)] == ["/Volumes/x/"]
