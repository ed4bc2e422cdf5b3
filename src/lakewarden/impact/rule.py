"""What a rule of replaying is: a family of them knows which changes it judges, and which events."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lakewarden.estate.kind import Need
from lakewarden.impact.event import Event
from lakewarden.impact.state import State
from lakewarden.plan.change import Change


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a request would be refused.

    Attributes:
        text: the reason, without what differs from request to request.
        what: the token, cluster or job that it is about; empty for none.
        detail: what differs from request to request.
        owner: whose that is; empty for whoever asked.
        sure: whether it is certain; what is not is counted apart and never as a refusal.
        blind: neither plan nor snapshot says, so that it was so before means nothing.
    """

    text: str
    what: str = ""
    detail: str = ""
    owner: str = ""
    sure: bool = True
    blind: bool = False


@dataclass(frozen=True, slots=True)
class Family:
    """The rules about one matter.

    Attributes:
        name: what the report calls it.
        judges: whether a change may make this family refuse something.
        rule: yields why an event's request would be refused in a state.
        events: the service and action of each event that it looks at; None for every event.
        needs: what a snapshot must have for these rules, beside what the plan says.
        hides: what events do not show of a change; empty where they show all.
        everywhere: a change in one workspace may be about others; else it is about its own scope,
            and one of the account about all.
    """

    name: str
    judges: Callable[[Change], bool]
    rule: Callable[[Event, State], Iterator[Reason]]
    events: frozenset[tuple[str, str]] | None
    needs: tuple[Need, ...] = ()
    hides: Callable[[Change], str] = lambda _: ""
    everywhere: bool = False


@functools.cache
def families() -> tuple[Family, ...]:
    """Return every family, in the order in which the platform asks: who comes from where first."""
    package = importlib.import_module("lakewarden.impact.rules")
    found = []
    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        loaded = importlib.import_module(module.name)
        found += [(loaded.ORDER, family) for family in loaded.FAMILIES]
    return tuple(family for _, family in sorted(found, key=lambda entry: entry[0]))
