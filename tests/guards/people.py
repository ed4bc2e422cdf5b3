"""Directories out of a few words."""

from __future__ import annotations

from typing import Any

from lakewarden.estate.given import given

ROLE = [{"value": "account_admin"}]


def user(identity: str, *, admin: bool = False, active: bool = True) -> dict[str, Any]:
    fields = {"id": identity, "userName": f"{identity}@example.com", "active": active}
    return {**fields, "roles": ROLE if admin else []}


def machine(identity: str, *, admin: bool = False) -> dict[str, Any]:
    names = {"id": identity, "applicationId": f"app-{identity}", "displayName": identity}
    return {**names, "active": True, "roles": ROLE if admin else []}


def group(identity: str, *members: str, admin: bool = False, name: str = "") -> dict[str, Any]:
    fields = {"id": identity, "displayName": name or identity}
    shown = [{"value": member} for member in members]
    return {**fields, "members": shown, "roles": ROLE if admin else []}


def directory(
    users: Any = (),
    machines: Any = (),
    groups: Any = (),
    admins: Any = (),
    assigned: Any = (),
    **kinds: Any,
) -> Any:
    """Return an estate; `admins` are members of the workspace's group, `assigned` its admins."""
    entries = [{"principal": {"principal_id": p}, "permissions": ["ADMIN"]} for p in assigned]
    local = group("900", *admins, name="admins")
    usual: dict[str, Any] = {
        "account_users": list(users),
        "account_service_principals": list(machines),
        "account_groups": list(groups),
        "workspace_groups": [{**local, "entitlements": [], "meta": {"resourceType": "x"}}],
        "permission_assignments": [{"workspace_id": 1, "permission_assignments": entries}],
    }
    return given(**{**usual, **kinds})
