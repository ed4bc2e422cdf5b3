"""Wishes that take admin rights away: from whom, by which way, and never from the last admin.

Who keeps them the policy file says: accounts for administration, by their names or groups, those of
service principals too, and whoever is to keep access in an emergency.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final

from lakewarden.controls.kit.admins import (
    ACCOUNT_ADMIN,
    ADMINS,
    Holders,
    named_groups,
    workspace_admins,
)
from lakewarden.controls.kit.control import Context
from lakewarden.estate.account import Workspace
from lakewarden.estate.fact import UnreadError
from lakewarden.estate.kind import Kind
from lakewarden.estate.people import (
    ACCOUNT_GROUPS,
    ACCOUNT_SERVICE_PRINCIPALS,
    ACCOUNT_USERS,
    PERMISSION_ASSIGNMENTS,
    AccountGroup,
    Assignment,
    Member,
)
from lakewarden.plan.change import Target
from lakewarden.plan.paths import path
from lakewarden.plan.wish import CannotPlanError, Step, Wish

_ROLE: Final = path("roles", f"[value={ACCOUNT_ADMIN}]")
_HELD: Final = {"value": ACCOUNT_ADMIN}
_KINDS: Final[dict[str, Kind[Any]]] = {
    "account_user": ACCOUNT_USERS,
    "account_service_principal": ACCOUNT_SERVICE_PRINCIPALS,
}
_FIELDS: Final = "access.admin_patterns or access.admin_groups in lakewarden.toml"


@dataclass(frozen=True, slots=True)
class Keepers:
    """Who keeps admin rights.

    Attributes:
        ids: the ids of users and service principals.
        people: those among them that are users who can sign in.
        groups: the ids of groups that keep what they hold.
        machines: the ids of all service principals.
        names: what everybody and every group is called, by id.
    """

    ids: frozenset[str]
    people: frozenset[str]
    groups: frozenset[str]
    machines: frozenset[str]
    names: dict[str, str]

    def called(self, principals: Collection[str]) -> str:
        """Return the names of some principals."""
        return ", ".join(sorted(self.names.get(p, p) for p in principals))


def keepers(at: Context) -> Keepers:
    """Return who keeps admin rights.

    Raises:
        UnreadError: users, groups or service principals were not read.
        CannotPlanError: the policy file does not say which accounts are for administration.
    """
    policy = at.policy
    if not policy.admin_patterns and not policy.admin_groups:
        raise CannotPlanError(f"say which accounts are for administration: {_FIELDS}")
    wanted = {*policy.admin_groups, *policy.break_glass}
    members, _ = named_groups(at.estate, wanted)
    if members.gap is not None:
        raise UnreadError(members.gap)
    single = {name.lower() for name in policy.break_glass}
    ids, people, names = set(members.through), set[str](), dict[str, str]()
    for user in at.estate.of(ACCOUNT_USERS).each():
        names[user.id] = user.name.get()
        if _is_meant(names[user.id], policy.admin_patterns, single):
            ids.add(user.id)
        if user.id in ids and user.active.get():
            people.add(user.id)
    for machine in at.estate.of(ACCOUNT_SERVICE_PRINCIPALS).each():
        names[machine.id] = machine.name.get()
        if _is_meant(names[machine.id], policy.admin_patterns, single):
            ids.add(machine.id)
    groups = {g.id: g.name.get() for g in at.estate.of(ACCOUNT_GROUPS).each()}
    kept = frozenset(i for i, name in groups.items() if name in wanted)
    machines = frozenset(m.id for m in at.estate.of(ACCOUNT_SERVICE_PRINCIPALS).each())
    return Keepers(frozenset(ids), frozenset(people), kept, machines, {**names, **groups})


def insist(holders: Holders, kept: Keepers, least: int) -> None:
    """Insist that enough of those who have the rights keep them, a person among them.

    Args:
        holders: all who have them.
        kept: who keeps them.
        least: how many must.

    Raises:
        UnreadError: it is not certain who has them.
        CannotPlanError: too few would be left.
    """
    if holders.gap is not None:
        raise UnreadError(holders.gap)
    staying = set(holders.through) & kept.ids
    if len(staying) < least or not staying & kept.people:
        raise CannotPlanError(
            f"{len(staying)} of the admins would be left, and it takes {least}, a person who can "
            f"sign in among them: make such accounts admins first, or name them in {_FIELDS}"
        )


def surplus(holders: Holders, kept: Keepers, least: int, most: int) -> frozenset[str]:
    """Return who gives the rights up, people before machines, as what machines do stops at once.

    Args:
        holders: all who have them.
        kept: who keeps them.
        least: how many must keep them.
        most: how many may.

    Raises:
        UnreadError: it is not certain who has them.
        CannotPlanError: too few would be left, or nobody is to give them up.
    """
    insist(holders, kept, least)
    going = frozenset(holders.through) - kept.ids
    people = going - kept.machines
    if people and len(holders.through) - len(people) <= most:
        return people
    if not going:
        raise CannotPlanError(
            f"{_FIELDS} names all of them ({kept.called(holders.through)}): choose who is no "
            "admin any more"
        )
    return going


def demote(at: Context, going: Collection[str], kept: Keepers) -> Iterator[Wish | Step]:
    """Wish that some principals administer the account no more, by whatever way they do.

    Raises:
        UnreadError: roles or groups were not read.
    """
    for name, kind in _KINDS.items():
        for principal in at.estate.of(kind).each():
            if principal.id in going and _has_role(principal):
                yield _without_role(name, principal.id, kept)
    for group in at.estate.of(ACCOUNT_GROUPS).each():
        if group.id in kept.groups or not _has_role(group):
            continue
        through, staying = _split(group, at, going)
        if through and staying:
            yield _mixed(group.id, through, kept, f"lakewarden finds {ACCOUNT_ADMIN} with nobody")
        elif through:
            yield _without_role("account_group", group.id, kept)


def demote_in(
    workspace: Workspace, at: Context, going: Collection[str], kept: Keepers
) -> Iterator[Wish | Step]:
    """Wish that some principals are users of a workspace and no more its admins.

    Raises:
        UnreadError: assignments or groups were not read.
    """
    assignments = at.estate.need(PERMISSION_ASSIGNMENTS, workspace.id).assignments.get()
    assigned, reached = set[str](), set[str]()
    for assignment in assignments:
        principal = str(assignment.principal.principal_id)
        if "ADMIN" not in assignment.permissions or principal in kept.groups:
            continue
        group = at.estate.find(ACCOUNT_GROUPS, principal)
        through, staying = ({principal} & set(going), set[str]())
        if group is not None:
            through, staying = _split(group, at, going)
        assigned |= through
        if through and staying:
            yield _mixed(principal, through, kept, f"they are no admins of {_name(workspace)}")
        elif through:
            reached.add(principal)
            yield _as_user(workspace, principal, assignment, kept)
    through_group = workspace_admins(at.estate, workspace).through
    others = {p for p in going if p in through_group} - assigned
    if others:
        yield Step(
            f"Take {kept.called(others)} out of the group {ADMINS} of {_name(workspace)}: "
            "Workspace settings, Identity and access, Groups",
            f"the group {ADMINS} no longer lists them",
        )


def _as_user(workspace: Workspace, principal: str, held: Assignment, kept: Keepers) -> Wish:
    target = Target("workspace_assignment", "account", f"{workspace.id}/{principal}")
    name = f"{kept.called([principal])} in {_name(workspace)}"
    before = {"/permissions": list(held.permissions)}
    return Wish(target, name, before, {"/permissions": ["USER"]})


def _without_role(kind: str, identity: str, kept: Keepers) -> Wish:
    target = Target(kind, "account", identity)
    return Wish(target, kept.called([identity]), {_ROLE: _HELD}, {_ROLE: None})


def _mixed(group: str, going: Collection[str], kept: Keepers, verify: str) -> Step:
    return Step(
        f"Take {kept.called(going)} out of the group {kept.called([group])} at the identity "
        "provider: other members of it are to stay admins",
        verify,
    )


def _split(group: AccountGroup, at: Context, going: Collection[str]) -> tuple[set[str], set[str]]:
    """Return which members of a group are to give the rights up, and which are not."""
    inside = Holders()
    inside.add(Member(group.id, ref="Groups/"), at.estate)
    if inside.gap is not None:
        raise UnreadError(inside.gap)
    members = set(inside.through)
    return members & set(going), members - set(going)


def _has_role(principal: Any) -> bool:
    return any(role.value == ACCOUNT_ADMIN for role in principal.roles.get())


def _is_meant(name: str, patterns: Collection[str], single: Collection[str]) -> bool:
    return name.lower() in single or any(re.search(p, name, re.IGNORECASE) for p in patterns)


def _name(workspace: Workspace) -> str:
    return str(workspace.id) if workspace.name.gap is not None else workspace.name.get()
