"""What a plan becomes: resources as the plan leaves them, and reasons for what is none."""

from __future__ import annotations

import pytest

from lakewarden.terraform.write.changes import no_resource_for
from lakewarden.terraform.write.files import NOT_COVERED, files
from lakewarden.terraform.write.thing import Thing
from terraform.writing import change, is_formatted, needs_terraform, text_of, written

LIST = {"/label": "office", "/list_type": "ALLOW", "/ip_addresses": ["203.0.113.0/24"]}
POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*"}]}
JOB = {
    "job_id": 9,
    "settings": {
        "name": "etl",
        "job_clusters": [{"job_cluster_key": "m", "new_cluster": {"spark_version": "15.4.x"}}],
        "tasks": [{"task_key": "t", "job_cluster_key": "m"}],
    },
}
MODE = "/settings/job_clusters/[job_cluster_key=m]/new_cluster/data_security_mode"


def test_what_a_plan_makes_is_no_import():
    text = text_of(written(change("ip_access_list", "label=office", None, LIST)))
    assert "import {" not in text
    assert 'resource "databricks_ip_access_list" "research_office" {' in text
    assert 'ip_addresses = ["203.0.113.0/24"]' in text
    assert "ignore_changes" not in text


def test_what_exists_is_imported_as_the_plan_leaves_it():
    found = {
        "list_id": "l-1",
        "label": "office",
        "list_type": "ALLOW",
        "ip_addresses": ["10.0.0.0/8"],
    }
    before = {"/ip_addresses": ["10.0.0.0/8"]}
    after = {"/ip_addresses": ["203.0.113.0/24"]}
    documents = {("ip_access_list", "workspace/7", "l-1"): {**found, "enabled": True}}
    made = written(change("ip_access_list", "l-1", before, after), documents=documents)
    text = text_of(made)
    assert 'id = "l-1"' in text
    assert "203.0.113.0/24" in text
    assert "10.0.0.0/8" not in text


def test_keys_of_a_configuration_are_one_resource_that_is_not_imported():
    made = written(
        change("workspace_conf", "enableIpAccessLists", {"/value": None}, {"/value": "true"}),
        change("workspace_conf", "maxTokenLifetimeDays", {"/value": "0"}, {"/value": "90"}),
        change("workspace_setting", "enable-export-notebook", {"/value": True}, {"/value": False}),
    )
    [(resource, _)] = made.resources
    text = text_of(made)
    assert resource.type == "databricks_workspace_conf"
    assert "import {" not in text
    assert "It cannot be imported" in text
    for line in ('enableExportNotebook = "false"', 'maxTokenLifetimeDays = "90"'):
        assert line in text
    assert 'enableIpAccessLists  = "true"' in text


@pytest.mark.parametrize(("before", "imports"), [(None, 0), ("ALLOW_ALL", 1)])
def test_a_setting_is_imported_when_somebody_has_set_it(before, imports):
    after = {"/value": "RESTRICT_TOKENS_AND_JOB_RUN_AS"}
    made = change("workspace_setting", "restrict_workspace_admins", {"/value": before}, after)
    text = text_of(written(made))
    assert text.count('id = "global"') == imports
    assert 'status = "RESTRICT_TOKENS_AND_JOB_RUN_AS"' in text


def test_a_job_is_written_whole_with_what_changes_within():
    documents = {("job", "workspace/7", "9"): JOB}
    made = change("job", "9", {MODE: "NONE"}, {MODE: "USER_ISOLATION"})
    text = text_of(written(made, documents=documents))
    assert 'data_security_mode = "USER_ISOLATION"' in text
    assert 'task_key        = "t"' in text


def test_a_job_of_which_only_a_part_is_known_is_left_out():
    made = written(change("job", "9", {MODE: "NONE"}, {MODE: "USER_ISOLATION"}))
    assert not made.resources
    assert "without --snapshot" in files(made)[NOT_COVERED]


def test_what_is_not_known_is_left_as_it_is():
    before, after = {"/KeyRotationEnabled": False}, {"/KeyRotationEnabled": True}
    key = "arn:aws:kms:us-east-1:123456789012:key/k-1"
    text = text_of(written(change("kms_key_rotation", key, before, after, "aws")))
    assert 'id = "k-1"' in text
    assert "enable_key_rotation = true" in text
    ignored = text.partition("ignore_changes = [")[2].partition("]")[0]
    assert "is_enabled" in ignored
    assert "description" in ignored
    assert "enable_key_rotation" not in ignored


