from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest

from lakewarden.ledger.finding import Verdict
from lakewarden.report.table_format import SAMPLES, UNREAD, write
from report.sample import PROD, RUN, finding, report_of, sample, thing, workspace


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


def _written(report, stream=None):
    stream = stream or io.StringIO()
    write(report, stream)
    return stream.getvalue()


def test_the_headline_says_what_was_judged_and_how_it_stands():
    lines = _written(sample()).splitlines()
    assert RUN.account_id in lines[0]
    assert "posture high, read 2026-11-23 18:58 UTC" in lines[0]
    assert lines[1] == "Workspaces: prod-analytics, research-lab"
    assert lines[2] == "FAIL 12  UNKNOWN 5  WAIVED 2  ATTESTED 3  PASS 40  NOT_APPLICABLE 2"


def test_sections_are_listed_worst_first():
    rows = re.findall(r"^(P\d\d)  (.+?)  +(\w.*)$", _written(sample()), re.MULTILINE)
    assert rows[0] == ("P06", "Use IP access lists", "FAIL 1  UNKNOWN 1")
    words = [counts.split()[0] for _, _, counts in rows]
    assert list(dict.fromkeys(words)) == [
        "FAIL", "UNKNOWN", "WAIVED", "ATTESTED", "PASS", "NOT_APPLICABLE",
    ]  # fmt: skip
    assert len(words) == 26


def test_an_open_finding_shows_subject_reason_and_next_step():
    text = _written(sample())
    block = text[text.index("ip-access-lists-enforced") :].split("\n\n")[0]
    assert "critical, P06: IP access lists are on and narrow" in block
    assert re.search(r"FAIL +workspace prod-analytics +IP access lists are off", block)
    assert "Next: Turn on IP access lists" in block


def test_findings_that_need_nothing_are_not_listed():
    assert "shared-04" not in _written(sample())


def test_what_is_only_unknown_asks_for_the_missing_grant():
    needs = ("can manage tokens",)
    unknown = finding("tokens-expire", Verdict.UNKNOWN, workspace(PROD), needs=needs)
    assert "Next: grant can manage tokens" in _written(report_of([unknown]))


def test_a_long_list_is_cut_and_says_so():
    many = [
        finding("tokens-expire", Verdict.FAIL, thing("token", f"t{n:03}")) for n in range(45)
    ]  # fmt: skip
    text = _written(report_of(many))
    assert text.count("token t0") == SAMPLES
    assert f"and {45 - SAMPLES} more: --format json lists them" in text


def test_what_was_not_read_is_listed_and_cut():
    text = _written(report_of((), unread=tuple(f"hole {n}" for n in range(UNREAD + 4))))
    assert f"hole {UNREAD - 1}" in text
    assert f"hole {UNREAD}" not in text
    assert "and 4 more" in text


def test_a_pipe_gets_no_colour_and_a_terminal_does():
    assert "\x1b" not in _written(sample())
    assert "\x1b[" in _written(sample(), Terminal())


def test_a_name_cannot_drive_the_terminal_or_the_markup():
    hostile = thing("token", "evil\x1b[2J\x1b]0;owned\x07[bold]x[/bold] :smile:")
    text = _written(report_of([finding("tokens-expire", Verdict.FAIL, hostile, "see \x9b1m")]))
    assert not set(text) & {"\x1b", "\x07", "\x9b"}
    joined = re.sub(r"\s+", "", text)
    assert "[bold]x[/bold]:smile:" in joined


def test_a_name_cannot_forge_a_line():
    forged = "x\nFAIL 0  PASS 999"
    run = replace(RUN, workspaces={"1": forged}, taken="2026-11-23T20:58:03+02:00")
    bad = finding("tokens-expire", Verdict.FAIL, thing("token", forged))
    text = _written(replace(report_of([bad], unread=(forged,)), run=run))
    assert not re.search(r"^ *FAIL 0", text, re.MULTILINE)
    assert text.count("x\\nFAIL 0") == 3
    assert "read 2026-11-23 18:58 UTC" in text


def test_no_line_ends_in_blanks():
    assert not re.search(r" $", _written(sample()), re.MULTILINE)


def test_an_empty_report_says_so():
    text = _written(report_of((), unread=(), loosened=()))
    assert "No findings" in text
    assert "Not read" not in text
