"""The deployment built by the paper, and what can be broken in it, are well described.

That nothing fails in it, and that whatever is broken is noticed, `make context` shows.
"""

from __future__ import annotations

import functools
import json
import sys
from collections import Counter
from importlib.resources import files
from pathlib import Path

import boto3
import pytest
from benchmarks import scanners
from benchmarks.context import Mutation, compare, mutations
from benchmarks.documents import edited
from tools.conformance.terraform_aws import BY_THE_PAPER

from lakewarden.ledger.finding import Verdict

P, F, U = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN
HERE = Mutation("mine", "it is broken", "guard", ("here",), ())
EDITS = {"add", "drop", "change", "split"}


def test_there_are_enough_mutations_and_each_has_a_name_of_its_own():
    counted = Counter(mutation.id for mutation in mutations())
    assert len(counted) >= 30
    assert set(counted.values()) == {1}


@pytest.mark.parametrize("mutation", mutations(), ids=lambda m: m.id)
def test_a_mutation_says_what_is_broken_who_must_notice_and_how_it_is_done(mutation):
    assert mutation.what
    assert mutation.notices
    assert mutation.fails
    assert mutation.steps
    for step in mutation.steps:
        if step["on"] == "document":
            assert len(EDITS & step.keys()) == 1
            assert step["of"].split()[0] in {"bucket", "key", "endpoint", "trust", "role"}
        else:
            assert step["on"] == "aws"
            service, _, operation = step["call"].partition(".")
            assert hasattr(_client(service), operation)


@functools.cache
def _client(service):
    key = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
    return boto3.Session(region_name="us-east-1").client(service, **key)


@pytest.mark.parametrize(
    ("before", "after", "complaint", "also"),
    [
        ({("guard", "here"): P}, {("guard", "here"): F}, "", ()),
        ({("guard", "here"): P}, {("guard", "here"): U}, "guard is UNKNOWN for here", ()),
        ({("guard", "here"): P}, {("guard", "there"): F}, "guard is not judged for here", ()),
        (
            {("guard", "here"): F},
            {("guard", "here"): F},
            "guard fails for here before anything is broken",
            (),
        ),
        (
            {("other", "here"): P},
            {("other", "here"): F},
            "there is no control guard",
            ("other",),
        ),
        (
            {("guard", "here"): P, ("other", "here"): F},
            {("guard", "here"): F, ("other", "here"): F, ("third", "new"): F},
            "",
            ("third",),
        ),
    ],
)
def test_only_a_new_failure_of_the_control_that_is_named_counts(before, after, complaint, also):
    outcome = compare(HERE, before, after)
    assert (outcome.complaint, outcome.also) == (complaint, also)


ONE = {"Sid": "One", "Effect": "Deny", "Condition": {"Bool": {"a": "1"}, "StringLike": {"b": "2"}}}
TWO = {"Sid": "Two", "Effect": "Allow"}


@pytest.mark.parametrize(
    ("step", "statements"),
    [
        ({"drop": "One"}, [TWO]),
        ({"add": {"Sid": "Three"}}, [ONE, TWO, {"Sid": "Three"}]),
        ({"change": "Two", "with": {"Effect": "Deny"}}, [ONE, {"Sid": "Two", "Effect": "Deny"}]),
        (
            {"change": "One", "with": {"Condition": {"Bool": {"a": "0"}}}},
            [{**ONE, "Condition": {"Bool": {"a": "0"}, "StringLike": {"b": "2"}}}, TWO],
        ),
        (
            {"change": "One", "without": ["Condition"], "with": {"Effect": "Allow"}},
            [{"Sid": "One", "Effect": "Allow"}, TWO],
        ),
        (
            {"split": "One"},
            [
                {"Sid": "One0", "Effect": "Deny", "Condition": {"Bool": {"a": "1"}}},
                {"Sid": "One1", "Effect": "Deny", "Condition": {"StringLike": {"b": "2"}}},
                TWO,
            ],
        ),
    ],
)
def test_a_document_is_edited_in_one_place(step, statements):
    assert edited([ONE, TWO], step) == statements


def test_a_statement_that_is_not_there_is_an_error():
    with pytest.raises(KeyError, match="Three"):
        edited([ONE, TWO], {"drop": "Three"})


def test_the_configuration_has_the_documents_of_the_world():
    written = sorted((BY_THE_PAPER.folder / "policies").glob("*.json"))
    assert len(written) > 10
    for file in written:
        meant = files("lakewarden.simulate.aws").joinpath("policies", file.name)
        assert json.loads(file.read_text("utf-8")) == json.loads(meant.read_text("utf-8"))


def _finding(check, uid, status="FAIL"):
    return {
        "status_code": status,
        "metadata": {"event_code": check},
        "resources": [{"uid": uid}],
    }


def test_what_a_scanner_fails_counts_where_it_is_part_of_the_deployment():
    ids = {"aws.bucket.logs": "logs", "aws.vpc.own": "vpc-1"}
    findings = [
        _finding("one", "arn:aws:s3:::logs"),
        _finding("one", "arn:aws:ec2:us-east-1:123456789012:vpc/vpc-1"),
        _finding("one", "arn:aws:ec2:us-east-1:123456789012:vpc/vpc-2"),
        _finding("two", "arn:aws:s3:::logs", "PASS"),
    ]
    assert scanners.failures(findings, ids) == {"one": ["bucket.logs", "vpc.own"]}


def test_every_reason_is_a_sentence_about_one_check():
    known = scanners.reasons()
    assert all(reason.why.endswith(".") for reason in known.by_check.values())
    kinds = {reason.kind for reason in known.by_check.values()}
    assert kinds == {"contradicts", "beyond", "simulated"}
    assert len(known.one_workspace) == 5


def test_failures_are_shown_with_their_reason_or_without_and_counted():
    known = scanners.Reasons({"one": scanners.Reason("beyond", "So it is.")}, frozenset({"vpc.a"}))
    found = {"one": ["vpc.a", "vpc.b"], "two": ["vpc.a"]}
    lines = scanners.table(found, {"b": 3}, known.by_check)
    assert lines[0].endswith("prowler  2  lakewarden  3  beyond: So it is.")
    assert lines[1].startswith("two")
    assert lines[1].endswith("prowler  1  lakewarden  0  NO REASON IS WRITTEN DOWN")
    total, one = scanners.summary(found, known)
    assert total == "prowler: 3 FAILs on the deployment (2 beyond)"
    assert one.split()[0] == "2"


def test_a_scanner_that_cannot_be_installed_is_left_out(monkeypatch, tmp_path):
    monkeypatch.setattr(scanners, "_BENCH", tmp_path)
    monkeypatch.setattr(scanners.sys, "executable", "/bin/false")
    with pytest.raises(scanners.NoScannerError, match="cannot be installed"):
        scanners.prowler()


@pytest.mark.parametrize(("writes", "found"), [(True, [{"status_code": "PASS"}]), (False, None)])
def test_a_scanner_that_writes_nothing_has_not_run(tmp_path, writes, found):
    program = tmp_path / "scanner"
    line = "import pathlib, sys\n"
    if writes:
        line += "folder = pathlib.Path(sys.argv[sys.argv.index('-o') + 1])\n"
        line += f"(folder / 'found.ocsf.json').write_text({json.dumps(json.dumps(found))})\n"
    program.write_text(f"#!{sys.executable}\n{line}", "utf-8")
    program.chmod(0o755)
    if found is None:
        with pytest.raises(scanners.NoScannerError, match="ended with 0"):
            scanners.scan(Path(program))
    else:
        assert scanners.scan(Path(program)) == found
