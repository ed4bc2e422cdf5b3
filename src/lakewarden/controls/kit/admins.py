"""Who administers what: people, machines and the members of groups, each once, and through what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from lakewarden.controls.kit.condition import Condition, observe, unknown, violated
from lakewarden.estate.account import Workspace
from lakewarden.estate.estate import Estate
from lakewarden.estate.fact import Cause, Gap, UnreadError
from lakewarden.estate.kind import Kind
from lakewarden.estate.people import (
    ACCOUNT_GROUPS,
    ACCOUNT_SERVICE_PRINCIPALS,
    ACCOUNT_USERS,
    PERMISSION_ASSIGNMENTS,
    WORKSPACE_GROUPS,
    AccountGroup,
    Member,
    WorkspaceGroup,
)
from lakewarden.ledger.finding import Evidence

ACCOUNT_ADMIN: Final = "account_admin"
ADMINS: Final = "admins"
"""The group of a workspace whose members administer it."""
EVERY_ADMIN: Final = (
    ACCOUNT_USERS.need(),
    ACCOUNT_GROUPS.need(),
    ACCOUNT_SERVICE_PRINCIPALS.need(),
    WORKSPACE_GROUPS.need(),
    PERMISSION_ASSIGNMENTS.need(),
)
"""What must be collected to know who administers the account or a workspace of it."""
_SINGLE: Final = ("Users/", "ServicePrincipals/")
_PRINCIPALS: Final[tuple[Kind[Any], ...]] = (ACCOUNT_USERS, ACCOUNT_SERVICE_PRINCIPALS)


@dataclass(slots=True)
class Holders:
    """Those who were seen to hold something.

    Attributes:
        through: by id, the group through which they hold it; empty where they hold it themselves.
        gap: why others may be missing, None when these are all.
    """

    through: dict[str, str] = field(default_factory=dict)
    gap: Gap | None = None

    def add(self, member: Member, estate: Estate, workspace: Workspace | None = None) -> None:
        """Add a person or a machine, or the members of a group and of the groups in it."""
        waiting, entered = [(member, "")], set[str]()
        while waiting:
            entry, way = waiting.pop()
            try:
                group = _group(entry, estate, workspace)
                if group is None:
                    self.through[entry.value] = way and self.through.get(entry.value, way)
                elif group.id not in entered:
                    entered.add(group.id)
                    name = way or _name(group)
                    waiting += [(inner, name) for inner in _members(group)]
            except UnreadError as error:
                self.gap = error.gap

    def counted(self, source: str, what: str, least: int, most: int) -> Condition:
        """Require that there are neither too few nor too many; too many is certain.

        Args:
            source: the call that the evidence names.
            what: what they are, in words.
            least: how many are wanted at least, one or more.
            most: how many are allowed.
        """
        count = len(self.through)
        evidence = Evidence(source, what, self._described(), f"between {least} and {most}")
        if count > most:
            return violated(f"{count} principals are {what}; {most} are allowed", evidence)
        if self.gap is not None:
            return unknown(self.gap, field=what, expected=evidence.expected)
        return observe(
            count >= least, evidence, otherwise=f"only {count} of at least {least} {what}"
        )

    def _described(self) -> str:
        ways = Counter(self.through.values())
        direct = ways.pop("", 0)
        groups = [f"{number} through {name}" for name, number in sorted(ways.items())]
        return f"{len(self.through)}: " + ", ".join([f"{direct} directly", *groups])


def account_admins(estate: Estate) -> Holders:
    """Return who administers the account: by the role, their own or that of a group."""
    holders = Holders()
    for kind in _PRINCIPALS:
        singles = (Member(p.identity(), ref=_SINGLE[0]) for p in _with_role(estate, kind))
        _note(holders, estate, singles)
    _note(
        holders, estate, (Member(g.id, ref="Groups/") for g in _with_role(estate, ACCOUNT_GROUPS))
    )
    _insist(holders, ACCOUNT_USERS, "account admins")
    return holders


def workspace_admins(estate: Estate, workspace: Workspace) -> Holders:
    """Return who administers a workspace: its group of admins, and those assigned to be."""
    holders = Holders()
    _note(holders, estate, _in_admins(estate, workspace), workspace)
    _note(holders, estate, _assigned(estate, workspace), workspace)
    _insist(holders, WORKSPACE_GROUPS, "admins of the workspace")
    return holders


def every_admin(estate: Estate) -> Holders:
    """Return who administers the account or a workspace of it."""
    holders = account_admins(estate)
    try:
        for workspace in estate.workspaces():
            mine = workspace_admins(estate, workspace)
            holders.through.update(mine.through)
            holders.gap = holders.gap or mine.gap
    except UnreadError as error:
        holders.gap = error.gap
    return holders


def named_groups(estate: Estate, names: Collection[str]) -> tuple[Holders, frozenset[str]]:
    """Return who is in the account groups of some names, and which of these groups there are."""
    holders, found = Holders(), set[str]()
    groups = estate.of(ACCOUNT_GROUPS)
    for group in groups.seen():
        if _name(group) in names:
            found.add(_name(group))
            holders.add(Member(group.id, ref="Groups/"), estate)
        holders.gap = holders.gap or group.name.gap
    holders.gap = holders.gap or groups.gap
    return holders, frozenset(found)


def people(estate: Estate, holders: Holders) -> tuple[Mapping[str, str], Gap | None]:
    """Return the users among some holders, by id and name, and why others may be missing."""
    names, users = {}, estate.of(ACCOUNT_USERS)
    gap = holders.gap or users.gap
    for user in users.seen():
        if user.id in holders.through:
            gap = gap or user.name.gap
            if user.name.gap is None:
                names[user.id] = user.name.get()
    return names, gap


def _insist(holders: Holders, kind: Kind[Any], what: str) -> None:
    """Take an answer that names nobody for one that leaves something out."""
    if not holders.through and holders.gap is None:
        detail = f"none were listed as {what}, though there is always one"
        holders.gap = Gap(Cause.MISSING_FIELD, kind.source, detail, "")


def _note(
    holders: Holders, estate: Estate, members: Iterable[Member], workspace: Workspace | None = None
) -> None:
    try:
        for member in members:
            holders.add(member, estate, workspace)
    except UnreadError as error:
        holders.gap = error.gap


def _with_role(estate: Estate, kind: Kind[Any]) -> Iterable[Any]:
    """Yield those who have the role; one whose roles are not known ends it after the others."""
    gap = None
    for principal in estate.of(kind).seen():
        gap = gap or principal.roles.gap
        if principal.roles.gap is None and any(
            r.value == ACCOUNT_ADMIN for r in principal.roles.get()
        ):
            yield principal
    gap = gap or estate.of(kind).gap
    if gap is not None:
        raise UnreadError(gap)


def _in_admins(estate: Estate, workspace: Workspace) -> Iterable[Member]:
    for group in estate.of(WORKSPACE_GROUPS, workspace).each():
        if group.name.get() == ADMINS:
            return group.members.get()
    detail = f"no group {ADMINS} in the answer"
    raise UnreadError(WORKSPACE_GROUPS.gap(Cause.NOT_FOUND, detail))


def _assigned(estate: Estate, workspace: Workspace) -> Iterable[Member]:
    for entry in estate.need(PERMISSION_ASSIGNMENTS, workspace.id).assignments.get():
        if "ADMIN" in entry.permissions:
            yield Member(str(entry.principal.principal_id))


def _name(group: AccountGroup | WorkspaceGroup) -> str:
    return group.id if group.name.gap is not None else group.name.get()


def _group(
    member: Member, estate: Estate, workspace: Workspace | None
) -> AccountGroup | WorkspaceGroup | None:
    """Return the group that a member is, None for a person or a machine."""
    if member.ref.startswith(_SINGLE):
        return None
    found: AccountGroup | WorkspaceGroup | None = estate.find(ACCOUNT_GROUPS, member.value)
    if found is None and workspace is not None:
        found = estate.find(WORKSPACE_GROUPS, member.value, workspace)
    if found is None and member.ref.startswith("Groups/"):
        detail = f"group {member.value} is not listed"
        raise UnreadError(ACCOUNT_GROUPS.gap(Cause.NOT_FOUND, detail))
    return found


def _members(group: AccountGroup | WorkspaceGroup) -> tuple[Member, ...]:
    members = group.members.get()
    if not members:
        detail = f"group {group.id} lists no members; if it is empty, take away what it holds"
        raise UnreadError(ACCOUNT_GROUPS.gap(Cause.MISSING_FIELD, detail))
    return members
