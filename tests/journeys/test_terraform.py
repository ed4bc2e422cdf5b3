"""Assessing a Terraform plan from the command line."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest

EXAMPLES = Path(__file__).parents[2] / "examples" / "terraform"


def _assess(run, name, *arguments):
    folder = EXAMPLES / name
    plan = ("--terraform-plan", folder / "plan.json", "--terraform-config", folder)
    return run("assess", *plan, *arguments)


def test_the_awful_plan_is_exit_code_3_with_files_and_lines(run):
    result = _assess(run, "awful", "--posture", "high", "--format", "json")
    assert result.code == 3
    schema = json.loads(files("lakewarden.report").joinpath("schema/assessment-1.json").read_text())
    jsonschema.validate(result.json, schema, cls=jsonschema.Draft202012Validator)
    failed = {f["control"]: f for f in result.json["findings"] if f["verdict"] == "FAIL"}
    file, _, line = failed["ip-access-lists"]["location"].partition(":")
    text = (EXAMPLES / "awful" / file).read_text("utf-8").splitlines()
    assert text[int(line) - 1].startswith('resource "databricks_ip_access_list"')
    assert all(finding["location"] for finding in failed.values())


def test_the_hardened_plan_is_clean_and_says_what_is_open(run):
    result = _assess(run, "hardened", "--posture", "high")
    assert result.code == 0
    assert "UNKNOWN" in result.out
    assert "a plan shows only what it manages" in result.out


def test_strict_counts_what_a_plan_leaves_open(run):
    assert _assess(run, "hardened", "--strict").code == 4
    assert _assess(run, "awful", "--strict").code == 3


@pytest.mark.parametrize("style", ["table", "html"])
def test_every_format_shows_the_place(run, style):
    assert "workspace.tf:" in _assess(run, "awful", "--format", style).out


def test_without_the_configuration_there_are_no_places(run):
    plan = EXAMPLES / "awful" / "plan.json"
    result = run("assess", "--terraform-plan", plan, "--format", "json")
    assert {finding["location"] for finding in result.json["findings"]} == {None}


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--terraform-plan", "missing.json"), "missing.json: cannot be read"),
        (("--terraform-plan", "binary"), "terraform show -json"),
        (("--terraform-plan", "plan.json", "--terraform-config", "nowhere"), "nowhere"),
        (("--terraform-plan", "plan.json", "--snapshot", "s"), "a snapshot and a plan"),
        (("--strict",), "about a plan"),
        (("--snapshot", "s", "--terraform-config", "."), "about a plan"),
    ],
)
def test_wrong_usage_is_one_sentence_and_exit_code_2(run, bare, arguments, complaint):
    (bare / "binary").write_bytes(b"PK\x03\x04")
    (bare / "plan.json").write_bytes((EXAMPLES / "awful" / "plan.json").read_bytes())
    result = run("assess", *arguments)
    assert result.code == 2
    assert complaint in result.err
    assert result.err.count("\n") == 1
