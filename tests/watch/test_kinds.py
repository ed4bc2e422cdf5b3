"""Every kind finds what a slow reading of its definition finds, on random events."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from fractions import Fraction
from itertools import pairwise, product
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakewarden.events.columns import Source
from lakewarden.store.lake.engine import opened
from lakewarden.watch.compiler import _events, form_of
from lakewarden.watch.fields import Setting
from lakewarden.watch.rule import rule_of
from lakewarden.watch.site import Site
from lakewarden.watch.sql import Dialect

COMMON = {
    "title": "A title",
    "source": "databricks",
    "severity": "low",
    "threats": ["AT"],
    "paper": ["P01"],
    "attack": [],
    "why": "It is wrong.",
    "false_positives": ["Somebody tried."],
    "response": {"do": "Ask."},
    "by": ["actor"],
}
ANY = {"select": {"it": {"do": "s.*"}}, "condition": "it"}
NOW = 14


class Event(NamedTuple):
    """One event: whose it is is account and actor."""

    id: str
    ts: int
    account: str
    actor: str
    action: str
    value: str | None
    amount: int

    @property
    def key(self):
        return self.account, self.actor


@st.composite
def events(draw, last=12):
    """Few keys and times, so that many events are exactly a span apart."""
    one = st.tuples(
        st.integers(0, last),
        st.sampled_from("AAB"),
        st.sampled_from("kkl"),
        st.sampled_from("xyz"),
        st.sampled_from(["1", "2", "3", None]),
        st.integers(0, 4),
    )
    return [
        Event(f"e{n:02}", *each)
        for n, each in enumerate(draw(st.lists(one, min_size=4, max_size=24)))
    ]


TRIED = settings(max_examples=40, deadline=None)


@pytest.fixture(scope="module")
def engine():
    with opened(threads=1) as engine:
        yield engine


def hits(engine, told, places=(), **spec):
    """Return the events of a rule's hits, each with the time of its hit."""
    rule = rule_of("a.b", {**COMMON, **spec})
    rows = ", ".join(
        f"('{e.id}', {e.ts}, '{e.account}', '{e.actor}', '{e.action}', "
        f"{'NULL' if e.value is None else repr(e.value)}, {e.amount})"
        for e in told
    )
    given = f"SELECT * FROM (VALUES {rows or '(NULL, 0, NULL, NULL, NULL, NULL, 0)'})"
    engine.connection.execute(
        "CREATE OR REPLACE VIEW all_events AS SELECT id, ts::BIGINT AS ts, account AS account_id, "
        "NULL::VARCHAR AS workspace_id, NULL::VARCHAR AS region, 's' AS service, action, actor, "
        "value AS src_ip, value AS session_id, amount AS bytes, NULL::BIGINT AS status, "
        "'databricks' AS source, '1970-01-01' AS day "
        f"FROM ({given}) AS given(id, ts, account, actor, action, value, amount) "
        "WHERE id IS NOT NULL"
    )
    engine.put("places", places)
    setting = Setting(Site(), Dialect.DUCKDB, (Source.DATABRICKS,), NOW)
    form = form_of(rule, setting)
    query = f"{_events(rule, setting, form, None)} SELECT id, hit_at FROM ({form.hits}) AS hits"
    return Counter(engine.rows(query))


def grouped(told):
    by = defaultdict(list)
    for event in sorted(told, key=lambda e: (e.ts, e.id)):
        by[event.key].append(event)
    return by.values()


def around(mine, found, span):
    """Return the events up to a span before a hit, with the first hit that each is part of."""
    parts = []
    for event in mine:
        later = [time for time in found if event.ts <= time <= event.ts + span]
        if later:
            parts.append((event.id, min(later)))
    return parts


def within(mine, event, span):
    return [other for other in mine if event.ts - span <= other.ts <= event.ts]


@TRIED
@given(told=events(), window=st.integers(1, 6), least=st.integers(1, 5))
def test_threshold(engine, told, window, least):
    expected = []
    for mine in grouped(told):
        found = {e.ts for e in mine if len(within(mine, e, window)) >= least}
        expected += around(mine, found, window)
    spec = {"kind": "threshold", "window": f"{window}ms", "at_least": least}
    assert hits(engine, told, **spec, **ANY) == Counter(expected)


@TRIED
@given(told=events(), window=st.integers(1, 6), least=st.integers(1, 12))
def test_threshold_of_a_sum(engine, told, window, least):
    expected = []
    for mine in grouped(told):
        found = {e.ts for e in mine if sum(o.amount for o in within(mine, e, window)) >= least}
        expected += around(mine, found, window)
    spec = {"kind": "threshold", "window": f"{window}ms", "at_least": least, "sum": "bytes"}
    assert hits(engine, told, **spec, **ANY) == Counter(expected)


