"""`lakewarden prove`: of files, of a deployment, of its networks, and with mistakes."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from lakewarden.cli.asking import cases_of
from lakewarden.controls.kit.networks import own_network
from lakewarden.estate.estate import Estate
from lakewarden.policyfile.policy import Policy
from lakewarden.proofs.policy.prove import Outcome
from lakewarden.proofs.questions.registry import QUESTIONS

OWN = "111122223333"
BOTH = ["arn:aws:s3:::b", "arn:aws:s3:::b/*"]
ELSEWHERE = {
    "NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"},
    "StringNotEquals": {"aws:SourceVpce": "vpce-1"},
}
FENCE = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": BOTH}
NETWORKS = "203.0.113.0/24,vpce-1"


@pytest.fixture
def file(bare):
    """Write a policy, or anything else, to a file."""

    def write(name, content):
        text = content if isinstance(content, str) else json.dumps(content)
        (bare / name).write_text(text, encoding="utf-8")
        return name

    return write


def policy(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def test_a_proof_from_a_file(run, file):
    name = file("bucket.json", policy({**FENCE, "Condition": ELSEWHERE}))
    asked = ("prove", "bucket.read.confined", "--policy", name, "--bucket", "b")
    result = run(*asked, "--networks", NETWORKS, "--account", OWN, "--format", "json")
    assert result.code == 0
    assert result.json["answer"] == "proved"
    assert result.json["statements"] == ["bucket policy, statement 1"]
    assert result.json["witness"] == []
    assert result.json["explanation"]
    assert any(OWN in line for line in result.json["assumptions"])


def test_a_refutation_can_be_handed_to_the_policy_simulator(run, file):
    apart = [{**FENCE, "Condition": {op: keys}} for op, keys in ELSEWHERE.items()]
    name = file("bucket.json", policy({**apart[0], "Action": "s3:Put*"}, apart[1]))
    asked = ("prove", "bucket.read.confined", "--policy", name, "--bucket", "b")
    result = run(*asked, "--networks", "203.0.113.0/24", "--format", "json")
    assert result.code == 3
    assert result.json["answer"] == "refuted"
    request = result.json["witness"][0]
    assert request["ResourceArns"][0].startswith("arn:aws:s3:::b")
    entries = {entry["ContextKeyName"]: entry for entry in request["ContextEntries"]}
    assert entries["aws:sourcevpce"]["ContextKeyValues"] == ["vpce-1"]
    assert entries["aws:securetransport"]["ContextKeyType"] == "boolean"
    told = run(*asked, "--networks", "203.0.113.0/24")
    assert told.code == 3
    assert "REFUTED" in told.out
    assert '"ContextKeyName": "aws:sourcevpce"' in told.out
    assert "lets it through" in told.out


def test_what_cannot_be_decided_is_unknown(run, file):
    bare = {"StringNotLike": {"aws:VpceOrgPaths": "o-1/*"}}
    name = file("bucket.json", policy({**FENCE, "Condition": bare}))
    result = run("prove", "bucket.tls_only", "--policy", name, "--bucket", "b", "--format", "json")
    assert result.code == 4
    assert result.json["answer"] == "unknown"
    assert "ForAnyValue" in result.json["explanation"][0]


@pytest.mark.parametrize("wrap", [
    lambda found: {"Policy": json.dumps(found)},
    lambda found: {"PolicyDocument": found},
    lambda found: found,
])  # fmt: skip
def test_what_the_aws_command_line_prints_is_a_policy_too(run, file, wrap):
    plain = {"Bool": {"aws:SecureTransport": "false"}}
    name = file("bucket.json", wrap(policy({**FENCE, "Condition": plain})))
    result = run("prove", "bucket.tls_only", "--policy", name, "--bucket", "b", "--format", "json")
    assert result.json["answer"] == "proved"


def test_grants_are_a_second_way_to_a_key(run, file):
    root = {"AWS": f"arn:aws:iam::{OWN}:root"}
    allow = {"Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*"}
    name = file("key.json", policy(allow))
    asked = ("prove", "kms.decrypt_only_by", "--policy", name, "--principals", OWN)
    assert run(*asked).code == 0
    stranger = {"GrantId": "g1", "GranteePrincipal": "arn:aws:iam::999988887777:role/x"}
    grants = file("grants.json", {"Grants": [{**stranger, "Operations": ["Decrypt"]}]})
    result = run(*asked, "--grants", grants, "--format", "json")
    assert result.code == 3
    assert "g1" in result.json["explanation"][0]
    harmless = file("grants.json", {"Grants": [{**stranger, "Operations": ["Encrypt"]}]})
    assert run(*asked, "--grants", harmless).code == 0


def test_the_questions_are_listed_with_their_arguments(run):
    listed = run("prove", "list", "--format", "json").json["questions"]
    assert {entry["name"] for entry in listed} == set(QUESTIONS)
    told = run("prove", "list").out
    for name, question in QUESTIONS.items():
        assert name in told
        help_text = run("prove", name, "--help").out
        assert all(f"--{argument.name}" in help_text for argument in question.arguments)
    assert "egress" in told


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("broken.json", "{", "is not JSON"),
        ("list.json", "[]", "holds no policy"),
        ("other.json", '{"Statement": [{"Effect": "Maybe"}]}', "holds no policy"),
        ("twice.json", '{"Statement": [], "Statement": []}', "a key occurs twice"),
        ("nested.json", "[" * 100_000, "is not JSON"),
    ],
)
def test_a_file_that_is_no_policy(run, file, name, content, told):
    asked = ("prove", "bucket.tls_only", "--policy", file(name, content), "--bucket", "b")
    result = run(*asked)
    assert result.code == 2
    assert name in result.err
    assert told in result.err
    assert "Traceback" not in result.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("bucket.tls_only", "--policy", "none.json", "--bucket", "b"), "none.json"),
        (("bucket.tls_only", "--policy", "good.json"), "needs bucket"),
        (("bucket.read.confined", "--policy", "good.json", "--bucket", "b",
          "--networks", "somewhere"), "somewhere"),
        (("kms.decrypt_only_by", "--policy", "good.json", "--principals", OWN,
          "--grants", "good.json"), "holds no list of grants"),
        (("no.such.question",), "no.such.question"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line(run, file, arguments, told):
    file("good.json", policy())
    result = run("prove", *arguments)
    assert result.code == 2
    assert told in result.err
    assert len(result.err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("bucket.not_self_locking", "proved"),
        ("kms.decrypt_only_by", "proved"),
        ("kms.recoverable_by", "proved"),
        ("trust.only", "proved"),
        ("vpce.writes_only_to", "proved"),
        ("vpce.covers_required_databricks_buckets", "proved"),
        ("xacct.cannot_pass_roles_except", "proved"),
    ],
)
def test_a_tightly_held_deployment(run, world, tight, question, answer):
    name = "LAKEWARDEN_POLICY_FILE"
    wanted = {name: world("high-security").environment[name]}
    result = run("prove", question, "--snapshot", tight, "--format", "json", world=None, **wanted)
    found = result.json["answers"]
    assert {entry["answer"] for entry in found} == {answer}, found
    assert all(entry["subject"] for entry in found)
    assert result.code == 0


def test_an_endpoint_without_a_policy_lets_everything_through():
    endpoint = {
        "VpcEndpointId": "vpce-1",
        "VpcId": "vpc-1",
        "ServiceName": "com.amazonaws.us-east-1.s3",
        "VpcEndpointType": "Gateway",
        "State": "available",
    }
    kinds = {"storage_configurations": [], "log_deliveries": [], "external_locations": []}
    estate = Estate(own_network(vpc_endpoints=[endpoint], credentials=[], **kinds))
    question = QUESTIONS["vpce.writes_only_to"]
    (case,) = cases_of(question, estate, Policy(written_buckets=("ours",)), {})
    assert question.ask(case.given).outcome is Outcome.REFUTED


def test_where_packets_of_a_tightly_held_deployment_go(run, tight):
    result = run("prove", "egress", "--snapshot", tight, "--format", "json")
    found = {entry["subject"]: entry for entry in result.json["answers"]}
    assert found["hs-research"]["verdict"] == "no internet"
    assert found["hs-production"]["verdict"] == "named destinations only"
    assert found["hs-research"]["channels"]
    assert run("prove", "egress", "--snapshot", tight, "--workspace", "nobody").code == 2


@pytest.fixture(scope="module")
def tight(world, tmp_path_factory):
    """Read what proofs need of the world that is held tightly."""
    served = world("high-security")
    folder = tmp_path_factory.mktemp("tight") / "snapshot"
    subprocess.run(
        [sys.executable, "-m", "lakewarden", "collect", "--out", str(folder)],
        env={**os.environ, **served.environment},
        check=True,
        capture_output=True,
        timeout=240,
    )
    return folder
