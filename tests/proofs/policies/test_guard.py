"""The guard of the cross-account role: it confines, lets Databricks work, and is not too long."""

from __future__ import annotations

import pytest
from tests.proofs.policies.asking import (
    ACCOUNT,
    GROUP,
    NODES,
    OWNER,
    PLACE,
    ROLE,
    no_more,
    outcome,
)

from lakewarden.proofs.policies.build import Policy, allow, merged, policy, read, written
from lakewarden.proofs.policies.cross_account import Place, customer, managed, restricted
from lakewarden.proofs.policies.guard import as_boundary, as_service_control, guard, proved
from lakewarden.proofs.policy.prove import Outcome, prove
from lakewarden.proofs.policy.scene import Claim, Layer, that
from lakewarden.proofs.questions.describe import by
from lakewarden.proofs.questions.given import Given
from lakewarden.proofs.questions.registry import QUESTIONS

GUARD = guard(PLACE, OWNER, [NODES])
NARROW = restricted(PLACE, GROUP, [NODES])
WIDE = customer(["arn:aws:iam::111122223333:role/*"])
WORDS: dict[str, str] = {
    "role": ROLE,
    "region": PLACE.region,
    "account": ACCOUNT,
    "vpcs": PLACE.vpc,
    "vpc": PLACE.vpc,
    "owners": OWNER,
    "roles": NODES,
}
CONFINING = (
    "xacct.launch_only_in",
    "xacct.only_databricks_amis",
    "xacct.only_databricks_tagged",
    "xacct.cannot_pass_roles_except",
    "xacct.only_in_region",
)
WORKS = "xacct.databricks_still_works"
NEEDED = {
    "NoOtherRegion": "xacct.only_in_region",
    "NoOtherNetwork": "xacct.launch_only_in",
    "NoOtherImages": "xacct.only_databricks_amis",
    "NothingForeign": "xacct.only_databricks_tagged",
    "NoTagsOnForeign": "xacct.only_databricks_tagged",
    "NoOtherRoles": "xacct.cannot_pass_roles_except",
}


def _words(question: str) -> dict[str, str]:
    names = {argument.name for argument in QUESTIONS[question].arguments}
    return {name: value for name, value in WORDS.items() if name in names}


def _asked(question: str, *documents: Policy) -> Outcome:
    return outcome(question, *documents, **_words(question))


def _beside(question: str, layer: str, document: Policy) -> Outcome:
    """Ask of a wide policy beside which another kind of policy stands."""
    words = {name: (value,) for name, value in _words(question).items()}
    policies = {"policy": (read(WIDE),), layer: (read(document),)}
    return QUESTIONS[question].ask(Given(policies, words)).outcome


def _without(document: Policy, sid: str) -> Policy:
    return policy(*(s for s in document["Statement"] if s["Sid"] != sid))


@pytest.mark.parametrize("question", CONFINING)
def test_confines_the_widest_policy_of_an_own_network(question: str) -> None:
    assert _asked(question, WIDE) is Outcome.REFUTED
    assert _asked(question, WIDE, GUARD) is Outcome.PROVED


@pytest.mark.parametrize("question", CONFINING)
def test_confines_the_restricted_policy(question: str) -> None:
    assert _asked(question, NARROW, GUARD) is Outcome.PROVED


@pytest.mark.parametrize("question", [*CONFINING[:3], CONFINING[4]])
def test_the_restricted_policy_alone_does_not_confine(question: str) -> None:
    assert _asked(question, NARROW) is Outcome.REFUTED


@pytest.mark.parametrize("base", [WIDE, NARROW], ids=["customer", "restricted"])
def test_lets_databricks_work(base: Policy) -> None:
    assert _asked(WORKS, base, GUARD) is Outcome.PROVED


@pytest.mark.parametrize("question", [*CONFINING, WORKS, "policy.no_dead_grants"])
def test_the_proved_policy_needs_no_other(question: str) -> None:
    assert _asked(question, proved(PLACE, GROUP, OWNER, [NODES])) is Outcome.PROVED


def test_allows_no_more_than_what_it_replaces() -> None:
    assert no_more((NARROW, GUARD), (NARROW,)) is Outcome.PROVED
    assert no_more((WIDE, GUARD), (WIDE,)) is Outcome.PROVED
    assert no_more((proved(PLACE, GROUP, OWNER, [NODES]),), (NARROW,)) is Outcome.PROVED


def test_allows_less_than_what_it_replaces() -> None:
    assert no_more((NARROW,), (NARROW, GUARD)) is Outcome.REFUTED
    assert no_more((WIDE,), (WIDE, GUARD)) is Outcome.REFUTED


@pytest.mark.parametrize(("sid", "question"), NEEDED.items())
def test_needs_every_statement(sid: str, question: str) -> None:
    assert _asked(question, WIDE, _without(GUARD, sid)) is Outcome.REFUTED


def test_the_table_of_needs_names_every_statement() -> None:
    assert [s["Sid"] for s in GUARD["Statement"]] == list(NEEDED)


