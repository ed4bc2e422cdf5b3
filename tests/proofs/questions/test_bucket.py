from __future__ import annotations

import json

import pytest

from lakewarden.proofs.facts.effects import READS, WRITES
from lakewarden.proofs.policy.prove import Outcome
from lakewarden.proofs.questions.given import ArgumentError, Given
from lakewarden.proofs.questions.registry import QUESTIONS
from lakewarden.semantics.iam_documents import parse

P, R, U = Outcome.PROVED, Outcome.REFUTED, Outcome.UNKNOWN
OWN, VENDOR = "111122223333", "414351767826"
KEEPER = f"arn:aws:iam::{OWN}:role/keeper"
BOTH = ["arn:aws:s3:::b", "arn:aws:s3:::b/*"]
OFFICE, VPC = {"aws:SourceIp": "203.0.113.0/24"}, {"aws:SourceVpc": "vpc-1"}
OUTSIDE = {
    "NotIpAddress": OFFICE,
    "StringNotEquals": VPC,
    "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
    "Bool": {"aws:ViaAWSService": "false"},
}
NETWORKS = ("203.0.113.0/24", "vpc-1", "aws-services")


def deny(action="s3:*", resource=BOTH, principal="*", **condition):
    found = {"Effect": "Deny", "Action": action, "Resource": resource, "Principal": principal}
    return {**found, "Condition": condition} if condition else found


def allow(principal, action="s3:GetObject", **condition):
    return {**deny(action, BOTH, principal, **condition), "Effect": "Allow"}


def ask(name, *statements, **words):
    document = parse(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))
    said = {"bucket": ("b",), "account": (OWN,)}
    said |= {k.replace("_", "-"): v if isinstance(v, tuple) else (v,) for k, v in words.items()}
    return QUESTIONS[name].ask(Given({"policy": (document,)}, said))


@pytest.mark.parametrize(
    ("statements", "principals", "outcome"),
    [
        ((deny(**OUTSIDE),), (), P),
        ((deny([*READS, *WRITES], **OUTSIDE),), (), P),
        ((deny(["s3:GetObject", "s3:ListBucket"], **OUTSIDE),), (), R),
        ((deny(resource=BOTH[1], **OUTSIDE),), (), R),
        ((deny(principal={"AWS": VENDOR}, **OUTSIDE),), (), R),
        ((), (), R),
        ((deny(NotIpAddress=OFFICE), deny(StringNotEquals=VPC)), (), P),
        ((deny(**OUTSIDE, ArnNotEquals={"aws:PrincipalArn": KEEPER}),), (), R),
        ((deny(**OUTSIDE, ArnNotEquals={"aws:PrincipalArn": KEEPER}),), (KEEPER,), P),
        ((deny(**OUTSIDE, ArnNotLike={"aws:PrincipalArn": "*"}),), (KEEPER,), U),
        ((deny(**OUTSIDE, StringNotLike={"aws:UserAgent": "*curl*"}),), (), R),
        ((deny(**{**OUTSIDE, "NotIpAddress": {"aws:SourceIp": "203.0.0.0/8"}}),), (), R),
        ((deny(StringNotEqualsIfExists=VPC),), (), P),
        ((deny(StringEqualsIfExists=VPC),), (), R),
    ],
)
def test_reading_from_elsewhere(statements, principals, outcome):
    found = ask("bucket.read.confined", *statements, networks=NETWORKS, principals=principals)
    assert found.outcome is outcome
    assert bool(found.witness) is (outcome is R)


def test_writing_is_asked_by_itself():
    reads_only = deny(["s3:Get*", "s3:List*"], **OUTSIDE)
    words = {"networks": NETWORKS}
    assert ask("bucket.read.confined", reads_only, **words).outcome is P
    assert ask("bucket.write.confined", reads_only, **words).outcome is R
    assert ask("bucket.write.confined", deny(**OUTSIDE), **words).outcome is P


def test_without_an_account_everybody_may_be_an_owner():
    found = ask("bucket.read.confined", networks=NETWORKS, account=())
    assert found.outcome is R
    assert any("whose bucket" in note for note in found.assumptions)


def test_a_proof_names_the_statement_that_does_the_work():
    tls = deny(Bool={"aws:SecureTransport": "false"})
    found = ask("bucket.read.confined", tls, deny(**OUTSIDE), networks=NETWORKS)
    assert found.statements == ("bucket policy, statement 2",)


def test_a_refutation_says_how_it_gets_past_each_deny():
    tls = {**deny(Bool={"aws:SecureTransport": "false"}), "Sid": "Tls"}
    found = ask("bucket.read.confined", allow("*"), tls, networks=NETWORKS)
    assert "bucket policy, statement 1 allows it" in found.explanation
    passed = [line for line in found.explanation if "(Tls) lets it through" in line]
    assert len(passed) == 1
    assert "aws:securetransport" in passed[0]


