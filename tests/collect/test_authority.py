"""Boundaries, grants and the organisation: over HTTP as they are served, then in pieces."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from collect.served import account, by_id, read
from collect.stubs import collected
from collect.tables import Cloud
from lakewarden.clients.failure import CallFailedError
from lakewarden.estate.authority import KEY_GRANTS, ORGANIZATION_LEVELS, ROLE_BOUNDS
from lakewarden.estate.buckets import BUCKET_LOCK
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import given

BOUNDARY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}],
}
SCP = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}],
}


class Member:
    """An account as its organisation sees it from a member, which no caller of moto can be."""

    region = ""

    def __init__(self, aws):
        self.aws = aws

    def client(self, service, region):
        """Return a client; the organisation is managed from elsewhere."""
        client = self.aws.client(service, region)
        if service == "organizations":
            client.describe_organization = lambda: {"Organization": {"MasterAccountId": "9" * 12}}
        return client


class Served:
    """An account with a role, a key with a grant, buckets and an organisation."""

    def __init__(self, aws):
        iam, kms, s3 = (aws.client(name, "us-east-1") for name in ("iam", "kms", "s3"))
        policy = iam.create_policy(PolicyName="most", PolicyDocument=json.dumps(BOUNDARY))
        self.boundary = policy["Policy"]["Arn"]
        trust = json.dumps({"Version": "2012-10-17", "Statement": []})
        self.role = iam.create_role(
            RoleName="bounded",
            AssumeRolePolicyDocument=trust,
            PermissionsBoundary=self.boundary,
            MaxSessionDuration=7200,
        )["Role"]["Arn"]
        self.free = iam.create_role(RoleName="free", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        self.key = kms.create_key()["KeyMetadata"]["Arn"]
        self.grant = kms.create_grant(
            KeyId=self.key,
            GranteePrincipal=self.role,
            RetiringPrincipal=self.free,
            Operations=["Decrypt", "CreateGrant"],
            Constraints={"EncryptionContextSubset": {"aws:ebs:id": "vol-1"}},
        )["GrantId"]
        for name, locked in (("authority-locked", True), ("authority-plain", False)):
            s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=locked)
        retention = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 30}}
        s3.put_object_lock_configuration(
            Bucket="authority-locked",
            ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": retention},
        )

    def deployment(self):
        roles = [
            {"credentials_id": arn, "aws_credentials": {"sts_role": {"role_arn": arn}}}
            for arn in (self.role, self.free)
        ]
        storage = [
            {"storage_configuration_id": name, "root_bucket_info": {"bucket_name": name}}
            for name in ("authority-locked", "authority-plain")
        ]
        keys = [{"customer_managed_key_id": "k", "aws_key_info": {"key_arn": self.key}}]
        return {"credentials": roles, "encryption_keys": keys, "storage_configurations": storage}


def organised(aws):
    """Make an organisation with a policy on its root."""
    client = aws.client("organizations", "us-east-1")
    client.create_organization(FeatureSet="ALL")
    root = client.list_roots()["Roots"][0]["Id"]
    client.enable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")
    policy = client.create_policy(
        Name="no-s3",
        Description="",
        Type="SERVICE_CONTROL_POLICY",
        Content=json.dumps(SCP),
    )["Policy"]["PolicySummary"]["Id"]
    client.attach_policy(PolicyId=policy, TargetId=root)
    return root


@pytest.fixture(scope="module")
def served():
    with account() as aws:
        made = Served(aws)
        kinds = (ROLE_BOUNDS, KEY_GRANTS, BUCKET_LOCK)
        yield made, read(aws, *kinds, **made.deployment())


def test_a_role_is_read_with_its_boundary(served):
    made, found = served
    role = by_id(found, ROLE_BOUNDS)[made.role]
    assert (role.boundary.get(), role.session_seconds.get()) == (made.boundary, 7200)
    assert json.loads(role.document.get()) == BOUNDARY
    free = by_id(found, ROLE_BOUNDS)[made.free]
    assert (free.boundary.get(), free.document.get(), free.session_seconds.get()) == (
        None,
        None,
        3600,
    )


def test_grants_say_who_may_do_what_with_a_key(served):
    made, found = served
    (grant,) = by_id(found, KEY_GRANTS)[made.key].grants.get()
    assert (grant.id, grant.grantee, grant.retiring) == (made.grant, made.role, made.free)
    assert set(grant.operations) == {"Decrypt", "CreateGrant"}
    assert grant.constraints.subset == {"aws:ebs:id": "vol-1"}
    assert grant.constraints.equals is None


def test_a_bucket_says_how_long_it_keeps_what_it_has(served):
    _, found = served
    locks = by_id(found, BUCKET_LOCK)
    locked, plain = locks["authority-locked"], locks["authority-plain"]
    assert (locked.enabled.get(), locked.mode.get(), locked.days.get()) == (True, "COMPLIANCE", 30)
    assert (plain.enabled.get(), plain.mode.get()) == (False, None)


def test_an_organisation_binds_its_members_on_every_level():
    with account() as aws:
        assert by_id(read(aws, ORGANIZATION_LEVELS), ORGANIZATION_LEVELS) == {}
        root = organised(aws)
        assert by_id(read(aws, ORGANIZATION_LEVELS), ORGANIZATION_LEVELS) == {}
        levels = by_id(read(Member(aws), ORGANIZATION_LEVELS), ORGANIZATION_LEVELS)
        assert {(level.target, level.depth.get()) for level in levels.values()} == {
            (root, 0),
            ("123456789012", 1),
        }
        (top,) = [level for level in levels.values() if level.target == root]
        assert SCP in [json.loads(text) for text in top.documents.get()]
        assert top.type == "SERVICE_CONTROL_POLICY"


def denied(code="AccessDeniedException"):
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": 400}}, "X")


ORGANISED = {
    "get_caller_identity": {"Account": "123456789012"},
    "describe_organization": {"Organization": {"MasterAccountId": "999999999999"}},
    "list_parents": lambda ChildId: {  # noqa: N803  # boto3's name
        "Parents": [{"Id": "r-1" if ChildId == "ou-1" else "ou-1"}]
    },
    "list_roots": {
        "Roots": [
            {
                "Id": "r-1",
                "PolicyTypes": [
                    {"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"},
                    {"Type": "RESOURCE_CONTROL_POLICY", "Status": "PENDING_ENABLE"},
                ],
            }
        ]
    },
    "list_policies_for_target": {"Policies": [{"Id": "p-1"}]},
    "describe_policy": {"Policy": {"Content": "{}"}},
}


def levels(**answers):
    return collected(ORGANIZATION_LEVELS, None, aws=Cloud(**{**ORGANISED, **answers}))


def test_levels_count_from_the_root_and_only_kinds_in_use_are_asked_for():
    found = levels()
    assert {(one.target, one.type, one.depth.get()) for one in found.values()} == {
        (target, "SERVICE_CONTROL_POLICY", depth)
        for depth, target in enumerate(["r-1", "ou-1", "123456789012"])
    }
    assert {one.documents.get() for one in found.values()} == {("{}",)}


@pytest.mark.parametrize("operation", ORGANISED)
@pytest.mark.parametrize(
    ("answer", "cause"), [(denied(), Cause.FORBIDDEN), ({}, Cause.MISSING_FIELD)]
)
def test_an_organisation_that_was_not_read_whole_is_not_known(operation, answer, cause):
    with pytest.raises(CallFailedError) as caught:
        levels(**{operation: answer})
    assert caught.value.cause is cause


@pytest.mark.parametrize("parents", [[], [{"Id": "ou-1"}, {"Id": "ou-2"}], [{"Id": "ou-9"}]])
def test_a_way_up_that_does_not_end_is_not_known(parents):
    with pytest.raises(CallFailedError) as caught:
        levels(list_parents={"Parents": parents})
    assert caught.value.cause is Cause.MALFORMED


def test_a_root_of_another_name_is_not_the_root():
    with pytest.raises(CallFailedError) as caught:
        levels(list_roots={"Roots": [{"Id": "r-2", "PolicyTypes": []}]})
    assert caught.value.cause is Cause.NOT_FOUND


ROLE = "arn:aws:iam::123456789012:role/databricks"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/1"
DEPLOYMENT = given(
    credentials=[{"credentials_id": "c", "aws_credentials": {"sts_role": {"role_arn": ROLE}}}],
    encryption_keys=[{"customer_managed_key_id": "k", "aws_key_info": {"key_arn": KEY}}],
    storage_configurations=[
        {"storage_configuration_id": "s", "root_bucket_info": {"bucket_name": "b"}}
    ],
)
BOUNDED = {
    "get_role": {
        "Role": {
            "MaxSessionDuration": 3600,
            "PermissionsBoundary": {"PermissionsBoundaryArn": "arn:b"},
        }
    },
    "get_policy": {"Policy": {"DefaultVersionId": "v1"}},
    "get_policy_version": {"PolicyVersion": {"Document": BOUNDARY}},
}


def ask(kind, **answers):
    return collected(kind, None, aws=Cloud(**answers), before=DEPLOYMENT)


@pytest.mark.parametrize("operation", BOUNDED)
@pytest.mark.parametrize(
    ("answer", "cause"), [(denied("AccessDenied"), Cause.FORBIDDEN), ({}, Cause.MISSING_FIELD)]
)
def test_a_boundary_that_was_not_read_is_not_absent(operation, answer, cause):
    role = ask(ROLE_BOUNDS, **{**BOUNDED, operation: answer})[ROLE]
    assert role.document.gap.cause is role.boundary.gap.cause is cause


@pytest.mark.parametrize(
    ("answer", "cause"), [(denied(), Cause.FORBIDDEN), ({}, Cause.MISSING_FIELD)]
)
def test_grants_that_were_not_read_are_not_none(answer, cause):
    assert ask(KEY_GRANTS, list_grants=answer)[KEY].grants.gap.cause is cause
    lock = ask(BUCKET_LOCK, get_object_lock_configuration=answer)["b"]
    assert lock.enabled.gap.cause is cause


def test_a_grant_to_nobody_is_not_whole():
    grant = {"GrantId": "g", "Operations": ["Decrypt"]}
    found = ask(KEY_GRANTS, list_grants={"Grants": [grant]})[KEY]
    assert found.grants.gap.cause is Cause.MISSING_FIELD


def test_a_grant_of_a_service_has_no_principal():
    grant = {
        "GrantId": "g",
        "Operations": ["Decrypt"],
        "GranteeServicePrincipal": "ec2.amazonaws.com",
    }
    (found,) = ask(KEY_GRANTS, list_grants={"Grants": [grant]})[KEY].grants.get()
    assert (found.grantee, found.grantee_service) == ("", "ec2.amazonaws.com")
    assert found.constraints is None
