"""Findings as JSON and back: the shape that `assess --format json` publishes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lakewarden.ledger.finding import (
    Evidence,
    Finding,
    Severity,
    SubjectRef,
    Verdict,
    WaiverNote,
)


def to_json(finding: Finding) -> dict[str, Any]:
    """Return a finding as published."""
    subject, waiver = finding.subject, finding.waiver
    return {
        "id": finding.id,
        "control": finding.control,
        "paper": list(finding.paper),
        "severity": finding.severity.value,
        "subject": {
            "kind": subject.kind,
            "id": subject.id,
            "name": subject.name,
            "workspace": subject.workspace or None,
        },
        "verdict": finding.verdict.value,
        "reason": finding.reason,
        "needs": list(finding.needs),
        "evidence": [
            {"source": e.source, "field": e.field, "value": e.value, "expected": e.expected}
            for e in finding.evidence
        ],
        "fix": finding.fix,
        "waiver": None
        if waiver is None
        else {"reason": waiver.reason, "owner": waiver.owner, "expires": waiver.expires},
        "location": finding.location or None,
    }


def from_json(data: Mapping[str, Any]) -> Finding:
    """Return the finding that `to_json` wrote."""
    subject, waiver = data["subject"], data["waiver"]
    return Finding(
        data["control"],
        tuple(data["paper"]),
        Severity(data["severity"]),
        SubjectRef(subject["kind"], subject["id"], subject["name"], subject["workspace"] or ""),
        Verdict(data["verdict"]),
        data["reason"],
        tuple(data["needs"]),
        tuple(Evidence(**entry) for entry in data["evidence"]),
        data["fix"],
        None if waiver is None else WaiverNote(**waiver),
        data["location"] or "",
    )
