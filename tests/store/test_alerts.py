"""Alerts in SQLite and in PostgreSQL: the same found twice is there once, whatever became of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import delete

from lakewarden.errors import UsageError
from lakewarden.ledger.alert import Alert, AlertState, Looked, Suppression
from lakewarden.ledger.finding import Severity
from lakewarden.store.alerts import Alerts
from lakewarden.store.database import ALERTS, LOOKED, SUPPRESSIONS

FOUND = Alert(
    id="00aa11bb22cc33dd",
    rule="login.failed_burst",
    title="Several failed logins of one person",
    severity=Severity.MEDIUM,
    account="acc",
    key="ann@example.com",
    entity="ann@example.com",
    bucket=3_600_000,
    first=3_600_001,
    last=3_700_000,
    count=5,
    evidence=({"id": "e1", "ts": 3_600_001, "src_ip": None},),
)


@pytest.fixture
def alerts(url):
    opened = Alerts.open(url)
    with opened._engine.begin() as connection:  # the server is one for all tests
        for table in (ALERTS, SUPPRESSIONS, LOOKED):
            connection.execute(delete(table))
    yield opened
    opened.close()


def note(alerts, *found, gone=(), now=4_000_000):
    return alerts.note(found, gone=gone, events="lake", looked={"r": Looked("d", 7, now)}, now=now)


def test_what_is_found_again_is_there_once(alerts):
    assert note(alerts, FOUND).new == (replace(FOUND, raised=4_000_000),)
    again = note(alerts, FOUND, now=5_000_000)
    assert (again.new, again.grown) == ((), ())
    assert alerts.alerts() == [replace(FOUND, raised=4_000_000)]
    assert alerts.looked("lake") == {"r": Looked("d", 7, 5_000_000)}
    assert alerts.looked("another lake") == {}


def test_a_name_that_no_database_takes_keeps_nobody_from_being_told(alerts):
    odd = replace(FOUND, entity="ann\0", key="ann\0", evidence=({"id": "e\0", "ts": 1},))
    (first,) = note(alerts, odd).new
    assert alerts.alert(first.id).entity == "ann\ufffd"
    assert note(alerts, odd).grown == ()


def test_more_of_an_alert_makes_it_grow(alerts):
    note(alerts, FOUND)
    more = replace(FOUND, count=6, last=3_800_000, severity=Severity.HIGH)
    noted = note(alerts, more)
    assert noted.grown == noted.worse == (replace(more, raised=4_000_000),)
    noted = note(alerts, replace(more, count=7))
    assert (len(noted.grown), noted.worse) == (1, ())


def test_an_acknowledged_alert_stays_so_and_a_closed_one_opens_when_there_is_more(alerts):
    note(alerts, FOUND)
    alerts.put("00aa", AlertState.ACKNOWLEDGED, "looking", "bea")
    note(alerts, replace(FOUND, count=6))
    assert alerts.alert("00aa").state is AlertState.ACKNOWLEDGED
    alerts.put("00aa", AlertState.CLOSED, "a forgotten password", "bea")
    note(alerts, replace(FOUND, count=6))
    closed = alerts.alert("00aa")
    assert (closed.state, closed.reason, closed.by) == (
        AlertState.CLOSED,
        "a forgotten password",
        "bea",
    )
    (worse,) = note(alerts, replace(FOUND, count=7)).worse
    assert alerts.alert("00aa").state is worse.state is AlertState.OPEN


def test_an_expected_alert_is_suppressed_until_the_expectation_ends(alerts):
    expected = Suppression("s1", "login.*", "Ann@*", "a test", "bea", until=4_000_000)
    alerts.suppress(expected)
    (first,) = note(alerts, FOUND, now=4_000_000).new
    assert (first.state, first.by) == (AlertState.SUPPRESSED, "bea")
    assert not first.waits
    (other,) = note(alerts, replace(FOUND, id="02", entity="bob@example.com")).new
    assert other.state is AlertState.OPEN
    (later,) = note(alerts, replace(FOUND, id="03"), now=4_000_001).new
    assert later.state is AlertState.OPEN
    more = replace(FOUND, count=6)
    assert note(alerts, more, now=4_000_000).worse == ()
    assert note(alerts, more, now=4_000_001).grown == ()
    (opened,) = note(alerts, replace(FOUND, count=7), now=4_000_001).worse
    assert opened.state is AlertState.OPEN
    assert alerts.suppressions() == [expected]
    alerts.lift("s1")
    assert alerts.suppressions() == []
    with pytest.raises(UsageError, match="no suppression 's1'"):
        alerts.lift("s1")


def test_what_is_explained_is_withdrawn_and_comes_back_when_it_is_found(alerts):
    note(alerts, FOUND)
    (gone,) = note(alerts, gone=[FOUND.id]).withdrawn
    assert gone.state is AlertState.WITHDRAWN
    note(alerts, FOUND)
    assert alerts.alert(FOUND.id).state is AlertState.OPEN


def test_an_alert_is_named_by_the_beginning_of_its_id(alerts):
    note(alerts, FOUND, replace(FOUND, id="00ab"))
    assert alerts.alert("00aa").id == FOUND.id
    with pytest.raises(UsageError, match="several alerts begin with '00a'"):
        alerts.alert("00a")
    with pytest.raises(UsageError, match="no alert begins with '%'"):
        alerts.alert("%")


def test_alerts_are_chosen_by_state_rule_and_time(alerts):
    note(alerts, FOUND, replace(FOUND, id="2", rule="other", last=9_000_000))
    assert [a.id for a in alerts.alerts(since=9_000_000)] == ["2"]
    assert [a.id for a in alerts.alerts(rules=["login.failed_burst"])] == [FOUND.id]
    assert alerts.alerts(states=[AlertState.CLOSED]) == []


def test_two_runs_at_once_note_an_alert_once(alerts):
    with ThreadPoolExecutor(8) as pool:
        noted = list(pool.map(lambda _: note(alerts, FOUND), range(16)))
    assert sum(len(each.new) for each in noted) == 1
    assert len(alerts.alerts()) == 1
