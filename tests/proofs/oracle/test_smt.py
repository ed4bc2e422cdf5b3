"""The texts of the oracle, and what the solver says of them."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest

from lakewarden.proofs.oracle import terms as t
from lakewarden.proofs.oracle.answer import answer
from lakewarden.proofs.oracle.cvc5_solver import solve
from lakewarden.proofs.oracle.smt import questions
from lakewarden.proofs.oracle.use import Operator, OracleError, canonical, use_of
from lakewarden.proofs.policy.scene import Claim, Layer, that
from lakewarden.semantics.iam_documents import parse


def policy(*statements):
    whole = [{"Effect": "Allow", "Action": "*", "Resource": "*", **s} for s in statements]
    return parse(json.dumps({"Version": "2012-10-17", "Statement": whole}))


def claim(*statements, actions=("s3:GetObject",), where=(), **layer):
    return Claim(actions, where, (Layer("policy", (policy(*statements),), **layer),))


@pytest.mark.parametrize(
    ("pattern", "word", "answer"),
    [
        ("a*c", "abbc", "sat"),
        ("a*c", "abbd", "unsat"),
        ("a?c", "ac", "unsat"),
        ("${*}", "*", "sat"),
        ("${*}", "x", "unsat"),
        ('say "hi"\\', 'say "hi"\\', "sat"),
        ("é*", "été", "sat"),
        ("[ab]", "a", "unsat"),
    ],
)
def test_wildcards_are_regular_expressions(pattern, word, answer):
    regex = t.wildcards(t.tokens(pattern, holes=True))
    script = f"(set-logic ALL)(assert {t.is_like(t.text(word), regex)})(check-sat)"
    assert solve(script).verdict == answer


@pytest.mark.parametrize(
    ("pattern", "arn", "answer"),
    [
        ("arn:aws:s3:::b*", "arn:aws:s3:::b/x:y", "sat"),
        ("arn:aws:*:::b", "arn:aws:s3:::b", "sat"),
        ("arn:*:b", "arn:aws:s3:::b", None),
        ("arn:aws:s3*::b", "arn:aws:s3:::b", None),
    ],
)
def test_arns_match_field_by_field(pattern, arn, answer):
    regex = t.fields(pattern, holes=True)
    if answer is None:
        assert regex is None
        return
    script = f"(set-logic ALL)(assert {t.is_like(t.text(arn), regex)})(check-sat)"
    assert solve(script).verdict == answer


@pytest.mark.parametrize(
    "text", ["StringFoo", "BoolLike", "NumericNotLessThan", "ForSomeValue:Bool"]
)
def test_what_is_no_operator_is_not_read(text):
    with pytest.raises(OracleError, match="no operator"):
        Operator.of(text)


def test_operators_are_taken_apart():
    operator = Operator.of("ForAnyValue:StringNotLikeIfExists")
    assert (operator.family, operator.test, operator.negated) == ("string", "like", True)
    assert (operator.quantifier, operator.if_exists) == ("forany", True)


def test_one_key_has_one_name_and_one_sort():
    assert canonical("ec2:ResourceTag/Vendor") == "aws:resourcetag/vendor"
    assert canonical("s3:ResourceAccount") == "aws:resourceaccount"
    mixed = claim(
        {"Condition": {"StringEquals": {"s3:max-keys": "1"}, "NumericEquals": {"s3:max-keys": "2"}}}
    )
    with pytest.raises(OracleError, match="two sorts"):
        use_of(mixed)


def test_a_key_has_as_many_values_as_tests_tell_apart():
    tests = {
        "ForAnyValue:StringEquals": {"aws:TagKeys": "a"},
        "ForAllValues:StringLike": {"aws:TagKeys": "b*"},
    }
    assert use_of(claim({"Condition": tests})).slots["aws:tagkeys"] == 3


def test_actions_that_policies_do_not_tell_apart_share_a_text():
    whole = list(questions(claim({"Action": "s3:GetObject"}, actions=("s3:*",)), lenient=True))
    assert 1 < len(whole) < 60
    assert len({q.script() for q in whole}) == len(whole)


def test_values_come_back_with_a_solution():
    script = (
        "(set-logic ALL)(declare-const |a b| String)(declare-const n Real)(declare-const p Bool)"
        '(assert (= |a b| "x\\u{e9}"))(assert (= n (/ 1.0 2.0)))(assert p)(check-sat)'
    )
    assert solve(script, ("|a b|", "n", "p")).values == {
        "|a b|": "xé",
        "n": Fraction(1, 2),
        "p": True,
    }


def test_a_solver_that_may_try_nothing_knows_nothing():
    hard = claim(
        {"Resource": ["arn:aws:s3:::*a*b*c*", "arn:*:s3:::*"]},
        where=(that(spared=("arn:aws:s3:::*c*",)),),
    )
    assert answer(hard, effort=1).verdict == "late"
    assert answer(hard).verdict == "refuted"


def test_a_policy_that_names_nobody_is_not_read_as_a_resources():
    with pytest.raises(OracleError, match="names nobody"):
        answer(claim({}, names_callers=True))