@pytest.mark.parametrize(
    ("condition", "outcome"),
    [
        ({"StringEquals": {"aws:PrincipalTag/DatabricksAccountId": "mine"}}, P),
        ({"StringEquals": {"aws:PrincipalTag/DatabricksAccountId": ["mine", "other"]}}, R),
        ({"StringLike": {"aws:PrincipalTag/DatabricksAccountId": "m*"}}, R),
        ({"StringEqualsIfExists": {"aws:PrincipalTag/DatabricksAccountId": "mine"}}, R),
        ({}, R),
    ],
)
def test_other_customers_of_databricks(condition, outcome):
    statement = allow({"AWS": f"arn:aws:iam::{VENDOR}:root"}, **condition)
    found = ask("bucket.no_other_tenant", statement, databricks=VENDOR, databricks_account="mine")
    assert found.outcome is outcome


@pytest.mark.parametrize(
    ("statements", "outcome"),
    [
        ((deny(Bool={"aws:SecureTransport": "false"}),), P),
        ((deny(BoolIfExists={"aws:SecureTransport": "false"}),), P),
        ((deny("s3:GetObject", Bool={"aws:SecureTransport": "false"}),), R),
        ((deny(resource=BOTH[0], Bool={"aws:SecureTransport": "false"}),), R),
        ((deny(Bool={"aws:SecureTransport": "true"}),), R),
        ((deny(NumericLessThan={"s3:TlsVersion": "1.2"}),), R),
    ],
)
def test_requests_without_tls(statements, outcome):
    assert ask("bucket.tls_only", *statements).outcome is outcome


@pytest.mark.parametrize(
    ("statements", "networks", "outcome"),
    [
        ((), (), P),
        ((deny(**OUTSIDE),), (), R),
        ((deny(**OUTSIDE),), ("203.0.113.0/24",), P),
        ((deny(**OUTSIDE),), ("vpc-1", "203.0.113.7"), P),
        ((deny(**OUTSIDE),), ("vpc-1", "198.51.100.7"), R),
        ((deny(**OUTSIDE, ArnNotEquals={"aws:PrincipalArn": KEEPER}),), (), P),
        ((deny("s3:PutBucketPolicy"),), (), R),
        ((deny(["s3:Get*", "s3:Put*"]),), (), R),
        ((deny(["s3:GetObject", "s3:PutObject"]),), (), P),
    ],
)
def test_guardians_are_not_locked_out(statements, networks, outcome):
    words = {"principals": KEEPER, "networks": networks}
    assert ask("bucket.not_self_locking", *statements, **words).outcome is outcome


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"networks": ("10.0.0.0/33",)}, "networks: '10.0.0.0/33'"),
        ({"principals": ("somebody",)}, "principals: 'somebody'"),
        ({"bucket": ()}, "needs bucket"),
        ({"bucket": ("a", "b")}, "bucket takes one value"),
        ({"colour": ("red",)}, "has no argument colour"),
    ],
)
def test_mistakes_name_the_argument(words, told):
    with pytest.raises(ArgumentError, match=told):
        ask("bucket.read.confined", deny(), **words)


def test_what_the_organisation_refuses_counts():
    document = parse(json.dumps({"Statement": []}))
    refuses = parse(json.dumps({"Statement": [deny(**OUTSIDE)]}))
    words = {"bucket": ("b",), "account": (OWN,), "networks": NETWORKS}
    asked = Given({"policy": (document,), "rcp": (refuses,)}, words)
    assert QUESTIONS["bucket.read.confined"].ask(asked).outcome is P
    scp = parse(json.dumps({"Statement": [{**deny(**OUTSIDE), "Resource": "*"}]}))
    bound = Given({"policy": (document,), "scp": (scp,)}, words)
    assert QUESTIONS["bucket.read.confined"].ask(bound).outcome is P


def test_of_requests_that_there_are_none_of_nothing_is_proved():
    everybody = ("0.0.0.0/0", "::/0", "aws-services")
    everywhere = (*everybody, "vpc-1", "vpce-1")
    assert ask("bucket.read.confined", deny(), networks=everywhere).outcome is P
    found = ask("bucket.no_other_tenant", deny(), databricks=VENDOR, databricks_account="a*")
    assert found.outcome is P
    other = "arn:aws-cn:iam::111122223333:role/x"
    gone = ask("bucket.not_self_locking", deny(resource="arn:aws-us-gov:s3:::b"), principals=other)
    assert gone.outcome is U
    assert "no request at all" in gone.explanation[0]
