from __future__ import annotations

import json

import pytest

from lakewarden.proofs.policy.prove import Outcome
from lakewarden.proofs.questions.given import Given
from lakewarden.proofs.questions.registry import QUESTIONS
from lakewarden.semantics.iam_documents import parse

P, R = Outcome.PROVED, Outcome.REFUTED
OWN, VENDOR, IMAGES = "111122223333", "414351767826", "601306020600"
ROLE = f"arn:aws:iam::{OWN}:role/databricks"
HERE = f"arn:aws:ec2:us-east-1:{OWN}"
VPC = {"ArnEquals": {"ec2:Vpc": f"{HERE}:vpc/vpc-1"}}
STARTS = ["ec2:RunInstances", "ec2:RequestSpotInstances", "ec2:CreateFleet"]


def allow(action, resource="*", **condition):
    found = {"Effect": "Allow", "Action": action, "Resource": resource}
    return {**found, "Condition": condition} if condition else found


def deny(action, resource="*", **condition):
    return {**allow(action, resource, **condition), "Effect": "Deny"}


def ask(name, *statements, boundary=(), **words):
    policies = {"policy": (parse(json.dumps({"Statement": list(statements)})),)}
    if boundary:
        policies["boundary"] = (parse(json.dumps({"Statement": list(boundary)})),)
    said = {"role": (ROLE,)} if name.startswith("xacct") else {}
    said |= {k.replace("_", "-"): v if isinstance(v, tuple) else (v,) for k, v in words.items()}
    return QUESTIONS[name].ask(Given(policies, said))


PLACE = {"region": "us-east-1", "account": OWN, "vpcs": "vpc-1"}
PLACES = ["arn:aws:ec2:*:*:subnet/*", "arn:aws:ec2:*:*:network-interface/*"]
FENCED = deny(STARTS, PLACES, ArnNotEquals=VPC["ArnEquals"])


@pytest.mark.parametrize(
    ("statements", "outcome"),
    [
        ((allow("ec2:*"),), R),
        ((allow("ec2:*"), FENCED), P),
        ((allow("ec2:*"), {**FENCED, "Resource": PLACES[0]}), R),  # the default subnet
        ((allow("ec2:Describe*"),), P),
        ((allow("ec2:RunInstances", f"{HERE}:*"),), P),  # no image is in it
        ((allow("ec2:RunInstances", [f"{HERE}:*", "arn:aws:ec2:us-east-1::image/*"]),), R),
        ((allow("ec2:*"), deny("ec2:RunInstances", ArnNotEquals=VPC["ArnEquals"])), R),
        ((allow("ec2:*"), deny(STARTS, "arn:aws:ec2:us-east-1:*:subnet/*", **VPC)), R),
    ],
)
def test_where_machines_are_started(statements, outcome):
    assert ask("xacct.launch_only_in", *statements, **PLACE).outcome is outcome


def test_a_boundary_confines_as_well_as_a_policy():
    limits = (allow("*"), FENCED)
    found = ask("xacct.launch_only_in", allow("ec2:*"), boundary=limits, **PLACE)
    assert found.outcome is P
    assert any("permissions boundary" in line for line in found.statements)


def test_a_start_elsewhere_is_shown_with_all_its_resources_in_one_region():
    found = ask("xacct.launch_only_in", allow("ec2:*"), **PLACE)
    kinds = {request.resource.split(":")[5].partition("/")[0] for request in found.witness}
    assert {"subnet", "image", "instance"} <= kinds
    assert len({request.resource.split(":")[3] for request in found.witness}) == 1


@pytest.mark.parametrize(
    ("statements", "outcome"),
    [
        ((allow("ec2:*"),), R),
        ((allow("ec2:*"), deny(STARTS, "arn:aws:ec2:*::image/*",
                               StringNotEquals={"ec2:Owner": IMAGES})), P),
        ((allow("ec2:*"), deny(STARTS, f"arn:aws:ec2:*:{OWN}:image/*",
                               StringNotEquals={"ec2:Owner": IMAGES})), R),
        ((allow("ec2:*"), deny("ec2:RunInstances", "arn:aws:ec2:*::image/*",
                               StringNotEquals={"ec2:Owner": IMAGES})), R),
    ],
)  # fmt: skip
def test_which_images_are_started(statements, outcome):
    found = ask("xacct.only_databricks_amis", *statements, owners=IMAGES)
    assert found.outcome is outcome


TAGGED = {"StringEquals": {"ec2:ResourceTag/Vendor": "Databricks"}}
KILL = allow("ec2:TerminateInstances", f"{HERE}:instance/*", **TAGGED)


