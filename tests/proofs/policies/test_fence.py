"""Fences around data, and logs that nobody takes back: confined, alive, and never locked out."""

from __future__ import annotations

import pytest
from tests.proofs.policies.asking import (
    ACCOUNT,
    KEEPER,
    READER,
    TENANT,
    WRITER,
    asked,
    no_more_on_bucket,
    outcome,
)

from lakewarden.proofs.facts.accounts import platform, serverless
from lakewarden.proofs.policies.buckets import log_bucket, root_bucket
from lakewarden.proofs.policies.build import Policy, bucket_arns, merged, policy, read
from lakewarden.proofs.policies.fence import WaysIn, fenced, immutable
from lakewarden.proofs.policy.prove import Outcome, prove
from lakewarden.proofs.policy.scene import Claim, Layer, that
from lakewarden.proofs.questions.describe import not_by

_AWS = platform("aws")
assert _AWS is not None
DATABRICKS = _AWS.control_plane
PATH = serverless().organisation_path
WAYS = WaysIn(
    addresses=("198.51.100.0/24",),
    vpcs=("vpc-0wn", "vpc-c0ntr01"),
    endpoints=("vpce-0wn",),
    organisation_paths=(PATH,),
    exempt=(KEEPER,),
)
FENCE = fenced("data", WAYS)
NETWORKS = ("198.51.100.0/24", "vpc-0wn", "vpc-c0ntr01", "vpce-0wn", PATH, "aws-services")
CONFINED = ("bucket.read.confined", "bucket.write.confined")
ROOT = root_bucket(_AWS, "data", TENANT)
LOGS = log_bucket("data", WRITER)
KEPT = immutable("data", [WRITER], [KEEPER])
HERE = {"bucket": "data", "account": ACCOUNT}


def _split(document: Policy, sid: str) -> Policy:
    """Return a policy in which each test of a statement stands in a statement of its own."""
    made = []
    for statement in document["Statement"]:
        if statement["Sid"] != sid:
            made.append(statement)
            continue
        made += [
            {**statement, "Condition": {operator: {key: values}}}
            for operator, tests in statement["Condition"].items()
            for key, values in tests.items()
        ]
    return policy(*made)


def _without(document: Policy, sid: str) -> Policy:
    return policy(*(s for s in document["Statement"] if s["Sid"] != sid))


@pytest.mark.parametrize("question", CONFINED)
def test_data_is_reached_by_known_ways_alone(question: str) -> None:
    words = {**HERE, "networks": NETWORKS, "principals": KEEPER}
    assert outcome(question, FENCE, **words) is Outcome.PROVED
    assert outcome(question, merged(ROOT, FENCE), **words) is Outcome.PROVED


@pytest.mark.parametrize("question", CONFINED)
@pytest.mark.parametrize("missing", NETWORKS)
def test_each_way_in_is_open(question: str, missing: str) -> None:
    known = tuple(network for network in NETWORKS if network != missing)
    words = {**HERE, "networks": known, "principals": KEEPER}
    assert outcome(question, FENCE, **words) is Outcome.REFUTED


@pytest.mark.parametrize("question", CONFINED)
def test_break_glass_is_exempt(question: str) -> None:
    answer = asked(question, FENCE, **HERE, networks=NETWORKS)
    assert answer.outcome is Outcome.REFUTED
    assert answer.witness[0].principal == KEEPER


def test_break_glass_can_mend_the_policy_from_anywhere() -> None:
    words = {**HERE, "principals": KEEPER}
    assert outcome("bucket.not_self_locking", FENCE, **words) is Outcome.PROVED
    assert outcome("bucket.not_self_locking", KEPT, **words) is Outcome.PROVED


def test_databricks_still_works() -> None:
    ways = {
        "roles": READER,
        "databricks": DATABRICKS,
        "databricks_account": TENANT,
        "control_plane_vpcs": "vpc-c0ntr01",
        "endpoints": "vpce-0wn",
        "serverless": "yes",
    }
    question = "bucket.databricks_still_works"
    assert outcome(question, merged(ROOT, FENCE), **HERE, **ways) is Outcome.PROVED


