from __future__ import annotations

import json
from dataclasses import replace

import duckdb
import pytest
import sqlglot
from click.testing import CliRunner

from lakewarden.cli import cli
from lakewarden.errors import LakewardenError, UsageError
from lakewarden.ledger.alert import Alert, AlertState, Looked
from lakewarden.ledger.finding import Severity
from lakewarden.store.alerts import Alerts
from lakewarden.store.deliveries import Deliveries
from lakewarden.store.lake.engine import DuckEngine
from lakewarden.store.lake.lake import Lake
from lakewarden.watch import alert_table
from lakewarden.watch.alert_table import (
    ALERTS,
    DELIVERIES,
    RULES,
    SUPPRESSIONS,
    AlertTable,
    Run,
    declared,
    merged,
)
from lakewarden.watch.latecomers import COUNTED
from lakewarden.watch.library import rules
from lakewarden.watch.sql import Dialect

SCHEMA = "memory.main"
EXPECTED = "('s', '*', '*', 'moving', 'bob', 150)"
EVENTS = "spark/system.access.audit"
ODD = 'It\'s "odd" \\ and\nnew `line` ${x} ü 🙂'
RULE = next(iter(rules().values()))


def alert(identity="1", **values):
    found = Alert(
        id=identity,
        rule=RULE.id,
        title=ODD,
        severity=Severity.HIGH,
        account="a",
        key="k",
        entity="ann'); DROP TABLE x; --",
        bucket=0,
        first=1,
        last=2,
        count=3,
        evidence=({"ts": 1, "path": ODD},),
    )
    return replace(found, **values)


@pytest.fixture
def engine():
    with duckdb.connect() as connection:
        yield DuckEngine(connection)


@pytest.fixture
def run(engine, tmp_path):
    """Run once, as detect does: what was found is noted in a store of this run."""
    count = iter(range(100))

    def once(found, *, now, gone=(), during=None, idle=None, more=None):
        table = AlertTable(engine, SCHEMA)
        alerts = Alerts.open(f"sqlite:///{tmp_path / str(next(count))}.db")
        table.fill(alerts)
        known = alerts.looked(EVENTS)
        noted = alerts.note(
            found,
            gone=gone,
            events=EVENTS,
            looked={RULE.id: Looked("digest", now, now), **(more or {})},
            now=now,
        )
        if during:
            engine.rows(during)
        table.keep(alerts, Run(EVENTS, [RULE], idle or {}, now))
        alerts.close()
        return noted, known

    return once


def rows(engine, columns, table=ALERTS):
    return engine.rows(f"SELECT {columns} FROM {table} ORDER BY 1")


def test_what_is_found_twice_is_kept_once_and_as_it_was_found_first(engine, run):
    noted, known = run([alert(), alert("2")], now=100)
    assert (len(noted.new), known) == (2, {})
    noted, known = run([alert(), alert("2", count=5)], now=200)
    assert [each.id for each in noted.grown] == ["2"]
    assert known == {RULE.id: Looked("digest", 100, 100)}
    assert rows(engine, "id, count, raised") == [("1", 3, 100), ("2", 5, 100)]
    (title, entity, evidence), _ = rows(engine, "title, entity, evidence")
    assert (title, entity) == (ODD, alert().entity)
    assert tuple(json.loads(evidence)) == alert().evidence


def test_what_people_write_stays_until_more_happens(engine, run):
    run([alert()], now=100)
    engine.rows(f"UPDATE {ALERTS} SET state = 'closed', reason = 'a test', \"by\" = 'bob'")
    run([alert()], now=200)
    assert rows(engine, 'state, reason, "by"') == [("closed", "a test", "bob")]
    run([alert(count=4)], now=300)
    assert rows(engine, "state, count") == [("open", 4)]


def test_what_people_write_while_the_rules_run_stays(engine, run):
    run([alert(), alert("2")], now=100)
    told = f"UPDATE {ALERTS} SET state = 'acknowledged', \"by\" = 'bob' WHERE id = '1'"
    run([alert(count=9)], now=200, gone=["2"], during=told)
    assert rows(engine, 'id, state, "by", count') == [
        ("1", "acknowledged", "bob", 9),
        ("2", AlertState.WITHDRAWN.value, "", 3),
    ]


def test_an_alert_that_is_closed_while_it_grows_opens_when_that_is_seen(engine, run):
    run([alert()], now=100)
    run([alert(count=9)], now=200, during=f"UPDATE {ALERTS} SET state = 'closed'")
    assert rows(engine, "state, count") == [("closed", 3)]
    run([alert(count=9)], now=300)
    assert rows(engine, "state, count") == [("open", 9)]


@pytest.mark.parametrize(
    ("written", "what"),
    [
        (f"UPDATE {ALERTS} SET state = 'ack'", f"{ALERTS}.*the alert 1 cannot be read: 'ack'"),
        (f"INSERT INTO {SUPPRESSIONS} VALUES {EXPECTED}, {EXPECTED}", f"{SUPPRESSIONS}.*id 's'"),
    ],
)
def test_what_people_mistype_is_named(engine, run, written, what):
    run([alert()], now=100)
    engine.rows(written)
    with pytest.raises(UsageError, match=what):
        run([], now=200)


