from __future__ import annotations

import json

import pytest
from tools.conformance.facts import canonical, neutral, verdicts_of
from tools.conformance.tally import Tally
from tools.conformance.terraform_aws import EXAMPLES, _compare, prepared

IDS = {"vpc.a": "vpc-1", "bucket.logs": "logs"}


def test_ids_go_by_their_names_and_times_only_by_being_there():
    assert neutral("vpc-1 since 2026-01-02T03:04:05.6+00:00", IDS) == "<vpc.a> since <time>"
    assert neutral("audit logs", IDS) == "audit logs"


def test_what_aws_makes_by_itself_goes_by_its_kind():
    assert neutral("rtb-0123456789abcdef0 of vpc-1", IDS) == "<rtb> of <vpc.a>"
    assert neutral("hs-sg-0123", IDS) == "hs-sg-0123"


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ('{"Action": ["b", "a"]}', '{"Action":["a","b"]}', True),
        ('{"Action": ["a"]}', '{"Action": "a"}', True),
        ('{"Action": "a"}', '{"Action": "b"}', False),
        ("{not json", "{not json", True),
        (True, False, False),
    ],
)
def test_policies_are_compared_by_meaning(one, other, alike):
    assert (canonical(one, IDS) == canonical(other, IDS)) is alike


def test_which_of_two_alike_subnets_a_reason_names_says_nothing(tmp_path):
    subject = {"kind": "workspace", "name": "w", "workspace": 1}
    for place in ("s-1", "s-2"):
        finding = {"control": "c", "verdict": "FAIL", "subject": subject, "reason": f"by {place}"}
        (tmp_path / "report.json").write_text(json.dumps({"findings": [finding]}), "utf-8")
        found = verdicts_of(tmp_path, {"subnet.w-a": "s-1", "subnet.w-b": "s-2"})
        assert found == {("c", "workspace", "w", "1"): [("FAIL", "by <subnet.w>")]}


def test_what_is_missing_on_either_side_is_a_difference(capsys):
    tally = Tally("facts")
    _compare("facts", {("a",): 1, ("b",): 2}, {("a",): 1, ("c",): 3}, tally)
    assert tally.failed == 3
    assert "1 equal of 3" in capsys.readouterr().out


def test_nothing_compared_is_a_failure(capsys):
    tally = Tally("facts")
    _compare("facts", {}, {}, tally)
    assert tally.close() == 1


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_an_example_is_prepared_without_anybodys_state(tmp_path, example):
    folder = prepared(tmp_path, example)
    copied = {path.name for path in folder.iterdir()}
    assert {path.name for path in example.folder.glob("[!.]*.*")} | {"override.tf"} <= copied
    assert not [name for name in copied if "tfstate" in name or name.startswith(".")]
