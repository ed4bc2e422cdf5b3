"""The question about log buckets: with and without a lock that nobody opens."""

from __future__ import annotations

import json

import pytest

from lakewarden.proofs.policy.prove import Outcome
from lakewarden.proofs.questions.given import ArgumentError, Given
from lakewarden.proofs.questions.registry import QUESTIONS
from lakewarden.semantics.iam_documents import parse

GUARDIAN = "arn:aws:iam::111122223333:role/guardian"
LOCK_ALONE = ["s3:PutBucketPolicy", "s3:DeleteBucketPolicy", "s3:PutBucketObjectLockConfiguration"]


def ask(*actions, **words):
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": list(actions),
        "Resource": ["arn:aws:s3:::logs", "arn:aws:s3:::logs/*"],
        "Condition": {"ArnNotEquals": {"aws:PrincipalArn": GUARDIAN}},
    }
    document = parse(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    usual = {"bucket": ("logs",), "principals": (GUARDIAN,)}
    return QUESTIONS["log.immutable"].ask(Given({"policy": (document,)}, {**usual, **words}))


def test_without_a_lock_versions_have_to_be_guarded():
    assert ask(*LOCK_ALONE).outcome is Outcome.REFUTED
    assert ask("s3:*").outcome is Outcome.PROVED


def test_with_a_lock_the_lock_alone_has_to_be_guarded():
    found = ask(*LOCK_ALONE, lock=("compliance",))
    assert found.outcome is Outcome.PROVED
    assert any("compliance" in line for line in found.assumptions)
    for forgotten in LOCK_ALONE:
        rest = [action for action in LOCK_ALONE if action != forgotten]
        assert ask(*rest, lock=("compliance",)).outcome is Outcome.REFUTED


def test_whom_no_bucket_policy_binds_is_said():
    assert any("root user" in line for line in ask("s3:*").assumptions)


def test_a_lock_that_a_right_opens_is_none():
    with pytest.raises(ArgumentError, match="governance"):
        ask("s3:*", lock=("governance",))
