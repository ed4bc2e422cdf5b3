"""The words of rules mean what docs/rules.md says: conditions, selections, fields, local time."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakewarden.events.columns import Kind, Source
from lakewarden.store.lake import duck
from lakewarden.watch import condition
from lakewarden.watch.fields import Setting, expression, kind_of
from lakewarden.watch.selection import predicate
from lakewarden.watch.site import Site, asked_of, references
from lakewarden.watch.sql import Dialect, hour, joined_text, literal, weekday

OURS = (Source.DATABRICKS,)
AWS = (Source.CLOUDTRAIL,)


def setting(site=None, sources=OURS, dialect=Dialect.DUCKDB):
    return Setting(site or Site(), dialect, sources)


@pytest.fixture(scope="module")
def connection():
    with duck.open(threads=1) as connection:
        yield connection


# -- conditions --

NAMES = ("a_x", "a_y", "b")


@st.composite
def conditions(draw, depth=3):
    """A condition, and what it comes to of the truth of each selection."""
    kind = draw(st.sampled_from(["name", "of", "not", "and", "or"] if depth else ["name", "of"]))
    if kind == "name":
        name = draw(st.sampled_from(NAMES))
        return name, lambda truth: truth[name]
    if kind == "of":
        word, join = draw(st.sampled_from([("1", any), ("any", any), ("all", all)]))
        pattern = draw(st.sampled_from(["a_*", "*", "them", "b*"]))
        mine = [n for n in NAMES if fnmatchcase(n, "*" if pattern == "them" else pattern)]
        return f"{word} of {pattern}", lambda truth: join(truth[n] for n in mine)
    text, inner = draw(conditions(depth - 1))
    if kind == "not":
        return f"not ({text})", lambda truth: not inner(truth)
    other, second = draw(conditions(depth - 1))
    if kind == "and":
        return f"({text}) and ({other})", lambda truth: inner(truth) and second(truth)
    return f"({text}) OR ({other})", lambda truth: inner(truth) or second(truth)


@settings(max_examples=60, deadline=None)
@given(made=conditions())
def test_a_condition_comes_to_what_logic_says(connection, made):
    text, meaning = made
    read = condition.read(text, NAMES)
    sql = read.render(lambda name: name)
    assert read.names == {name for name in NAMES if name in sql}
    truths = "(VALUES (TRUE), (FALSE), (NULL))"
    rows = connection.execute(
        f"SELECT a_x, a_y, b, coalesce({sql}, FALSE) FROM {truths} AS p(a_x), "
        f"{truths} AS q(a_y), {truths} AS r(b)"
    ).fetchall()
    assert len(rows) == 27
    for *values, result in rows:
        if None not in values:
            assert result == meaning(dict(zip(NAMES, values, strict=True)))


def test_not_of_what_is_not_there_holds(connection):
    sql = condition.read("not b", NAMES).render(lambda _: "CAST(NULL AS BOOLEAN)")
    assert connection.execute(f"SELECT {sql}").fetchone() == (True,)


def test_and_binds_before_or_and_not_before_both():
    def sql(text):
        return condition.read(text, NAMES).render(lambda name: name)

    assert sql("a_x or a_y and b") == "(a_x OR (a_y AND b))"
    assert sql("not a_x and b") == "(NOT COALESCE(a_x, FALSE) AND b)"


def test_what_must_not_hold_is_known():
    def denied(text):
        return condition.read(text, NAMES).denied

    assert denied("b and not 1 of a_*") == {"a_x", "a_y"}
    assert denied("not (a_x and not b)") == {"a_x"}
    assert denied("not b or b") == {"b"}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "ends too early"),
        ("b and", "ends too early"),
        ("(b", "a bracket is not closed"),
        ("b b", "'b' is not expected"),
        ("c", "'c' in 'c' is no selection"),
        ("1 of c*", "no selection is called 'c*'"),
        ("1 of", "no selection is called ''"),
        ("b & b", "'& b' cannot be read"),
    ],
)
def test_conditions_that_cannot_be_read(text, why):
    with pytest.raises(ValueError, match=re.escape(why)):
        condition.read(text, NAMES)


# -- selections --

TEXTS = st.text("aB%_*?.'\\-| ", max_size=5)


def holds(connection, selection, row, **how):
    columns = {"ts": 0, "ip_key": None, "params": {}, **row}
    written = ", ".join(f"${name} AS {name}" for name in columns)
    written = written.replace("$params", "$params::MAP(VARCHAR, VARCHAR)")
    sql = f"SELECT coalesce({predicate(selection, setting(**how))}, FALSE) FROM (SELECT {written})"
    return connection.execute(sql, columns).fetchone()[0]


def wild(text, value):
    body = "".join({"*": ".*", "?": "."}.get(each, re.escape(each)) for each in value)
    return re.fullmatch(body, text, re.DOTALL) is not None


MEANINGS = {
    "contains": lambda text, value: value.lower() in text.lower(),
    "startswith": lambda text, value: text.lower().startswith(value.lower()),
    "endswith": lambda text, value: text.lower().endswith(value.lower()),
    "contains|cased": lambda text, value: value in text,
    "cased": wild,
    "": lambda text, value: wild(text.lower(), value.lower()),
}


@settings(max_examples=120, deadline=None)
@given(modifier=st.sampled_from(list(MEANINGS)), text=TEXTS, values=st.lists(TEXTS, max_size=3))
def test_text_is_compared_as_the_modifiers_say(connection, modifier, text, values):
    key = "actor" + (f"|{modifier}" if modifier else "")
    expected = any(MEANINGS[modifier](text, value) for value in values)
    assert holds(connection, {key: values}, {"actor": text}) == expected


@pytest.mark.parametrize(
    ("selection", "row", "expected"),
    [
        ({"actor|contains|all": ["a", "b"]}, {"actor": "xBAx"}, True),
        ({"actor|contains|all": ["a", "c"]}, {"actor": "xBAx"}, False),
        ({"actor|re": "^a+$"}, {"actor": "AAA"}, True),
        ({"actor|re|cased": "^a+$"}, {"actor": "AAA"}, False),
        ({"actor|re": "b"}, {"actor": "abc"}, True),
        ({"actor": None}, {"actor": None}, True),
        ({"actor": None}, {"actor": ""}, True),
        ({"actor": None}, {"actor": "a"}, False),
        ({"actor": ["a", None]}, {"actor": None}, True),
        ({"actor|exists": True}, {"actor": ""}, False),
        ({"actor|exists": False}, {"actor": None}, True),
        ({"actor": "a"}, {"actor": None}, False),
        ({"status": [401, 403]}, {"status": 403}, True),
        ({"status": None}, {"status": None}, True),
        ({"status|gte": 400}, {"status": 400}, True),
        ({"status|gt": 400}, {"status": 400}, False),
        ({"status|lt": 400}, {"status": None}, False),
        ({"ok": True}, {"ok": True}, True),
        ({"ok": False}, {"ok": None}, False),
        ({"ok": False}, {"ok": False}, True),
        ({"actor|length|gt": 3}, {"actor": "abcd"}, True),
        ({"actor|length|gt": 4}, {"actor": "abcd"}, False),
        ({"param.n|lte": 0}, {"params": {"n": "0.0"}}, True),
        ({"param.n|lte": 0}, {"params": {"n": "none"}}, False),
        ({"param.t|ahead|gt": "1h"}, {"params": {"t": "3600001"}}, True),
        ({"param.t|ahead|gt": "1h"}, {"params": {"t": "3600000"}}, False),
        ({"actor|field": "param.who"}, {"actor": "Ann", "params": {"who": "ANN"}}, True),
        ({"actor|field": "param.who"}, {"actor": "Ann", "params": {}}, False),
        ({"do": "s.x"}, {"service": "s", "action": "x"}, True),
        ({"do": "s.X"}, {"service": "s", "action": "x"}, False),
        ({"do": ["t.y", "s.*"]}, {"service": "s", "action": "x"}, True),
        ({"do": "s.x", "actor": "a"}, {"service": "s", "action": "x", "actor": "b"}, False),
        ([{"actor": "a"}, {"actor": "b"}], {"actor": "b"}, True),
        ([{"actor": "a"}, {"actor": "b"}], {"actor": "c"}, False),
        ({"actor": []}, {"actor": "a"}, False),
        ({"param.a/b/1": "y"}, {"params": {"a": '{"b": ["x", "y"]}'}}, True),
        ({"param.a/b": "y"}, {"params": {"a": "no JSON"}}, False),
    ],
)
def test_selections_hold_as_described(connection, selection, row, expected):
    assert holds(connection, selection, row) == expected


def test_addresses_are_in_networks(connection):
    inside = {"src_ip|cidr": ["10.0.0.0/8", "2001:db8::/32"]}
    keys = {
        "4:0a000000": True,
        "4:0affffff": True,
        "4:09ffffff": False,
        "4:0b000000": False,
        "6:20010db8000000000000000000000001": True,
        "6:20010db9000000000000000000000000": False,
        None: False,
    }
    for key, expected in keys.items():
        assert holds(connection, inside, {"ip_key": key}) == expected, key


@pytest.mark.parametrize(
    ("selection", "why"),
    [
        ({}, "is no selection"),
        ("text", "is no selection"),
        ({"do": "service"}, "is no action"),
        ({"do": "service."}, "is no action"),
        ({"nobody": "a"}, "'nobody' is no field of events"),
        ({"params": "a"}, "'params' is no field of events"),
        ({"actor|cidr": "10.0.0.0/8"}, "'actor' is no address"),
        ({"status": "many"}, "'many' is no number"),
        ({"status": True}, "True is no number"),
        ({"param.a/b-c": "x"}, "'b-c' is no step into JSON text"),
        ({"param.t|ahead|gt": "soon"}, "'soon' is no duration"),
        ({"actor": "${set.nothing}"}, "there is no ${set.nothing}"),
    ],
)
def test_selections_that_cannot_be_read(selection, why):
    with pytest.raises(ValueError, match=re.escape(why)):
        predicate(selection, setting())


# -- fields --


def test_a_parameter_is_read_in_every_spelling(connection):
    row = {"params": {"target_user_name": "bob"}, "p_target": "bob"}
    assert holds(connection, {"param.targetUserName": "bob"}, row)
    assert holds(connection, {"param.jobId": "7"}, {"params": {"job_id": "7"}})
    assert holds(connection, {"param.jobId": "7"}, {"params": {"jobId": "7", "job_id": ""}})
    assert not holds(connection, {"param.jobId": "7"}, {"params": {"job_id": "7"}}, sources=AWS)


def test_a_parameter_with_a_column_of_its_own_is_read_from_there():
    assert expression("param.targetUserName", setting()) == "p_target"
    assert expression("param.targetUserName", setting(sources=AWS)) == (
        "NULLIF(params['targetUserName'], '')"
    )
    both = setting(sources=(*OURS, *AWS))
    assert expression("param.targetUserName", both) == (
        "COALESCE(NULLIF(params['targetUserName'], ''), NULLIF(params['target_user_name'], ''))"
    )
    assert kind_of("param.anything") is Kind.TEXT
    assert kind_of("local_hour") is Kind.WHOLE


@given(TEXTS)
@settings(max_examples=60, deadline=None)
def test_quoted_text_is_read_as_it_was(connection, text):
    assert connection.execute(f"SELECT {literal(text, Dialect.DUCKDB)}").fetchone() == (text,)


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=2, max_size=2))
@settings(max_examples=60, deadline=None)
def test_texts_joined_are_equal_only_if_they_are(connection, pairs):
    row = f"SELECT {joined_text(['a', 'b'])} FROM (SELECT $a AS a, $b AS b)"
    one, two = (connection.execute(row, {"a": a, "b": b}).fetchone()[0] for a, b in pairs)
    assert (one == two) == (pairs[0] == pairs[1])


# -- the site --

ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC")
TIMES = st.integers(
    int(datetime(2020, 1, 1, tzinfo=UTC).timestamp()),
    int(datetime(2035, 1, 1, tzinfo=UTC).timestamp()),
)


@settings(max_examples=60, deadline=None)
@given(zone=st.sampled_from(ZONES), seconds=st.lists(TIMES, min_size=1, max_size=30))
def test_local_time_is_that_of_the_zone(connection, zone, seconds):
    local = Site({}, zone).local("ts")
    sql = f"SELECT {hour(local)}, {weekday(local)} FROM (SELECT unnest($all)::BIGINT * 1000 AS ts)"
    found = connection.execute(sql, {"all": seconds}).fetchall()
    moments = [datetime.fromtimestamp(each, ZoneInfo(zone)) for each in seconds]
    assert found == [(moment.hour, moment.isoweekday()) for moment in moments]


@pytest.mark.parametrize("year", [2024, 2027, 2035])
def test_clocks_are_changed_to_the_millisecond(connection, year):
    march = datetime(year, 3, 31, 1, tzinfo=UTC)
    turn = march - timedelta(days=march.isoweekday() % 7)
    at = int(turn.timestamp() * 1000)
    local = hour(Site({}, "Europe/Berlin").local("ts"))
    sql = f"SELECT {local} FROM (SELECT unnest([{at - 1}, {at}]) AS ts)"
    assert connection.execute(sql).fetchall() == [(1,), (3,)]


def test_references_are_replaced_and_lists_flattened():
    site = Site({"some": ["a", "b"], "one": 7, "none": []})
    assert site.resolve("${site.one}") == 7
    assert site.resolve(["x", "${site.some}", "${site.none}"]) == ["x", "a", "b"]
    assert site.resolve("text ${site.one}") == "text ${site.one}"
    assert "accounts.login" in site.resolve("${set.logins}")
    assert site.empty("none")
    assert not site.empty("one")
    with pytest.raises(ValueError, match="there is no"):
        site.resolve("${site.other}")


def test_references_are_found_wherever_they_stand():
    spec = {"select": {"a": [{"x": ["${site.one}", 1]}, {"y|re": "${site.two}"}]}, "n": None}
    assert references(spec) == {"one", "two"}
    assert asked_of({**spec, "query": "IN (${site.three}) AND ${set.four}"}) == {
        "one", "two", "three",
    }  # fmt: skip
