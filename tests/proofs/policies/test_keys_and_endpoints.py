"""Policies of keys, endpoints and trust: who gets in, who does not, and what they replace."""

from __future__ import annotations

import pytest
from tests.proofs.policies.asking import ACCOUNT, KEEPER, READER, ROLE, TENANT, no_more, outcome

from lakewarden.proofs.facts.accounts import Platform, platform
from lakewarden.proofs.facts.regions import region
from lakewarden.proofs.policies import endpoints, keys, trust
from lakewarden.proofs.policies.build import Policy, policy, read
from lakewarden.proofs.policy.prove import Outcome, prove
from lakewarden.proofs.policy.scene import Claim, Layer, that
from lakewarden.proofs.questions.describe import by
from lakewarden.semantics.iam_documents import Statement

_AWS = platform("aws")
assert _AWS is not None
AWS: Platform = _AWS
DATABRICKS = AWS.control_plane
MANAGED = keys.hardened_managed_services(AWS, TENANT, [KEEPER])
STORAGE = keys.hardened_workspace_storage(AWS, TENANT, [KEEPER], ROLE, "us-east-1")
PLAIN_MANAGED = keys.managed_services(AWS, ACCOUNT, TENANT)
PLAIN_STORAGE = keys.workspace_storage(AWS, ACCOUNT, ROLE, TENANT)
THROUGH = that(("StringEquals", "kms:ViaService", ("ec2.us-east-1.amazonaws.com",)))
FOR_AWS = that(("Bool", "kms:GrantIsForAWSResource", ("true",)))
TAGGED = that(("StringEquals", "aws:PrincipalTag/DatabricksAccountId", (TENANT,)))
FOREIGN = that(("StringNotEquals", "aws:PrincipalTag/DatabricksAccountId", (TENANT,)))


def _claimed(
    document: Policy, actions: tuple[str, ...], *where: Statement, every: bool = False
) -> Outcome:
    layer = Layer("policy", (read(document),), names_callers=True)
    return prove(Claim(actions, where, (layer,), every=every)).outcome


@pytest.mark.parametrize(
    ("document", "users"), [(MANAGED, (DATABRICKS,)), (STORAGE, (DATABRICKS, ROLE))]
)
def test_nobody_else_decrypts(document: Policy, users: tuple[str, ...]) -> None:
    assert outcome("kms.decrypt_only_by", document, principals=users) is Outcome.PROVED
    assert outcome("kms.decrypt_only_by", document, principals=ROLE + "x") is Outcome.REFUTED


@pytest.mark.parametrize("document", [PLAIN_MANAGED, PLAIN_STORAGE])
def test_by_the_documented_policies_any_caller_of_the_account_may(document: Policy) -> None:
    users = (DATABRICKS, ROLE)
    assert outcome("kms.decrypt_only_by", document, principals=users) is Outcome.REFUTED


@pytest.mark.parametrize("document", [MANAGED, STORAGE])
def test_no_other_customer_of_databricks_uses_the_key(document: Policy) -> None:
    vendor = by(DATABRICKS)
    assert _claimed(document, ("kms:*",), vendor, FOREIGN) is Outcome.PROVED


def test_without_a_tenant_other_customers_may() -> None:
    loose = keys.managed_services(AWS, ACCOUNT)
    assert _claimed(loose, ("kms:Decrypt",), by(DATABRICKS), FOREIGN) is Outcome.REFUTED


def test_databricks_uses_the_keys() -> None:
    vendor, uses = by(DATABRICKS), ("kms:Encrypt", "kms:Decrypt")
    assert _claimed(MANAGED, uses, vendor, TAGGED, every=True) is Outcome.PROVED
    more = (*uses, "kms:GenerateDataKey", "kms:ReEncryptTo", "kms:DescribeKey")
    assert _claimed(STORAGE, more, vendor, TAGGED, every=True) is Outcome.PROVED


def test_volumes_of_clusters_are_encrypted() -> None:
    role, uses = by(ROLE), ("kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext", "kms:DescribeKey")
    assert _claimed(STORAGE, uses, role, THROUGH, every=True) is Outcome.PROVED
    grants = (role, THROUGH, FOR_AWS)
    assert _claimed(STORAGE, ("kms:CreateGrant",), *grants, every=True) is Outcome.PROVED


def test_the_role_uses_the_key_through_ec2_alone() -> None:
    direct = that(("Null", "kms:ViaService", ("true",)))
    assert _claimed(STORAGE, ("kms:*",), by(ROLE), direct) is Outcome.PROVED
    other = that(("StringNotEquals", "kms:ViaService", ("ec2.us-east-1.amazonaws.com",)))
    assert _claimed(STORAGE, ("kms:*",), by(ROLE), other) is Outcome.PROVED
    assert _claimed(PLAIN_STORAGE, ("kms:Decrypt",), by(ROLE), other) is Outcome.REFUTED


def test_the_role_grants_nothing_but_to_aws() -> None:
    not_for_aws = that(("Bool", "kms:GrantIsForAWSResource", ("false",)))
    assert _claimed(STORAGE, ("kms:CreateGrant",), by(ROLE), not_for_aws) is Outcome.PROVED
    assert _claimed(PLAIN_STORAGE, ("kms:CreateGrant",), by(ROLE), not_for_aws) is Outcome.REFUTED


@pytest.mark.parametrize("document", [MANAGED, STORAGE])
def test_break_glass_mends_the_key_and_reads_nothing(document: Policy) -> None:
    assert outcome("kms.recoverable_by", document, principals=KEEPER) is Outcome.PROVED
    uses = ("kms:Decrypt", "kms:GenerateDataKey", "kms:CreateGrant", "kms:ReEncryptFrom")
    assert _claimed(document, (*uses, "kms:ScheduleKeyDeletion"), by(KEEPER)) is Outcome.PROVED


