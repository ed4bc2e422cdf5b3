"""`Board`: a report by control, section and threat, built in one pass and bounded memory."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from lakewarden.ledger.card import ControlCard
from lakewarden.ledger.finding import Finding, Verdict
from lakewarden.paper.paper import Section, Threat, paper
from lakewarden.report.view import OPEN, WORST_FIRST, Report, badness, worst

SAMPLES: Final = 200
GRANTS: Final = 500


@dataclass(frozen=True, slots=True)
class Group:
    """The findings of one control.

    Attributes:
        card: the control.
        counts: how many findings have each verdict.
        samples: the worst of them, worst first.
    """

    card: ControlCard
    counts: Mapping[str, int]
    samples: tuple[Finding, ...]

    @property
    def worst(self) -> Verdict | None:
        """Return the worst verdict."""
        return worst(self.counts)

    @property
    def open(self) -> tuple[Finding, ...]:
        """Return the samples that ask for something to be done."""
        return tuple(f for f in self.samples if f.verdict in OPEN)

    @property
    def settled(self) -> tuple[Finding, ...]:
        """Return the samples that ask for nothing."""
        return tuple(f for f in self.samples if f.verdict not in OPEN)

    @property
    def left_out(self) -> int:
        """Return how many findings are counted but not among the samples."""
        return sum(self.counts.values()) - len(self.samples)

    @property
    def open_left_out(self) -> int:
        """Return how many of those left out ask for something to be done."""
        return sum(self.counts.get(v.value, 0) for v in OPEN) - len(self.open)

    def urgency(self) -> tuple[Any, ...]:
        """Return a sort key: failures by severity first, then the other verdicts."""
        found = self.worst
        place = len(WORST_FIRST) if found is None else WORST_FIRST.index(found)
        return (place, -self.card.severity.rank, *badness(self.counts), self.card.id)


@dataclass(frozen=True, slots=True)
class SectionState:
    """How one section of the paper stands.

    Attributes:
        section: the section.
        counts: how many findings have each verdict.
        groups: the controls that name this section first, worst first.
        cited: controls that serve this section too, but stand under another.
    """

    section: Section
    counts: Mapping[str, int]
    groups: tuple[Group, ...]
    cited: tuple[Group, ...]

    @property
    def worst(self) -> Verdict | None:
        """Return the worst verdict, None when no control judged the section."""
        return worst(self.counts)

    def urgency(self) -> tuple[Any, ...]:
        """Return a sort key: worst verdict, then the gravest failure, then how much is open."""
        failed = [g for g in (*self.groups, *self.cited) if g.worst is Verdict.FAIL]
        gravest = max((g.card.severity.rank for g in failed), default=-1)
        place, failures, unknowns, *_ = badness(self.counts)
        return (place, -gravest, failures, unknowns, self.section.id)


@dataclass(frozen=True, slots=True)
class ThreatState:
    """How well one threat is answered."""

    threat: Threat
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Board:
    """A report as people read it.

    Attributes:
        sections: all 37, in the order of the paper.
        threats: all five, in the order of the paper.
        groups: every control that found something, worst first.
        grants: the permissions that would settle the most UNKNOWNs, with how many.
    """

    sections: tuple[SectionState, ...]
    threats: tuple[ThreatState, ...]
    groups: tuple[Group, ...]
    grants: tuple[tuple[str, int], ...]

    @property
    def judged(self) -> tuple[SectionState, ...]:
        """Return the sections that have findings, worst first."""
        return tuple(sorted((s for s in self.sections if s.worst), key=SectionState.urgency))

    @property
    def unjudged(self) -> tuple[SectionState, ...]:
        """Return the sections that no control judged."""
        return tuple(s for s in self.sections if s.worst is None)


class _Samples:
    """Keeps the worst findings of each control, the earlier ones where they are equally bad."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept: defaultdict[str, list[tuple[int, int, Finding]]] = defaultdict(list)
        self.grants: Counter[str] = Counter()

    def take(self, findings: Iterable[Finding]) -> None:
        for number, finding in enumerate(findings):
            heap = self._kept[finding.control]
            entry = (-WORST_FIRST.index(finding.verdict), -number, finding)
            if len(heap) < self._limit:
                heapq.heappush(heap, entry)
            else:
                heapq.heappushpop(heap, entry)
            for need in finding.needs:
                if need in self.grants or len(self.grants) < GRANTS:
                    self.grants[need] += 1

    def of(self, control: str) -> tuple[Finding, ...]:
        return tuple(finding for *_, finding in sorted(self._kept[control], reverse=True))


def lay_out(report: Report, limit: int = SAMPLES) -> Board:
    """Read the findings once and arrange them; at most `limit` samples a control are kept."""
    samples = _Samples(limit)
    samples.take(report.findings())
    tally = report.tally
    groups = sorted(
        (
            Group(report.cards[control], counts, samples.of(control))
            for control, counts in tally.by_control.items()
        ),
        key=Group.urgency,
    )
    sections = tuple(
        SectionState(
            section,
            tally.by_section.get(section.id, {}),
            tuple(g for g in groups if g.card.paper[0] == section.id),
            tuple(g for g in groups if section.id in g.card.paper[1:]),
        )
        for section in paper().sections.values()
    )
    threats = tuple(
        ThreatState(threat, tally.by_threat.get(threat.id, {}))
        for threat in paper().threats.values()
    )
    return Board(sections, threats, tuple(groups), tuple(samples.grants.most_common()))
