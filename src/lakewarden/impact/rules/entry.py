"""Who may enter at all: principals that are switched off, or taken out of a workspace."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lakewarden.impact import people
from lakewarden.impact.event import Event
from lakewarden.impact.rule import Family, Reason
from lakewarden.impact.state import State
from lakewarden.plan.change import Change

ORDER: Final = 1
_PRINCIPALS: Final = frozenset({"account_user", "account_service_principal"})
_PLATFORM: Final = frozenset({"", "System-User", "unknown"})


def _judges(change: Change) -> bool:
    if change.target.kind in _PRINCIPALS:
        return change.after is None or "/active" in change.after
    return change.target.kind == "workspace_assignment"


def _rule(event: Event, state: State) -> Iterator[Reason]:
    if event.who in _PLATFORM:
        return
    person = state.people(event.scope).person(event.who)
    if person is None:
        yield Reason("nobody of that name is in the directory", event.who, sure=False)
    elif not person.active:
        yield Reason("the principal is switched off")
    elif not person.member:
        yield Reason(f"the principal has no access to {event.scope}")


FAMILIES: Final = (Family("entry", _judges, _rule, None, people.NEEDS),)