def test_changes_of_one_thing_are_one_resource():
    key = "arn:aws:kms:us-east-1:123456789012:key/k-1"
    made = written(
        change(
            "kms_key_rotation",
            key,
            {"/KeyRotationEnabled": False},
            {"/KeyRotationEnabled": True},
            "aws",
        ),
        change("kms_key_state", key, {"/KeyState": "Disabled"}, {"/KeyState": "Enabled"}, "aws"),
    )
    [(resource, _)] = made.resources
    assert resource.said == {"enable_key_rotation", "is_enabled"}


def test_a_policy_is_an_object_and_the_account_a_variable():
    account = {"StringEquals": {"sts:ExternalId": "11111111-2222-4333-8444-555555555555"}}
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Condition": account}
    after = {"/Statement": [statement]}
    text = text_of(written(change("role_trust", "r", {"/Statement": []}, after, "aws")))
    assert "assume_role_policy = jsonencode({" in text
    assert '"sts:ExternalId" = var.databricks_account_id' in text


def test_a_thing_in_another_region_has_a_provider_of_its_own():
    before, after = {"/EbsEncryptionByDefault": False}, {"/EbsEncryptionByDefault": True}
    made = written(change("ebs_encryption_default", "eu-west-1", before, after, "aws"))
    texts = files(made)
    assert "provider = aws.eu_west_1" in texts["aws-keys.tf"]
    assert 'region = "eu-west-1"' in texts["providers.tf"]


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (change("ip_access_list", "l-1", LIST, None), "removes only what it manages"),
        (change("ip_access_list", "label=a", None, LIST, "account"), "no resource for lists"),
        (
            change(
                "account_setting",
                "acct_ip_acl_enable",
                {"/value": None},
                {"/value": True},
                "account",
            ),
            "no resource for this setting",
        ),
        (change("token", "t-1", {"/scopes": None}, {"/scopes": ["files"]}), "neither imports nor"),
        (change("nobody_knows", "x", {"/a": 1}, {"/a": 2}), "No resource is known"),
        (
            change(
                "bucket_policy",
                "b",
                {"/Statement/[Sid=A]": None},
                {"/Statement/[Sid=A]": {}},
                "aws",
            ),
            "The rest of the policy is not known",
        ),
    ],
)
def test_what_no_resource_is_for_is_said_with_the_reason(made, why):
    configuration = written(made)
    assert not configuration.resources
    text = files(configuration)[NOT_COVERED]
    assert why in text
    assert f"`{made.address}`" in text


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (
            change("account_user", "1", {"/roles": [{"value": "x"}]}, {"/roles": []}, "account"),
            "role",
        ),
        (change("account_user", "1", {"/active": True}, {"/active": False}, "account"), ""),
        (change("role_policy", "r/p", {"/Statement": []}, None, "aws"), "removes only what"),
        (change("security_group_egress", "us-east-1/sg-1/x", {"/a": 1}, None, "aws"), ""),
        (change("job", "9", {MODE: "NONE"}, {MODE: "USER_ISOLATION"}), ""),
        (change("account_setting", "dcp_acct_enable", {"/value": 1}, {"/value": 2}), "no resource"),
        (change("token", "t-1", {"/a": 1}, {"/a": 2}), "neither imports nor"),
    ],
)
def test_whether_a_change_is_a_resource_can_be_asked_without_a_deployment(made, why):
    assert why in no_resource_for(made)
    assert bool(no_resource_for(made)) is bool(why)


def test_what_looks_like_a_secret_is_never_written():
    secret = "dapi" + "0123456789abcdef" * 2
    cluster = {"spark_version": "15.4.x", "spark_conf": {"spark.token": secret}}
    documents = {("cluster", "workspace/7", "c-1"): {**cluster, "cluster_id": "c-1"}}
    before, after = {"/autotermination_minutes": 0}, {"/autotermination_minutes": 60}
    text = text_of(written(change("cluster", "c-1", before, after), documents=documents))
    assert secret not in text
    assert "autotermination_minutes = 60" in text
    assert "spark_conf" in text.partition("ignore_changes = [")[2]
    assert "looks like a secret" in text


