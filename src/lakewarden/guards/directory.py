"""Who is in which group and has which role, as the changes of a plan leave it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from lakewarden.estate.account import Workspace
from lakewarden.estate.estate import Estate
from lakewarden.estate.fact import Gap, UnreadError
from lakewarden.estate.people import (
    ACCOUNT_GROUPS,
    ACCOUNT_SERVICE_PRINCIPALS,
    ACCOUNT_USERS,
    PERMISSION_ASSIGNMENTS,
    WORKSPACE_GROUPS,
)
from lakewarden.guards.after import Json, Table, known, table_after
from lakewarden.plan.change import Change

ADMIN_ROLE: Final = "account_admin"
ADMINS: Final = "admins"
"""The group of a workspace whose members administer it."""
SINGLES: Final = frozenset({"account_user", "account_service_principal"})
"""The resource kinds that are people and machines."""
GROUP: Final = "account_group"
ASSIGNMENT: Final = "workspace_assignment"
KINDS: Final = SINGLES | {GROUP, ASSIGNMENT}


@dataclass(frozen=True, slots=True)
class Directory:
    """Principals of the account, and what workspaces make of them.

    Attributes:
        singles: people and machines by id.
        groups: groups of the account by id.
        local: groups of each workspace by id, those of the account that it shows among them.
        assigned: by workspace, what each principal is there: `{"permissions": ["ADMIN"]}`.
        gap: why somebody may be missing, None when everybody is here.
    """

    singles: Table
    groups: Table
    local: Mapping[str, Table] = field(default_factory=dict)
    assigned: Mapping[str, Table] = field(default_factory=dict)
    gap: Gap | None = None

    def after(self, change: Change) -> Directory:
        """Return it as a change leaves it.

        Raises:
            UnreadError: the change is about something that is not there.
        """
        if change.target.kind in SINGLES:
            return replace(self, singles=table_after(self.singles, change))
        if change.target.kind == GROUP:
            return replace(self, groups=table_after(self.groups, change))
        return self._reassigned(change)

    def _reassigned(self, change: Change) -> Directory:
        """Return it with another assignment; the group of admins follows from assignments."""
        place, _, last = change.target.key.partition("/")
        table = dict(self.assigned.get(place, {}))
        permissions = (change.after or {}).get("/permissions") or ()
        table[last] = {"permissions": list(permissions)}
        local = dict(self.local.get(place, {}))
        if "ADMIN" not in permissions:
            for key, group in local.items():
                if group.get("displayName") == ADMINS:
                    others = [m for m in group.get("members", ()) if m["value"] != last]
                    local[key] = {**group, "members": others}
        return replace(
            self,
            assigned={**self.assigned, place: table},
            local={**self.local, place: local},
        )

    def account_admins(self) -> frozenset[str]:
        """Return the ids of those who certainly administer the account."""
        every = {**self.singles, **self.groups}
        return self._in(i for i, d in every.items() if ADMIN_ROLE in _values(d.get("roles")))

    def workspace_admins(self, workspace: str) -> frozenset[str]:
        """Return the ids of those who certainly administer a workspace."""
        local = self.local.get(workspace, {}).values()
        admins = [g for g in local if g.get("displayName") == ADMINS]
        start = [member for group in admins for member in _values(group.get("members"))]
        table = self.assigned.get(workspace, {})
        start += [i for i, d in table.items() if "ADMIN" in d.get("permissions", ())]
        return self._in(start, workspace)

    def named(self, names: Iterable[str]) -> frozenset[str]:
        """Return the ids of those who have one of some names, or are in a group that does."""
        wanted = {name.lower() for name in names}
        every = {**self.singles, **self.groups}
        return self._in(i for i, d in every.items() if wanted & _names(d))

    def id_of(self, name: str) -> str:
        """Return the id of a person or a machine by its name, the empty text for a stranger."""
        found = (i for i, d in self.singles.items() if name and name.lower() in _names(d))
        return next(found, "")

    def is_active(self, identity: str) -> bool:
        """Return whether somebody certainly may sign in."""
        return self.singles.get(identity, {}).get("active") is True

    def _in(self, start: Iterable[str], workspace: str = "") -> frozenset[str]:
        """Return the active people and machines among some principals and in their groups."""
        groups = {**self.local.get(workspace, {}), **self.groups}
        waiting, entered, found = list(start), set[str](), set[str]()
        while waiting:
            identity = waiting.pop()
            if identity in entered:
                continue
            entered.add(identity)
            if identity in groups:
                waiting += _values(groups[identity].get("members"))
            elif self.is_active(identity):
                found.add(identity)
        return frozenset(found)


def directory_of(estate: Estate) -> Directory:
    """Return the directory as it was read; what was not is missing from it."""
    gaps: list[Gap] = []
    users = (
        (u.id, known(userName=u.name, active=u.active, roles=u.roles))
        for u in _seen(estate, ACCOUNT_USERS, gaps)
    )
    machines = (
        (
            m.id,
            known(displayName=m.name, userName=m.application_id, active=m.active, roles=m.roles),
        )
        for m in _seen(estate, ACCOUNT_SERVICE_PRINCIPALS, gaps)
    )
    groups = (
        (g.id, known(displayName=g.name, roles=g.roles, members=g.members))
        for g in _seen(estate, ACCOUNT_GROUPS, gaps)
    )
    singles = {i: _plain(d) for i, d in (*users, *machines)}
    made = Directory(singles, {i: _plain(d) for i, d in groups})
    local, assigned = {}, {}
    try:
        for workspace in estate.workspaces():
            local[str(workspace.id)] = dict(_local(estate, workspace, gaps))
            assigned[str(workspace.id)] = dict(_assigned(estate, workspace, gaps))
    except UnreadError as error:
        gaps.append(error.gap)
    return replace(made, local=local, assigned=assigned, gap=next(iter(gaps), None))


def _seen(
    estate: Estate, kind: Any, gaps: list[Gap], workspace: Workspace | None = None
) -> Iterator[Any]:
    collection = estate.of(kind, workspace)
    yield from collection.seen()
    if collection.gap is not None:
        gaps.append(collection.gap)


def _local(estate: Estate, workspace: Workspace, gaps: list[Gap]) -> Iterator[tuple[str, Json]]:
    for group in _seen(estate, WORKSPACE_GROUPS, gaps, workspace):
        yield group.id, _plain(known(displayName=group.name, members=group.members))


def _assigned(estate: Estate, workspace: Workspace, gaps: list[Gap]) -> Iterator[tuple[str, Json]]:
    try:
        entries = estate.need(PERMISSION_ASSIGNMENTS, workspace.id).assignments.get()
    except UnreadError as error:
        gaps.append(error.gap)
        return
    for entry in entries:
        yield str(entry.principal.principal_id), {"permissions": list(entry.permissions)}


def _plain(document: Json) -> Json:
    """Return a document with lists of values as the API writes them."""
    lists = {"roles", "members"} & document.keys()
    return {**document, **{n: [{"value": e.value} for e in document[n]] for n in lists}}


def _values(entries: Any) -> list[str]:
    return [str(entry["value"]) for entry in entries or ()]


def _names(document: Json) -> set[str]:
    return {str(document.get(name, "")).lower() for name in ("userName", "displayName")} - {""}
