"""Writing Terraform from the command line, against a served world."""

from __future__ import annotations

import json

import pytest

from lakewarden.plan.change import Change, Target
from lakewarden.plan.plan import Origin, Plan
from lakewarden.store.plans import write_plan

ACCOUNT = "33333333-3333-4333-8333-333333333333"
CONF = Target("workspace_conf", "workspace/3001", "enableWebTerminal")
BUCKET = Target("bucket_versioning", "aws", "hs-lakehouse-data")
TOKEN = Target("token", "workspace/3001", "t-1")


def _plan(folder, account=ACCOUNT):
    changes = (
        Change(CONF, "enableWebTerminal", {"/value": "true"}, {"/value": "false"}),
        Change(BUCKET, "hs-lakehouse-data", {"/Status": "Suspended"}, {"/Status": "Enabled"}),
        Change(TOKEN, "t-1", {"/scopes": None}, None),
    )
    file = folder / "plan.json"
    write_plan(file, Plan(Origin(account, "2026-01-01T00:00:00+00:00", "high"), changes))
    return file


def test_a_plan_becomes_terraform_with_what_is_there(run, world, bare):
    out = bare / "terraform"
    result = run("terraform", _plan(bare), "--out", out, world=world("high-security"))
    assert result.code == 0
    assert result.out == (
        f"2 resources in {out}, 1 of them to import; 1 things not covered, see NOT-COVERED.md\n"
    )
    names = {file.name for file in out.iterdir()}
    assert {"aws-buckets.tf", "workspace-hs-research-settings.tf", "providers.tf"} <= names
    assert 'enableWebTerminal = "false"' in (out / "workspace-hs-research-settings.tf").read_text()
    assert ACCOUNT in (out / "terraform.tfvars.example").read_text()
    assert "token[t-1]" in (out / "NOT-COVERED.md").read_text()
    (out / "aws-old.tf").write_text((out / "aws-buckets.tf").read_text(), "utf-8")
    assert run("terraform", _plan(bare), "--out", out, world=world("high-security")).code == 0
    assert {file.name for file in out.iterdir()} == names


def test_a_deployment_is_written_from_a_snapshot_without_a_network(run, world, bare):
    snapshot, out = bare / "snapshot", bare / "terraform"
    only = ("--control", "ip-access-lists", "--no-aws")
    assert run("collect", "--out", snapshot, *only, world=world("high-security")).code in {0, 4}
    result = run("terraform", "--snapshot", snapshot, "--out", out)
    assert result.code == 0
    text = (out / "workspace-hs-research-access.tf").read_text("utf-8")
    assert "provider     = databricks.hs_research" in text
    assert 'host  = var.workspace_hosts["3001"]' in (out / "providers.tf").read_text("utf-8")


@pytest.mark.parametrize(
    ("prepare", "complaint"),
    [
        (lambda folder: (folder / "out").mkdir(), "another account"),
        (lambda folder: _foreign(folder / "out"), "somebody else wrote: own.tf"),
    ],
)
def test_what_is_refused(run, world, bare, prepare, complaint):
    prepare(bare)
    account = "another" if complaint == "another account" else ACCOUNT
    plan = _plan(bare, account)
    result = run("terraform", plan, "--out", bare / "out", world=world("high-security"))
    assert result.code == 2
    assert complaint in result.err or "is for the account another" in result.err


def _foreign(folder):
    folder.mkdir()
    (folder / "own.tf").write_text("# mine\n", "utf-8")


def test_a_terraform_plan_is_no_plan_of_lakewarden(run, bare):
    (bare / "p.json").write_text(json.dumps({"format_version": "1.2"}), "utf-8")
    assert run("terraform", "p.json", "--out", "out").code in {1, 2}
