"""The action catalogue, held to what AWS's pages and well-known policies say."""

from __future__ import annotations

import pytest

from lakewarden.proofs.facts.actions import SERVICES, catalogue, parse

ACTIONS = [action for s in SERVICES for action in catalogue().actions(s).values()]
# Tag keys, what a machine launches with, and keys of endpoints: known to be told apart.
RUN_INSTANCES = {
    "image", "instance", "network-interface", "security-group", "subnet",
}  # fmt: skip


def taken(name):
    return {kind.type: kind for kind in catalogue().action(name).resources}


def test_every_service_has_actions_and_says_when_it_was_read():
    assert all(catalogue().service(name).as_of.year >= 2026 for name in SERVICES)
    assert len(ACTIONS) > 1400
    assert {action.level for action in ACTIONS} == {
        "List", "Read", "Write", "Tagging", "Permissions management",
    }  # fmt: skip


def test_a_launch_always_names_machine_image_network_and_group():
    kinds = taken("ec2:RunInstances")
    assert {name for name, kind in kinds.items() if kind.required} == RUN_INSTANCES
    assert not kinds["volume"].required


@pytest.mark.parametrize("kind", ["subnet", "security-group", "network-interface"])
@pytest.mark.parametrize("action", ["ec2:RunInstances", "ec2:RequestSpotInstances"])
def test_where_a_machine_comes_to_stand_carries_its_vpc(action, kind):
    assert "ec2:vpc" in taken(action)[kind].keys


@pytest.mark.parametrize("kind", ["image", "instance", "volume", "key-pair"])
def test_what_lies_in_no_vpc_does_not_carry_one(kind):
    assert "ec2:vpc" not in taken("ec2:RunInstances")[kind].keys


def test_a_machine_that_is_launched_has_tags_of_the_request_and_none_yet_of_its_own():
    keys = taken("ec2:RunInstances")["instance"].keys
    assert "aws:requesttag/*" in keys
    assert "ec2:resourcetag/*" not in keys
    assert "ec2:resourcetag/*" in taken("ec2:TerminateInstances")["instance"].keys


def test_an_image_carries_its_owner():
    assert "ec2:owner" in taken("ec2:RunInstances")["image"].keys
    assert "ec2:owner" not in taken("ec2:RunInstances")["instance"].keys


@pytest.mark.parametrize(
    "action", ["ec2:CancelSpotInstanceRequests", "ec2:CreateTags", "ec2:RequestSpotInstances"]
)
def test_a_spot_request_is_spelt_with_two_plurals(action):
    assert "spot-instances-request" in taken(action)
    assert "spot-instance-request" not in taken(action)
    assert catalogue().resource("ec2", "spot-instance-request") is None


def test_some_actions_act_on_no_resource():
    assert catalogue().action("sts:GetCallerIdentity").resources == ()
    assert catalogue().action("ec2:DescribeVpcs").resources == ()


@pytest.mark.parametrize(
    ("action", "kinds"),
    [
        ("s3:GetObject", {"object", "accesspointobject"}),
        ("s3:PutBucketPolicy", {"bucket"}),
        ("kms:Decrypt", {"key"}),
        ("kms:CreateAlias", {"alias", "key"}),
        ("kinesis:PutRecords", {"stream"}),
        ("iam:PassRole", {"role"}),
        ("sqs:SendMessage", {"queue"}),
        ("sns:Publish", {"topic"}),
        ("logs:PutLogEvents", {"log-stream"}),
        ("secretsmanager:GetSecretValue", {"Secret"}),
    ],
)
def test_what_an_action_acts_on(action, kinds):
    assert kinds <= set(taken(action))


def test_every_type_that_an_action_takes_is_described():
    for action in ACTIONS:
        service = action.name.partition(":")[0]
        for kind in action.resources:
            assert catalogue().resource(service, kind.type), (action.name, kind.type)
            assert kind.keys <= action.keys


def test_every_key_that_an_action_or_a_type_lists_is_known():
    listed = {key for action in ACTIONS for key in action.keys}
    for service in SERVICES:
        listed |= {k for kind in catalogue().service(service).resources.values() for k in kind.keys}
    assert [key for key in sorted(listed) if catalogue().key(key) is None] == []


