"""Scopes, and what is left out, from the policy file to the wire."""

from __future__ import annotations

import json
from pathlib import Path

import pytest


def _paths(log: Path, since: int) -> list[str]:
    return [json.loads(line)["path"] for line in log.read_text("utf-8")[since:].splitlines()]


@pytest.fixture
def typical(world, bare):
    """Return the world, and a way to give it another policy file."""
    served = world("typical")

    def policy(text: str) -> str:
        file = bare / "mine.toml"
        file.write_text(text, "utf-8")
        return str(file)

    return served, policy


def test_a_sensitive_workspace_is_asked_for_more(run, typical):
    served, policy = typical
    file = policy(
        '[[scopes]]\nname = "sensitive"\nworkspaces = ["ty-production"]\nposture = "high"'
    )
    found = run("assess", "--format", "json", "--policy-file", file, world=served).json["findings"]
    asked = {f["subject"]["name"] for f in found if f["control"] == "ip-access-lists"}
    assert asked == {"ty-production"}
    both = {f["subject"]["name"] for f in found if f["control"] == "token-lifetime-limited"}
    assert both == {"ty-production", "ty-analytics"}


def test_a_control_that_is_left_out_makes_no_call(run, typical):
    served, _ = typical
    mark = len(served.log.read_text("utf-8"))
    run("assess", "--posture", "high", "--control", "job-managers", world=served)
    assert any("/permissions/jobs/" in path for path in _paths(served.log, mark))
    mark = len(served.log.read_text("utf-8"))
    run("assess", "--posture", "high", "--exclude-control", "job-managers", world=served)
    assert not any("/permissions/jobs/" in path for path in _paths(served.log, mark))


def test_a_workspace_that_is_left_out_is_neither_read_nor_judged(run, typical):
    served, policy = typical
    file = policy('[exclude]\nworkspaces = ["ty-analytics"]')
    found = run("assess", "--format", "json", "--policy-file", file, world=served).json
    assert {w["name"] for w in found["deployment"]["workspaces"]} == {"ty-production"}
    assert not [f for f in found["findings"] if f["subject"]["workspace"] == "2001"]


def test_a_loosened_limit_stands_in_the_finding_and_in_the_report(run, typical):
    served, policy = typical
    file = policy("[limits]\ntoken_days = 400")
    arguments = ("assess", "--control", "token-lifetime-limited", "--policy-file", file)
    found = run(*arguments, "--format", "json", world=served).json
    assert found["loosened"] == ["token_days = 400 (default 90)"]
    assert all("token_days is loosened to 400" in f["reason"] for f in found["findings"])


def test_a_workspace_that_does_not_exist_is_an_error(run, typical):
    served, _ = typical
    result = run("assess", "--exclude-workspace", "ty-analytisc", world=served)
    assert result.code == 2
    assert "no workspace ty-analytisc" in result.err
