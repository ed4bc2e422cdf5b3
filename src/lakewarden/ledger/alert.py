"""`Alert`: what a detection rule found about one entity in one span of time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from lakewarden.ledger.finding import Severity


class AlertState(StrEnum):
    """What became of an alert.

    `SUPPRESSED`: it was expected when it came. `WITHDRAWN`: events that came late explain it.
    """

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"
    SUPPRESSED = "suppressed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert.

    Attributes:
        id: the same whenever the same is found again.
        rule: the id of the rule.
        title: of the rule.
        severity: how much it matters.
        account: the account that it happened in.
        key: whose the events are.
        entity: whom it is about.
        bucket: the start of its span, Unix time in ms.
        first: the time of its first event, likewise.
        last: the time of its last event.
        count: how many events take part.
        evidence: some of them, the earliest first.
        unconfirmed: why it is not certain that the platform spells things as the rule does.
        state: what became of it.
        reason: why it is in that state.
        by: who put it there.
        raised: when it was first found, Unix time in ms.
        events: what was looked at when it was found: the name of a lake or of a table.
    """

    id: str
    rule: str
    title: str
    severity: Severity
    account: str
    key: str
    entity: str
    bucket: int
    first: int
    last: int
    count: int
    evidence: tuple[Mapping[str, Any], ...]
    unconfirmed: str = ""
    state: AlertState = AlertState.OPEN
    reason: str = ""
    by: str = ""
    raised: int = 0
    events: str = ""

    @property
    def waits(self) -> bool:
        """Return whether somebody still has to look at it."""
        return self.state in {AlertState.OPEN, AlertState.ACKNOWLEDGED}


class Looked(NamedTuple):
    """How far a rule has looked.

    Attributes:
        digest: of the rule and of what it was run with.
        version: of the events.
        at: the time that was the present then, Unix time in ms.
    """

    digest: str
    version: int
    at: int


@dataclass(frozen=True, slots=True)
class Suppression:
    """Alerts that are expected for a while.

    Attributes:
        id: its identity.
        rule: the id of a rule, or a pattern of ids with wildcards.
        entity: an entity, likewise, whatever the case of its letters.
        reason: why they are expected.
        by: who answers for it.
        until: the last moment at which it counts, Unix time in ms.
    """

    id: str
    rule: str
    entity: str
    reason: str
    by: str
    until: int
