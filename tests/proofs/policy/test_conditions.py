"""What each operator says with, without and with several values, to the engine and to the other."""

from __future__ import annotations

import pytest
from tests.proofs.policy.saying import ANN, BUCKET, claim, of_resource, policy

from lakewarden.proofs.policy.conditions import ConditionError, Operator
from lakewarden.proofs.policy.evaluate import UncertainError, admits
from lakewarden.proofs.policy.prove import Outcome, prove
from lakewarden.proofs.policy.scene import Layer, Request, that

KEY = "aws:PrincipalTag/t"
MANY = "aws:TagKeys"

CASES = [
    # operator, key, what it is compared with, what it is (None: absent), whether it holds
    ("StringEquals", KEY, "a", "a", True),
    ("StringEquals", KEY, "a", "A", False),
    ("StringEquals", KEY, "a*", "ab", False),
    ("StringEquals", KEY, "a", None, False),
    ("StringEqualsIfExists", KEY, "a", None, True),
    ("StringNotEquals", KEY, "a", "b", True),
    ("StringNotEquals", KEY, ["a", "b"], "b", False),
    ("StringNotEquals", KEY, "a", None, True),
    ("StringNotEqualsIfExists", KEY, "a", None, True),
    ("StringEqualsIgnoreCase", KEY, "a", "A", True),
    ("StringNotEqualsIgnoreCase", KEY, "a", "A", False),
    ("StringLike", KEY, "a?c*", "abcd", True),
    ("StringLike", KEY, "a?c*", "acd", False),
    ("StringNotLike", KEY, "a*", "b", True),
    ("NumericEquals", "aws:MultiFactorAuthAge", "5", "5", True),
    ("NumericNotEquals", "aws:MultiFactorAuthAge", "5", "6", True),
    ("NumericLessThan", "aws:MultiFactorAuthAge", "5", "5", False),
    ("NumericLessThanEquals", "aws:MultiFactorAuthAge", "5", "5", True),
    ("NumericGreaterThan", "aws:MultiFactorAuthAge", "5", "6", True),
    ("NumericGreaterThan", "aws:MultiFactorAuthAge", "5", None, False),
    ("DateLessThan", "aws:TokenIssueTime", "2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z", True),
    ("DateGreaterThan", "aws:TokenIssueTime", "2026-01-02T00:00:00Z", "1767225600", False),
    ("Bool", "aws:MultiFactorAuthPresent", "true", "true", True),
    ("Bool", "aws:MultiFactorAuthPresent", "false", None, False),
    ("BoolIfExists", "aws:MultiFactorAuthPresent", "false", None, True),
    ("IpAddress", "aws:SourceIp", "203.0.113.0/24", "203.0.113.7", True),
    ("IpAddress", "aws:SourceIp", "203.0.113.0/24", "198.51.100.7", False),
    ("NotIpAddress", "aws:SourceIp", "203.0.113.0/24", "2001:db8::7", True),
    ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/*", ANN, True),
    ("ArnEquals", "aws:PrincipalArn", "arn:aws:iam::111122223333:role/bo", ANN, False),
    ("ArnNotLike", "aws:PrincipalArn", "arn:aws:iam::1*:user/*", ANN, True),
    ("Null", KEY, "true", None, True),
    ("Null", KEY, "true", "a", False),
    ("Null", KEY, "false", "a", True),
    ("ForAnyValue:StringEquals", MANY, ["a", "b"], ["b", "c"], True),
    ("ForAnyValue:StringEquals", MANY, "a", ["b", "c"], False),
    ("ForAnyValue:StringEquals", MANY, "a", None, False),
    ("ForAllValues:StringEquals", MANY, ["a", "b"], ["a", "b"], True),
    ("ForAllValues:StringEquals", MANY, "a", ["a", "b"], False),
    ("ForAllValues:StringEquals", MANY, "a", None, True),
    ("ForAnyValue:StringNotEquals", MANY, "a", ["a", "b"], True),
    ("ForAnyValue:StringNotEquals", MANY, "a", ["a"], False),
    ("ForAnyValue:StringNotLikeIfExists", MANY, "a", None, True),
    ("ForAllValues:StringNotLike", MANY, "a*", ["b", "ab"], False),
    ("ForAllValues:StringNotLike", MANY, "a*", ["b", "c"], True),
    ("ForAnyValue:StringEquals", KEY, "a", "a", True),
    ("ForAllValues:StringEquals", KEY, "a", None, True),
]


def pinned(key, value):
    """Return what says that a key is just one value, or absent."""
    if value is None:
        return [that(("Null", key, ("true",)))]
    values = tuple(value) if isinstance(value, list) else (value,)
    if key == MANY:
        every = [that(("ForAnyValue:StringEquals", key, (one,))) for one in values]
        return [*every, that(("ForAllValues:StringEquals", key, values))]
    operator = {
        "aws:SourceIp": "IpAddress",
        "aws:MultiFactorAuthAge": "NumericEquals",
        "aws:TokenIssueTime": "DateEquals",
    }.get(key, "StringEquals")
    return [that((operator, key, values))]


@pytest.mark.parametrize(("operator", "key", "wanted", "value", "holds"), CASES)
def test_both_say_what_the_documentation_says(operator, key, wanted, value, holds):
    layer = of_resource({"Condition": {operator: {key: wanted}}})
    context = {}
    if value is not None:
        context[key.lower()] = tuple(value) if isinstance(value, list) else (value,)
    request = Request("s3:PutObject", f"{BUCKET}/x", ANN, context=context)
    assert admits(layer, request, wide=True) is holds
    who = that(("ArnEquals", "aws:PrincipalArn", (ANN,)))
    found = prove(claim(layer, who, *pinned(key, value), actions=("s3:CreateBucket",)))
    if key == MANY and found.outcome is Outcome.PROVED and holds:
        found = prove(claim(layer, who, *pinned(key, value), actions=("ec2:CreateTags",)))
    assert found.outcome is (Outcome.REFUTED if holds else Outcome.PROVED)


@pytest.mark.parametrize("text", ["StringMatches", "NumericLike", "ForSomeValue:StringEquals"])
def test_an_unknown_operator_is_unknown(text):
    with pytest.raises(ConditionError, match=text):
        Operator.of(text)
    layer = of_resource({"Condition": {text: {KEY: "a"}}})
    assert prove(claim(layer)).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("operator", "key", "value"),
    [
        ("IpAddress", "aws:SourceIp", "10.0.0.0/33"),
        ("NumericEquals", KEY, "many"),
        ("DateEquals", KEY, "yesterday"),
        ("Null", KEY, "maybe"),
    ],
)
def test_a_value_of_another_sort_is_unknown_and_names_the_key(operator, key, value):
    found = prove(claim(of_resource({"Condition": {operator: {key: value}}})))
    assert found.outcome is Outcome.UNKNOWN
    assert key.lower() in found.reasons[0]


def test_several_values_without_a_quantifier_are_unknown():
    layer = of_resource({"Condition": {"StringEquals": {"aws:VpceOrgPaths": "o-1/*"}}})
    found = prove(claim(layer))
    assert found.outcome is Outcome.UNKNOWN
    assert "ForAnyValue" in found.reasons[0]


def test_one_key_as_two_sorts_is_unknown():
    layer = of_resource(
        {
            "Condition": {
                "IpAddress": {"aws:SourceIp": "0.0.0.0/0"},
                "StringLike": {"aws:SourceIp": "1*"},
            }
        }
    )
    assert prove(claim(layer)).outcome is Outcome.UNKNOWN


def test_a_key_may_have_to_equal_another_key():
    tag = {"aws:SourceVpc": "${aws:PrincipalTag/vpc}"}
    same = of_resource({"Condition": {"StringEquals": tag}})
    other = that(("StringNotEquals", "aws:SourceVpc", ("vpc-1",)))
    tagged = that(("StringEquals", "aws:PrincipalTag/vpc", ("vpc-1",)))
    assert prove(claim(same, other, tagged)).outcome is Outcome.PROVED
    assert prove(claim(same, tagged)).outcome is Outcome.REFUTED
    differs = of_resource({"Condition": {"StringNotEquals": tag}})
    found = prove(claim(differs, tagged))
    assert found.outcome is Outcome.REFUTED
    assert found.witness[0].context.get("aws:sourcevpc") != ("vpc-1",)


def test_variables_are_text_in_the_first_version_of_the_language():
    condition = {"StringEquals": {KEY: "${aws:username}"}}
    old = Layer("policy", (policy({"Condition": condition}, version="2008-10-17"),))
    named = {KEY.lower(): ("${aws:username}",)}
    assert admits(old, Request("s3:GetObject", f"{BUCKET}/x", ANN, context=named), wide=True)


def test_what_stands_for_nothing_is_uncertain():
    layer = of_resource({"Condition": {"StringEquals": {KEY: "${aws:username}"}}})
    request = Request("s3:GetObject", f"{BUCKET}/x", ANN, context={KEY.lower(): ("a",)})
    with pytest.raises(UncertainError, match="username"):
        admits(layer, request, wide=True)
