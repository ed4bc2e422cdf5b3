"""Whether a principal holds a level on an object: by itself, by its groups, or as an admin."""

from __future__ import annotations

from typing import Final

from lakewarden.impact.event import Event
from lakewarden.impact.known import UnknownError
from lakewarden.impact.people import ADMINS, Person
from lakewarden.impact.state import State

LEVELS: Final = {
    "authorization": ("CAN_USE", "CAN_MANAGE"),
    "cluster-policies": ("CAN_USE",),
    "clusters": ("CAN_ATTACH_TO", "CAN_RESTART", "CAN_MANAGE"),
    "instance-pools": ("CAN_ATTACH_TO", "CAN_MANAGE"),
    "jobs": ("CAN_VIEW", "CAN_MANAGE_RUN", "CAN_MANAGE", "IS_OWNER"),
    "warehouses": ("CAN_VIEW", "CAN_USE", "CAN_MONITOR", "CAN_MANAGE", "IS_OWNER"),
}
"""The levels of each type of object, weakest first."""
_NO_ADMINS: Final = "passwords"
"""The one list on which admins hold nothing by being admins."""


def person_of(name: str, scope: str, state: State) -> Person:
    """Return what is known of a principal.

    Raises:
        UnknownError: the directory does not have it, or was not read.
    """
    person = state.people(scope).person(name)
    if person is None:
        raise UnknownError(f"nobody called {name} is in the directory")
    return person


def owner_of(event: Event, state: State) -> str:
    """Return for whom a token is made: whoever asks for it, or another by name or id."""
    named = event.param("user")
    identity = event.param("userId", "user_id")
    if named or not identity:
        return named or event.who
    return state.people(event.scope).name_of(identity) or event.who


def holds(name: str, right: tuple[str, str, str], scope: str, state: State) -> bool:
    """Return whether a principal holds a level, or a stronger one.

    Args:
        name: its name.
        right: the type and the id of the object, and the level.
        scope: the workspace.
        state: what holds.

    Raises:
        UnknownError: the list, or the directory, is not known.
    """
    kind, key, level = right
    person = person_of(name, scope, state)
    if person.admin and key != _NO_ADMINS:
        return True
    levels = LEVELS[kind]
    enough = levels[levels.index(level) :]
    return any(
        grant.level in enough
        and (grant.principal in person.groups if grant.is_group else grant.principal == name)
        and not (grant.is_group and grant.principal == ADMINS and key != _NO_ADMINS)
        for grant in state.grants(scope, kind, key)
    )
