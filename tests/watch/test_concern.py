"""What new events cannot concern is told from their actions alone, and nothing else is left out."""

from __future__ import annotations

import pytest

from lakewarden.policyfile.watching import example_values
from lakewarden.store.alerts import Alerts
from lakewarden.store.lake import duck
from lakewarden.store.lake.engine import no_events
from lakewarden.store.lake.given import put_events
from lakewarden.store.lake.lake import Lake
from lakewarden.store.lake.watched import LakeEvents
from lakewarden.watch import examples, library
from lakewarden.watch.concern import concerned
from lakewarden.watch.detect import Watch, detect
from lakewarden.watch.site import Site

SITE = Site(example_values(), "UTC")
COMMON = {
    key: library.rules()["login.failed_burst"].spec[key]
    for key in ("title", "source", "severity", "threats", "paper", "attack", "why")
} | {"false_positives": ["none"], "response": {"do": "nothing"}}
SELECT = {
    "x": {"do": "a.x"},
    "any_b": [{"do": "b.*"}, {"do": "a.y", "actor": "ann@example.com"}],
    "ann": {"actor": "ann@example.com"},
}
X, Y, B, C = (("databricks", *name.split(".")) for name in ("a.x", "a.y", "b.z", "c.z"))


@pytest.mark.parametrize(
    ("condition", "looked_at"),
    [
        ("x", {X}),
        ("any_b", {Y, B}),
        ("x or any_b", {X, Y, B}),
        ("x and any_b", set()),
        ("x and ann", {X}),
        ("ann", {X, Y, B, C}),
        ("not x", {Y, B, C}),
        ("not ann", {X, Y, B, C}),
        ("ann and not any_b", {X, Y, C}),
        ("not (x and ann)", {X, Y, B, C}),
        ("1 of them", {X, Y, B, C}),
        ("all of them", set()),
    ],
)
def test_a_rule_is_left_out_where_the_action_alone_says_so(condition, looked_at):
    used = {name: each for name, each in SELECT.items() if name in condition or "them" in condition}
    spec = {**COMMON, "kind": "match", "select": used, "condition": condition}
    rule = library.rule_of("test.match", spec)
    assert {did for did in (X, Y, B, C) if concerned([rule], SITE, [did])} == looked_at
    elsewhere = [("cloudtrail", *did[1:]) for did in (X, Y, B, C)]
    assert concerned([rule], SITE, elsewhere) == []


@pytest.mark.parametrize("days", [3, 5])
def test_a_query_that_waits_for_the_next_event_sees_it_after_a_gap_of_days(tmp_path, days):
    query = (
        "SELECT account_id, actor AS entity, ts, id FROM events AS recent "
        "WHERE action = 'x' AND ts + 3600000 <= (SELECT MAX(ts) FROM events)"
    )
    reach = {"query": query, "reach": "5d", "ahead": "1h", "waits": "1h"}
    rule = library.rule_of("test.sql", {**COMMON, "kind": "sql", **reach})
    lake = Lake.create(str(tmp_path / "lake"))
    alerts = Alerts.open(f"sqlite:///{tmp_path / 'alerts.db'}")
    found = []
    runs = (("09:00", "a.x", f"+{days}d 00:00"), (f"+{days}d 01:00", "a.y", f"+{days}d 02:00"))
    for at, do, now in runs:
        told = {"who": "ann@example.com", "do": do}
        record = examples.record_of(told, examples.millis(at), do, 1, rule.sources)
        with duck.open() as connection:
            no_events(connection, "given")
            put_events(connection, "given", [record])
            lake.merge(connection, "given")
        done = detect(LakeEvents(lake, {}), alerts, Watch([rule], SITE, examples.millis(now)))
        found.append(len(done.noted.new))
    alerts.close()
    assert found == [0, 1]
