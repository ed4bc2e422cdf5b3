"""Findings for the tests of the ledger, by hypothesis or one by one."""

from __future__ import annotations

from hypothesis import strategies as st

from lakewarden.ledger.finding import (
    Evidence,
    Finding,
    Severity,
    SubjectRef,
    Verdict,
    WaiverNote,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
SUBJECTS = st.builds(SubjectRef, st.text(), st.text(), st.text(), st.text())
FINDINGS = st.builds(
    Finding,
    control=st.text(),
    paper=st.lists(st.text(), max_size=3).map(tuple),
    severity=st.sampled_from(Severity),
    subject=SUBJECTS,
    verdict=st.sampled_from(Verdict),
    reason=st.text(),
    needs=st.lists(st.text(), max_size=3).map(tuple),
    evidence=st.lists(st.builds(Evidence, st.text(), st.text(), JSON, st.text()), max_size=2).map(
        tuple
    ),
    fix=st.text(),
    waiver=st.none() | st.builds(WaiverNote, st.text(), st.text(), st.text()),
    location=st.text(),
)


def finding(
    verdict: Verdict = Verdict.FAIL,
    severity: Severity = Severity.HIGH,
    *,
    control: str = "ip-access-lists",
    subject: SubjectRef | None = None,
) -> Finding:
    """One finding, about a workspace unless told otherwise."""
    about = subject or SubjectRef("workspace", "3001", "prod", "3001")
    return Finding(control, ("P06", "P11"), severity, about, verdict, "because")
