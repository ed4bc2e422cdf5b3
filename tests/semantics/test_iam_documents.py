from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakewarden.estate.aws import ROLES
from lakewarden.estate.databricks_accounts import control_plane_accounts
from lakewarden.estate.fact import Cause, UnreadError
from lakewarden.semantics.iam_documents import Statement, parse, statements


def parsed(**parts):
    document = json.dumps({"Statement": {"Effect": "Allow", **parts}})
    return statements(document, ROLES)[0]


def test_one_and_many_are_the_same():
    one = {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"}
    many = {"Effect": "Deny", "Action": ["s3:GetObject"], "Resource": ["*"]}
    alone = statements(json.dumps({"Statement": one}), ROLES)
    listed = statements(json.dumps({"Statement": [many]}), ROLES)
    assert (
        alone == listed == (Statement(allows=False, actions=("s3:getobject",), resources=("*",)),)
    )


@pytest.mark.parametrize(
    ("principal", "found", "everybody"),
    [
        ("*", (("*", "*"),), True),
        ({"AWS": "*"}, (("AWS", "*"),), True),
        ({"AWS": ["1", "*"]}, (("AWS", "1"), ("AWS", "*")), True),
        ({"AWS": "1", "Service": "ec2"}, (("AWS", "1"), ("Service", "ec2")), False),
        ({"Federated": "*"}, (("Federated", "*"),), False),
        ({}, (), False),
    ],
)
def test_principals(principal, found, everybody):
    statement = parsed(Principal=principal)
    assert statement.principals == found
    assert statement.for_everybody is everybody


def test_condition_keys_lose_their_case_and_values_keep_it():
    statement = parsed(Condition={"StringEquals": {"sts:ExternalId": "Ab"}, "Bool": {"x": True}})
    assert statement.conditions == {
        "StringEquals": {"sts:externalid": ("Ab",)},
        "Bool": {"x": ("true",)},
    }


@pytest.mark.parametrize(
    ("part", "value", "field", "found"),
    [
        ("NotPrincipal", {"AWS": "X"}, "spared_principals", (("AWS", "X"),)),
        ("NotAction", "s3:Get*", "spared_actions", ("s3:get*",)),
        ("NotResource", ["A", "B"], "spared", ("A", "B")),
    ],
)
def test_negations_are_noted(part, value, field, found):
    statement = parsed(**{part: value})
    assert statement.negated
    assert getattr(statement, field) == found
    assert not parsed().negated


@pytest.mark.parametrize(
    ("version", "has_variables"), [("2012-10-17", True), ("2008-10-17", False)]
)
def test_variables_exist_since_the_second_version(version, has_variables):
    assert parse(json.dumps({"Version": version, "Statement": []})).has_variables is has_variables


def test_a_statement_keeps_its_name():
    assert parsed(Sid="TlsOnly").sid == "TlsOnly"


@pytest.mark.parametrize(
    "document",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        '{"Statement": "Allow"}',
        '{"Statement": [{}]}',
        '{"Statement": [{"Effect": "allow"}]}',
        '{"Statement": [{"Effect": ["Allow"]}]}',
        '{"Statement": [{"Effect": "Allow", "Actions": "*"}]}',
        '{"Statement": [{"Effect": "Allow", "Action": null}]}',
        '{"Statement": [{"Effect": "Allow", "Action": [["*"]]}]}',
        '{"Statement": [{"Effect": "Allow", "Principal": "me"}]}',
        '{"Statement": [{"Effect": "Allow", "Condition": []}]}',
        '{"Statement": [{"Effect": "Allow", "Condition": {"Bool": true}}]}',
        '{"Statement": [{"Effect": "Deny", "Effect": "Allow"}]}',
        '{"Statement": [], "Statement": []}',
        "[" * 100_000,
    ],
)
def test_what_is_no_policy_cannot_be_read(document):
    with pytest.raises(UnreadError) as caught:
        statements(document, ROLES)
    assert caught.value.gap.cause is Cause.MALFORMED
    assert caught.value.gap.source == "iam:GetRole"


def test_no_document_is_a_missing_field():
    with pytest.raises(UnreadError) as caught:
        statements(None, ROLES)
    assert caught.value.gap.cause is Cause.MISSING_FIELD


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.just("Allow"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["Effect", "Action", "Principal", "AWS", "x"]), inner)
    ),
)


@settings(max_examples=500)
@given(_JSON)
def test_any_json_is_read_or_refused(statement):
    try:
        found = statements(json.dumps({"Statement": statement}), ROLES)
    except UnreadError:
        return
    assert all(isinstance(entry, Statement) for entry in found)
    assert len(found) == (len(statement) if isinstance(statement, list) else 1)


def test_databricks_acts_from_its_own_accounts_in_each_partition():
    assert control_plane_accounts("aws") == {"414351767826"}
    assert len(control_plane_accounts("aws-us-gov")) == 2
    assert control_plane_accounts("aws-cn") == frozenset()
