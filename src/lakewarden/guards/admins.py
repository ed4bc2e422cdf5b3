"""Somebody still administers the account and every workspace, and it is not a stranger.

After each change there is an admin left who may sign in, one of those for emergencies among them
where there was one before, and the caller, who may have to take the plan back. Accounts for
emergencies, and that of the caller, are never switched off.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from lakewarden.estate.account import WORKSPACES
from lakewarden.estate.people import (
    ACCOUNT_GROUPS,
    ACCOUNT_SERVICE_PRINCIPALS,
    ACCOUNT_USERS,
    PERMISSION_ASSIGNMENTS,
    WORKSPACE_GROUPS,
)
from lakewarden.guards.after import each_state, key_of
from lakewarden.guards.directory import GROUP, KINDS, SINGLES, Directory, directory_of
from lakewarden.guards.guard import Given, Guard, Refusal
from lakewarden.plan.change import Change

NAME: Final = "admins"
_LEAVE: Final = "Name somebody else first, or leave this out with --exclude-control"
_READ: Final = "Make that readable, and plan anew"


@dataclass(frozen=True, slots=True)
class _Place:
    """The account, or a workspace by its id."""

    workspace: str = ""

    @property
    def name(self) -> str:
        return f"workspace {self.workspace}" if self.workspace else "the account"

    def admins(self, directory: Directory) -> frozenset[str]:
        if self.workspace:
            return directory.workspace_admins(self.workspace)
        return directory.account_admins()


def _refuse(given: Given) -> Iterator[Refusal]:
    before = start = directory_of(given.estate)
    places = (_Place(), *map(_Place, sorted(start.local)))
    admins = {place: place.admins(start) for place in places}
    told: set[str] = set()
    changes = filter(_is_about, given.plan.changes)
    for change, now in each_state(start, changes, Directory.after):
        left = {place: place.admins(now) for place in places}
        fewer = [
            (place, admins[place], left[place]) for place in places if admins[place] - left[place]
        ]
        found = [*_switched_off(given, change, before)]
        found += _shut_out(given, change, start, now, fewer)
        yield from (refusal for refusal in found if refusal.why not in told)
        told |= {refusal.why for refusal in found}
        before = now


def _switched_off(given: Given, change: Change, before: Directory) -> Iterator[Refusal]:
    """Yield whether a change removes or deactivates one who must stay."""
    if change.target.kind == GROUP and change.after is None:
        name = change.name or change.target.key
        group = before.groups.get(key_of(before.groups, change.target.key), {})
        names = {name.lower(), str(group.get("displayName", "")).lower()}
        if names & {named.lower() for named in given.policy.break_glass}:
            why = f"the group {name} is there for emergencies and would be removed"
            yield Refusal(change.address, NAME, why, "Leave it out of the plan")
    if change.target.kind not in SINGLES:
        return
    gone = change.after is None or change.after.get("/active") is False
    identity = key_of(before.singles, change.target.key)
    if gone and identity in before.named(given.policy.break_glass):
        why = f"{change.name} is there for emergencies and would no longer sign in"
        yield Refusal(change.address, NAME, why, "Leave it out of the plan")
    if gone and identity == before.id_of(given.caller.user):
        why = f"{change.name} is the caller, who would no longer sign in"
        yield Refusal(change.address, NAME, why, "Have somebody else carry it out")


def _shut_out(
    given: Given,
    change: Change,
    start: Directory,
    now: Directory,
    fewer: Iterable[tuple[_Place, frozenset[str], frozenset[str]]],
) -> Iterator[Refusal]:
    """Yield who is missing where a place has lost admins: it had some, and some are left."""
    caller, names = start.id_of(given.caller.user), given.policy.break_glass
    for place, had, left in fewer:
        if not left:
            yield _nobody(change, place, now)
        if had & start.named(names) and not left & now.named(names):
            why = f"nobody for emergencies would administer {place.name} any more"
            yield Refusal(change.address, NAME, why, _LEAVE)
        if caller in had - left:
            why = f"{given.caller.name} would no longer administer {place.name}"
            step = "Have somebody else carry it out, who stays an admin"
            yield Refusal(change.address, NAME, why, step)


def _nobody(change: Change, place: _Place, now: Directory) -> Refusal:
    if now.gap is not None:
        why = f"nobody can tell whether anybody would still administer {place.name}: {now.gap}"
        return Refusal(change.address, NAME, why, _READ)
    why = f"nobody would administer {place.name} any more"
    return Refusal(change.address, NAME, why, _LEAVE)


def _is_about(change: Change) -> bool:
    return change.target.kind in KINDS


GUARD: Final = Guard(
    NAME,
    _refuse,
    _is_about,
    (
        WORKSPACES.need(),
        ACCOUNT_USERS.need(),
        ACCOUNT_GROUPS.need(),
        ACCOUNT_SERVICE_PRINCIPALS.need(),
        WORKSPACE_GROUPS.need(),
        PERMISSION_ASSIGNMENTS.need(),
    ),
)
