"""Wishes about access control lists: what an object itself grants, less of it or more."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any, Final

from lakewarden.controls.kit.control import Context
from lakewarden.controls.kit.everybody import EVERYBODY
from lakewarden.controls.kit.wishes import scope_of
from lakewarden.estate.access import ObjectPermissions
from lakewarden.plan.change import Target
from lakewarden.plan.wish import CannotPlanError, Wish

Entry = dict[str, str]
"""`{"group_name": "users", "permission_level": "CAN_USE"}`, as the list is written."""
_LIST: Final = "/access_control_list"


def own_entries(permissions: ObjectPermissions) -> list[Entry]:
    """Return what was granted on an object itself, in the order of its list.

    Raises:
        UnreadError: the list was not read.
    """
    return list(_own(permissions))


def acl_wish(
    kind: str, permissions: ObjectPermissions, at: Context, edit: Callable[[list[Entry]], Any]
) -> Wish:
    """Wish for other entries in an object's own list.

    Args:
        kind: the type of the object as the permissions API has it, `clusters`.
        permissions: the list.
        at: the context.
        edit: makes the new entries out of those that are there; twice is as good as once.

    Raises:
        UnreadError: the list was not read.
    """
    name = permissions.id if permissions.name.gap is not None else permissions.name.get()
    target = Target("permissions", scope_of(at.workspace), f"{kind}/{permissions.id}")
    return Wish(target, name, {_LIST: own_entries(permissions)}, {_LIST: edit})


def spare(
    kind: str, permissions: ObjectPermissions, at: Context, levels: Collection[str], leaving: str
) -> Wish:
    """Wish that everybody holds a lesser level in the place of some levels.

    Args:
        kind: the type of the object as the permissions API has it.
        permissions: the list.
        at: the context.
        levels: what everybody must not hold.
        leaving: the level that they keep: each of `levels` includes it.

    Raises:
        UnreadError: the list was not read.
        CannotPlanError: they hold a level by inheritance.
    """
    for grantee in permissions.acl.get():
        for held in grantee.all_permissions:
            if held.inherited and grantee.name in EVERYBODY and held.permission_level in levels:
                raise CannotPlanError(
                    f"{grantee.name} inherits {held.permission_level}: take it away above"
                )

    def edit(entries: list[Entry]) -> list[Entry]:
        lowered = [
            {**entry, "permission_level": leaving}
            if entry.get("group_name") in EVERYBODY and entry["permission_level"] in levels
            else entry
            for entry in entries
        ]
        return [entry for n, entry in enumerate(lowered) if entry not in lowered[:n]]

    return acl_wish(kind, permissions, at, edit)


def _own(permissions: ObjectPermissions) -> Iterator[Entry]:
    for grantee in permissions.acl.get():
        who = {
            "user_name": grantee.user_name,
            "group_name": grantee.group_name,
            "service_principal_name": grantee.service_principal_name,
        }
        for held in grantee.all_permissions:
            if not held.inherited:
                named = {key: name for key, name in who.items() if name}
                yield {**named, "permission_level": held.permission_level}
