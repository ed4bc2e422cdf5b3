"""Small deployments with admins, for the examples of controls that ask who administers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from lakewarden.controls.kit.admins import ACCOUNT_ADMIN, ADMINS
from lakewarden.estate.given import WORKSPACE_ID, Items, given
from lakewarden.estate.snapshot import MemorySnapshot

ROLE: Final = ({"value": ACCOUNT_ADMIN},)


def user(identity: str, name: str, *, admin: bool = False) -> dict[str, Any]:
    """Return a user of the account, who may administer it."""
    roles = ROLE if admin else ()
    name = f"{name}@example.com"
    return {"id": identity, "userName": name, "active": True, "roles": roles}


def group(identity: str, *members: str, admin: bool = False) -> dict[str, Any]:
    """Return a group with users in it, which may make admins of them."""
    shown = [{"value": member, "$ref": f"Users/{member}"} for member in members]
    roles = ROLE if admin else ()
    return {"id": identity, "displayName": identity, "members": shown, "roles": roles}


def administered(
    users: Iterable[Mapping[str, Any]],
    *,
    groups: Items = (),
    inside: str = "",
    assigned: Iterable[Mapping[str, Any]] = (),
    **more: Any,
) -> MemorySnapshot:
    """Return a deployment of one workspace, with a machine among the account admins.

    Args:
        users: the users of the account.
        groups: its groups.
        inside: the ids, between blanks, of the users that are admins of the workspace.
        assigned: what principals were assigned in the workspace.
        more: collections that are there too, or instead.
    """
    kinds: dict[str, Any] = {
        "account_users": tuple(users),
        "account_groups": groups,
        "account_service_principals": [{"id": "9", "roles": ROLE}],
        "workspace_groups": [group(ADMINS, *inside.split())],
        "permission_assignments": [
            {"workspace_id": WORKSPACE_ID, "permission_assignments": tuple(assigned)}
        ],
    }
    return given(**{**kinds, **more})
