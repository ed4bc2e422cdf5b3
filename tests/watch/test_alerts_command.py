"""`lakewarden watch alerts` and the sinks of `detect`, from logs to whoever is told."""

from __future__ import annotations

import functools
import getpass
import json
import sys
from dataclasses import replace

import pytest
from click.testing import CliRunner

from lakewarden.cli import cli
from lakewarden.errors import LakewardenError, UsageError
from lakewarden.ledger.alert import AlertState, Suppression
from lakewarden.ledger.finding import Severity
from lakewarden.store.alerts import Alerts
from lakewarden.store.lake import duck
from lakewarden.store.lake.engine import no_events
from lakewarden.store.lake.given import put_events
from lakewarden.store.lake.lake import Lake
from lakewarden.watch import examples, library
from watch.listeners import Web
from watch.mmdb import write
from watch.notices import ALERT, ODD, RULES

OTHER = replace(
    ALERT, id="11ff", rule="login.failed_burst", entity="bea@example.com", severity=Severity.LOW
)


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LAKEWARDEN_STORE", f"sqlite:///{tmp_path / 'alerts.db'}")
    monkeypatch.setenv("LAKEWARDEN_LAKE", str(tmp_path / "lake"))
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setattr(library, "rules", functools.cache(lambda *_: RULES))
    return tmp_path


@pytest.fixture
def alerts(here):
    store = Alerts.open(f"sqlite:///{here / 'alerts.db'}")
    yield store
    store.close()


@pytest.fixture
def two(alerts):
    note(alerts, ALERT, OTHER)
    return alerts


def note(alerts, *found):
    return alerts.note(found, events="lake", looked={}, now=ALERT.raised)


def run(*arguments, code=0):
    done = CliRunner().invoke(cli, ["watch", *arguments], standalone_mode=False)
    if isinstance(done.exception, LakewardenError):
        raise done.exception
    assert done.return_value == code, done.output
    return done


def listed(*options):
    report = json.loads(run("alerts", "list", "--format", "json", *options).stdout)
    return [each["id"] for each in report]


def test_alerts_are_listed_as_they_are_asked_for(two):
    assert listed() == [ALERT.id, "11ff"]
    assert listed("--rule", "login.imp*") == [ALERT.id]
    assert listed("--entity", "BEA@*") == ["11ff"]
    assert listed("--severity", "medium") == [ALERT.id]
    assert listed("--since", "2025-11-27") == [ALERT.id, "11ff"]
    assert listed("--since", "2025-11-28") == []
    assert listed("--since", "24h") == []
    assert listed("--limit", "1") == [ALERT.id]
    run("alerts", "close", "11", "--reason", "known")
    assert listed() == [ALERT.id]
    assert listed("--state", "closed") == ["11ff"]
    assert listed("--state", "all") == [ALERT.id, "11ff"]


def test_a_list_is_for_people(alerts):
    note(alerts, replace(ALERT, entity=ODD), OTHER)
    said = run("alerts", "list", "--limit", "1").stdout
    assert "00aa11bb22cc33dd  high      login.impossible_travel" in said
    assert "and 1 more" in said
    assert "\x1b" not in said


def test_as_json_all_are_listed(alerts):
    note(alerts, *(replace(ALERT, id=f"{number:04}") for number in range(101)))
    assert len(listed()) == 101
    assert "and 1 more" in run("alerts", "list").stdout


@pytest.mark.parametrize("value", ["yesterday", "7 days", "99999999-01-01"])
def test_a_time_that_is_none_is_refused(value):
    done = CliRunner().invoke(cli, ["watch", "alerts", "list", "--since", value])
    assert done.exit_code == 2
    assert "is no time" in done.output


def test_an_alert_is_shown_with_what_became_of_it(two):
    run("alerts", "ack", "00aa", "--reason", "I look", "--by", "cy")
    said = run("alerts", "show", "00aa").stdout
    assert "Do: Ask the person which of the two places is theirs." in said
    assert "It is acknowledged: I look, by cy" in said
    report = json.loads(run("alerts", "show", "00aa", "--format", "json").stdout)
    assert (report["state"], report["reason"], report["by"]) == ("acknowledged", "I look", "cy")
    assert report["response"]["runbook"] == "break-glass/deactivate-user"


def test_who_acts_is_the_user_unless_somebody_else_is_named(two):
    run("alerts", "close", "00aa", "11ff", "--reason", "a test")
    assert [two.alert(each).by for each in ("00aa", "11ff")] == [getpass.getuser()] * 2
    run("alerts", "reopen", "11ff", "--reason", "no test", "--by", "cy")
    assert two.alert("11ff").by == "cy"
    assert two.alert("11ff").state.value == "open"


def test_a_reason_says_something(two):
    done = CliRunner().invoke(cli, ["watch", "alerts", "close", "00aa", "--reason", " "])
    assert (done.exit_code, "says nothing" in done.output) == (2, True)
    assert two.alert("00aa").state.value == "open"