def test_a_change_beside_a_secret_is_left_out():
    job = {**JOB["settings"], "tasks": [{"task_key": "t", "new_cluster": {"spark_conf": {}}}]}
    job["tasks"][0]["new_cluster"]["spark_conf"] = {"spark.token": "dapi" + "0123456789abcdef" * 2}
    documents = {("job", "workspace/7", "9"): {"settings": job}}
    place = "/settings/tasks/[task_key=t]/new_cluster/data_security_mode"
    made = change("job", "9", {place: "NONE"}, {place: "USER_ISOLATION"})
    configuration = written(made, documents=documents)
    assert not configuration.resources
    assert "beside what looks like a secret" in files(configuration)[NOT_COVERED]


@pytest.mark.skipif(needs_terraform, reason="there is no terraform here")
def test_files_are_as_terraform_formats_them_and_always_the_same(tmp_path):
    changes = (
        change(
            "ip_access_list",
            'label=a "quoted" ${name}\n%{if}',
            None,
            {**LIST, "/label": 'a "q" ${x}\n%{if}'},
        ),
        change("bucket_policy", "b", None, {f"/{k}": v for k, v in POLICY.items()}, "aws"),
        change("job", "9", {MODE: "NONE"}, {MODE: "USER_ISOLATION"}),
    )
    documents = {("job", "workspace/7", "9"): JOB}
    made = written(*changes, documents=documents)
    assert is_formatted(made, tmp_path)
    again = written(*reversed(changes), documents=documents)
    assert files(made) == files(again)


GROUP = "us-east-1/sg-1"
RULES = [
    {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]},
    {
        "IpProtocol": "-1",
        "IpRanges": [{"CidrIp": "0.0.0.0/0"}, {"CidrIp": "10.1.0.0/16"}],
        "UserIdGroupPairs": [{"GroupId": "sg-1"}],
    },
]


@pytest.mark.parametrize(
    ("rules", "gone", "stay"),
    [
        (RULES, ["-1/all/0.0.0.0/0"], ["10.0.0.0/8", "10.1.0.0/16", "self        = true"]),
        (RULES[:1], ["tcp/443-443/10.0.0.0/8"], ["egress = []"]),
    ],
)
def test_a_group_is_written_whole_when_a_rule_of_it_goes(rules, gone, stay):
    known = frozenset({("IpPermissionsEgress",), ("IpPermissions",)})
    document = {"IpPermissionsEgress": rules, "IpPermissions": []}
    group = Thing("security_group", "aws", GROUP, "sg-1", document, known)
    made = {"/IpProtocol": "tcp", "/FromPort": 22, "/ToPort": 22, "/CidrIpv4": "10.2.0.0/16"}
    changes = [
        *(
            change("security_group_egress", f"{GROUP}/{k}", {"/IpProtocol": "x"}, None, "aws")
            for k in gone
        ),
        change("security_group_ingress", f"{GROUP}/tcp/22-22/10.2.0.0/16", None, made, "aws"),
    ]
    configuration = written(*changes, things=[group])
    [(resource, _)] = configuration.resources
    text = text_of(configuration)
    assert resource.type == "aws_security_group"
    assert "0.0.0.0/0" not in text
    for words in (*stay, 'cidr_blocks = ["10.2.0.0/16"]'):
        assert words in text


def test_a_table_is_written_whole_when_a_route_of_it_goes():
    routes = [
        {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local"},
        {"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1"},
        {"DestinationCidrBlock": "10.9.0.0/16", "TransitGatewayId": "tgw-1"},
        {"DestinationCidrBlock": "10.8.0.0/16", "GatewayId": "vpce-1"},
    ]
    known = frozenset({("Routes",), ("VpcId",)})
    document = {"VpcId": "vpc-1", "Routes": routes}
    table = Thing("route_table", "aws", "us-east-1/rtb-1", "rtb-1", document, known)
    gone = change("route", "us-east-1/rtb-1/0.0.0.0/0", {"/NatGatewayId": "nat-1"}, None, "aws")
    text = text_of(written(gone, things=[table]))
    assert "nat-1" not in text
    assert "local" not in text
    assert 'transit_gateway_id = "tgw-1"' in text
    assert 'vpc_endpoint_id = "vpce-1"' in text
