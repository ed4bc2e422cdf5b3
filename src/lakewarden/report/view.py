"""`Report`: all that a format may say, and the order in which every format says it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from lakewarden.ledger.card import ControlCard
from lakewarden.ledger.finding import Finding, SubjectRef, Verdict
from lakewarden.ledger.run import Run, Tally

WORST_FIRST: Final = (
    Verdict.FAIL,
    Verdict.UNKNOWN,
    Verdict.WAIVED,
    Verdict.ATTESTED,
    Verdict.PASS,
    Verdict.NOT_APPLICABLE,
)
OPEN: Final = frozenset({Verdict.FAIL, Verdict.UNKNOWN})

# C0 but tab and line feed, DEL, C1, bidirectional controls, line separators, lone surrogates
_UNPRINTABLE: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


@dataclass(frozen=True, slots=True)
class Report:
    """One assessment, ready to be written.

    Attributes:
        run: what was judged, when, and by which posture.
        tally: the counts of every finding.
        cards: the controls that judged, by id.
        findings: starts a new pass over all findings; there may be millions.
        unread: a line for everything that could not be read.
        loosened: a line for every limit that the policy file sets looser than the default.
    """

    run: Run
    tally: Tally
    cards: Mapping[str, ControlCard]
    findings: Callable[[], Iterator[Finding]]
    unread: tuple[str, ...] = ()
    loosened: tuple[str, ...] = ()

    def place(self, subject: SubjectRef) -> str:
        """Return the name of the workspace that a subject lives in; empty at account level."""
        return self.run.workspaces.get(subject.workspace, subject.workspace)


def worst(counts: Mapping[str, int]) -> Verdict | None:
    """Return the worst verdict that was counted; None when nothing was."""
    return next((verdict for verdict in WORST_FIRST if counts.get(verdict.value)), None)


def badness(counts: Mapping[str, int]) -> tuple[int, ...]:
    """Return a sort key: the worst verdict first, then the larger counts, worst verdict first."""
    found = worst(counts)
    place = len(WORST_FIRST) if found is None else WORST_FIRST.index(found)
    return (place, *(-counts.get(verdict.value, 0) for verdict in WORST_FIRST))


def all_six(counts: Mapping[str, int]) -> dict[str, int]:
    """Return the counts with a place for every verdict, worst first."""
    return {verdict.value: counts.get(verdict.value, 0) for verdict in WORST_FIRST}


def visible(text: str) -> str:
    r"""Write characters that would act on a terminal or turn text around as `\uXXXX`."""
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
