"""The main job from the command line: read, judge, report."""

from __future__ import annotations

import json
import re
from importlib.resources import files

import jsonschema
import pytest

from lakewarden.controls.kit.registry import chosen
from lakewarden.policyfile.limits import Posture
from lakewarden.policyfile.policy import Policy

_SOURCE = re.compile(r"GET /api/|[a-z0-9-]+:[A-Z]\w+$|audit log|.*lakewarden\.toml$")
"""An API path, an action of AWS, the audit log, or the policy file."""


def _assess(run, served, *arguments, **extra):
    return run("assess", "--format", "json", *arguments, world=served, **extra)


def test_json_is_what_its_schema_says(run, world):
    report = _assess(run, world("typical"), "--posture", "high").json
    schema = json.loads(files("lakewarden.report").joinpath("schema/assessment-1.json").read_text())
    jsonschema.validate(report, schema, cls=jsonschema.Draft202012Validator)
    assert report["posture"] == "high"
    assert {w["name"] for w in report["deployment"]["workspaces"]} == {
        "ty-analytics",
        "ty-production",
    }
    assert {f["control"] for f in report["findings"]} == {
        c.id for c in chosen(Policy(Posture.HIGH))
    }


def test_every_verdict_shows_its_call(run, world):
    for finding in _assess(run, world("high-security"), "--posture", "high").json["findings"]:
        if finding["verdict"] in {"PASS", "FAIL"}:
            assert finding["evidence"], finding["control"]
            for entry in finding["evidence"]:
                assert _SOURCE.match(entry["source"]), entry


def test_a_failure_of_high_severity_is_exit_code_3(run, world):
    assert _assess(run, world("neglected"), "--fail-on", "critical").code == 3


def test_unknown_alone_is_exit_code_4(run, world):
    served = world("high-security")
    result = _assess(run, served, "--control", "sso-enforced", LAKEWARDEN_EVENTS=None)
    assert result.code == 4
    [finding] = result.json["findings"]
    assert finding["verdict"] == "UNKNOWN"


def test_clean_is_exit_code_0(run, world):
    result = _assess(run, world("high-security"), "--control", "tokens-expire")
    assert result.code == 0


def test_a_snapshot_is_judged_like_the_live_deployment_and_findings_keep_their_identity(
    run, world, bare
):
    served = world("typical")
    live = _assess(run, served, "--posture", "high").json["findings"]
    collected = run("collect", "--out", bare / "snap", world=served)
    assert collected.code in {0, 4}
    policy = served.environment.get("LAKEWARDEN_POLICY_FILE")
    options = ["--policy-file", policy] if policy else []
    offline = run(
        "assess", "--snapshot", bare / "snap", "--posture", "high", "--format", "json", *options
    ).json["findings"]
    assert [(f["id"], f["verdict"]) for f in offline] == [(f["id"], f["verdict"]) for f in live]
    assert len({f["id"] for f in live}) == len(live)


def test_one_control_makes_only_its_own_calls(run, world):
    served = world("typical")
    before = served.log.read_text().count("\n")
    assert _assess(run, served, "--control", "legacy-dbfs-disabled").code in {0, 3}
    paths = {json.loads(line)["path"] for line in served.log.read_text().splitlines()[before:]}
    calls = {p for p in paths if p.startswith("/api/")}
    account = served.environment["DATABRICKS_ACCOUNT_ID"]
    assert calls == {
        f"/api/2.0/accounts/{account}/workspaces",
        "/api/2.0/settings/types/disable_legacy_dbfs/names/default",
    }


def test_one_workspace_alone(run, world):
    served = world("typical")
    findings = _assess(run, served, "--workspace", "2002").json["findings"]
    assert {f["subject"]["workspace"] for f in findings} <= {None, "2002"}


@pytest.mark.parametrize("style", ["table", "html"])
def test_other_formats_go_to_a_file(run, world, bare, style):
    out = bare / "deep" / f"report.{style}"
    result = run("assess", "--format", style, "--output", out, world=world("typical"))
    assert result.code in {3, 4}
    assert result.out == ""
    assert "ty-analytics" in out.read_text("utf-8")
    assert [p.name for p in out.parent.iterdir()] == [out.name]
