from __future__ import annotations

from dataclasses import replace

import pytest
from tests.proofs.policy.saying import ANN, BUCKET, claim, of_resource, policy

from lakewarden.proofs.policy import solve
from lakewarden.proofs.policy.evaluate import confirms
from lakewarden.proofs.policy.places import regions_of
from lakewarden.proofs.policy.prove import Outcome, prove
from lakewarden.proofs.policy.scene import Claim, Layer, Part, partition_of, that
from lakewarden.proofs.questions.compare import not_more_permissive

OURS, THEIRS = "111122223333", "999988887777"
OBJECTS = that(resources=(f"{BUCKET}/*",))
NOT_OURS = that(("StringNotEquals", "aws:PrincipalAccount", (OURS,)))
DENY = {"Effect": "Deny"}


def outcome(found: Claim) -> Outcome:
    """Answer a claim, and hold its witness against the concrete evaluator once more."""
    proof = prove(found)
    if proof.witness:
        assert confirms(found, proof.witness)
    return proof.outcome


@pytest.mark.parametrize(
    ("principal", "strangers"),
    [
        ("*", True),
        ({"AWS": "*"}, True),
        ({"AWS": OURS}, False),
        ({"AWS": f"arn:aws:iam::{OURS}:root"}, False),
        ({"AWS": [f"arn:aws:iam::{OURS}:root", THEIRS]}, True),
        ({"AWS": ANN}, False),
        ({"AWS": f"arn:aws:iam::{THEIRS}:user/eve"}, True),
        ({"AWS": f"arn:aws:sts::{OURS}:assumed-role/ann/session"}, False),
        ({"AWS": "AROAEXAMPLEEXAMPLE00"}, False),
        ({"Service": "logging.s3.amazonaws.com"}, True),
    ],
)
def test_whom_a_principal_means(principal, strangers):
    layer = of_resource({"Principal": principal})
    found = outcome(claim(layer, OBJECTS, NOT_OURS))
    assert found is (Outcome.REFUTED if strangers else Outcome.PROVED)


def test_a_role_means_its_sessions_and_a_session_not_its_role():
    session = of_resource({"Principal": {"AWS": f"arn:aws:sts::{OURS}:assumed-role/ann/s1"}})
    proof = prove(claim(session, OBJECTS))
    assert proof.witness[0].principal == ANN
    assert proof.witness[0].session == "s1"


def test_everybody_includes_nobody_in_particular():
    unsigned = that(("Null", "aws:PrincipalArn", ("true",)))
    proof = prove(claim(of_resource({}), OBJECTS, unsigned))
    assert proof.witness[0].principal == "anonymous"
    assert outcome(claim(of_resource({"Principal": {"AWS": OURS}}), unsigned)) is Outcome.PROVED


@pytest.mark.parametrize(
    ("spared", "found"),
    [
        ([ANN, f"arn:aws:iam::{OURS}:root"], Outcome.PROVED),
        ([ANN], Outcome.UNKNOWN),
        ([f"arn:aws:iam::{OURS}:root"], Outcome.UNKNOWN),
    ],
)
def test_whom_not_principal_spares_for_certain(spared, found):
    layer = of_resource({}, {**DENY, "NotPrincipal": {"AWS": spared}})
    ann = that(("ArnEquals", "aws:PrincipalArn", (ANN,)))
    assert outcome(claim(layer, OBJECTS, ann, every=True)) is found
    others = that(
        ("ArnNotEquals", "aws:PrincipalArn", (ANN,)), ("Null", "aws:PrincipalArn", ("false",))
    )
    strangers = claim(layer, OBJECTS, others, NOT_OURS)
    assert outcome(strangers) is Outcome.PROVED


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ({"Action": "s3:Get*"}, Outcome.REFUTED),
        ({"Action": "S3:GETOBJECT"}, Outcome.REFUTED),
        ({"Action": "s3:GetObjec?"}, Outcome.REFUTED),
        ({"Action": "s3:PutObject"}, Outcome.PROVED),
        ({"NotAction": "s3:Get*"}, Outcome.PROVED),
        ({"NotAction": ["s3:Put*", "iam:*"]}, Outcome.REFUTED),
        ({"Action": "s3:Get[A-Z]bject"}, Outcome.PROVED),
    ],
)
def test_which_actions_a_statement_is_about(statement, found):
    assert outcome(claim(of_resource(statement), OBJECTS)) is found


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ({"Resource": f"{BUCKET}/*"}, Outcome.REFUTED),
        ({"Resource": BUCKET}, Outcome.PROVED),
        ({"Resource": "arn:aws:s3:::other/*"}, Outcome.PROVED),
        ({"NotResource": f"{BUCKET}/*"}, Outcome.PROVED),
        ({"NotResource": f"{BUCKET}/private/*"}, Outcome.REFUTED),
        ({"Resource": "arn:aws-us-gov:s3:::b/*"}, Outcome.PROVED),
        ({"Resource": f"{BUCKET}/${{aws:PrincipalTag/home}}/*"}, Outcome.UNKNOWN),
    ],
)
def test_which_resources_a_statement_is_about(statement, found):
    assert outcome(claim(of_resource(statement), OBJECTS)) is found


