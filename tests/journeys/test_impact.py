"""What a plan is foretold to refuse is what it then refuses; and the command that foretells it."""

from __future__ import annotations

import json
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace

import pytest
from benchmarks.impact_check import check

from lakewarden.plan.change import Change, Target
from lakewarden.plan.plan import Origin, Plan
from lakewarden.store.plans import write_plan

SWITCHES = (
    *("console-notebook-export", "console-results-download", "sql-results-download"),
    *("console-artifact-download", "dbfs-browser-disabled", "data-upload-disabled"),
    *("legacy-dbfs-disabled", "legacy-access-disabled", "web-terminal-disabled"),
    *("user-isolation-enforced", "container-services", "token-lifetime-limited"),
    *("git-allow-list", "workspace-admins-restricted", "compliance-profile"),
)
"""The controls of the high posture that refuse people something in this world, AWS apart."""


def test_what_was_foretold_is_what_is_refused():
    # In a process of its own: the same world may be served in this one, and its buckets are there.
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        found = pool.submit(check, 600, 7, SWITCHES, ("addresses", "tokens", "console")).result()
    assert [(case.ask, case.after, case.hit and case.hit.reason) for case in found.mismatches] == []
    assert len(found.doubted) <= 0.01 * len(found.compared)
    lost = sum(case.lost for case in found.compared)
    assert 150 < lost < len(found.compared) - 150
    assert all(found.blind.values()), found.blind
    matters = {case.hit.family for case in found.compared if case.hit}
    assert matters >= {"cluster policies", "compute", "entry", "passwords", "permissions", "rights"}


@pytest.fixture
def plan(world):
    """A plan that switches personal access tokens off in one workspace."""
    account = world("typical").simulation.account_id
    switch = Target("workspace_conf", "workspace/2001", "enableTokensConfig")
    change = Change(switch, "tokens", {"/value": "true"}, {"/value": "false"})
    return Plan(Origin(account, "2026-01-01T00:00:00+00:00", "high"), (change,))


@pytest.fixture
def events(tmp_path, world):
    """A folder of logs with one event that the plan refuses, and a broken line."""
    folder = tmp_path / "events"
    folder.mkdir()
    event = {
        "event_time": "2026-01-01T10:00:00Z",
        "workspace_id": 2001,
        "source_ip_address": "203.0.113.10",
        "user_agent": "dbt",
        "user_identity": {"email": "bruno.costa@typical.example"},
        "service_name": "accounts",
        "action_name": "tokenLogin",
        "request_id": "r1",
        "request_params": {"tokenId": "t1", "authenticationMethod": "API_EXT_PAT_TOKEN"},
        "response": {"status_code": 200},
        "account_id": world("typical").simulation.account_id,
    }
    text = f"{json.dumps(event)}\n" + '{"action_name": "tokenLogin", "half\n'
    (folder / "export.jsonl").write_text(text, "utf-8")
    return folder


def test_the_command_says_who_and_what(run, world, plan, events, tmp_path):
    write_plan(tmp_path / "plan.json", plan)
    said = run("impact", tmp_path / "plan.json", "--events", events, world=world("typical"))
    assert said.code == 0, said.err
    assert "1 requests of 1 principals would have been refused." in said.out
    assert "personal access tokens are switched off" in said.out
    assert "1 lines of the logs cannot be read" in said.out
    alone = run(
        *("impact", tmp_path / "plan.json", "--events", events, "--plan-alone"),
        *("--format", "json"),
    )
    (row,) = alone.json["rows"]
    assert (row["who"], row["what"]) == ("bruno.costa@typical.example", "t1")


def test_no_events_are_no_good_news(run, world, plan, tmp_path):
    write_plan(tmp_path / "plan.json", plan)
    (tmp_path / "none").mkdir()
    command = ("impact", tmp_path / "plan.json", "--plan-alone", "--events")
    said = run(*command, tmp_path / "none")
    assert "who would have been refused is not known" in said.out
    assert run(*command, tmp_path / "elsewhere").code == 2
    assert run(*command[:3], world=None).code == 2


def test_a_plan_of_another_account_is_refused(run, world, plan, events, tmp_path):
    other = replace(plan, origin=Origin("another", "2026-01-01T00:00:00+00:00", "high"))
    write_plan(tmp_path / "plan.json", other)
    said = run("impact", tmp_path / "plan.json", "--events", events, world=world("typical"))
    assert said.code == 2
    assert "for the account another" in said.err
