"""`Finding`: a control's verdict on one subject, with its evidence and a stable identity."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """What a control concludes about a subject."""

    PASS = "PASS"  # noqa: S105  # a verdict, not a password
    FAIL = "FAIL"
    UNKNOWN = "UNKNOWN"
    NOT_APPLICABLE = "NOT_APPLICABLE"
    ATTESTED = "ATTESTED"
    WAIVED = "WAIVED"


class Severity(StrEnum):
    """How much a failure matters."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """Return the place on the scale, 0 for low to 3 for critical."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True)
class SubjectRef:
    """What a finding is about.

    Attributes:
        kind: `account`, `workspace`, `cluster`, …
        id: its identity on its platform.
        name: what people call it.
        workspace: the id of the workspace it lives in, empty at account level.
    """

    kind: str
    id: str
    name: str
    workspace: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One fact that a verdict rests on.

    Attributes:
        source: the call that it comes from.
        field: where in the answer.
        value: what was there, as JSON; a gap's text where it could not be read.
        expected: what would have passed, in words.
    """

    source: str
    field: str
    value: Any
    expected: str


@dataclass(frozen=True, slots=True)
class WaiverNote:
    """Why a failure is accepted for now."""

    reason: str
    owner: str
    expires: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict with everything a reader needs to believe it and to act on it.

    Attributes:
        control: the id of the control.
        paper: the sections of the paper it serves, `P06`.
        severity: how much a failure matters.
        subject: what it is about.
        verdict: the conclusion.
        reason: one sentence.
        needs: the permissions that would settle an UNKNOWN.
        evidence: the facts.
        fix: what to do about a failure.
        waiver: set when the failure is waived.
        location: `file:line` of the configuration to edit, empty where there is none.
    """

    control: str
    paper: tuple[str, ...]
    severity: Severity
    subject: SubjectRef
    verdict: Verdict
    reason: str
    needs: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    fix: str = ""
    waiver: WaiverNote | None = None
    location: str = ""

    @property
    def id(self) -> str:
        """Return an identity that is the same in every run: control and subject decide it."""
        subject = self.subject
        text = f"{self.control}\0{subject.kind}\0{subject.workspace}\0{subject.id}"
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
