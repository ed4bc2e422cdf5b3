"""Detection bit by bit finds what one look at everything finds, in whatever order events come."""

from __future__ import annotations

import random
from contextlib import contextmanager

import pytest

from lakewarden.ledger.alert import AlertState
from lakewarden.policyfile.watching import example_values
from lakewarden.store.alerts import Alerts
from lakewarden.store.lake import duck
from lakewarden.store.lake.engine import no_events
from lakewarden.store.lake.given import put_events
from lakewarden.store.lake.lake import Lake
from lakewarden.store.lake.watched import LakeEvents
from lakewarden.watch import examples, library
from lakewarden.watch.atlas import Gazetteer, Networks, Place
from lakewarden.watch.detect import Watch, detect
from lakewarden.watch.site import Site

SITE = Site(example_values())
KINDS = ("match", "threshold", "distinct", "sequence", "first_seen", "baseline", "silence")
EACH = 4
"""How many rules of each kind take part."""


@pytest.fixture(scope="module")
def rules():
    """Some rules of each kind, those without places and tables of their own."""
    found = {kind: [] for kind in KINDS}
    for rule in library.rules().values():
        if "geo" not in rule.spec.get("needs", ()) and rule.kind in found:
            found[rule.kind].append(rule)
    chosen = random.Random(7)
    return [
        rule
        for each in found.values()
        for rule in chosen.sample(sorted(each, key=lambda r: r.id), min(EACH, len(each)))
    ]


@pytest.fixture(scope="module")
def told(rules):
    """All events of the examples of these rules, each example in an account of its own."""
    records, number = [], 1
    for rule in rules:
        area, name = rule.id.split(".")
        for each in examples.read(library.RULES / area / f"{name}.jsonl", rule.sources, number):
            number += 1
            records += each.records
    return records


NOW = examples.millis("+40d 00:00")


@contextmanager
def opened(folder):
    alerts = Alerts.open(f"sqlite:///{folder / 'alerts.db'}")
    yield Lake.create(str(folder / "lake")), alerts
    alerts.close()


def add(lake, records):
    with duck.open() as connection:
        no_events(connection, "given")
        put_events(connection, "given", records)
        lake.merge(connection, "given")


def look(lake, alerts, rules, **how):
    return detect(LakeEvents(lake, {}), alerts, Watch(rules, SITE, NOW), **how)


def waiting(alerts):
    return {
        (a.id, a.rule, a.entity, a.severity, a.first, a.last, a.count, str(a.evidence))
        for a in alerts.alerts()
        if a.waits
    }


@pytest.fixture(scope="module")
def whole(told, rules, tmp_path_factory):
    with opened(tmp_path_factory.mktemp("whole")) as (lake, alerts):
        add(lake, told)
        done = look(lake, alerts, rules)
        assert done.quiet == 0
        assert {a.rule for a in done.noted.new} == {rule.id for rule in rules}
        yield waiting(alerts)


@pytest.mark.parametrize("seed", range(2))
def test_events_that_come_in_any_order_end_in_the_same_alerts(told, rules, whole, tmp_path, seed):
    chance = random.Random(seed)
    late = list(told)
    chance.shuffle(late)
    parts = [late[n::3] for n in range(3)]
    with opened(tmp_path) as (lake, alerts):
        for part in parts:
            add(lake, part)
            look(lake, alerts, rules)
        assert waiting(alerts) == whole


def test_looking_again_changes_nothing(told, rules, whole, tmp_path):
    with opened(tmp_path) as (lake, alerts):
        add(lake, told)
        look(lake, alerts, rules)
        add(lake, told)
        second = look(lake, alerts, rules)
        assert (second.noted.new, second.noted.grown, second.noted.withdrawn) == ((), (), ())
        assert second.fresh == 0
        third = look(lake, alerts, rules, again=True)
        assert (third.noted.new, third.noted.grown) == ((), ())
        assert waiting(alerts) == whole


def test_a_rule_that_changed_looks_at_everything(told, rules, tmp_path):
    rule = next(r for r in rules if r.kind == "threshold")
    stricter = library.rule_of(rule.id, {**rule.spec, "at_least": 1_000_000})
    with opened(tmp_path) as (lake, alerts):
        add(lake, told)
        assert look(lake, alerts, [stricter]).noted.new == ()
        assert look(lake, alerts, [stricter]).quiet == 1
        assert look(lake, alerts, [rule]).noted.new


def test_a_rule_whose_values_nobody_gave_says_so(rules, tmp_path):
    rule = library.rules()["login.break_glass"]
    with opened(tmp_path) as (lake, alerts):
        watch = Watch([rule], Site({**SITE.values, "break_glass": []}), NOW)
        done = detect(LakeEvents(lake, {}), alerts, watch)
        assert done.idle == {
            "login.break_glass": "access.break_glass is not set in lakewarden.toml"
        }
        assert alerts.looked(lake.identity()) == {}


def test_an_event_that_comes_late_withdraws_what_it_explains(tmp_path):
    spec = {
        **library.rules()["login.failed_burst"].spec,
        "kind": "sequence",
        "select": {"asked": {"do": "a.ask"}, "did": {"do": "a.do"}},
        "steps": [{"absent": "asked", "within": "1h"}, {"is": "did"}],
        "within": "1h",
    }
    for key in ("condition", "window", "at_least", "worse", "entity"):
        spec.pop(key, None)
    rule = library.rule_of("test.unasked", {**spec, "by": ["actor"]})
    event = {"who": "ann@example.com", "do": "a.do", "at": "09:30"}
    other = {"who": "bob@example.com", "do": "a.do", "at": "09:31"}
    asked = {"who": "ann@example.com", "do": "a.ask", "at": "09:00"}

    def records(*events):
        return [
            examples.record_of(e, examples.millis(e["at"]), f"id{n}", 1, rule.sources)
            for n, e in enumerate(events)
        ]

    with opened(tmp_path) as (lake, alerts):
        add(lake, records(event, other))
        assert len(look(lake, alerts, [rule]).noted.new) == 2
        add(lake, records(event, other, asked))
        (withdrawn,) = look(lake, alerts, [rule]).noted.withdrawn
        assert withdrawn.entity == "ann@example.com"
        assert [a.entity for a in alerts.alerts(states=[AlertState.OPEN])] == ["bob@example.com"]


def test_a_rule_about_countries_looks_at_what_is_new(tmp_path):
    rule = library.rules()["login.denied_country"]
    atlas = Gazetteer([Networks({"203.0.113.0/24": Place("KP", 39.0, 125.8, 100)})])
    watch = Watch([rule], SITE, NOW, atlas)
    event = {"who": "ann@example.com", "do": "accounts.login", "ip": "198.51.100.1"}
    found = []
    with opened(tmp_path) as (lake, alerts):
        for n, ip in enumerate(("198.51.100.1", "203.0.113.7")):
            record = examples.record_of({**event, "ip": ip}, NOW, f"id{n}", 1, rule.sources)
            add(lake, [record])
            found.append(len(detect(LakeEvents(lake, {}), alerts, watch).noted.new))
    assert found == [0, 1]