@TRIED
@given(told=events(), window=st.integers(1, 6), least=st.integers(1, 3))
def test_distinct(engine, told, window, least):
    expected = []
    for mine in grouped([e for e in told if e.value is not None]):
        found = {e.ts for e in mine if len({o.value for o in within(mine, e, window)}) >= least}
        expected += around(mine, found, window)
    spec = {"kind": "distinct", "value": ["session_id"], "window": f"{window}ms"}
    assert hits(engine, told, **spec, at_least=least, **ANY) == Counter(expected)


SELECT = {"x": {"do": "s.x"}, "y": {"do": "s.y"}, "z": {"do": "s.z"}}


@TRIED
@given(told=events(), span=st.integers(1, 6), least=st.integers(1, 3), own=st.integers(1, 6))
def test_sequence_of_several_before_one(engine, told, span, least, own):
    expected = []
    for mine in grouped(told):
        xs, ys = ([e for e in mine if e.action == action] for action in "xy")
        many = [e for e in xs if len(within(xs, e, own)) >= least]
        found = {y.ts for y in ys if within(many, y, span)}
        expected += around([*xs, *ys], found, span)
    steps = [{"is": "x", "at_least": least, "within": f"{own}ms"}, {"is": "y"}]
    spec = {"kind": "sequence", "within": f"{span}ms", "steps": steps}
    both = {name: SELECT[name] for name in "xy"}
    assert hits(engine, told, **spec, select=both) == Counter(expected)


@TRIED
@given(told=events(), span=st.integers(1, 15))
def test_sequence_of_three(engine, told, span):
    expected = []
    for mine in grouped(told):
        xs, ys, zs = ([e for e in mine if e.action == action] for action in "xyz")
        found = {
            z.ts for x, y, z in product(xs, ys, zs) if x.ts <= y.ts <= z.ts and z.ts - x.ts <= span
        }
        expected += around(mine, found, span)
    steps = [{"is": name} for name in "xyz"]
    assert hits(
        engine, told, kind="sequence", within=f"{span}ms", steps=steps, select=SELECT
    ) == Counter(expected)


@TRIED
@given(told=events(), span=st.integers(1, 6), own=st.integers(1, 6))
def test_sequence_without_one_before(engine, told, span, own):
    expected = []
    for mine in grouped(told):
        xs, ys, zs = ([e for e in mine if e.action == action] for action in "xyz")
        found = {z.ts for z in zs if within(ys, z, span) and not within(xs, z, own)}
        expected += around([*ys, *zs], found, span)
    steps = [{"is": "y"}, {"absent": "x", "within": f"{own}ms"}, {"is": "z"}]
    assert hits(
        engine, told, kind="sequence", within=f"{span}ms", steps=steps, select=SELECT
    ) == Counter(expected)


@TRIED
@given(told=events(last=14), own=st.integers(1, 6))
def test_sequence_without_one_after(engine, told, own):
    expected = []
    for mine in grouped(told):
        xs, ys = ([e for e in mine if e.action == action] for action in "xy")
        found = {
            y.ts for y in ys if y.ts + own < NOW and not any(y.ts <= x.ts <= y.ts + own for x in xs)
        }
        expected += around(ys, found, own)
    steps = [{"is": "y"}, {"absent": "x", "within": f"{own}ms"}]
    both = {name: SELECT[name] for name in "xy"}
    spec = {"kind": "sequence", "within": f"{own}ms", "steps": steps, "select": both}
    assert hits(engine, told, **spec) == Counter(expected)


@TRIED
@given(told=events(), span=st.integers(1, 6), way=st.sampled_from(["differs", "same"]))
def test_sequence_of_two_that_are_compared(engine, told, span, way):
    expected = []
    for mine in grouped(told):
        xs, ys = ([e for e in mine if e.action == action] for action in "xy")
        found = {
            y.ts
            for y in ys
            for x in within(xs, y, span)
            if None not in {x.value, y.value} and (x.value == y.value) == (way == "same")
        }
        expected += around([*xs, *ys], found, span)
    steps = [{"is": "x"}, {"is": "y"}]
    both = {name: SELECT[name] for name in "xy"}
    spec = {"kind": "sequence", "within": f"{span}ms", "steps": steps, "select": both}
    assert hits(engine, told, **spec, **{way: ["session_id"]}) == Counter(expected)


def known_for(mine, event, history, warmup):
    return min(e.ts for e in within(mine, event, history + warmup)) <= event.ts - warmup


@TRIED
@given(
    told=events(),
    history=st.integers(1, 6),
    warmup=st.integers(0, 6),
    only=st.sampled_from([None, "x"]),
)
def test_first_seen(engine, told, history, warmup, only):
    expected = []
    for mine in grouped([e for e in told if e.value is not None]):
        for n, event in enumerate(mine):
            before = [e.ts for e in mine[:n] if e.value == event.value]
            new = not before or before[-1] < event.ts - history
            wanted = only is None or event.action == only
            if new and wanted and known_for(mine, event, history, warmup):
                expected.append((event.id, event.ts))
    spec = {"kind": "first_seen", "value": ["session_id"], "history": f"{history}ms"}
    spec |= {"warmup": f"{warmup}ms", **({"only": only} if only else {})}
    select = {"it": {"do": "s.*"}, **({"x": SELECT["x"]} if only else {})}
    assert hits(engine, told, **spec, select=select, condition="it") == Counter(expected)