@pytest.mark.parametrize(
    ("action", "key", "carried"),
    [
        ("iam:PutRolePolicy", "iam:AWSServiceName", False),
        ("iam:CreateServiceLinkedRole", "iam:AWSServiceName", True),
        ("iam:PassRole", "iam:PassedToService", True),
        ("sts:AssumeRole", "sts:ExternalId", True),
        ("s3:GetObject", "sts:ExternalId", False),
        ("s3:GetObject", "s3:ExistingObjectTag/team", True),
        ("s3:PutObject", "s3:x-amz-server-side-encryption", True),
        ("s3:GetObject", "s3:x-amz-server-side-encryption", False),
        ("s3:GetObject", "aws:RequestTag/team", False),
        ("ec2:CreateTags", "ec2:CreateAction", True),
        ("ec2:RunInstances", "ec2:CreateAction", False),
        ("ec2:RUNINSTANCES", "EC2:vpc", True),
        ("ec2:DescribeInstances", "aws:ResourceTag/Vendor", False),
        ("kms:Decrypt", "kms:ViaService", True),
        ("kms:Decrypt", "kms:EncryptionContext:aws:s3:arn", True),
        ("kms:Decrypt", "kms:GrantIsForAWSResource", False),
        ("kms:CreateGrant", "kms:GrantIsForAWSResource", True),
        ("ec2:RunInstances", "aws:RequestedRegion", True),
        ("s3:GetObject", "aws:PrincipalTag/DatabricksAccountId", True),
        ("s3:GetObject", "aws:VpceOrgPaths", True),
        ("sqs:SendMessage", "aws:VpceOrgID", True),
        ("sqs:SendMessage", "aws:VpceOrgPaths", None),
        ("iam:PassRole", "aws:SourceVpcArn", False),
        ("ec2:CreateVpcEndpoint", "aws:ResourceAccount", False),
        ("s3:GetObject", "saml:sub", None),
        ("sts:AssumeRoleWithSAML", "saml:sub", True),
        ("s3:GetObject", "aws:NoSuchKey", None),
        ("s3:GetTheObject", "aws:SourceIp", None),
        ("dynamodb:GetItem", "aws:SourceIp", None),
    ],
)
def test_which_requests_carry_which_keys(action, key, carried):
    assert catalogue().carries(action, key) is carried


def test_names_that_nobody_knows_are_none():
    assert catalogue().service("dynamodb") is None
    assert catalogue().actions("dynamodb") == {}
    assert catalogue().action("s3:GetObjects") is None
    assert catalogue().action("GetObject") is None
    assert catalogue().resource("dynamodb", "table") is None
    assert catalogue().resource("s3", "file") is None


def test_actions_are_found_in_any_case_and_come_back_as_aws_spells_them():
    assert catalogue().action("KMS:decrypt").name == "kms:Decrypt"
    assert catalogue().service("S3").name == "s3"


def table(**actions):
    return {
        "as_of": None,
        "service": "s3",
        "resources": {"bucket": "arn:${Partition}:s3:::${BucketName} | :BucketTag/*"},
        "keys": {":BucketTag/*": "string", ":prefix": "string", "aws:TagKeys": "strings"},
        "actions": actions,
    }


def test_a_line_is_level_own_keys_and_types():
    service = parse(table(ListBucket="List | :prefix | bucket! aws:TagKeys", ListAll="List"))
    listing, every = service.actions["ListBucket"], service.actions["ListAll"]
    assert (listing.name, listing.level, listing.own) == ("s3:ListBucket", "List", {"s3:prefix"})
    assert [(k.type, k.required, k.keys) for k in listing.resources] == [
        ("bucket", True, {"aws:tagkeys"})
    ]
    assert listing.keys == {"s3:prefix", "aws:tagkeys", "s3:buckettag/*"}
    assert (every.resources, every.keys) == ((), frozenset())
    assert service.keys["aws:tagkeys"].many


def test_a_line_without_own_keys_keeps_its_types():
    service = parse(table(DeleteBucket="Write |  | bucket"))
    assert service.actions["DeleteBucket"].own == frozenset()
    assert not service.actions["DeleteBucket"].resources[0].required


def test_a_type_that_is_not_described_is_an_error():
    with pytest.raises(KeyError, match="object"):
        parse(table(GetObject="Read |  | object"))
