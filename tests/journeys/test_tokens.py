"""`lakewarden tokens` against the worlds: who holds which credential, and what was not read."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest


def test_every_token_and_secret_of_a_world(run, world):
    result = run("tokens", "--format", "json", world=world("neglected"))
    assert result.code == 0
    found = {f"{t['workspace']}/{t['comment']}": t for t in result.json["tokens"]}
    assert set(found) == {
        "ng-shared/do not delete",
        "ng-shared/temp",
        "ng-shared/my laptop",
        "ng-legacy/bi tool",
        "ng-legacy/ftp job",
    }
    forever = found["ng-shared/do not delete"]
    assert (forever["owner"], forever["expires"]) == ("etl.admin@neglected.example", "never")
    assert forever["age_days"] == 900
    assert found["ng-legacy/ftp job"]["scopes"] == ["authentication"]
    assert found["ng-shared/temp"]["scopes"] is None
    idle = (
        datetime.now(UTC).date()
        - datetime.fromisoformat(found["ng-shared/temp"]["last_used"]).date()
    )
    assert 399 <= idle.days <= 401
    [secret] = result.json["secrets"]
    assert (secret["principal"], secret["age_days"], secret["status"]) == (
        "ng-loader",
        600,
        "ACTIVE",
    )


def test_times_are_in_utc(run, world):
    tokens = run("tokens", "--format", "json", world=world("typical")).json["tokens"]
    assert len(tokens) == 4
    for token in tokens:
        assert datetime.fromisoformat(token["created"]).tzinfo == UTC


def test_nothing_of_it_signs_anybody_in(run, world):
    served = world("neglected")
    for style in ("json", "table"):
        said = run("tokens", "--format", style, world=served).out
        assert not re.search(r"dapi[0-9a-f]{32}|dose[0-9a-f]{32}|secret_hash", said)
        for bearer in served.simulation.account.bearers:
            assert bearer not in said


@pytest.mark.parametrize("named", ["ng-legacy", "4002"])
def test_one_workspace(run, world, named):
    served = world("neglected")
    mark = served.log.stat().st_size
    result = run("tokens", "--workspace", named, "--format", "json", world=served)
    assert {t["workspace"] for t in result.json["tokens"]} == {"ng-legacy"}
    asked = served.log.read_text("utf-8")[mark:]
    assert asked.count("/api/2.0/token-management/tokens") == 1


def test_a_workspace_that_is_not_there(run, world):
    result = run("tokens", "--workspace", "nowhere", world=world("neglected"))
    assert result.code == 2
    assert "ng-legacy" in result.err


def test_the_table(run, world):
    result = run("tokens", world=world("neglected"))
    assert result.code == 0
    assert "Personal access tokens: 5" in result.out
    assert "etl.admin@neglected.example" in result.out
    assert "never" in result.out
    assert "OAuth secrets: 1" in result.out


def test_what_could_not_be_read_is_said(run, world):
    served = world("neglected")
    served.simulation.order(["GET /api/2.0/token-management/tokens=403"])
    try:
        result = run("tokens", "--format", "json", world=served)
    finally:
        served.simulation.order([])
    assert result.code == 4
    assert result.json["tokens"] == []
    assert len(result.json["secrets"]) == 1
    assert all("token-management" in line for line in result.json["unread"])


def test_a_snapshot_tells_the_same(run, world, bare):
    served = world("neglected")
    run("collect", "--no-aws", "--out", bare / "snapshot", world=served)
    live = run("tokens", "--format", "json", world=served).json
    kept = run("tokens", "--snapshot", bare / "snapshot", "--format", "json").json
    assert kept["tokens"] == live["tokens"]
    assert kept["secrets"] == live["secrets"]


def test_a_snapshot_that_was_made_for_something_else_is_incomplete(run, world, bare):
    served = world("neglected")
    only = ("--control", "ip-access-lists")
    run("collect", "--no-aws", *only, "--out", bare / "snapshot", world=served)
    result = run("tokens", "--snapshot", bare / "snapshot")
    assert result.code == 4
    assert "Not read: " in result.out
