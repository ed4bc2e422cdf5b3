from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakewarden.ledger.finding import Severity, SubjectRef, Verdict
from ledger.findings import FINDINGS, finding

PART = st.text(st.characters(exclude_characters="\0"))
IDENTITIES = st.tuples(PART, PART, PART, PART)


def identity(control, kind, number, workspace):
    return finding(control=control, subject=SubjectRef(kind, number, "n", workspace)).id


def test_the_identity_is_the_same_for_ever():
    assert finding().id == "a40e7f51eaca65f1"


@given(FINDINGS, st.sampled_from(Verdict), st.text())
def test_what_is_said_of_it_does_not_change_what_it_is(found, verdict, text):
    renamed = replace(found.subject, name=text)
    other = replace(found, verdict=verdict, reason=text, fix=text, subject=renamed, evidence=())
    assert other.id == found.id


@given(st.lists(IDENTITIES, unique=True, max_size=30))
def test_other_subjects_and_controls_are_other_findings(parts):
    assert len({identity(*entry) for entry in parts}) == len(parts)


def test_parts_do_not_run_into_each_other():
    near = [("a", "bc", "d", ""), ("ab", "c", "d", ""), ("a", "bc", "", "d"), ("a", "b", "cd", "")]
    assert len({identity(*entry) for entry in near}) == 4


def test_a_name_that_is_no_unicode_has_an_identity_too():
    assert identity("c", "k", "\ud800", "") != identity("c", "k", "\ud801", "")


@pytest.mark.parametrize(
    ("severity", "rank"),
    [(Severity.LOW, 0), (Severity.MEDIUM, 1), (Severity.HIGH, 2), (Severity.CRITICAL, 3)],
)
def test_severities_are_ranked(severity, rank):
    assert severity.rank == rank