def test_where_stars_may_end_is_said_when_it_matters():
    run_on = policy({"Resource": "arn:aws:ec2:*:subnet/*"})
    layer = Layer("role policy", (run_on,))
    found = prove(claim(layer, actions=("ec2:RunInstances",), types=("subnet",)))
    assert found.outcome is Outcome.UNKNOWN
    assert "two ways" in found.reasons[0]


def test_a_deny_wins_and_two_denies_are_not_one():
    address = {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
    vpc = {"StringNotEquals": {"aws:SourceVpc": "vpc-1"}}
    together = of_resource({}, {**DENY, "Condition": {**address, **vpc}})
    apart = of_resource({}, {**DENY, "Condition": address}, {**DENY, "Condition": vpc})
    known = that(("StringEquals", "aws:SourceVpc", ("vpc-1",)))
    assert outcome(claim(together, OBJECTS, known, every=True)) is Outcome.PROVED
    assert outcome(claim(apart, OBJECTS, known)) is Outcome.PROVED  # nobody gets in at all


def test_a_request_has_an_address_or_an_endpoint_and_never_both():
    both = that(
        ("IpAddress", "aws:SourceIp", ("0.0.0.0/0",)), ("Null", "aws:SourceVpce", ("false",))
    )
    assert outcome(claim(of_resource({}), OBJECTS, both)) is Outcome.PROVED
    neither = that(("Null", "aws:SourceIp", ("true",)), ("Null", "aws:SourceVpc", ("true",)))
    by_person = that(
        ("Bool", "aws:ViaAWSService", ("false",)), ("Null", "aws:PrincipalArn", ("false",))
    )
    assert outcome(claim(of_resource({}), OBJECTS, neither, by_person)) is Outcome.PROVED


def test_layers_all_have_to_admit():
    open_one, closed = of_resource({}), of_resource({"Action": "s3:PutObject"})
    both = Claim(("s3:GetObject",), (OBJECTS,), (open_one, closed))
    assert outcome(both) is Outcome.PROVED
    through = replace(closed, endpoint="vpce-1")
    around = Claim(("s3:GetObject",), (OBJECTS,), (open_one, through))
    assert outcome(around) is Outcome.REFUTED
    used = that(("StringEquals", "aws:SourceVpce", ("vpce-1",)))
    assert outcome(replace(around, where=(OBJECTS, used))) is Outcome.PROVED
    members = replace(closed, members=frozenset({OURS}))
    bound = Claim(("s3:GetObject",), (OBJECTS,), (open_one, members))
    assert outcome(replace(bound, where=(OBJECTS, NOT_OURS))) is Outcome.REFUTED
    mine = that(("StringEquals", "aws:PrincipalAccount", (OURS,)))
    assert outcome(replace(bound, where=(OBJECTS, mine))) is Outcome.PROVED


def test_who_is_trusted_needs_no_allow_and_is_denied_all_the_same():
    none = of_resource(trusted=frozenset({OURS}))
    mine = that(("StringEquals", "aws:PrincipalAccount", (OURS,)))
    assert outcome(claim(none, OBJECTS, mine)) is Outcome.REFUTED
    assert outcome(claim(none, OBJECTS, NOT_OURS)) is Outcome.PROVED
    denied = of_resource(DENY, trusted=frozenset({"*"}))
    assert outcome(claim(denied, OBJECTS)) is Outcome.PROVED


def test_what_is_known_to_be_impossible_refutes_nothing():
    layer = of_resource({"Condition": {"StringEquals": {"aws:SourceVpce": "vpce-1"}}})
    elsewhere = that(("StringNotEquals", "aws:SourceVpc", ("vpc-1",)))
    found = claim(layer, OBJECTS, elsewhere)
    assert outcome(found) is Outcome.REFUTED
    lives = that(
        ("StringEquals", "aws:SourceVpce", ("vpce-1",)),
        ("StringNotEquals", "aws:SourceVpc", ("vpc-1",)),
    )
    assert outcome(replace(found, never=(lives,))) is Outcome.PROVED


@pytest.mark.parametrize(
    ("new", "old", "found"),
    [
        ({"Action": "s3:Get*"}, {"Action": "s3:*"}, Outcome.PROVED),
        ({"Action": "s3:*"}, {"Action": "s3:Get*"}, Outcome.REFUTED),
        ({"Action": "glue:GetTable"}, {"Action": "glue:Get*"}, Outcome.PROVED),
        ({"Action": "glue:Get*"}, {"Action": "glue:GetT*"}, Outcome.REFUTED),
        ({"NotAction": "iam:*"}, {}, Outcome.PROVED),
        ({}, {"NotAction": "iam:*"}, Outcome.REFUTED),
    ],
)
def test_a_change_allows_more_or_does_not(new, old, found):
    compared = not_more_permissive((policy(new),), (policy(old),), names_callers=False)
    assert outcome(compared) is found


def test_a_request_for_several_resources_needs_all_of_them_in_one_region():
    one = policy(
        {"Action": "ec2:RunInstances", "Resource": f"arn:aws:ec2:us-east-1:{OURS}:instance/*"},
        {"Action": "ec2:RunInstances", "Resource": f"arn:aws:ec2:eu-west-1:{OURS}:subnet/*"},
    )
    parts = (Part("instance"), Part("subnet"))
    apart = Claim(("ec2:RunInstances",), (), (Layer("role", (one,)),), parts=parts, home=OURS)
    assert outcome(apart) is Outcome.PROVED
    here = policy({"Action": "ec2:RunInstances", "Resource": f"arn:aws:ec2:us-*:{OURS}:*"})
    together = replace(apart, layers=(Layer("role", (here,)),))
    proof = prove(together)
    assert proof.outcome is Outcome.REFUTED
    regions = {request.resource.split(":")[3] for request in proof.witness}
    assert len(regions) == 1
    assert regions.pop().startswith("us-")


def test_regions_are_tried_by_how_patterns_tell_them_apart():
    statements = policy(
        {"Resource": "arn:aws:ec2:us-east-1:*:instance/*"},
        {"Resource": "arn:aws:ec2:us-*:*:subnet/*"},
        {"Condition": {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}},
    ).statements
    found = regions_of(statements)
    assert {"us-east-1", "eu-west-1"} <= set(found)
    others = set(found) - {"us-east-1", "eu-west-1"}
    assert {name.startswith("us-") for name in others} == {True, False}


def test_a_search_beyond_its_budget_is_unknown(monkeypatch):
    monkeypatch.setattr(solve, "MOST_BRANCHES", 3)
    monkeypatch.setattr(solve.Budget.__init__, "__defaults__", (3,))
    keys = {f"aws:PrincipalTag/{n}": f"{n}*" for n in range(4)}
    denies = [{**DENY, "Condition": {"StringLike": {key: value}}} for key, value in keys.items()]
    limits = {"Condition": {"Null": dict.fromkeys(keys, "false")}}
    found = prove(claim(of_resource(limits, *denies), OBJECTS))
    assert found.outcome is Outcome.UNKNOWN
    assert "alternatives" in found.reasons[0]


def test_a_policy_of_a_resource_that_names_nobody_is_unknown():
    layer = Layer("bucket policy", (policy({}),), names_callers=True)
    assert prove(claim(layer, OBJECTS)).outcome is Outcome.UNKNOWN


def test_the_partition_is_the_policies_own():
    gov = policy({"Resource": "arn:aws-us-gov:s3:::b/*"})
    assert partition_of(gov.statements) == "aws-us-gov"
    assert partition_of(policy({"Resource": "arn:aws*:s3:::b/*"}).statements) == "aws"


def test_a_witness_says_all_that_its_way_brings():
    layer = of_resource({"Condition": {"StringEquals": {"aws:SourceVpce": "vpce-1"}}})
    request = prove(claim(layer, OBJECTS)).witness[0]
    assert request.context["aws:sourcevpce"] == ("vpce-1",)
    assert request.context["aws:sourcevpc"][0].startswith("vpc-")
    assert "aws:sourceip" not in request.context
    assert request.context["aws:securetransport"] == ("true",)


def test_actions_that_nobody_listed_are_asked_about_too():
    brand_new = of_resource({"Action": "s3:BrandNew*"})
    whole = claim(brand_new, actions=("s3:*",))
    proof = prove(whole)
    assert proof.outcome is Outcome.REFUTED
    assert proof.witness[0].action == "s3:brandnew"
    listed = of_resource({"Action": "s3:GetObject"})
    assert outcome(claim(listed, actions=("s3:",))) is Outcome.PROVED
    assert outcome(claim(listed, actions=("s3:*",))) is Outcome.REFUTED