@TRIED
@given(told=events(), history=st.integers(1, 6))
def test_the_return_of_somebody_who_was_away(engine, told, history):
    expected = [
        (event.id, event.ts)
        for mine in grouped(told)
        for before, event in pairwise(mine)
        if before.ts < event.ts - history
    ]
    spec = {"kind": "first_seen", "history": f"{history}ms"}
    assert hits(engine, told, **spec, **ANY) == Counter(expected)


@TRIED
@given(
    told=events(last=30),
    measure=st.sampled_from(["count", "sum bytes", "distinct session_id"]),
    times=st.sampled_from([0, 1, 2]),
    least=st.integers(1, 3),
    floor=st.integers(0, 2),
    flat=st.sampled_from([None, 2, 4]),
)
def test_baseline(engine, told, measure, times, least, floor, flat):
    per, history, expected = 5, 20, []
    for mine in grouped(told):
        periods = defaultdict(list)
        for event in mine:
            periods[event.ts // per].append(event)
        for at, members in periods.items():
            first = min((p for p in periods if at - history // per <= p < at), default=at)
            past = [measured(periods.get(p, []), measure) for p in range(first, at)]
            value = measured(members, measure)
            if value > floor and unusual(value, past, times, least, flat):
                expected += [(event.id, at * per) for event in members]
    spec = {"kind": "baseline", "per": f"{per}ms", "measure": measure, "times": times}
    spec |= {"history": f"{history}ms", "least_periods": least, "floor": floor}
    spec |= {"flat": flat} if flat else {}
    assert hits(engine, told, **spec, **ANY) == Counter(expected)


def measured(members, measure):
    if measure == "count":
        return len(members)
    if measure == "sum bytes":
        return sum(e.amount for e in members)
    return len({e.value for e in members} - {None})


def unusual(value, past, times, least, flat):
    if len(past) < least:
        return flat is not None and value >= flat
    mean = Fraction(sum(past), len(past))
    variance = sum((each - mean) ** 2 for each in past) / len(past)
    return value > mean and (value - mean) ** 2 > times**2 * variance


@TRIED
@given(
    told=events(last=13),
    longest=st.integers(1, 6),
    least=st.integers(1, 3),
    history=st.integers(1, 6),
)
def test_silence(engine, told, longest, least, history):
    expected = []
    for mine in grouped(told):
        for event, after in zip(mine, [*(e.ts for e in mine[1:]), NOW], strict=True):
            heard = len(within(mine, event, history))
            if after - event.ts > longest and heard >= least:
                expected.append((event.id, event.ts))
    spec = {"kind": "silence", "longest": f"{longest}ms", "history": f"{history}ms"}
    assert hits(engine, told, **spec, at_least=least, **ANY) == Counter(expected)


PLACES = {"1": (52.5, 13.4, 20), "2": (40.7, -74.0, 50), "3": (-33.9, 151.2, 0)}
HOUR = 3_600_000


@TRIED
@given(told=events(), window=st.integers(1, 8), kmh=st.sampled_from([300, 900, 5000]))
def test_travel(engine, told, window, kmh):
    """Each ms of the drawn times stands for an hour."""
    told = [event._replace(ts=event.ts * HOUR) for event in told]
    expected = []
    for mine in grouped([e for e in told if e.value is not None]):
        moves = list(pairwise(mine))
        far = {b.id: b.ts for a, b in moves if too_fast(a, b, window, kmh)}
        for n, event in enumerate(mine):
            after = mine[n + 1].id if n + 1 < len(mine) else None
            hit = far.get(event.id, far.get(after))
            expected += [(event.id, hit)] if hit is not None else []
    rows = [
        {"ip": ip, "country": "XX", "lat": lat, "lon": lon, "radius_km": radius}
        for ip, (lat, lon, radius) in PLACES.items()
    ]
    spec = {"kind": "travel", "window": f"{window}h", "max_kmh": kmh, "min_km": 100}
    assert hits(engine, told, rows, **spec, **ANY) == Counter(expected)


def too_fast(one, two, window, kmh):
    (lat1, lon1, r1), (lat2, lon2, r2) = PLACES[one.value], PLACES[two.value]
    a, b, c = (math.radians(each) for each in (lat1, lat2, lon2 - lon1))
    cosine = math.sin(a) * math.sin(b) + math.cos(a) * math.cos(b) * math.cos(c)
    km = 6371 * math.acos(max(-1.0, min(1.0, cosine))) - r1 - r2
    hours = (two.ts - one.ts) / HOUR
    return hours <= window and km >= 100 and km > hours * kmh
