"""Sinks are told of each alert at least once, and of none again that they took."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from lakewarden.ledger.alert import AlertState
from lakewarden.ledger.finding import Severity
from lakewarden.policyfile.sinks import SinkTable
from lakewarden.store.alerts import Alerts
from lakewarden.store.deliveries import Deliveries
from lakewarden.watch.sinks.sink import Means
from lakewarden.watch.sinks.telling import tell
from watch.listeners import Web
from watch.notices import ALERT, RULES

HOOK = SinkTable("hook", "webhook", options={"url_env": "HOOK"})
FILE = SinkTable("file", "jsonl", options={"file": "-"})
OTHER = replace(ALERT, id="11", severity=Severity.CRITICAL)


class Here:
    """A store, and what the sinks of a run wrote."""

    def __init__(self, url, web):
        self.alerts, self.deliveries, self.web = Alerts.open(url), Deliveries.open(url), web

    def note(self, *found):
        self.alerts.note(found, events="lake", looked={}, now=ALERT.raised)

    def tell(self, *tables):
        out = io.StringIO()
        means = Means({"HOOK": self.web.url}, out, io.StringIO())
        outcomes = tell(tables, self.deliveries, RULES, means, ALERT.raised)
        self.lines = out.getvalue().splitlines()
        self.why = {each.sink: each.why for each in outcomes}
        return {each.sink: (each.told, each.left) for each in outcomes}


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "*")
    web = Web()
    here = Here(f"sqlite:///{tmp_path / 'alerts.db'}", web)
    yield here
    here.alerts.close()
    here.deliveries.close()
    web.close()


def test_an_alert_is_told_once_the_worst_first(here):
    here.note(ALERT, OTHER)
    assert here.tell(HOOK) == {"hook": (2, 0)}
    assert b'"critical"' in here.web.got[0][3]
    assert here.tell(HOOK) == {}


def test_it_is_told_again_when_it_got_worse_and_on_request_when_it_grew(here):
    greedy = replace(FILE, grown=True)
    here.note(ALERT)
    here.tell(HOOK, greedy)
    here.note(replace(ALERT, count=4))
    assert here.tell(HOOK, greedy) == {"file": (1, 0)}
    here.note(replace(ALERT, count=5, severity=Severity.CRITICAL))
    assert here.tell(HOOK, greedy) == {"hook": (1, 0), "file": (1, 0)}
    assert here.tell(HOOK, greedy) == {}


def test_a_sink_is_told_what_it_asked_for(here):
    here.note(ALERT, OTHER)
    assert here.tell(replace(FILE, severity="critical")) == {"file": (1, 0)}
    assert here.tell(replace(FILE, rules=("vendor.*",))) == {}
    assert here.tell(replace(FILE, rules=("vendor.*", "login.*"))) == {"file": (1, 0)}


def test_a_dead_sink_loses_nothing_and_keeps_no_other_from_being_told(here):
    here.note(ALERT, OTHER)
    here.web.statuses = [403]
    assert here.tell(HOOK, FILE) == {"hook": (0, 2), "file": (2, 0)}
    assert len(here.web.got) == 1
    assert here.tell(HOOK, FILE) == {"hook": (2, 0)}


def test_a_secret_that_is_not_set_keeps_no_other_from_being_told(here):
    here.note(ALERT)
    lost = replace(HOOK, name="lost", options={"url_env": "NOWHERE"})
    assert here.tell(lost, FILE) == {"lost": (0, 1), "file": (1, 0)}


def test_a_sink_that_breaks_keeps_no_other_from_being_told(here):
    here.note(ALERT, OTHER)
    post = {"host": "localhost", "port": 1, "from": "a@example.com", "to": ["b@example.com"]}
    odd = SinkTable("odd", "mail", options={**post, "host": "a" * 64})
    homeless = replace(FILE, name="homeless", options={"file": "~nosuchuser/alerts"})
    broken = replace(FILE, name="broken", options={"file": "-", "format": "none"})
    assert here.tell(odd, homeless, broken, FILE) == {
        **dict.fromkeys(("odd", "homeless", "broken"), (0, 2)),
        "file": (2, 0),
    }
    assert "takes no mail (UnicodeError)" in here.why["odd"]
    assert "user that is not known" in here.why["homeless"]
    assert here.why["broken"] == "fails (KeyError)"


def test_an_alert_that_is_refused_stands_in_no_others_way(here):
    here.note(ALERT, OTHER)
    here.web.statuses = [400]
    assert here.tell(HOOK) == {"hook": (1, 1)}
    assert here.tell(HOOK) == {"hook": (1, 0)}


def test_who_stops_before_it_is_remembered_tells_again(here, monkeypatch):
    here.note(ALERT)
    monkeypatch.setattr(here.deliveries, "remember", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        here.tell(HOOK)
    monkeypatch.undo()
    monkeypatch.setenv("NO_PROXY", "*")
    assert here.tell(HOOK) == {"hook": (1, 0)}
    assert [got[2]["Lakewarden-Delivery"] for got in here.web.got] == [f"{ALERT.id}-high-3"] * 2


def test_nobody_is_told_of_what_is_closed(here):
    here.note(ALERT)
    here.alerts.put(ALERT.id, AlertState.CLOSED, "known", "ann")
    assert here.tell(FILE) == {}


def test_an_alert_of_a_rule_that_is_gone_is_told(here):
    here.note(replace(ALERT, rule="own.gone"))
    assert here.tell(FILE) == {"file": (1, 0)}
