"""Who is who: groups, admins and rights of principals, in a workspace or in the account."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from lakewarden.estate.account import Workspace
from lakewarden.estate.estate import Estate
from lakewarden.estate.people import (
    ACCOUNT_GROUPS,
    ACCOUNT_SERVICE_PRINCIPALS,
    ACCOUNT_USERS,
    PERMISSION_ASSIGNMENTS,
    WORKSPACE_GROUPS,
)
from lakewarden.plan.change import Attributes
from lakewarden.plan.paths import with_values

Given = Mapping[tuple[str, str], Mapping[str, Attributes | None]]
"""What a plan says at one end, by kind and scope, then by key."""

NEEDS = (
    ACCOUNT_GROUPS.need(),
    ACCOUNT_SERVICE_PRINCIPALS.need(),
    ACCOUNT_USERS.need(),
    PERMISSION_ASSIGNMENTS.need(),
    WORKSPACE_GROUPS.need(),
)
"""What says who is who."""
USERS = "users"
ADMINS = "admins"


@dataclass(frozen=True, slots=True)
class Person:
    """What a principal is.

    Attributes:
        groups: the names of all groups that it is in, nested ones included.
        admin: whether it is an admin of the workspace, or of the account.
        member: whether it may enter.
        active: whether it is switched on.
        rights: its entitlements in the workspace, through its groups too; None where those of a
            group were not read.
    """

    groups: frozenset[str]
    admin: bool
    member: bool
    active: bool
    rights: frozenset[str] | None


class People:
    """The principals of a deployment, as one workspace or the account sees them."""

    def __init__(self) -> None:
        self._ids: dict[str, str] = {}
        self._inactive: set[str] = set()
        self._above: dict[str, set[str]] = {}
        self._names: dict[str, str] = {}
        self._rights: dict[str, frozenset[str] | None] = {}
        self._assigned: dict[str, frozenset[str]] | None = None
        self._roles: dict[str, frozenset[str]] = {}
        self._known: dict[str, Person | None] = {}

    @classmethod
    def of(cls, estate: Estate, workspace: Workspace | None, given: Given) -> People:
        """Read who is who.

        Args:
            estate: the deployment before the plan.
            workspace: which workspace; None for the account.
            given: what the plan says at one of its ends.

        Raises:
            UnreadError: the directory was not read to its end.
        """
        made = cls()
        made._read_principals(estate, given)
        made._read_groups(estate, given)
        if workspace is not None:
            made._read_workspace(estate, workspace, given)
        return made

    def person(self, name: str) -> Person | None:
        """Return what is known of a principal by its name; None for nobody of that name."""
        if name not in self._known:
            identity = self._ids.get(name.lower())
            self._known[name] = None if identity is None else self._person(identity)
        return self._known[name]

    def name_of(self, identity: str) -> str:
        """Return the name of a principal by its id; empty for nobody."""
        return next((name for name, found in self._ids.items() if found == identity), "")

    def _person(self, identity: str) -> Person:
        above = set(self._ancestors(identity))
        held = [*above, identity]
        groups = {self._names[group] for group in above}
        active = identity not in self._inactive
        if self._assigned is None:
            admin = any("account_admin" in self._roles.get(i, ()) for i in held)
            return Person(frozenset(groups), admin, member=True, active=active, rights=frozenset())
        levels: set[str] = set().union(*(self._assigned.get(i, frozenset()) for i in held))
        member = bool(levels)
        admin = "ADMIN" in levels or ADMINS in groups
        system = {USERS} | ({ADMINS} if admin else set())
        ids = [i for i, name in self._names.items() if name in system]
        return Person(
            frozenset(groups | system), admin, member, active, self._rights_of([*held, *ids])
        )

    def _rights_of(self, holders: Iterable[str]) -> frozenset[str] | None:
        """Return what some principals are entitled to together; None where that was not read."""
        found: set[str] = set()
        for holder in holders:
            rights = self._rights.get(holder, frozenset())
            if rights is None:
                return None
            found |= rights
        return frozenset(found)

    def _ancestors(self, identity: str) -> Iterator[str]:
        seen, waiting = set[str](), [identity]
        while waiting:
            for group in self._above.get(waiting.pop(), ()):
                if group not in seen:
                    seen.add(group)
                    waiting.append(group)
                    yield group

    def _read_principals(self, estate: Estate, given: Given) -> None:
        users = given.get(("account_user", "account"), {})
        for user in estate.of(ACCOUNT_USERS).each():
            self._ids[user.name.get().lower()] = user.id
            self._roles[user.id] = frozenset(role.value for role in user.roles.get())
            self._note(user.id, users.get(user.id), active=user.active.get())
        machines = given.get(("account_service_principal", "account"), {})
        for machine in estate.of(ACCOUNT_SERVICE_PRINCIPALS).each():
            application = machine.application_id.get()
            self._ids[application.lower()] = machine.id
            self._roles[machine.id] = frozenset(role.value for role in machine.roles.get())
            self._note(machine.id, machines.get(machine.id), active=machine.active.get())

    def _note(self, identity: str, values: Attributes | None, *, active: bool) -> None:
        """Note what the plan makes of a principal."""
        roles = [{"value": role} for role in self._roles[identity]]
        made = with_values({"active": active, "roles": roles}, values or {})
        self._roles[identity] = frozenset(str(role["value"]) for role in made.get("roles", ()))
        if made.get("active") is False:
            self._inactive.add(identity)

    def _read_groups(self, estate: Estate, given: Given) -> None:
        changes = given.get(("account_group", "account"), {})
        for group in estate.of(ACCOUNT_GROUPS).each():
            self._names[group.id] = group.name.get()
            self._roles[group.id] = frozenset(role.value for role in group.roles.get())
            self._note(group.id, changes.get(group.id), active=True)
            for member in group.members.get():
                self._above.setdefault(member.value, set()).add(group.id)

    def _read_workspace(self, estate: Estate, workspace: Workspace, given: Given) -> None:
        rights = given.get(("entitlements", f"workspace/{workspace.id}"), {})
        for group in estate.of(WORKSPACE_GROUPS, workspace).each():
            self._names[group.id] = group.name.get()
            self._rights[group.id] = None
            if group.entitlements.gap is None:
                held = {"entitlements": [{"value": v.value} for v in group.entitlements.get()]}
                made = with_values(held, rights.get(group.id) or {}).get("entitlements", ())
                self._rights[group.id] = frozenset(str(entry["value"]) for entry in made)
            if group.name.get() not in {USERS, ADMINS}:
                for member in group.members.get():
                    self._above.setdefault(member.value, set()).add(group.id)
        assigned = estate.need(PERMISSION_ASSIGNMENTS, workspace.id).assignments.get()
        self._assigned = {
            str(one.principal.principal_id): frozenset(one.permissions) for one in assigned
        }
        for key, values in given.get(("workspace_assignment", "account"), {}).items():
            place, _, principal = key.partition("/")
            if place == str(workspace.id):
                permissions = (values or {}).get("/permissions") or ()
                self._assigned[principal] = frozenset(permissions)
