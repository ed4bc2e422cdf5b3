"""What Databricks could do by the old policies goes on, and what it loses is shown."""

from __future__ import annotations

import pytest

from lakewarden.proofs.facts.accounts import platform
from lakewarden.proofs.policies.buckets import READS, root_bucket
from lakewarden.proofs.policies.build import accounts, allow, bucket_arns, merged, policy, read
from lakewarden.proofs.policies.build import tls_only as tls
from lakewarden.proofs.policies.fence import WaysIn, fenced
from lakewarden.proofs.policy.prove import Outcome
from lakewarden.proofs.questions.given import Given
from lakewarden.proofs.questions.registry import QUESTIONS

VENDOR = platform("aws")
ROLE = "arn:aws:iam::111122223333:role/lake"
ANY_TENANT = policy(
    allow("Any", READS, bucket_arns("b"), to=accounts(VENDOR.control_plane)),
)
OURS = merged(root_bucket(VENDOR, "b", "us"), policy(tls("b")))
NOTHING = policy()
FENCE = fenced("b", WaysIn(endpoints=("vpce-1",)))


def asked(question, new, old, **words):
    given = {name.replace("_", "-"): (value,) for name, value in words.items()}
    return QUESTIONS[question].ask(Given({"new": (read(new),), "old": (read(old),)}, given)).outcome


@pytest.mark.parametrize(
    ("new", "old", "words", "outcome"),
    [
        (OURS, ANY_TENANT, {"databricks_account": "us"}, Outcome.PROVED),
        (OURS, ANY_TENANT, {"databricks_account": "them"}, Outcome.REFUTED),
        (NOTHING, ANY_TENANT, {"databricks_account": "us"}, Outcome.REFUTED),
        (NOTHING, ANY_TENANT, {"resources": "arn:aws:s3:::other/*"}, Outcome.PROVED),
        (NOTHING, ANY_TENANT, {"actions": "s3:PutObject"}, Outcome.PROVED),
    ],
)
def test_what_databricks_did_goes_on_or_a_request_shows_what_does_not(new, old, words, outcome):
    words = {"principals": VENDOR.control_plane, **words}
    assert asked("policy.still_works", new, old, **words) is outcome


@pytest.mark.parametrize(
    ("network", "outcome"), [("vpce-1", Outcome.PROVED), ("vpce-2", Outcome.REFUTED)]
)
def test_a_role_that_needs_no_allow_keeps_what_no_deny_takes(network, outcome):
    words = {"principals": ROLE, "networks": network, "account": "*"}
    assert asked("policy.still_works", FENCE, NOTHING, **words) is outcome


def test_a_deny_that_is_gone_counts_for_callers_that_need_no_allow():
    assert asked("policy.not_more_permissive", NOTHING, FENCE) is Outcome.PROVED
    assert asked("policy.not_more_permissive", NOTHING, FENCE, account="*") is Outcome.REFUTED
    assert asked("policy.not_more_permissive", FENCE, NOTHING, account="*") is Outcome.PROVED