def test_how_many_events_came_before_is_kept(engine, run):
    run([], now=100)
    counted = {COUNTED: Looked("5", 7, 100)}
    run([], now=200, more=counted)
    assert run([], now=300)[1][COUNTED] == counted[COUNTED]


def test_what_is_expected_in_the_table_is_suppressed(engine, run):
    run([], now=100)
    area = RULE.id.partition(".")[0]
    engine.rows(f"INSERT INTO {SUPPRESSIONS} VALUES ('s', '{area}.*', '*', 'moving', 'bob', 150)")
    run([alert()], now=150)
    run([alert("2")], now=151)
    assert rows(engine, "id, state") == [("1", "suppressed"), ("2", "open")]


def test_rules_that_cannot_tell_anything_are_listed_with_the_reason(engine, run):
    run([], now=100, idle={RULE.id: "networks is not set"})
    run([], now=200)
    run([], now=300, idle={RULE.id: "still not set"})
    expected = [(RULE.id, RULE.title, "still not set", 300)]
    assert rows(engine, "rule, title, idle, ran", RULES) == expected


def test_many_are_brought_in_parts(engine, run, monkeypatch):
    monkeypatch.setattr(alert_table, "_AT_ONCE", 3)
    run([alert(str(number)) for number in range(10)], now=100)
    assert engine.rows(f"SELECT COUNT(*) FROM {ALERTS}") == [(10,)]


@pytest.mark.parametrize("schema", ["main", "a.b.c", ".b", ""])
def test_what_is_no_schema_is_refused(engine, schema):
    with pytest.raises(UsageError, match="is no schema"):
        AlertTable(engine, schema)


def test_a_schema_that_is_not_there_is_an_error(engine):
    with pytest.raises(LakewardenError, match="a query failed"):
        AlertTable(engine, "memory.nowhere")


def test_every_statement_is_sql_of_databricks():
    row = {name: 1 if name in alert_table._WHOLES else ODD for name in alert_table.TABLES[ALERTS]}
    texts = [merged("my-catalog.main", ALERTS, [{**row, "was": "open"}])]
    texts += [declared("my-catalog.main", table) for table in alert_table.TABLES]
    for text in texts:
        assert sqlglot.parse_one(text, dialect="databricks").key in {"merge", "create"}
        assert "`my-catalog`.`main`" in text
    assert '"memory"' in declared(SCHEMA, ALERTS, Dialect.DUCKDB)


def told(engine, store, *found, away=False):
    """Find something and tell a sink of it, as detect does; return what it had not been told."""
    table, alerts, deliveries = (
        AlertTable(engine, SCHEMA),
        Alerts.open(store),
        Deliveries.open(store),
    )
    table.fill(alerts)
    table.fill_told(deliveries)
    alerts.note(found, events=EVENTS, looked={}, now=100)
    table.keep(alerts, Run(EVENTS, [], {}, 100))
    waiting = [each for each, before in deliveries.waiting("soc") if before is None]
    deliveries.remember("soc", [] if away else waiting, 7)
    table.keep_told(deliveries)
    alerts.close()
    deliveries.close()
    return [each.id for each in waiting]


def test_what_sinks_were_told_is_kept_until_a_closed_alert_opens(engine, tmp_path):
    stores = (f"sqlite:///{tmp_path / str(number)}.db" for number in range(9))
    assert told(engine, next(stores), alert(), alert("2")) == ["1", "2"]
    assert told(engine, next(stores), alert()) == []
    engine.rows(f"UPDATE {ALERTS} SET state = 'closed' WHERE id = '1'")
    assert told(engine, next(stores), alert()) == []
    assert told(engine, next(stores), alert(count=9)) == ["1"]
    assert told(engine, next(stores), alert(count=9)) == []
    assert rows(engine, 'alert, severity, count, "at"', DELIVERIES) == [
        ("1", "high", 9, 7),
        ("2", "high", 3, 7),
    ]


def test_a_closed_alert_that_opens_while_the_sink_is_away_is_told_later(engine, tmp_path):
    stores = (f"sqlite:///{tmp_path / str(number)}.db" for number in range(9))
    assert told(engine, next(stores), alert()) == ["1"]
    engine.rows(f"UPDATE {ALERTS} SET state = 'closed'")
    assert told(engine, next(stores), alert(count=9), away=True) == ["1"]
    assert told(engine, next(stores), alert(count=9)) == ["1"]


def test_tables_that_nothing_can_write_are_refused(tmp_path):
    lake = Lake.create(str(tmp_path / "lake"))
    asked = [
        "watch",
        "detect",
        "--rule",
        RULE.id,
        "--lake",
        lake.url,
        "--alerts-in",
        "main.security",
    ]
    with pytest.raises(UsageError, match="--alerts-in does not go with --engine duckdb"):
        CliRunner().invoke(cli, asked, catch_exceptions=False)
