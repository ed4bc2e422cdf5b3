"""Whether Databricks still works: every way by itself, and what cuts it."""

from __future__ import annotations

import json

import pytest

from lakewarden.proofs.facts.accounts import platform, serverless
from lakewarden.proofs.policy.prove import Outcome
from lakewarden.proofs.questions.answer import Answer
from lakewarden.proofs.questions.given import ArgumentError, Given
from lakewarden.proofs.questions.registry import QUESTIONS
from lakewarden.semantics.iam_documents import parse

ACCOUNT = "111122223333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/storage-credential"
WRITER = f"arn:aws:iam::{ACCOUNT}:role/log-delivery"
TENANT = "01234567-89ab-cdef-0123-456789abcdef"
_AWS = platform("aws")
assert _AWS is not None
DATABRICKS = _AWS.control_plane
ARNS = ["arn:aws:s3:::data", "arn:aws:s3:::data/*"]
TAG = "aws:PrincipalTag/DatabricksAccountId"


def _deny(sid: str, conditions: dict[str, dict[str, object]], action: str = "s3:*") -> object:
    named = {"Sid": sid, "Effect": "Deny", "Principal": "*"}
    return {**named, "Action": action, "Resource": ARNS, "Condition": conditions}


def _allow(principal: object, action: object, conditions: object) -> object:
    named = {"Effect": "Allow", "Principal": principal}
    return {**named, "Action": action, "Resource": ARNS, "Condition": conditions}


FENCE = _deny(
    "Fence",
    {
        "NotIpAddressIfExists": {"aws:SourceIp": ["198.51.100.0/24"]},
        "StringNotEqualsIfExists": {"aws:SourceVpc": ["vpc-plane"], "aws:SourceVpce": ["vpce-own"]},
        "ForAnyValue:StringNotLikeIfExists": {"aws:VpceOrgPaths": [serverless().organisation_path]},
        "BoolIfExists": {"aws:PrincipalIsAWSService": "false", "aws:ViaAWSService": "false"},
    },
)
ADDRESSES = _deny("Addresses", {"NotIpAddress": {"aws:SourceIp": ["198.51.100.0/24"]}})
TENANT_ONLY = _allow(
    {"AWS": f"arn:aws:iam::{DATABRICKS}:root"},
    ["s3:*"],
    {"StringEquals": {TAG: TENANT}},
)
LOGGING = _allow(
    {"Service": "logging.s3.amazonaws.com"},
    "s3:PutObject",
    {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
)
WAYS = {
    "control_plane_vpcs": "vpc-plane",
    "control_plane": "198.51.100.8/32",
    "endpoints": "vpce-own",
    "serverless": "yes",
    "log_delivery": WRITER,
    "aws_logging": "yes",
    "databricks": DATABRICKS,
    "databricks_account": TENANT,
    "roles": ROLE,
}


def _asked(*statements: object, account: str = ACCOUNT, **words: str | tuple[str, ...]) -> Answer:
    document = parse(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))
    given = {
        name.replace("_", "-"): (value,) if isinstance(value, str) else value
        for name, value in words.items()
    }
    given |= {"bucket": ("data",)} | ({"account": (account,)} if account else {})
    return QUESTIONS["bucket.databricks_still_works"].ask(Given({"policy": (document,)}, given))


def test_every_way_is_open_through_a_fence_that_names_them_all() -> None:
    answer = _asked(FENCE, TENANT_ONLY, LOGGING, **WAYS)
    assert answer.outcome is Outcome.PROVED
    assert len(answer.explanation) == 11
    assert all(line.endswith(": open") for line in answer.explanation)
    assert not answer.witness


@pytest.mark.parametrize(
    ("way", "name"),
    [
        ({"control_plane_vpcs": "vpc-plane"}, "the control plane from vpc-plane"),
        ({"endpoints": "vpce-own"}, "classic compute from vpce-own"),
        ({"serverless": "yes"}, "serverless compute"),
    ],
)
def test_addresses_alone_cut_whatever_comes_through_endpoints(
    way: dict[str, str], name: str
) -> None:
    answer = _asked(ADDRESSES, roles=ROLE, **way)
    assert answer.outcome is Outcome.REFUTED
    assert answer.explanation == (
        f"{name} by {ROLE}: bucket policy, statement 1 (Addresses) refuses it",
    )
    assert answer.witness[0].principal == ROLE


