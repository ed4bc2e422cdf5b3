"""Planning, applying and undoing by the command line, on a world that is served for it alone."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from lakewarden.cli import main
from lakewarden.cli.apply import unmended
from lakewarden.ledger.finding import Finding, Severity, SubjectRef, Verdict

CONTROLS = tuple(
    word
    for name in ("sql-results-download", "console-results-download", "apps-from-git")
    for word in ("--control", name)
)
STORE = "sqlite:///journal.db"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """Serve a world in a process of its own: its buckets have the names of another's."""
    events = tmp_path_factory.mktemp("audit")
    command = [sys.executable, "-m", "lakewarden", "simulate", "--world", "typical"]
    process = subprocess.Popen(
        [*command, "--audit-dir", str(events)], stdout=subprocess.PIPE, text=True
    )
    variables: dict[str, str] = {}
    assert process.stdout is not None
    while "LAKEWARDEN_EVENTS" not in variables:
        line = process.stdout.readline()
        name, _, value = line.removeprefix("export ").strip().partition("=")
        variables[name] = value.strip("'")
        assert line, "the simulator ended"
    yield variables
    process.send_signal(signal.SIGTERM)
    process.wait(20)
    process.stdout.close()


@pytest.fixture
def do(bare, monkeypatch, capsys, served):
    """Run a command of the command line; return its code and what it printed."""
    for name, value in served.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("LAKEWARDEN_STORE", STORE)

    def invoke(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["lakewarden", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as stop:
            main()
        printed = capsys.readouterr()
        return int(stop.value.code or 0), printed.out, printed.err

    return invoke


def planned(do, *more):
    code, out, err = do("plan", *CONTROLS, "--posture", "high", "--out", "plan.json", *more)
    assert (code, err) == (0, "")
    return json.loads(Path("plan.json").read_text("utf-8")), out


def test_plan_apply_and_undo_give_back_what_was_there(do):
    assert do("collect", "--out", "before", "--posture", "high", *CONTROLS)[0] == 0
    plan, shown = planned(do)
    assert plan["format"] == "lakewarden.plan/1"
    addresses = [change["address"] for change in plan["changes"]]
    assert len(addresses) == len(set(addresses)) > 1
    for change in plan["changes"]:
        assert f"~ {change['address']}" in shown
        assert change["reasons"][0]["paper"]
    assert "because sql-results-download (P15) fails for" in shown
    assert re.search(r"Plan: 0 to add, \d+ to change, 0 to remove", shown)

    code, out, err = do("apply", "plan.json", "--yes")
    assert (code, err) == (0, "")
    run = re.search(r"^run (\S+)$", out, re.MULTILINE)[1]
    assert "failures are mended" in out
    again, said = planned(do)
    assert again["changes"] == []
    assert "Plan: 0 to add, 0 to change, 0 to remove." in said
    assert do("apply", "plan.json", "--yes")[0] == 0

    do("collect", "--out", "mended", "--posture", "high", *CONTROLS)
    assert do("diff", "before", "mended")[0] == 3
    code, out, _ = do("undo", "latest", "--yes")
    assert (code, f"taking back {run}" in out) == (0, True)
    do("collect", "--out", "after", "--posture", "high", *CONTROLS)
    assert do("diff", "before", "after") == (0, "", "")
    rows = json.loads(do("runs", "--format", "json")[1])
    assert [(row["verb"], row["state"]) for row in rows] == [
        ("undo", "applied"),
        ("apply", "undone"),
    ]
    assert do("undo", run, "--yes")[0] == 2


def test_nothing_is_changed_without_a_yes(do):
    planned(do)
    code, out, err = do("apply", "plan.json")
    assert (code, "give --yes" in err.lower(), "run " in out) == (2, True, False)
    code, out, _ = do("apply", "plan.json", "--dry-run")
    assert (code, "Nothing was changed" in out) == (0, True)
    assert len(planned(do)[0]["changes"]) > 1
    assert json.loads(do("runs", "--format", "json")[1]) == []


def test_somebody_elses_change_is_named_and_left_alone(do, served):
    lifetime = ("--control", "token-lifetime-limited")
    do("plan", *lifetime, "--posture", "high", "--out", "plan.json")
    [change] = json.loads(Path("plan.json").read_text("utf-8"))["changes"]
    assert (change["before"], change["after"]) == ({"/value": "365"}, {"/value": "90"})
    host = dict(pair.split("=") for pair in served["LAKEWARDEN_WORKSPACE_URLS"].split(","))["2001"]
    url, sign = f"{host}/api/2.0/workspace-conf", {"Authorization": served["DATABRICKS_TOKEN"]}
    sign["Authorization"] = f"Bearer {sign['Authorization']}"

    def put(days):
        body = {"maxTokenLifetimeDays": days}
        assert httpx.patch(url, json=body, headers=sign).is_success

    put("30")
    code, _, err = do("apply", "plan.json", "--yes")
    assert (code, f"{change['address']} value was '365' and is '30'" in err) == (1, True)
    kept = httpx.get(url, params={"keys": "maxTokenLifetimeDays"}, headers=sign).json()
    assert kept == {"maxTokenLifetimeDays": "30"}
    assert json.loads(do("runs", "--format", "json")[1]) == []
    put("365")


def test_a_plan_that_was_edited_is_refused(do):
    plan, _ = planned(do)
    plan["changes"][0]["after"] = dict.fromkeys(plan["changes"][0]["after"], "something else")
    Path("edited.json").write_text(json.dumps(plan), "utf-8")
    code, _, err = do("apply", "edited.json", "--yes")
    assert (code, "edited, or cut" in err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("apply",), "give a plan"),
        (("apply", "nowhere.json"), "nowhere.json"),
        (("apply", "--resume", "r1"), "no run r1"),
        (("undo", "latest"), "no run to take back"),
        (("runs", "--store", "nothing"), "no address of a store"),
    ],
)
def test_what_cannot_be_used_is_named(do, arguments, said):
    code, _, err = do(*arguments)
    assert (code, said in err, len(err.splitlines())) == (2, True, 1)


def finding(control, subject, verdict):
    ref = SubjectRef("token", subject, subject)
    return Finding(control, ("P09",), Severity.HIGH, ref, verdict, "because")


@pytest.mark.parametrize(
    ("findings", "left"),
    [
        ([("tokens", "a", Verdict.PASS), ("other", "b", Verdict.FAIL)], []),
        ([("tokens", "a", Verdict.FAIL)], ["a"]),
        ([("tokens", "a", Verdict.UNKNOWN)], ["a"]),
        ([("tokens", "b", Verdict.FAIL)], []),  # a is gone, as it should be
        ([("tokens", "every token", Verdict.UNKNOWN)], ["every token"]),  # a may be there unseen
        ([("tokens", "a", Verdict.PASS), ("tokens", "every token", Verdict.UNKNOWN)], []),
    ],
)
def test_nothing_counts_as_mended_that_nobody_saw(findings, left):
    found = unmended([finding(*one) for one in findings], {("tokens", "a")})
    assert [one.subject.id for one in found] == left
