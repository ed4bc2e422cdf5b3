"""The account of a bucket goes by two names in policies of endpoints."""

from __future__ import annotations

import json

import pytest

from lakewarden.proofs.policy.prove import Outcome
from lakewarden.proofs.questions.given import Given
from lakewarden.proofs.questions.registry import QUESTIONS
from lakewarden.semantics.iam_documents import parse


@pytest.mark.parametrize("key", ["s3:ResourceAccount", "aws:ResourceAccount"])
@pytest.mark.parametrize(
    ("bucket", "outcome"),
    [("lake", Outcome.PROVED), ("lake*", Outcome.REFUTED), ("other", Outcome.REFUTED)],
)
def test_buckets_of_an_account_are_not_yet_the_buckets_that_are_meant(key, bucket, outcome):
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
        "Condition": {"StringEquals": {key: "111122223333"}},
    }
    document = parse(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    answer = QUESTIONS["vpce.writes_only_to"].ask(
        Given({"policy": (document,)}, {"buckets": ("lake",)})
    )
    assert answer.outcome is outcome