def test_addresses_let_the_control_plane_in_by_its_address() -> None:
    answer = _asked(ADDRESSES, roles=ROLE, control_plane="198.51.100.8/32")
    assert answer.outcome is Outcome.PROVED


def test_every_way_that_is_cut_is_named() -> None:
    answer = _asked(ADDRESSES, roles=ROLE, endpoints=("vpce-own", "vpce-two"), serverless="yes")
    cut = [line.partition(" by ")[0] for line in answer.explanation]
    assert cut == [
        "classic compute from vpce-own",
        "classic compute from vpce-two",
        "serverless compute",
    ]
    assert len(answer.witness) == 3


def test_databricks_itself_needs_an_allow() -> None:
    answer = _asked(FENCE, databricks=DATABRICKS, control_plane_vpcs="vpc-plane")
    assert answer.outcome is Outcome.REFUTED
    assert "no statement of the bucket policy allows it" in answer.explanation[0]


def test_databricks_without_the_tag_is_not_let_in_by_a_policy_that_asks_for_it() -> None:
    words = {"databricks": DATABRICKS, "control_plane_vpcs": "vpc-plane"}
    assert _asked(TENANT_ONLY, **words).outcome is Outcome.REFUTED
    tagged = _asked(TENANT_ONLY, **words, databricks_account=TENANT)
    assert tagged.outcome is Outcome.PROVED


def test_a_read_only_grant_is_not_enough() -> None:
    reads = ["s3:GetObject*", "s3:ListBucket", "s3:GetBucketLocation"]
    policy = _allow({"AWS": DATABRICKS}, reads, {})
    answer = _asked(policy, databricks=DATABRICKS, control_plane_vpcs="vpc-plane")
    assert answer.outcome is Outcome.REFUTED
    assert answer.witness[0].action in {"s3:PutObject", "s3:DeleteObject"}


def test_delivery_of_logs_is_cut_by_a_fence_unless_it_comes_from_the_control_plane() -> None:
    assert _asked(FENCE, log_delivery=WRITER).outcome is Outcome.REFUTED
    words = {"log_delivery": WRITER, "control_plane_vpcs": "vpc-plane"}
    assert _asked(FENCE, **words).outcome is Outcome.PROVED


def test_access_logs_of_s3_are_cut_where_services_are_not_spared() -> None:
    assert _asked(FENCE, LOGGING, aws_logging="yes").outcome is Outcome.PROVED
    answer = _asked(ADDRESSES, LOGGING, aws_logging="yes")
    assert answer.outcome is Outcome.REFUTED
    assert answer.explanation == (
        "access logs of S3: bucket policy, statement 1 (Addresses) refuses it",
    )


def test_a_tls_deny_cuts_nothing() -> None:
    tls = _deny("Tls", {"Bool": {"aws:SecureTransport": "false"}})
    assert _asked(tls, roles=ROLE, endpoints="vpce-own").outcome is Outcome.PROVED


def test_a_role_of_another_account_needs_an_allow() -> None:
    other = "arn:aws:iam::444455556666:role/r"
    answer = _asked(FENCE, roles=other, endpoints="vpce-own")
    assert answer.outcome is Outcome.REFUTED
    assert _asked(FENCE, roles=other, endpoints="vpce-own", account="").outcome is Outcome.PROVED


def test_what_cannot_be_decided_is_unknown() -> None:
    odd = _deny("Odd", {"StringEquals": {"aws:VpceOrgPaths": "o-1/r-1/*"}})
    answer = _asked(odd, roles=ROLE, endpoints="vpce-own")
    assert answer.outcome is Outcome.UNKNOWN
    assert answer.explanation[0].startswith("classic compute from vpce-own")


def test_nothing_asked_is_no_proof() -> None:
    with pytest.raises(ArgumentError, match="no way to the bucket"):
        _asked(FENCE)
    with pytest.raises(ArgumentError, match="no way to the bucket"):
        _asked(FENCE, endpoints="vpce-own")
    with pytest.raises(ArgumentError, match="serverless: yes or no"):
        _asked(FENCE, roles=ROLE, serverless="perhaps")