@pytest.mark.parametrize(("new", "old"), [(MANAGED, PLAIN_MANAGED), (STORAGE, PLAIN_STORAGE)])
def test_keys_allow_no_more_than_before(new: Policy, old: Policy) -> None:
    assert no_more((new,), (old,), names_callers=True) is Outcome.PROVED
    assert no_more((old,), (new,), names_callers=True) is Outcome.REFUTED


@pytest.mark.parametrize("document", [MANAGED, STORAGE])
def test_every_statement_of_a_key_is_needed(document: Policy) -> None:
    for left_out in document["Statement"]:
        rest = policy(*(s for s in document["Statement"] if s is not left_out))
        assert no_more((document,), (rest,), names_callers=True) is Outcome.REFUTED


def _s3(name: str) -> Policy:
    place = region(name)
    assert place is not None
    return endpoints.s3(AWS, place, ["root"], ["data"], ACCOUNT)


@pytest.mark.parametrize("name", ["us-east-1", "us-west-2", "eu-central-1", "ap-southeast-3"])
def test_data_leaves_for_known_buckets_alone(name: str) -> None:
    place = region(name)
    assert place is not None
    assert place.buckets.logs is not None
    known = ("root", "data", place.buckets.logs)
    assert outcome("vpce.writes_only_to", _s3(name), buckets=known) is Outcome.PROVED
    assert outcome("vpce.writes_only_to", _s3(name), buckets=known[:2]) is Outcome.REFUTED


@pytest.mark.parametrize("name", ["us-east-1", "us-west-2", "eu-central-1", "ap-southeast-3"])
def test_databricks_gets_through(name: str) -> None:
    words = {"region": name, "root_bucket": "root", "data_buckets": "data", "account": ACCOUNT}
    question = "vpce.covers_required_databricks_buckets"
    assert outcome(question, _s3(name), **words) is Outcome.PROVED


def test_every_statement_of_the_s3_endpoint_is_needed() -> None:
    document = _s3("us-east-1")
    words = {"region": "us-east-1", "root_bucket": "root", "data_buckets": "data"}
    for left_out in document["Statement"]:
        rest = policy(*(s for s in document["Statement"] if s is not left_out))
        question = "vpce.covers_required_databricks_buckets"
        assert outcome(question, rest, **words, account=ACCOUNT) is Outcome.REFUTED


@pytest.mark.parametrize(
    "document",
    [
        _s3("us-east-1"),
        endpoints.sts(AWS, ACCOUNT),
        endpoints.hardened_sts(AWS, ACCOUNT),
        endpoints.kinesis(AWS, "us-east-1"),
    ],
    ids=["s3", "sts", "hardened sts", "kinesis"],
)
def test_endpoints_allow_less_than_none_given(document: Policy) -> None:
    everything = endpoints.open_to_all()
    assert no_more((document,), (everything,), names_callers=True) is Outcome.PROVED
    assert no_more((everything,), (document,), names_callers=True) is Outcome.REFUTED


def test_own_callers_become_own_roles_alone() -> None:
    foreign = that(spared=(f"arn:aws:iam::{ACCOUNT}:role/*",))
    own, become = by(ACCOUNT), ("sts:AssumeRole",)
    hardened = endpoints.hardened_sts(AWS, ACCOUNT)
    assert _claimed(hardened, become, own, foreign) is Outcome.PROVED
    assert _claimed(endpoints.sts(AWS, ACCOUNT), become, own, foreign) is Outcome.REFUTED
    mine = that(resources=(READER,))
    assert _claimed(hardened, become, own, mine, every=True) is Outcome.PROVED
    assert _claimed(hardened, become, by(DATABRICKS), every=True) is Outcome.PROVED
    assert (
        no_more((hardened,), (endpoints.sts(AWS, ACCOUNT),), names_callers=True) is Outcome.PROVED
    )


def test_streams_are_those_of_databricks() -> None:
    document = endpoints.kinesis(AWS, "us-east-1")
    theirs = (f"arn:aws:kinesis:us-east-1:{DATABRICKS}:stream/*",)
    assert _claimed(document, ("kinesis:*",), that(spared=theirs)) is Outcome.PROVED
    puts = ("kinesis:PutRecord", "kinesis:PutRecords", "kinesis:DescribeStream")
    here = (by(DATABRICKS), that(resources=theirs))
    assert _claimed(document, puts, *here, every=True) is Outcome.PROVED


def test_trust_is_for_databricks_and_its_external_id() -> None:
    words = {"principals": DATABRICKS, "external_id": TENANT}
    assert outcome("trust.only", trust.cross_account(AWS, TENANT), **words) is Outcome.PROVED
    open_one = trust.cross_account(AWS, TENANT + "-other")
    assert outcome("trust.only", open_one, **words) is Outcome.REFUTED
    delivery = {"principals": AWS.log_delivery, "external_id": TENANT}
    assert outcome("trust.only", trust.log_delivery(AWS, TENANT), **delivery) is Outcome.PROVED


def test_a_storage_credential_trusts_unity_catalog_and_itself() -> None:
    document = trust.storage_credential(AWS, "e-1", READER)
    words = {"principals": (AWS.unity_catalog, READER), "external_id": "e-1"}
    assert outcome("trust.only", document, **words) is Outcome.PROVED
    alone = {"principals": AWS.unity_catalog, "external_id": "e-1"}
    assert outcome("trust.only", document, **alone) is Outcome.REFUTED


def test_machines_need_no_external_id() -> None:
    document = trust.instance_profile()
    assert outcome("trust.only", document, principals="ec2.amazonaws.com") is Outcome.PROVED