@pytest.mark.parametrize(
    ("statements", "outcome", "steps"),
    [
        ((KILL,), P, 0),
        ((allow("ec2:TerminateInstances"),), R, 1),
        ((KILL, allow("ec2:CreateTags")), R, 2),
        ((KILL, allow("ec2:CreateTags", Null={"ec2:CreateAction": "false"})), P, 0),
        ((KILL, allow("ec2:CreateTags", f"{HERE}:volume/*")), P, 0),
        ((KILL, allow("ec2:CreateTags", "arn:aws:ec2:eu-west-1:*:instance/*")), P, 0),
        ((KILL, allow("ec2:CreateTags", StringEquals={"ec2:CreateAction": "RunInstances"})), P, 0),
    ],
)
def test_a_tag_guards_only_what_the_role_cannot_tag(statements, outcome, steps):
    found = ask("xacct.only_databricks_tagged", *statements)
    assert found.outcome is outcome
    assert len(found.witness) == steps
    assert len({request.resource for request in found.witness}) <= 1


@pytest.mark.parametrize(
    ("resource", "roles", "outcome"),
    [
        (f"arn:aws:iam::{OWN}:role/nodes", (f"arn:aws:iam::{OWN}:role/nodes",), P),
        (f"arn:aws:iam::{OWN}:role/nodes", (), R),
        (f"arn:aws:iam::{OWN}:role/*", (f"arn:aws:iam::{OWN}:role/nodes",), R),
        ("*", (f"arn:aws:iam::{OWN}:role/nodes",), R),
    ],
)
def test_which_roles_are_passed(resource, roles, outcome):
    statement = allow("iam:PassRole", resource)
    found = ask("xacct.cannot_pass_roles_except", statement, roles=roles)
    assert found.outcome is outcome


def test_databricks_still_works_or_what_is_missing_is_said():
    words = {"region": "us-east-1", "account": OWN, "vpc": "vpc-1", "owners": IMAGES}
    assert ask("xacct.databricks_still_works", allow("ec2:*"), **words).outcome is P
    assert ask("xacct.databricks_still_works", allow("ec2:*"), FENCED, **words).outcome is P
    blind = ask("xacct.databricks_still_works", allow("ec2:RunInstances"), **words)
    assert blind.outcome is R
    assert "no statement of the role policy allows it" in blind.explanation
    cut = deny("ec2:TerminateInstances")
    stuck = ask("xacct.databricks_still_works", allow("ec2:*"), cut, **words)
    assert stuck.outcome is R
    assert any("statement 2 refuses it" in line for line in stuck.explanation)


def trusts(principal, action="sts:AssumeRole", **condition):
    found = {"Effect": "Allow", "Principal": principal, "Action": action}
    return {**found, "Condition": condition} if condition else found


MINE = {"StringEquals": {"sts:ExternalId": "mine"}}
DATABRICKS = {"AWS": f"arn:aws:iam::{VENDOR}:root"}


@pytest.mark.parametrize(
    ("statements", "outcome"),
    [
        ((trusts(DATABRICKS, **MINE),), P),
        ((trusts(DATABRICKS),), R),
        ((trusts(DATABRICKS, StringLike={"sts:ExternalId": "m*"}),), R),
        ((trusts(DATABRICKS, StringEqualsIfExists=MINE["StringEquals"]),), R),
        ((trusts(DATABRICKS, **MINE), trusts({"AWS": OWN})), R),
        ((trusts({"AWS": "*"}, **MINE),), R),
        ((trusts(DATABRICKS, **MINE), trusts({"Service": "ec2.amazonaws.com"})), R),
        ((trusts(DATABRICKS, **MINE),
          trusts({"Federated": f"arn:aws:iam::{OWN}:saml-provider/x"}, "sts:AssumeRoleWithSAML")),
         R),
        ((), P),
    ],
)  # fmt: skip
def test_who_becomes_the_role(statements, outcome):
    found = ask("trust.only", *statements, principals=VENDOR, external_id="mine")
    assert found.outcome is outcome


def test_the_role_itself_may_be_spared_the_external_id():
    itself = trusts({"AWS": OWN}, ArnLike={"aws:PrincipalArn": ROLE})
    statements = (trusts(DATABRICKS, **MINE), itself)
    words = {"principals": VENDOR, "external_id": "mine"}
    assert ask("trust.only", *statements, **words).outcome is R
    assert ask("trust.only", *statements, without_external_id=ROLE, **words).outcome is P
