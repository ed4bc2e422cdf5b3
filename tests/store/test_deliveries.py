"""What sinks were told, in SQLite and in PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import delete

from lakewarden.ledger.alert import Alert, AlertState, Suppression
from lakewarden.ledger.finding import Severity
from lakewarden.store.alerts import Alerts
from lakewarden.store.database import ALERTS, DELIVERIES, SUPPRESSIONS
from lakewarden.store.deliveries import Deliveries, Told

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
    evidence=({"id": "e1", "ts": 3_600_001},),
    raised=4_000_000,
)
OTHER = replace(FOUND, id="11", entity="bea@example.com")


@pytest.fixture
def store(url):
    alerts, deliveries = Alerts.open(url), Deliveries.open(url)
    with deliveries._engine.begin() as connection:  # the server is one for all tests
        for table in (ALERTS, DELIVERIES, SUPPRESSIONS):
            connection.execute(delete(table))
    yield alerts, deliveries
    alerts.close()
    deliveries.close()


def note(alerts, *found):
    alerts.note(found, events="lake", looked={}, now=4_000_000)


def test_an_alert_waits_for_each_sink_until_that_was_told(store):
    alerts, deliveries = store
    note(alerts, FOUND, OTHER)
    assert deliveries.waiting("soc") == [(FOUND, None), (OTHER, None)]
    deliveries.remember("soc", [FOUND], 5_000_000)
    assert deliveries.waiting("soc") == [(FOUND, Told(Severity.MEDIUM, 5)), (OTHER, None)]
    assert deliveries.waiting("mail") == [(FOUND, None), (OTHER, None)]
    worse = replace(FOUND, severity=Severity.HIGH, count=6)
    deliveries.remember("soc", [worse], 6_000_000)
    assert deliveries.waiting("soc")[0][1] == Told(Severity.HIGH, 6)
    deliveries.forget(FOUND.id)
    assert deliveries.waiting("soc")[0][1] is None


def test_nobody_waits_for_an_alert_that_nobody_has_to_look_at(store):
    alerts, deliveries = store
    alerts.suppress(Suppression("s1", "login.*", "bea@*", "a test", "ann", until=9_000_000))
    note(alerts, FOUND, OTHER)
    assert [alert.id for alert, _ in deliveries.waiting("soc")] == [FOUND.id]
    alerts.put(FOUND.id, AlertState.ACKNOWLEDGED, "looking", "ann")
    assert [alert.id for alert, _ in deliveries.waiting("soc")] == [FOUND.id]
    alerts.put(FOUND.id, AlertState.CLOSED, "a typing error", "ann")
    assert deliveries.waiting("soc") == []


def test_several_who_told_at_once_remember_it_once(store):
    alerts, deliveries = store
    note(alerts, FOUND)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda now: deliveries.remember("soc", [FOUND], now), range(16)))
    assert len(deliveries.rows()) == 1
