"""Signing in with a password of the platform, where single sign-on is to be the only way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lakewarden.impact import people
from lakewarden.impact.event import Event
from lakewarden.impact.holders import holds
from lakewarden.impact.rule import Family, Reason
from lakewarden.impact.state import State
from lakewarden.plan.change import Change

ORDER: Final = 3
_EVENTS: Final = frozenset({("accounts", "login"), ("accounts", "passwordVerifyAuthentication")})
_RIGHT: Final = ("authorization", "passwords", "CAN_USE")


def _judges(change: Change) -> bool:
    return change.target.kind == "permissions" and change.target.key == "authorization/passwords"


def _rule(event: Event, state: State) -> Iterator[Reason]:
    if event.scope == "account":
        return
    if not holds(event.param("user") or event.who, _RIGHT, event.scope, state):
        yield Reason("may no longer sign in with a password")


FAMILIES: Final = (Family("passwords", _judges, _rule, _EVENTS, people.NEEDS),)