def test_asks_for_tls() -> None:
    assert outcome("bucket.tls_only", FENCE, **HERE) is Outcome.PROVED
    assert outcome("bucket.tls_only", KEPT, **HERE) is Outcome.PROVED
    for document in (FENCE, KEPT):
        bare = _without(document, "TlsOnly")
        assert outcome("bucket.tls_only", bare, **HERE) is Outcome.REFUTED


def test_allows_no_more_than_what_it_stands_beside() -> None:
    assert no_more_on_bucket((merged(ROOT, FENCE),), (ROOT,)) is Outcome.PROVED
    assert no_more_on_bucket((merged(LOGS, KEPT),), (LOGS,)) is Outcome.PROVED


def test_allows_less_than_what_it_stands_beside() -> None:
    assert no_more_on_bucket((ROOT,), (merged(ROOT, FENCE),)) is Outcome.REFUTED
    assert no_more_on_bucket((LOGS,), (merged(LOGS, KEPT),)) is Outcome.REFUTED


@pytest.mark.parametrize("question", CONFINED)
def test_needs_the_fence(question: str) -> None:
    words = {**HERE, "networks": NETWORKS, "principals": KEEPER}
    assert outcome(question, _without(FENCE, "OnlyKnownWays"), **words) is Outcome.REFUTED


def test_ways_in_statements_of_their_own_shut_everybody_out() -> None:
    words = {**HERE, "roles": READER, "endpoints": "vpce-0wn"}
    question = "bucket.databricks_still_works"
    assert outcome(question, FENCE, **words) is Outcome.PROVED
    assert outcome(question, _split(FENCE, "OnlyKnownWays"), **words) is Outcome.REFUTED


def test_aws_services_can_be_shut_out() -> None:
    strict = fenced("data", WaysIn(vpcs=("vpc-0wn",), services=False))
    words = {**HERE, "networks": "vpc-0wn"}
    assert outcome("bucket.read.confined", strict, **words) is Outcome.PROVED
    loose = fenced("data", WaysIn(vpcs=("vpc-0wn",)))
    assert outcome("bucket.read.confined", loose, **words) is Outcome.REFUTED


def test_a_fence_with_no_way_in_refuses_all() -> None:
    shut = fenced("data", WaysIn(services=False))
    assert outcome("bucket.read.confined", shut, **HERE) is Outcome.PROVED


def test_logs_stay() -> None:
    words = {**HERE, "principals": KEEPER}
    assert outcome("log.immutable", LOGS, **words) is Outcome.REFUTED
    assert outcome("log.immutable", merged(LOGS, KEPT), **words) is Outcome.PROVED
    assert outcome("log.immutable", _without(KEPT, "OnlyGuardiansUndo"), **words) is Outcome.REFUTED


def test_nobody_but_delivery_and_guardians_writes_logs() -> None:
    assert _written_by_others(KEPT) is Outcome.PROVED
    assert _written_by_others(_without(KEPT, "OnlyDeliveryWrites")) is Outcome.REFUTED


def _written_by_others(document: Policy) -> Outcome:
    claim = Claim(
        ("s3:PutObject", "s3:DeleteObject", "s3:PutObjectAcl"),
        (that(resources=bucket_arns("data")), *not_by((WRITER, KEEPER))),
        (Layer("policy", (read(document),), names_callers=True, trusted=frozenset({ACCOUNT})),),
    )
    return prove(claim).outcome


def test_logs_still_arrive() -> None:
    words = {**HERE, "log_delivery": WRITER}
    document = merged(LOGS, KEPT)
    assert outcome("bucket.databricks_still_works", document, **words) is Outcome.PROVED


def test_a_guardian_can_undo() -> None:
    answer = asked("log.immutable", merged(LOGS, KEPT), **HERE)
    assert answer.outcome is Outcome.REFUTED
    assert answer.witness[0].principal == KEEPER


def test_another_partition() -> None:
    gov = fenced("data", WaysIn(vpcs=("vpc-0wn",), services=False), "aws-us-gov")
    words = {**HERE, "networks": "vpc-0wn"}
    assert outcome("bucket.read.confined", gov, **words) is Outcome.PROVED
