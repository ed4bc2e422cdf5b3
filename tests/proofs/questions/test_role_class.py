"""Which documented policy a role has: by what it allows, however it is written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from lakewarden.proofs.policies.build import allow, policy, read
from lakewarden.proofs.policies.cross_account import Place, customer, managed, restricted
from lakewarden.proofs.policies.guard import guard, proved
from lakewarden.proofs.policy.prove import Outcome
from lakewarden.proofs.questions.answer import Answer
from lakewarden.proofs.questions.given import Given
from lakewarden.proofs.questions.registry import QUESTIONS

ACCOUNT = "111122223333"
PLACE = Place(ACCOUNT, "eu-west-1", "vpc-0a1b")
GROUP = "sg-0c2d"
OWNER = "601306020600"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/databricks"
NODES = f"arn:aws:iam::{ACCOUNT}:role/nodes"
NARROW = restricted(PLACE, GROUP, [NODES])
PROVED = proved(PLACE, GROUP, OWNER, [NODES])
TOLD = {
    "region": (PLACE.region,),
    "vpc": (PLACE.vpc,),
    "security-group": (GROUP,),
}


def _classed(*documents: Any, words: Mapping[str, tuple[str, ...]] | None = None) -> Answer:
    given = Given({"policy": tuple(map(read, documents))}, {"role": (ROLE,), **(words or {})})
    return QUESTIONS["xacct.class"].ask(given)


def _but(document: Any, **changes: Any) -> Any:
    """Return a policy whose statement of a name is changed; None takes it away."""
    made = []
    for statement in document["Statement"]:
        change = changes.get(statement["Sid"], {})
        if change is not None:
            made.append({**statement, **change})
    return policy(*made)


@pytest.mark.parametrize(
    ("name", "document"),
    [
        ("managed", managed()),
        ("managed", managed([NODES])),
        ("customer", customer()),
        ("customer", customer([NODES])),
        ("restricted", NARROW),
        ("restricted", restricted(PLACE, GROUP)),
        ("proved", PROVED),
    ],
)
def test_knows_each_class(name: str, document: Any) -> None:
    answer = _classed(document)
    assert answer.outcome is Outcome.PROVED
    assert answer.explanation[0] == f"they allow what the policy {name} allows"
    assert not answer.witness


def test_knows_a_class_however_it_is_written() -> None:
    """Names, case, order, splitting and dead grants change nothing."""
    (statement, spot) = customer()["Statement"]
    looks = [a for a in statement["Action"] if a.startswith("ec2:Describe")]
    rest = [a.upper() for a in reversed(statement["Action"]) if a not in looks]
    again = allow("Spot", ["iam:CreateServiceLinkedRole"], [spot["Resource"]])
    split = (
        policy(allow("Looks", looks)),
        policy({**again, "Condition": spot["Condition"]}, allow("Rest", rest)),
    )
    answer = _classed(*split)
    assert answer.outcome is Outcome.PROVED
    assert answer.explanation[0].endswith("customer allows")


def test_the_restricted_policy_beside_the_guard_is_the_proved_one() -> None:
    answer = _classed(NARROW, guard(PLACE, OWNER, [NODES]))
    assert answer.outcome is Outcome.PROVED
    assert answer.explanation[0].endswith("proved allows")
    assert answer.document is None


def test_tells_what_the_restricted_policy_lets_happen_and_offers_the_guard() -> None:
    answer = _classed(NARROW)
    holes = [line for line in answer.explanation if "does not hold" in line]
    assert [hole.partition(" ")[0] for hole in holes] == [
        "xacct.only_in_region",
        "xacct.launch_only_in",
        "xacct.only_databricks_amis",
        "xacct.only_databricks_tagged",
    ]
    assert "ec2:RunInstances on arn:aws:ec2:" in holes[1]
    assert answer.document == guard(PLACE, OWNER, [NODES])
    assert answer.as_json()["policy"] == json.loads(json.dumps(answer.document))


def test_the_guard_is_not_offered_where_it_would_stop_databricks_from_making_a_network() -> None:
    assert _classed(managed(), words=TOLD).document is None


def test_offers_the_guard_for_a_wide_policy_when_the_place_is_given() -> None:
    assert _classed(customer()).document is None
    answer = _classed(customer(), words=TOLD)
    assert answer.document == guard(PLACE, OWNER)
    assert answer.explanation[0].endswith("customer allows")


def test_says_what_it_read_off_the_policies() -> None:
    lines = _classed(NARROW).explanation
    assert "region is what the policies say: eu-west-1" in lines
    assert "vpc is what the policies say: vpc-0a1b" in lines
    assert "security-group is what the policies say: sg-0c2d" in lines
    told = _classed(NARROW, words=TOLD).explanation
    assert not [line for line in told if "what the policies say" in line and "roles" not in line]


def test_an_action_too_many_is_named_with_a_request_for_it() -> None:
    wide = policy(*customer()["Statement"], allow("More", ["ec2:CreateVpcPeeringConnection"]))
    answer = _classed(wide)
    assert answer.outcome is Outcome.REFUTED
    assert answer.explanation[0] == (
        "they are none of the classes; the nearest allows no more than they do; it is customer"
    )
    assert "actions added: ec2:CreateVpcPeeringConnection" in answer.explanation
    assert "statement 3 (More) is not in it" in answer.explanation
    assert answer.witness[0].action == "ec2:CreateVpcPeeringConnection"


@pytest.mark.parametrize("action", ["ec2:BrandNew", "ec2:BrandNew*", "iam:Pass?ole", "ec2:Run*s"])
def test_an_action_that_the_catalogue_lacks_is_one_too_many(action: str) -> None:
    wide = policy(*customer()["Statement"], allow("More", [action]))
    assert _classed(wide).outcome is Outcome.REFUTED


def test_a_policy_for_another_vpc_is_not_restricted_to_this_one() -> None:
    other = restricted(Place(ACCOUNT, PLACE.region, "vpc-0ther"), GROUP)
    answer = _classed(other, words=TOLD)
    assert answer.outcome is Outcome.REFUTED
    assert "the nearest is restricted" in answer.explanation[0]
    assert "its statement (AllowEc2RunInstancePerVPCid) is missing" in answer.explanation


def test_a_restricted_policy_without_a_condition_is_none() -> None:
    loose = _but(NARROW, EC2TerminateInstancesTag={"Condition": {}})
    answer = _classed(loose)
    assert answer.outcome is Outcome.REFUTED
    assert answer.witness[0].action == "ec2:TerminateInstances"


def test_a_restricted_policy_that_lacks_a_grant_is_none() -> None:
    answer = _classed(_but(NARROW, EC2DeleteVolumeByTag=None))
    assert answer.outcome is Outcome.REFUTED
    assert "the nearest allows no less than they do; it is restricted" in answer.explanation[0]
    assert "actions missing: ec2:DeleteVolume" in answer.explanation
    assert answer.witness[0].action == "ec2:DeleteVolume"


@pytest.mark.parametrize("sid", [s["Sid"] for s in guard(PLACE, OWNER, [NODES])["Statement"][:5]])
def test_the_proved_policy_without_a_refusal_is_not_proved(sid: str) -> None:
    answer = _classed(_but(PROVED, **{sid: None}), words={**TOLD, "roles": (NODES,)})
    assert answer.outcome is not Outcome.PROVED


def test_images_of_others_are_not_read_off_a_policy() -> None:
    """A policy that names the images of an attacker would else be the proved one."""
    answer = _classed(proved(PLACE, GROUP, "999988887777", [NODES]))
    assert answer.outcome is Outcome.REFUTED
    assert any(line.startswith("xacct.only_databricks_amis does") for line in answer.explanation)


def test_a_role_pattern_is_not_a_role_that_may_be_passed() -> None:
    answer = _classed(customer(["*"]))
    assert answer.outcome is Outcome.REFUTED
    assert "actions added: iam:PassRole" in answer.explanation


def test_what_may_be_a_narrow_class_of_some_place_is_unknown() -> None:
    answer = _classed(policy(allow("Runs", ["ec2:RunInstances"])))
    assert answer.outcome is Outcome.UNKNOWN
    reason = "the policies do not say which vpc they are for, nor was it given"
    assert reason in answer.explanation
    known = _classed(policy(allow("Runs", ["ec2:RunInstances"])), words=TOLD)
    assert known.outcome is Outcome.REFUTED


def test_several_places_in_one_policy_are_named() -> None:
    both = policy(
        *NARROW["Statement"],
        *restricted(Place(ACCOUNT, PLACE.region, "vpc-0ther"), GROUP)["Statement"],
    )
    answer = _classed(both)
    assert answer.outcome is Outcome.UNKNOWN
    assert "the policies name several of vpc: vpc-0a1b, vpc-0ther" in answer.explanation


def test_the_region_alone() -> None:
    question = QUESTIONS["xacct.only_in_region"]
    words = {"role": (ROLE,), "region": ("eu-west-1",)}
    wide, narrow = read(customer()), read(guard(PLACE, OWNER))
    refuted = question.ask(Given({"policy": (wide,)}, words))
    assert refuted.outcome is Outcome.REFUTED
    assert refuted.witness[0].context["aws:requestedregion"] != ("eu-west-1",)
    proof = question.ask(Given({"policy": (wide, narrow)}, words))
    assert proof.outcome is Outcome.PROVED
    assert proof.statements == ("role policy 2, statement 1 (NoOtherRegion)",)
    unheard = read(policy(allow("New", ["ec2:BrandNew"])))
    assert question.ask(Given({"policy": (unheard,)}, words)).outcome is Outcome.REFUTED
    both = {**words, "region": ("eu-west-1", "us-west-2")}
    assert question.ask(Given({"policy": (wide, narrow)}, both)).outcome is Outcome.PROVED