@pytest.mark.parametrize("question", CONFINING)
def test_works_as_a_boundary(question: str) -> None:
    assert _beside(question, "boundary", as_boundary(GUARD)) is Outcome.PROVED


@pytest.mark.parametrize("question", CONFINING)
def test_works_as_a_service_control_policy(question: str) -> None:
    assert _beside(question, "scp", as_service_control(GUARD, ROLE)) is Outcome.PROVED


def test_databricks_works_within_a_boundary_and_under_a_service_control_policy() -> None:
    assert _beside(WORKS, "boundary", as_boundary(GUARD)) is Outcome.PROVED
    assert _beside(WORKS, "scp", as_service_control(GUARD, ROLE)) is Outcome.PROVED


def test_a_service_control_policy_binds_nobody_but_the_role() -> None:
    control = Layer(
        "scp",
        (read(as_service_control(GUARD, ROLE)),),
        members=frozenset({ACCOUNT}),
        refuses_only=True,
    )
    other = by(f"arn:aws:iam::{ACCOUNT}:role/break-glass")
    claim = Claim(("ec2:*", "iam:PassRole"), (other,), (control,), every=True)
    assert prove(claim).outcome is Outcome.PROVED


@pytest.mark.parametrize("base", [WIDE, NARROW], ids=["customer", "restricted"])
@pytest.mark.parametrize(
    ("type_", "creating"),
    [("instance", "RunInstances"), ("volume", "CreateVolume"), ("fleet", "CreateFleet")],
)
def test_what_is_made_can_be_tagged_at_once(base: Policy, type_: str, creating: str) -> None:
    layers = (Layer("role policy", tuple(map(read, (base, GUARD)))),)
    where = (
        by(ROLE),
        that(resources=(PLACE.arn(f"{type_}/*"),)),
        that(("StringEquals", "ec2:CreateAction", (creating,))),
    )
    claim = Claim(("ec2:CreateTags",), where, layers, every=True, types=(type_,))
    assert prove(claim).outcome is Outcome.PROVED


def test_what_is_databricks_can_be_tagged_later() -> None:
    layers = (Layer("role policy", tuple(map(read, (NARROW, GUARD)))),)
    held = that(("StringEquals", "aws:ResourceTag/Vendor", ("Databricks",)))
    here = that(resources=(PLACE.arn("instance/*"),))
    claim = Claim(("ec2:CreateTags",), (by(ROLE), held, here), layers, every=True)
    assert prove(claim).outcome is Outcome.PROVED


def test_passes_no_role_at_all_where_none_is_named() -> None:
    bare = guard(PLACE, OWNER)
    words = {"role": ROLE}
    assert outcome("xacct.cannot_pass_roles_except", WIDE, bare, **words) is Outcome.PROVED


def test_a_guard_for_another_place_confines_to_it_and_not_here() -> None:
    elsewhere = guard(Place(ACCOUNT, PLACE.region, "vpc-0ther"), OWNER, [NODES])
    assert _asked("xacct.launch_only_in", WIDE, elsewhere) is Outcome.REFUTED
    assert _asked(WORKS, WIDE, elsewhere) is Outcome.REFUTED


def test_speaks_of_the_partition_of_its_place() -> None:
    place = Place(ACCOUNT, "us-gov-west-1", "vpc-0a1b", "aws-us-gov")
    role = f"arn:aws-us-gov:iam::{ACCOUNT}:role/databricks"
    both = (customer(partition="aws-us-gov"), guard(place, "044732911619"))
    words = {**WORDS, "role": role, "region": "us-gov-west-1", "owners": "044732911619"}
    for question in (*CONFINING[:3], WORKS):
        names = {argument.name for argument in QUESTIONS[question].arguments}
        given = {name: value for name, value in words.items() if name in names}
        assert outcome(question, *both, **given) is Outcome.PROVED


def test_fits_into_what_aws_accepts() -> None:
    """IAM quotas: 6,144 characters a managed policy, 10,240 for a role's own, 5,120 for an SCP."""
    several = [f"arn:aws:iam::{ACCOUNT}:role/nodes-{n}" for n in range(10)]
    refusals = guard(PLACE, OWNER, several)
    assert len(written(as_boundary(refusals))) < 6144
    assert len(written(as_service_control(refusals, ROLE))) < 5120
    assert len(written(proved(PLACE, GROUP, OWNER, several))) < 10240


def test_a_network_made_by_databricks_is_not_for_the_guard() -> None:
    """Databricks tags a network after it has made it, which the guard refuses."""
    layers = (Layer("role policy", tuple(map(read, (managed(), GUARD)))),)
    tagging = that(("StringEquals", "ec2:CreateAction", ("CreateVpc",)))
    claim = Claim(("ec2:CreateTags",), (by(ROLE), tagging), layers, every=True, types=("vpc",))
    assert prove(claim).outcome is Outcome.REFUTED


def test_a_guard_allows_nothing_by_itself() -> None:
    assert no_more((GUARD,), (policy(allow("Nothing", ["ec2:DescribeVpcs"])),)) is Outcome.PROVED
    assert no_more((merged(GUARD, WIDE),), (GUARD,)) is Outcome.REFUTED
