"""Replaying: a request is told of once, what was refused is no loss, and memory has an end."""

from __future__ import annotations

import json

import pytest

from impact.conftest import NOON, change, event, value
from lakewarden.apply.hand import hands
from lakewarden.impact import replay as module
from lakewarden.impact.coverage import covers, needs_of
from lakewarden.impact.report import as_json

SWITCH = value("workspace_conf", "enableTokensConfig", "true", "false")
HARMLESS = change(
    "trail", "t", {"/IsMultiRegionTrail": False}, {"/IsMultiRegionTrail": True}, "aws"
)
LOGIN = {"tokenId": "t1"}


def login(**more):
    return event("accounts.tokenLogin", params=LOGIN, **more)


def test_the_events_of_a_request_are_told_of_once(replay):
    made = event("accounts.generateDbToken", request="r1", params={"tokenExpirationTime": "-1"})
    impact = replay([SWITCH], [login(request="r1"), made, login(request="r2")])
    assert impact.tally.refused == 2


def test_what_was_refused_at_the_time_is_no_loss(replay):
    refused = event("accounts.generateDbToken", request="r1", status=403)
    assert replay([SWITCH], [login(request="r1"), refused]).tally.refused == 0
    assert replay([SWITCH], [refused, login(request="r1")]).tally.refused == 0


def test_the_window_is_bounded_and_forgets_nobody(replay, monkeypatch):
    monkeypatch.setattr(module, "WINDOW", 3)
    events = [login(request=f"r{n}", at=NOON + n) for n in range(50)]
    impact = replay([SWITCH], events)
    ((_, row),) = impact.tally.rows.items()
    assert (row.span.count, row.span.first, row.span.last) == (50, NOON, NOON + 49)


def test_rows_are_bounded_and_what_is_beyond_is_counted(replay, monkeypatch):
    monkeypatch.setattr("lakewarden.impact.tally.ROWS", 2)
    events = [login(who=f"u{n}@example.com") for n in range(5)]
    (reason,) = as_json(replay([SWITCH], events))["reasons"]
    assert (reason["requests"], reason["principals"], reason["without_a_row"]) == (5, 5, 3)


def test_events_of_other_kinds_are_not_even_parsed(replay):
    other = '{"actionName": "runCommand", "timestamp": 1767268800000, cut off'
    impact = replay([SWITCH], [other, login()])
    assert (impact.read.lines, impact.read.looked_at, impact.read.broken_count) == (2, 1, 0)


def test_a_change_in_one_workspace_says_nothing_of_another(replay):
    impact = replay([SWITCH], [login(workspace="2"), login(workspace="0")])
    assert (impact.tally.refused, impact.tally.doubtful) == (0, 0)


def test_a_plan_that_refuses_nobody_reads_no_event(replay):
    impact = replay([HARMLESS], [login()])
    assert impact.read.lines == 0
    assert [c.harmless for c in impact.covers] == [True]


def test_what_cannot_be_read_is_not_known(replay):
    impact = replay([SWITCH], ['{"actionName": "tokenLogin", "half', None, login()])
    assert impact.read.broken == ["file line 1", "file line 2"]
    assert impact.tally.refused == 1
    assert "2 lines of the logs cannot be read" in impact.unknown


def test_events_of_other_accounts_are_left_out(replay):
    impact = replay([SWITCH], [login(account="another"), login()])
    assert (impact.read.foreign, impact.tally.refused) == (1, 1)


def test_a_report_is_json_with_times(replay):
    said = json.loads(json.dumps(as_json(replay([SWITCH], [login()]))))
    assert said["events"]["first"] == said["rows"][0]["first"] == "2026-01-01T12:00:00+00:00"
    assert said["rows"][0]["what"] == "t1"


@pytest.mark.parametrize("kind", sorted(hands()))
def test_every_kind_that_can_be_changed_is_spoken_of(kind):
    """A change is judged, or known to refuse nobody, or it is said why that is not known."""
    keyed = {"workspace_conf", "workspace_setting", "workspace_setting_v2", "account_setting"}
    (cover,) = covers([change(kind, "somekey", {"/x": 1}, None)])
    spoken = cover.judged or cover.harmless or "no rule says" not in cover.hidden
    assert spoken or kind in keyed


def test_what_a_snapshot_needs_follows_from_the_changes():
    lists = {need.kind for need in needs_of([SWITCH])}
    assert {"account_users", "workspace_conf", "authorization"} <= lists
    assert needs_of([HARMLESS]) == set()
    acl = change("permissions", "clusters/c1", {"/x": 1}, {"/x": 2})
    assert "cluster_permissions" in {need.kind for need in needs_of([acl])}
