"""Questions about keys: other tenants, grants to sessions and services, and the root user."""

from __future__ import annotations

import json

import pytest

from lakewarden.proofs.policy.prove import Outcome
from lakewarden.proofs.questions.given import ArgumentError, Given
from lakewarden.proofs.questions.registry import QUESTIONS
from lakewarden.semantics.iam_documents import parse

P, R, U = Outcome.PROVED, Outcome.REFUTED, Outcome.UNKNOWN
OWN, VENDOR, STRANGER = "111122223333", "414351767826", "999900001111"
MINE = "00000000-0000-4000-8000-000000000000"
TAG = "aws:PrincipalTag/DatabricksAccountId"


def allow(account=VENDOR, action=("kms:Encrypt", "kms:Decrypt"), **condition):
    entry = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": list(action),
        "Resource": "*",
    }
    return {**entry, "Condition": condition} if condition else entry


FOR_ME = allow(StringEquals={TAG: MINE})
OURS = allow(OWN, ["kms:*"])


def ask(name, *statements, grants=(), **words):
    document = parse(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))
    said = {key.replace("_", "-"): value for key, value in words.items()}
    return QUESTIONS[name].ask(Given({"policy": (document,)}, said, tuple(grants)))


def tenant(*statements, grants=()):
    words = {"databricks": (VENDOR,), "databricks_account": (MINE,)}
    return ask("kms.no_other_tenant", *statements, grants=grants, **words).outcome


def readers(*statements, grants=(), principals=(OWN, VENDOR)):
    found = ask("kms.decrypt_only_by", *statements, grants=grants, principals=principals)
    return found.outcome


def grant(grantee, *operations):
    return {"GrantId": "g", "GranteePrincipal": grantee, "Operations": list(operations)}


@pytest.mark.parametrize(
    ("statements", "outcome"),
    [
        ((OURS, FOR_ME), P),
        ((OURS,), P),
        ((OURS, allow()), R),
        ((OURS, FOR_ME, allow(action=["kms:CreateGrant"])), R),
        ((OURS, allow(StringLike={TAG: "0*"})), R),
        ((OURS, allow(StringEqualsIfExists={TAG: MINE})), R),
        ((OURS, allow(StringEquals={TAG: [MINE, "another"]})), R),
        ((OURS, allow(), {**allow(StringNotEquals={TAG: MINE}), "Effect": "Deny"}), P),
        ((OURS, {**allow(), "Principal": "*"}), R),
    ],
)
def test_databricks_uses_a_key_for_one_customer(statements, outcome):
    assert tenant(*statements) is outcome


@pytest.mark.parametrize(
    ("grantee", "operations", "outcome"),
    [
        (f"arn:aws:iam::{VENDOR}:role/worker", ("Decrypt",), R),
        (f"arn:aws:iam::{VENDOR}:role/worker", ("Encrypt",), P),
        (f"arn:aws:iam::{OWN}:role/worker", ("Decrypt",), P),
    ],
)
def test_a_grant_asks_for_no_tag(grantee, operations, outcome):
    assert tenant(OURS, FOR_ME, grants=[grant(grantee, *operations)]) is outcome


@pytest.mark.parametrize(
    ("grantee", "outcome"),
    [
        (f"arn:aws:iam::{OWN}:role/lake", P),
        (f"arn:aws:iam::{STRANGER}:role/lake", R),
        (f"arn:aws:iam::{STRANGER}:root", R),
        (f"arn:aws:sts::{OWN}:assumed-role/aws:ec2-infrastructure/i-0a", P),
        (f"arn:aws:sts::{STRANGER}:assumed-role/aws:ec2-infrastructure/i-0a", R),
        (f"arn:aws:sts::{STRANGER}:assumed-role/lake/session", R),
        ("dynamodb.us-east-1.amazonaws.com", R),
        (f"arn:aws:iam::{STRANGER}:group/analysts", U),
    ],
)
def test_whoever_has_a_grant_decrypts(grantee, outcome):
    assert readers(OURS, FOR_ME, grants=[grant(grantee, "Decrypt")]) is outcome


def test_one_bad_grant_among_good_and_strange_ones_decides():
    strange = grant(f"arn:aws:iam::{STRANGER}:group/analysts", "Decrypt")
    bad = grant(f"arn:aws:iam::{STRANGER}:role/lake", "Decrypt")
    assert readers(OURS, FOR_ME, grants=[strange, bad]) is R
    assert readers(OURS, FOR_ME, grants=[bad, strange]) is R
    assert readers(OURS, allow(STRANGER), grants=[strange]) is R


def test_somebody_deleted_has_a_grant():
    with pytest.raises(ArgumentError):
        readers(OURS, grants=[grant("AROAEXAMPLEEXAMPLE12", "Decrypt")])


def test_a_service_that_is_named_may_have_a_grant():
    service = "dynamodb.us-east-1.amazonaws.com"
    allowed = (OWN, VENDOR, service)
    assert readers(OURS, grants=[grant(service, "Decrypt")], principals=allowed) is P


def test_the_root_user_is_one_caller_of_its_account():
    root = f"arn:aws:iam::{OWN}:root"
    some = {
        **allow(OWN, ["kms:PutKeyPolicy"], ArnLike={"aws:PrincipalArn": "arn:aws:iam::*:role/*"}),
        "Effect": "Deny",
    }
    assert ask("kms.recoverable_by", OURS, some, principals=(root,)).outcome is P
    everybody = {**some, "Principal": "*", "Condition": {}}
    assert ask("kms.recoverable_by", OURS, everybody, principals=(root,)).outcome is R
    assert ask("kms.recoverable_by", FOR_ME, principals=(root,)).outcome is R


@pytest.mark.parametrize("key", ["kms:CallerAccount", "aws:PrincipalAccount"])
def test_an_account_goes_by_two_names(key):
    anybody = {**allow(OWN), "Principal": "*"}
    assert readers(OURS, {**anybody, "Condition": {"StringEquals": {key: OWN}}}) is P
    assert readers(OURS, {**anybody, "Condition": {"StringEquals": {key: STRANGER}}}) is R
    assert readers(OURS, {**anybody, "Condition": {"StringNotEquals": {key: OWN}}}) is R
