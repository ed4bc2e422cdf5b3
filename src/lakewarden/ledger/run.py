"""`Run` and `Tally`: one assessment as a whole, counted while its findings stream by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from lakewarden.ledger.finding import Finding, Severity, Verdict

SCHEMA: Final = "lakewarden.assessment/1"
CATALOGUE_SCHEMA: Final = "lakewarden.controls/1"
TOKENS_SCHEMA: Final = "lakewarden.tokens/1"
DOCTOR_SCHEMA: Final = "lakewarden.doctor/1"

EXIT_CLEAN: Final = 0
EXIT_FAILED: Final = 3
EXIT_DIFFERENT: Final = 3
EXIT_INCOMPLETE: Final = 4


@dataclass(frozen=True, slots=True)
class Run:
    """One assessment.

    Attributes:
        id: unique and sortable by time.
        started: ISO 8601 in UTC.
        posture: `standard` or `high`.
        account_id: the Databricks account, empty when it was not read.
        taken: when the estate was read, ISO 8601.
        workspaces: names by id.
    """

    id: str
    started: str
    posture: str
    account_id: str
    taken: str
    workspaces: Mapping[str, str] = field(default_factory=dict)


class Tally:
    """Counts of findings by verdict: over all, by section, by threat and by control."""

    def __init__(self, threats_of: Mapping[str, tuple[str, ...]]) -> None:
        """Begin at nothing; `threats_of` names the threats of each control."""
        self._threats_of = threats_of
        self.by_verdict: Counter[str] = Counter()
        self.by_section: dict[str, Counter[str]] = {}
        self.by_threat: dict[str, Counter[str]] = {}
        self.by_control: dict[str, Counter[str]] = {}
        self.failed_by_severity: Counter[Severity] = Counter()

    def add(self, finding: Finding) -> None:
        """Count one finding."""
        verdict = finding.verdict.value
        self.by_verdict[verdict] += 1
        self.by_control.setdefault(finding.control, Counter())[verdict] += 1
        for section in finding.paper:
            self.by_section.setdefault(section, Counter())[verdict] += 1
        for threat in self._threats_of.get(finding.control, ()):
            self.by_threat.setdefault(threat, Counter())[verdict] += 1
        if finding.verdict is Verdict.FAIL:
            self.failed_by_severity[finding.severity] += 1

    def exit_code(self, fail_on: Severity) -> int:
        """Return 3 for a failure at or above `fail_on`, else 4 for anything unknown, else 0."""
        if any(n for s, n in self.failed_by_severity.items() if s.rank >= fail_on.rank):
            return EXIT_FAILED
        if self.by_verdict[Verdict.UNKNOWN.value]:
            return EXIT_INCOMPLETE
        return EXIT_CLEAN