def test_several_are_closed_or_none(two):
    with pytest.raises(UsageError, match="no alert begins with 'ff'"):
        run("alerts", "close", "00aa", "ff", "--reason", "a test")
    assert two.alert("00aa").state.value == "open"


def test_what_is_expected_is_suppressed_until_it_is_lifted(alerts):
    said = run(
        *("alerts", "suppress", "--rule", "login.*", "--entity", "*", "--for", "7d"),
        *("--reason", "a test", "--by", "cy"),
    ).stdout
    identity = said.split()[0]
    (entry,) = json.loads(run("alerts", "suppressions", "--format", "json").stdout)
    assert (entry["id"], entry["rule"], entry["by"]) == (identity, "login.*", "cy")
    assert "a test, by cy" in run("alerts", "suppressions").stdout
    note(alerts, ALERT)
    assert listed("--state", "suppressed") == [ALERT.id]
    run("alerts", "lift", identity)
    note(alerts, OTHER)
    assert listed() == ["11ff"]
    with pytest.raises(UsageError, match="there is no suppression"):
        run("alerts", "lift", identity)


def test_a_day_counts_to_its_end(alerts):
    run(
        *("alerts", "suppress", "--rule", "*", "--entity", "*", "--until", "2099-12-31"),
        *("--reason", "a test", "--by", "cy"),
    )
    (made,) = alerts.suppressions()
    assert replace(made, id="") == Suppression("", "*", "*", "a test", "cy", 4_102_444_799_999)


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        ([], "is not said once"),
        (["--for", "1d", "--until", "2099-01-01"], "is not said once"),
        (["--until", "2020-01-01"], "that is over already"),
    ],
)
def test_an_expectation_has_one_end_to_come(options, wrong):
    with pytest.raises(UsageError, match=wrong):
        run("alerts", "suppress", "--rule", "*", "--entity", "*", "--reason", "x", *options)


@pytest.mark.parametrize("option", ["--for", "--since"])
def test_a_span_that_is_too_long_is_refused_before_anything_is_stored(alerts, option):
    command = ["list"] if option == "--since" else ["suppress", "--rule=*", "--entity=*"]
    reason = ["--reason=x"] if option == "--for" else []
    arguments = ["watch", "alerts", *command, *reason, option, "99999999999d"]
    assert CliRunner().invoke(cli, arguments).exit_code == 2
    assert alerts.suppressions() == []


def test_an_end_that_cannot_be_written_keeps_no_other_from_being_listed(alerts):
    alerts.suppress(Suppression("s1", "*", "\x1b[2J", "a test", "cy", 10**18))
    said = run("alerts", "suppressions").stdout
    assert "s1  * \\u001b[2J  until 9999-12-31T23:59:59" in said


FILE = '[[sinks]]\nname = "file"\ntype = "jsonl"\nfile = "told.jsonl"\n'


def told(here):
    file = here / "told.jsonl"
    lines = file.read_text("utf-8").splitlines() if file.exists() else []
    return [json.loads(line)["id"] for line in lines]


def test_sinks_are_told_of_what_waits_unless_it_is_skipped(here, two):
    (here / "lakewarden.toml").write_text(FILE + FILE.replace('"file"', '"other"'))
    run("alerts", "send", "--sink", "file", "--skip")
    done = run("alerts", "send")
    assert done.stderr == "sink other: told of 2 alerts\n"
    assert sorted(told(here)) == [ALERT.id, "11ff"]
    run("alerts", "close", "11ff", "--reason", "known")
    note(two, replace(OTHER, count=9))
    run("alerts", "send", "--sink", "file")
    assert told(here)[2:] == ["11ff"]  # what opens again is news


def test_a_sink_that_asks_for_no_rule_there_is_is_complained_of(here, two):
    (here / "lakewarden.toml").write_text(FILE + 'rules = ["login.*", "logins.*"]\n')
    assert "warning: sink file: no rule is like 'logins.*'\n" in run("alerts", "send").stderr


@pytest.mark.parametrize("options", [[], ["--sink", "nobody"]])
def test_a_sink_that_nobody_described_is_an_error(here, options):
    if options:
        (here / "lakewarden.toml").write_text(FILE)
    with pytest.raises(UsageError, match=r"there (is|are) no sink"):
        run("alerts", "send", *options)


LOGINS = [
    ("08:00", "198.51.100.7", "ann@example.com"),
    ("09:00", "203.0.113.7", "ann@example.com"),
    ("08:00", "198.51.100.7", "bea@example.com"),
    ("09:00", "192.0.2.7", "bea@example.com"),
]


