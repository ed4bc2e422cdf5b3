"""What one look finds is found too when days pass between looks, and when lakes share a store."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta

import pytest

from lakewarden.errors import LakewardenError, UsageError
from lakewarden.ledger.alert import AlertState
from lakewarden.policyfile.watching import example_values
from lakewarden.store.alerts import Alerts
from lakewarden.store.lake import duck
from lakewarden.store.lake.engine import no_events
from lakewarden.store.lake.given import put_events
from lakewarden.store.lake.lake import Lake
from lakewarden.store.lake.watched import LakeEvents
from lakewarden.watch import examples, library
from lakewarden.watch.detect import Watch, detect
from lakewarden.watch.site import Site

VALUES = example_values()
COMMON = {
    key: library.rules()["login.failed_burst"].spec[key]
    for key in ("title", "source", "severity", "threats", "paper", "attack", "why")
} | {"false_positives": ["none"], "response": {"do": "nothing"}}
SELECT = {"x": {"do": "a.x"}, "y": {"do": "a.y"}}


def rule(kind, **spec):
    return library.rule_of(f"test.{kind}", {**COMMON, "kind": kind, **spec})


SILENCE = rule(
    "silence",
    select={"x": SELECT["x"]},
    condition="x",
    by=["actor"],
    longest="1d",
    at_least=2,
    history="7d",
)
UNANSWERED = rule(
    "sequence",
    select=SELECT,
    by=["actor"],
    steps=[{"is": "x"}, {"absent": "y", "within": "4h"}],
    within="4h",
)
UNASKED = rule(
    "sequence",
    select=SELECT,
    by=["actor"],
    steps=[{"absent": "x", "within": "1h"}, {"is": "y"}],
    within="1h",
)


def event(at, do="a.x", name="", **more):
    told = {"who": "ann@example.com", "do": do, **more}
    return examples.record_of(told, examples.millis(at), name or f"{do} {at}", 1, SILENCE.sources)


@contextmanager
def store(folder):
    alerts = Alerts.open(f"sqlite:///{folder / 'alerts.db'}")
    yield alerts
    alerts.close()


def add(lake, *records):
    with duck.open() as connection:
        no_events(connection, "given")
        put_events(connection, "given", records)
        lake.merge(connection, "given")


def look(lake, alerts, one, at, *, values=None, again=False, snapshots=""):
    site = Site({**VALUES, **(values or {})}, "UTC")
    watch = Watch([one], site, examples.millis(at), snapshots=snapshots)
    return detect(LakeEvents(lake, {}), alerts, watch, again=again)


@pytest.mark.parametrize(
    ("one", "records", "looks"),
    [
        (SILENCE, [event("11:00"), event("12:00")], ("12:30", "+4d 12:30")),
        (SILENCE, [event("11:00"), event("12:00"), event("+90d 12:00")], ("12:30", "+4d 12:30")),
        (UNANSWERED, [event("12:00")], ("12:30", "+3d 12:30")),
    ],
)
def test_what_is_missing_is_told_however_late_somebody_looks(tmp_path, one, records, looks):
    lake = Lake.create(str(tmp_path / "lake"))
    add(lake, *records)
    with store(tmp_path) as alerts:
        found = [len(look(lake, alerts, one, at).noted.new) for at in looks]
    assert found == [0, 1]


def test_a_silence_that_ends_late_is_no_silence_any_more(tmp_path):
    lake = Lake.create(str(tmp_path / "lake"))
    add(lake, event("11:00"), event("12:00"))
    with store(tmp_path) as alerts:
        assert len(look(lake, alerts, SILENCE, "+1d 13:00").noted.new) == 1
        add(lake, event("+1d 11:00"), event("+1d 11:30"))
        assert len(look(lake, alerts, SILENCE, "+1d 14:00").noted.withdrawn) == 1


def test_one_lake_withdraws_nothing_of_another(tmp_path):
    lakes = [Lake.create(str(tmp_path / name)) for name in ("one", "two")]
    add(lakes[0], event("12:00", "a.y"))
    add(lakes[1], event("12:00", "a.y", who="bob@example.com"))
    with store(tmp_path) as alerts:
        for again in (False, True):
            for lake in lakes:
                done = look(lake, alerts, UNASKED, "+1d 00:00", again=again)
                assert done.noted.withdrawn == ()
        assert len(alerts.alerts(states=[AlertState.OPEN])) == 2


def test_looking_at_everything_again_withdraws_what_is_explained(tmp_path):
    lake = Lake.create(str(tmp_path / "lake"))
    add(lake, event("-3d 00:00", who="bob@example.com"), event("12:00", "a.y"))
    with store(tmp_path) as alerts:
        assert len(look(lake, alerts, UNASKED, "13:00").noted.new) == 1
        add(lake, event("11:30"))
        done = look(lake, alerts, UNASKED, "14:00", again=True)
        assert [a.entity for a in done.noted.withdrawn] == ["ann@example.com"]


def test_looking_at_everything_again_withdraws_nothing_of_what_is_held_no_more(tmp_path):
    lake = Lake.create(str(tmp_path / "lake"))
    add(
        lake,
        event("-9d 00:00", "s3.ListBuckets", source="cloudtrail", who=None),
        event("12:00", "a.y"),
    )
    with store(tmp_path) as alerts:
        assert len(look(lake, alerts, UNASKED, "13:00").noted.new) == 1
        for more in ([], [event("+9d 00:00")]):
            add(lake, *more, event("+8d 00:00", "s3.ListBuckets", source="cloudtrail", who=None))
            lake.retain({"databricks": 5}, examples.MONDAY + timedelta(days=9))
            done = look(lake, alerts, UNASKED, "+9d 13:00", again=True)
            assert done.noted.withdrawn == ()


def test_a_site_value_that_changed_makes_its_rule_look_at_everything(tmp_path):
    one = rule(
        "match",
        select={"x": {"do": "a.x", "actor": "${site.break_glass}"}},
        condition="x",
        requires=["break_glass"],
    )
    lake = Lake.create(str(tmp_path / "lake"))
    add(lake, event("12:00"))
    with store(tmp_path) as alerts:
        assert look(lake, alerts, one, "13:00").noted.new == ()
        values = {"break_glass": ["ann@example.com"]}
        assert len(look(lake, alerts, one, "13:00", values=values).noted.new) == 1


def test_a_rule_about_snapshots_cannot_tell_anything_without_one(tmp_path):
    one = library.rules()["twins.ip_list_drifted"]
    lake = Lake.create(str(tmp_path / "lake"))
    with store(tmp_path) as alerts:
        assert "give --snapshot DIR" in look(lake, alerts, one, "13:00").idle[one.id]
        assert look(lake, alerts, one, "13:00", snapshots="some").idle == {}


def test_of_two_events_at_one_moment_the_wanted_one_counts(tmp_path):
    one = rule(
        "first_seen",
        select={"any": {"do": ["a.x", "a.y"]}, "told": {"do": "a.y"}},
        condition="any",
        only="told",
        by=["actor"],
        value=["src_ip"],
        history="7d",
    )
    for n in range(6):
        folder = tmp_path / str(n)
        lake = Lake.create(str(folder / "lake"))
        add(lake, event("12:00", "a.x", f"x{n}", ip="9.9.9.9"))
        add(lake, event("12:00", "a.y", f"y{n}", ip="9.9.9.9"))
        with store(folder) as alerts:
            assert len(look(lake, alerts, one, "13:00").noted.new) == 1


@pytest.mark.parametrize(
    ("least", "looks"),
    [
        (3, [("08:30", "08:40", "09:20", "09:50"), ("10:10",)]),
        (2, [("09:00", "10:00"), ("08:05",)]),
    ],
)
def test_counts_do_not_depend_on_how_often_somebody_looks(tmp_path, least, looks):
    one = rule(
        "threshold",
        select={"x": SELECT["x"]},
        condition="x",
        by=["actor"],
        window="1h",
        at_least=least,
    )
    counts = []
    for name, parts in (("whole", [sum(looks, ())]), ("parts", looks)):
        lake = Lake.create(str(tmp_path / name))
        folder = tmp_path / f"{name}-alerts"
        folder.mkdir()
        with store(folder) as alerts:
            for part in parts:
                add(lake, *map(event, part))
                look(lake, alerts, one, "+1d 00:00")
            counts.append([(a.bucket, a.count) for a in alerts.alerts()])
    assert counts[0] == counts[1]


def test_one_alert_of_several_keys_counts_all_of_them(tmp_path):
    one = rule(
        "threshold",
        select={"x": SELECT["x"]},
        condition="x",
        by=["src_ip"],
        entity=["actor"],
        window="1h",
        at_least=1,
    )
    lake = Lake.create(str(tmp_path / "lake"))
    with store(tmp_path) as alerts:
        for n in (1, 2):
            add(lake, event("12:00", name=f"e{n}", ip=f"9.9.9.{n}"))
            look(lake, alerts, one, "13:00")
        assert [a.count for a in alerts.alerts()] == [2]


def test_a_mistake_in_a_rule_is_said_with_the_rule(tmp_path):
    one = rule(
        "threshold",
        select={"x": SELECT["x"]},
        condition="x",
        by=["actor"],
        window="1h",
        at_least="5",
    )
    lake = Lake.create(str(tmp_path / "lake"))
    with (
        store(tmp_path) as alerts,
        pytest.raises(LakewardenError, match=r"rule test\.threshold: at_least: '5' is no number"),
    ):
        look(lake, alerts, one, "13:00")


def test_a_query_may_ask_since_when_there_are_events_at_all(tmp_path):
    query = (
        "SELECT account_id, actor AS entity, ts, id FROM events "
        "WHERE ts - 3600000 >= (SELECT MIN(ts) FROM events AS ever WHERE action = 'x')"
    )
    lake = Lake.create(str(tmp_path / "lake"))
    with store(tmp_path) as alerts:
        for at, found in (("-9d 12:00", 0), ("12:00", 1)):
            add(lake, event(at))
            done = look(lake, alerts, rule("sql", query=query, reach="1h"), "13:00")
            assert len(done.noted.new) == found


def test_a_rule_in_the_wrong_place_is_named(tmp_path):
    (tmp_path / "area").mkdir()
    (tmp_path / "area" / "rule.yml").touch()
    with pytest.raises(UsageError, match=r"rule\.yml: is not area/rule\.yaml"):
        library.rules(tmp_path)


def test_evidence_of_a_query_of_ones_own_says_who_did_it(tmp_path):
    query = "SELECT account_id, actor AS entity, ts, id FROM events WHERE action = 'x'"
    lake = Lake.create(str(tmp_path / "lake"))
    add(lake, event("12:00", ip="9.9.9.9"))
    with store(tmp_path) as alerts:
        (alert,) = look(lake, alerts, rule("sql", query=query, reach="1h"), "13:00").noted.new
    (shown,) = alert.evidence
    assert (shown["actor"], shown["src_ip"], shown["action"]) == (
        "ann@example.com",
        "9.9.9.9",
        "x",
    )
