from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakewarden.ledger.finding import Severity, Verdict
from lakewarden.ledger.run import Tally
from ledger.findings import finding

LOW, MEDIUM, HIGH, CRITICAL = Severity
QUIET = [Verdict.PASS, Verdict.NOT_APPLICABLE, Verdict.ATTESTED, Verdict.WAIVED]


def tally(*found, threats=None):
    counted = Tally(threats or {})
    for entry in found:
        counted.add(entry)
    return counted


@pytest.mark.parametrize("fail_on", list(Severity))
def test_nothing_wrong_is_clean(fail_on):
    assert tally().exit_code(fail_on) == 0
    assert tally(*(finding(v, CRITICAL) for v in QUIET)).exit_code(fail_on) == 0


@pytest.mark.parametrize(
    ("severity", "fail_on", "code"),
    [
        (LOW, LOW, 3),
        (LOW, MEDIUM, 0),
        (MEDIUM, LOW, 3),
        (HIGH, HIGH, 3),
        (HIGH, CRITICAL, 0),
        (CRITICAL, CRITICAL, 3),
    ],
)
def test_a_failure_counts_from_its_threshold_on(severity, fail_on, code):
    assert tally(finding(Verdict.FAIL, severity)).exit_code(fail_on) == code


def test_a_failure_outweighs_what_is_unknown():
    both = tally(finding(Verdict.UNKNOWN, CRITICAL), finding(Verdict.FAIL, LOW))
    assert both.exit_code(LOW) == 3
    assert both.exit_code(MEDIUM) == 4


def test_what_is_unknown_outweighs_every_pass():
    assert tally(*[finding(Verdict.PASS)] * 99, finding(Verdict.UNKNOWN, LOW)).exit_code(HIGH) == 4


def test_a_waived_failure_is_not_one():
    assert tally(finding(Verdict.WAIVED, CRITICAL)).failed_by_severity == Counter()


def test_each_finding_is_counted_in_every_column():
    counted = tally(
        finding(Verdict.FAIL),
        finding(Verdict.PASS),
        finding(Verdict.PASS, control="sso-enforced"),
        threats={"ip-access-lists": ("account-takeover",)},
    )
    assert counted.by_verdict == {"FAIL": 1, "PASS": 2}
    assert counted.by_control == {
        "ip-access-lists": {"FAIL": 1, "PASS": 1},
        "sso-enforced": {"PASS": 1},
    }
    assert counted.by_section == {"P06": {"FAIL": 1, "PASS": 2}, "P11": {"FAIL": 1, "PASS": 2}}
    assert counted.by_threat == {"account-takeover": {"FAIL": 1, "PASS": 1}}
    assert counted.failed_by_severity == {Severity.HIGH: 1}


@given(st.lists(st.tuples(st.sampled_from(Verdict), st.sampled_from(Severity))))
def test_the_count_is_the_count(entries):
    counted = tally(*(finding(verdict, severity) for verdict, severity in entries))
    assert counted.by_verdict.total() == len(entries)
    assert counted.failed_by_severity == Counter(s for v, s in entries if v is Verdict.FAIL)