@pytest.fixture
def travels(here):
    """Two people log in from two places each; the second of one of them is an office nearby."""
    events = [
        {"at": at, "do": "accounts.login", "who": who, "ip": ip, "status": 200}
        for at, ip, who in LOGINS
    ]
    line = json.dumps({"name": "travels", "alerts": 1, "events": events})
    (here / "travel.jsonl").write_text(line + "\n")
    rule = RULES["login.impossible_travel"]
    (example,) = examples.read(here / "travel.jsonl", rule.sources, 1)
    lake = Lake.create(str(here / "lake"))
    with duck.open() as connection:
        no_events(connection, "given")
        put_events(connection, "given", example.records)
        lake.merge(connection, "given")
    place = {"location": {"latitude": 48.2, "longitude": 16.4, "accuracy_radius": 5}}
    far = {"location": {"latitude": -33.9, "longitude": 151.2, "accuracy_radius": 5}}
    return write(
        here / "city.mmdb",
        "Own-City",
        {
            "198.51.100.0/24": {"country": {"iso_code": "AT"}, **place},
            "203.0.113.0/24": {"country": {"iso_code": "AU"}, **far},
            "192.0.2.0/24": {"country": {"iso_code": "AU"}, **far},
        },
    )


PLACES = """
[[watch.places]]
network = "192.0.2.0/24"
country = "AT"
lat = 47.1
lon = 15.4
"""
DETECT = ("detect", "--rule", "login.impossible_travel", "--as-of", "2026-03-03")


def test_detect_knows_places_and_tells_sinks_once(here, travels):
    (here / "lakewarden.toml").write_text(FILE + PLACES)
    done = run(*DETECT, "--mmdb", str(travels), "--format", "json", "--no-send")
    (found,) = json.loads(done.stdout)["alerts"]
    assert found["entity"] == "ann@example.com"
    assert told(here) == []
    for _ in range(2):
        run(*DETECT, "--mmdb", str(travels))
    assert told(here) == [found["id"]]


def test_detect_counts_what_is_suppressed_apart(here, travels, alerts):
    (here / "lakewarden.toml").write_text(PLACES)
    alerts.suppress(Suppression("s1", "*", "ANN@*", "a test", "cy", 4_102_444_799_999))
    again = ("--mmdb", str(travels), "--fail-on", "low", "--again", "--store")
    said = run(*DETECT, *again, f"sqlite:///{here / 'alerts.db'}").stdout
    assert "0 new alerts, 0 grown, 0 withdrawn, 1 suppressed." in said
    assert "Do:" not in said
    (found,) = alerts.alerts()
    report = json.loads(run(*DETECT, *again[:2], "--format", "json", "--again").stdout)
    assert (report["new"], report["suppressed"], report["alerts"]) == (0, 0, [])
    alerts.put(found.id, AlertState.CLOSED, "known", "cy")
    alerts.note([replace(found, count=1)], events="lake", looked={}, now=found.raised)
    said = run(*DETECT, *again[:-1], code=3).stdout  # what was closed opens again
    assert "0 new alerts, 1 grown, 0 withdrawn, 0 suppressed." in said


def test_detect_mixes_no_report_with_a_sink(here, travels):
    (here / "lakewarden.toml").write_text(FILE.replace("told.jsonl", "-"))
    report = (*DETECT, "--format", "json")
    with pytest.raises(UsageError, match="sink file writes to standard output"):
        run(*report)
    assert json.loads(run(*report, "--no-send").stdout)["new"] == 0


def test_detect_says_which_sink_is_dead_and_tells_it_next_time(here, travels, monkeypatch):
    web = Web()
    monkeypatch.setenv("HOOK", web.url)
    hook = '[[sinks]]\nname = "soc"\ntype = "slack"\nurl_env = "HOOK"\n'
    (here / "lakewarden.toml").write_text(PLACES + hook + FILE)
    web.statuses = [404]
    done = run(*DETECT, "--mmdb", str(travels), code=1)
    assert "1 new alerts" in done.stdout
    assert "error: sink soc: 127.0.0.1: answers with status 404." in done.stderr
    assert "1 alerts wait for the next run" in done.stderr
    assert "token-4711" not in done.output
    assert len(told(here)) == 1
    run(*DETECT, "--mmdb", str(travels))
    assert (len(web.got), len(told(here))) == (2, 1)
    web.close()


@pytest.mark.parametrize(("installed", "idle"), [(True, []), (False, ["login.impossible_travel"])])
def test_a_rule_about_places_is_idle_where_nobody_knows_any(
    here, travels, monkeypatch, installed, idle
):
    (here / "lakewarden.toml").write_text(PLACES)
    if not installed:
        monkeypatch.setitem(sys.modules, "iptocc", None)
    done = run(*DETECT, "--format", "json")
    assert list(json.loads(done.stdout)["idle"]) == idle


def test_addresses_of_aws_are_where_their_region_is(here, travels):
    ranges = {"prefixes": [{"ip_prefix": "203.0.113.0/24", "region": "eu-central-1"}]}
    (here / "lakewarden.toml").write_text(PLACES)
    (here / "ip-ranges.json").write_text(json.dumps(ranges))
    done = run(
        *DETECT,
        *("--mmdb", str(travels), "--aws-ip-ranges", "ip-ranges.json", "--format", "json"),
    )
    assert json.loads(done.stdout)["alerts"] == []
