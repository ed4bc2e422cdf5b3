"""Replaying: every event put to the rules that a plan wakes, and each request told of once.

A request leaves several events: a login, then what was asked for. They are brought together by
their request's id within a window, so that memory does not grow with the log: a request that was
refused at the time is no loss, and one that several rules refuse is told of with the first.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from lakewarden.estate.estate import Estate
from lakewarden.impact.event import Event, parse
from lakewarden.impact.known import Side, UnknownError
from lakewarden.impact.rule import Family, Reason, families
from lakewarden.impact.state import State
from lakewarden.plan.plan import Plan

WINDOW: Final = 20_000
"""How many requests are kept open for more of their events."""
_PLACES: Final = 20
"""How many unreadable lines are named."""
_TIME: Final = re.compile(r'"timestamp"\s*:\s*"?(\d{12,14})')
_ACTION: Final = '"(?:actionName|action_name)"\\s*:\\s*"(?:{})"'


@dataclass(frozen=True, slots=True)
class Hit:
    """A request that the plan would refuse, or may.

    Attributes:
        event: its event.
        family: the family of the rule.
        reason: why; one that is not sure makes it a doubt.
    """

    event: Event
    family: str
    reason: Reason


@dataclass(slots=True)
class Read:
    """What was read of the logs.

    Attributes:
        lines: how many events there were.
        looked_at: how many of them the plan may have refused.
        foreign: how many belong to other accounts.
        broken: places of lines that are no events, the first of them.
        broken_count: how many of those there are.
        first, last: the times that the events cover, Unix ms; None before the first.
    """

    lines: int = 0
    looked_at: int = 0
    foreign: int = 0
    broken: list[str] = field(default_factory=list)
    broken_count: int = 0
    first: int | None = None
    last: int | None = None

    def cover(self, moment: int) -> None:
        """Stretch the times to a moment."""
        self.first = moment if self.first is None else min(self.first, moment)
        self.last = moment if self.last is None else max(self.last, moment)

    def spoiled(self, place: str) -> None:
        """Note a line that cannot be read."""
        self.broken_count += 1
        if len(self.broken) < _PLACES:
            self.broken.append(place)


@dataclass(slots=True)
class _Request:
    refused: bool = False
    hit: Hit | None = None


class Replay:
    """One pass over the logs against one plan."""

    def __init__(
        self, plan: Plan, estate: Estate | None, rules: Iterable[Family] | None = None
    ) -> None:
        """Prepare a pass.

        Args:
            plan: the plan.
            estate: the deployment before it; None where nothing but the plan is known.
            rules: the families to ask; None for all.
        """
        asked = families() if rules is None else tuple(rules)
        self.read = Read()
        self._account = plan.origin.account_id
        self._changes = plan.changes
        self._reached: dict[tuple[int, str], bool] = {}
        self._before = State(Side.BEFORE, plan.changes, estate)
        self._after = State(Side.AFTER, plan.changes, estate)
        self._awake = [f for f in asked if any(f.judges(c) for c in plan.changes)]
        self._by_event: dict[tuple[str, str], list[Family]] = {}
        self._always = [family for family in self._awake if family.events is None]
        for key in {key for family in self._awake for key in family.events or ()}:
            self._by_event[key] = [f for f in self._awake if f.events is None or key in f.events]
        self._wanted = self._pattern()
        self._open: OrderedDict[str, _Request] = OrderedDict()

    def hits(self, lines: Iterable[tuple[str, str | None]]) -> Iterator[Hit]:
        """Yield every request that would be refused, or may be, once.

        Args:
            lines: the lines of the logs, each with its place; None for what cannot be read.
        """
        if not self._awake:
            return
        for place, line in lines:
            event = self._event(place, line)
            if event is not None:
                yield from self._take(event)
        for request in self._open.values():
            yield from _told(request)
        self._open.clear()

    @property
    def idle(self) -> bool:
        """Return whether no change of the plan can refuse anything that events show."""
        return not self._awake

    def _event(self, place: str, line: str | None) -> Event | None:
        """Return an event if it is one that the plan may have refused."""
        if line is None:
            self.read.spoiled(place)
            return None
        self.read.lines += 1
        moment = _TIME.search(line)
        if moment is not None:
            self.read.cover(int(moment[1]))
        if self._wanted is not None and self._wanted.search(line) is None:
            return None
        try:
            event = parse(line)
        except (ValueError, TypeError, KeyError, AttributeError):
            self.read.spoiled(place)
            return None
        self.read.cover(event.at)
        if event.account and self._account and event.account != self._account:
            self.read.foreign += 1
            return None
        self.read.looked_at += 1
        return event

    def _take(self, event: Event) -> Iterator[Hit]:
        """Judge an event, and bring it together with the others of its request."""
        if event.refused:
            if event.request:
                yield from self._opened(event.request, _Request(refused=True))
            return
        known = self._open.get(event.request) if event.request else None
        if known is not None and known.refused:
            return
        hit = self._judged(event)
        if hit is None:
            return
        if event.request:
            yield from self._opened(event.request, _Request(hit=hit))
        else:
            yield hit

    def _opened(self, request: str, found: _Request) -> Iterator[Hit]:
        known = self._open.get(request)
        if known is None:
            self._open[request] = found
            if len(self._open) > WINDOW:
                yield from _told(self._open.popitem(last=False)[1])
        elif found.refused:
            known.refused = True
        elif found.hit and not (known.hit and known.hit.reason.sure):
            known.hit = found.hit if found.hit.reason.sure or known.hit is None else known.hit

    def _judged(self, event: Event) -> Hit | None:
        """Return why the plan, and not what held before it, refuses an event's request."""
        found = self._by_event.get((event.service, event.action), self._always)
        rules = [family for family in found if self._reaches(family, event.scope)]
        after = [found for family in rules for found in _said(family, event, self._after)]
        if not after:
            return None
        before = [found for family in rules for found in _said(family, event, self._before)]
        if any(reason.sure for _, reason in before):
            return None
        fresh = [found for found in after if found[1].blind or found not in before]
        chosen = next((f for f in fresh if f[1].sure), fresh[0] if fresh else None)
        return Hit(event, *chosen) if chosen else None

    def _reaches(self, family: Family, scope: str) -> bool:
        """Return whether a change that wakes a family is about a scope."""
        place = (id(family), scope)
        if place not in self._reached:
            self._reached[place] = family.everywhere or any(
                family.judges(change) and change.target.scope in {scope, "account"}
                for change in self._changes
            )
        return self._reached[place]

    def _pattern(self) -> re.Pattern[str] | None:
        """Return what a line must hold to matter; None where every line does."""
        if self._always:
            return None
        actions = sorted({re.escape(action) for _, action in self._by_event})
        return re.compile(_ACTION.format("|".join(actions)))


def _said(family: Family, event: Event, state: State) -> list[tuple[str, Reason]]:
    try:
        return [(family.name, reason) for reason in family.rule(event, state)]
    except (ValueError, TypeError, KeyError, AttributeError):
        said = Reason("what it asked for cannot be understood", sure=False, blind=True)
        return [(family.name, said)]
    except UnknownError as error:
        return [(family.name, Reason(str(error), sure=False, blind=True))]


def _told(request: _Request) -> Iterator[Hit]:
    if request.hit is not None and not request.refused:
        yield request.hit
