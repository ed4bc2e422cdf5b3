"""`Tally`: refusals counted by reason, person and thing, in memory that is bounded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from lakewarden.impact.replay import Hit

ROWS: Final = 20_000
"""How many different rows are kept; what comes after them is counted by its reason alone."""
_PEOPLE: Final = 100_000
_NAMES: Final = 20


@dataclass(slots=True)
class Span:
    """How often, and when first and last (Unix ms)."""

    count: int = 0
    first: int = 0
    last: int = 0

    def add(self, moment: int) -> None:
        """Count one more."""
        self.first = moment if not self.count else min(self.first, moment)
        self.last = max(self.last, moment)
        self.count += 1


@dataclass(frozen=True, slots=True)
class Key:
    """What makes refusals the same row.

    Attributes:
        family: the family of the rule.
        reason: why.
        scope: where.
        who: who asked.
        what: the token, cluster or job.
        owner: whose that is.
    """

    family: str
    reason: str
    scope: str
    who: str
    what: str
    owner: str


@dataclass(slots=True)
class Row:
    """One row: a span, and an example of what differed."""

    span: Span = field(default_factory=Span)
    example: str = ""


@dataclass(slots=True)
class Total:
    """All refusals of one reason."""

    span: Span = field(default_factory=Span)
    people: set[str] = field(default_factory=set)
    beyond: int = 0


@dataclass(slots=True)
class Origin:
    """Refusals of one address."""

    span: Span = field(default_factory=Span)
    people: dict[str, None] = field(default_factory=dict)


class Tally:
    """What a plan would have refused."""

    def __init__(self) -> None:
        self.rows: dict[Key, Row] = {}
        self.totals: dict[tuple[str, str], Total] = {}
        self.doubts: dict[tuple[str, str], Total] = {}
        self.origins: dict[tuple[str, str], Origin] = {}
        self.people: dict[str, Span] = {}

    def add(self, hit: Hit) -> None:
        """Count one request."""
        event, reason = hit.event, hit.reason
        totals = self.totals if reason.sure else self.doubts
        total = totals.setdefault((hit.family, reason.text), Total())
        total.span.add(event.at)
        if len(total.people) < _PEOPLE:
            total.people.add(event.who)
        if not reason.sure:
            return
        if event.who in self.people or len(self.people) < _PEOPLE:
            self.people.setdefault(event.who, Span()).add(event.at)
        if hit.family == "addresses":
            self._from(hit)
        owner = reason.owner if reason.owner != event.who else ""
        key = Key(hit.family, reason.text, event.scope, event.who, reason.what, owner)
        if key not in self.rows and len(self.rows) >= ROWS:
            total.beyond += 1
            return
        row = self.rows.setdefault(key, Row())
        row.span.add(event.at)
        row.example = row.example or reason.detail

    @property
    def refused(self) -> int:
        """Return how many requests would be refused."""
        return sum(total.span.count for total in self.totals.values())

    @property
    def doubtful(self) -> int:
        """Return of how many requests it is not known."""
        return sum(total.span.count for total in self.doubts.values())

    def top(self, most: int, wanted: Callable[[Key], bool]) -> Iterator[tuple[Key, Row]]:
        """Yield the rows with the most refusals."""
        found = [(key, row) for key, row in self.rows.items() if wanted(key)]
        found.sort(key=lambda pair: (-pair[1].span.count, pair[0].who, pair[0].what))
        yield from found[:most]

    def _from(self, hit: Hit) -> None:
        place = (hit.event.scope, hit.event.address)
        if place not in self.origins and len(self.origins) >= ROWS:
            return
        origin = self.origins.setdefault(place, Origin())
        origin.span.add(hit.event.at)
        if len(origin.people) < _NAMES:
            origin.people[hit.event.who] = None
