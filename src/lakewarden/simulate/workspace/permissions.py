"""``/api/2.0/permissions``: access control lists, generic over the types of objects.

A family calls `register` when an object comes to be, `forget` when it goes, and `require` or
`allowed` before it acts for a caller. Admins hold the strongest level of everything by inheritance;
an object may also inherit from a parent (a notebook from its directory).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lakewarden.simulate.state import Json, Workspace
from lakewarden.simulate.web import (
    WORKSPACE,
    Caller,
    Request,
    Seed,
    denied,
    invalid,
    missing,
    seeds,
)
from lakewarden.simulate.workspace import identity
from lakewarden.simulate.workspace.object_types import TYPES

route = WORKSPACE.route

_PATH = "/api/2.0/permissions/{type}/{id}"
_PRINCIPALS = {key: kind for kind, key in identity.ACL_KEYS.items()}
_AUTHORIZATION = {
    "tokens": [{"group_name": "users", "permission_level": "CAN_USE"}],
    "passwords": [
        {"group_name": "admins", "permission_level": "CAN_USE"},
        {"group_name": "users", "permission_level": "CAN_USE"},
    ],
}


_GUARDS: dict[str, Callable[[Request, str], None]] = {}


def guards(kind: str) -> Callable[[Callable[[Request, str], None]], None]:
    """Register what may refuse a change of the list of an object of a type."""

    def register(guard: Callable[[Request, str], None]) -> None:
        _GUARDS[kind] = guard

    return register


def register(
    workspace: Workspace,
    kind: str,
    object_id: str,
    *,
    owner: Caller | None = None,
    parent: tuple[str, str] | None = None,
) -> None:
    """Give a new object its list; ``owner`` gets the strongest level, ``parent`` is (type, id)."""
    entries = []
    strongest = TYPES[kind].levels[-1]
    if owner is not None and strongest in {"CAN_MANAGE", "IS_OWNER"}:
        key = "service_principal_name" if owner.is_service_principal else "user_name"
        entries.append({key: owner.name, "permission_level": strongest})
    workspace.table("acls")[f"{kind}/{object_id}"] = {"entries": entries, "parent": parent}


def forget(workspace: Workspace, kind: str, object_id: str) -> None:
    """Drop the list of an object that is gone."""
    workspace.table("acls").pop(f"{kind}/{object_id}", None)


def level(workspace: Workspace, caller: Caller, kind: str, object_id: str) -> str | None:
    """The strongest level a caller holds on an object; ``None`` for no access at all."""
    levels = TYPES[kind].levels
    if caller.admin and TYPES[kind].admins:
        return levels[-1]
    held = [
        entry["permission_level"]
        for entry, _ in _effective(workspace, kind, object_id)
        if _concerns(entry, caller)
    ]
    return max(held, key=levels.index, default=None)


def allowed(workspace: Workspace, caller: Caller, kind: str, object_id: str, needed: str) -> bool:
    """Whether a caller holds at least a level on an object."""
    held = level(workspace, caller, kind, object_id)
    levels = TYPES[kind].levels
    return held is not None and levels.index(held) >= levels.index(needed)


def require(request: Request, kind: str, object_id: str, needed: str) -> None:
    """Refuse with 403 when the caller does not hold at least a level on an object."""
    if not allowed(request.workspace, request.caller, kind, object_id, needed):
        name = TYPES[kind].name
        message = f"{request.caller.name} does not have {needed} permissions on {name} {object_id}"
        raise denied(message)


def owner(workspace: Workspace, kind: str, object_id: str) -> str | None:
    """The name of an object's owner, for the types that have one."""
    for entry in _entries(workspace, kind, object_id):
        if entry["permission_level"] == "IS_OWNER":
            return _principal(entry)[1]
    return None


def _concerns(entry: Json, caller: Caller) -> bool:
    key, name = _principal(entry)
    return name in caller.groups if key == "group_name" else name == caller.name


def _principal(entry: Json) -> tuple[str, str]:
    for key in _PRINCIPALS:
        if entry.get(key):
            return key, str(entry[key])
    raise invalid(
        "An access control entry names one of user_name, group_name, service_principal_name"
    )


def _record(workspace: Workspace, kind: str, object_id: str) -> Json | None:
    if kind in _AUTHORIZATION:
        default = {"entries": list(_AUTHORIZATION[kind]), "parent": None}
        return workspace.table("acls").setdefault(f"{kind}/{object_id}", default)
    known = workspace.table("acls").get(f"{kind}/{object_id}")
    if known is None and object_id in workspace.table(kind):
        register(workspace, kind, object_id)
        return workspace.table("acls")[f"{kind}/{object_id}"]
    return known


def _entries(workspace: Workspace, kind: str, object_id: str) -> list[Json]:
    found = _record(workspace, kind, object_id)
    return found["entries"] if found else []


def _effective(workspace: Workspace, kind: str, object_id: str) -> list[tuple[Json, str | None]]:
    """Entries with the object each is inherited from, ``None`` for an object's own."""
    found = _record(workspace, kind, object_id)
    result: list[tuple[Json, str | None]] = [(e, None) for e in (found or {}).get("entries", [])]
    if found and found["parent"]:
        above = f"/{found['parent'][0]}/{found['parent'][1]}"
        for entry, source in _effective(workspace, *found["parent"]):
            if entry["permission_level"] in TYPES[kind].levels:
                result.append((entry, source or above))
    return result


def _target(request: Request) -> tuple[str, str]:
    kind, object_id = request.params["type"], request.params["id"]
    if kind == "authorization":
        kind = object_id
    if kind not in TYPES or (kind in _AUTHORIZATION) != (request.params["type"] == "authorization"):
        raise invalid(f"'{request.params['type']}/{object_id}' is not a valid object type")
    if _record(request.workspace, kind, object_id) is None:
        raise missing(f"{TYPES[kind].name} {object_id} does not exist")
    return kind, object_id


def _manager_only(request: Request, kind: str, object_id: str) -> None:
    if request.caller.admin:
        return
    if "CAN_MANAGE" not in TYPES[kind].levels or kind in _AUTHORIZATION:
        raise denied("Only workspace admins can view or change these permissions")
    require(request, kind, object_id, "CAN_MANAGE")


def _answer(workspace: Workspace, kind: str, object_id: str) -> Json:
    folder = f"authorization/{kind}" if kind in _AUTHORIZATION else f"{kind}/{object_id}"
    rows: dict[tuple[str, str], list[Json]] = {}
    for entry, source in _effective(workspace, kind, object_id):
        permission: Json = {
            "permission_level": entry["permission_level"],
            "inherited": bool(source),
        }
        if source:
            permission["inherited_from_object"] = [source]
        rows.setdefault(_principal(entry), []).append(permission)
    admins = TYPES[kind].admins
    if admins:
        root = "/authorization/" if kind in _AUTHORIZATION else f"/{kind}/"
        inherited = {
            "permission_level": admins,
            "inherited": True,
            "inherited_from_object": [root],
        }
        rows.setdefault(("group_name", "admins"), []).append(inherited)
    return {
        "object_id": f"/{folder}",
        "object_type": TYPES[kind].name,
        "access_control_list": [
            _display(workspace, key, name) | {"all_permissions": permissions}
            for (key, name), permissions in rows.items()
        ],
    }


def _display(workspace: Workspace, key: str, name: str) -> Json:
    found = identity.named(workspace.account, name) if key != "group_name" else None
    display = found[1].get("displayName") if found else None
    return {key: name} | ({"display_name": display} if display else {})


def _read_entries(request: Request, kind: str) -> list[Json]:
    entries = []
    for item in (request.body or {}).get("access_control_list", []):
        key, name = _principal(item)
        wanted = item.get("permission_level")
        if wanted not in TYPES[kind].levels:
            raise invalid(f"Permission level {wanted} is not valid for {TYPES[kind].name}")
        if not identity.exists_on(request.workspace, _PRINCIPALS[key], name):
            raise missing(f"Principal {key}({name}) does not exist")
        if key == "group_name" and wanted == "IS_OWNER":
            raise invalid("Groups can not be owners")
        if (key, name) != ("group_name", "admins") or TYPES[kind].admins is None:
            entries.append({key: name, "permission_level": wanted})
    return entries


def _store(request: Request, kind: str, object_id: str, entries: list[Json]) -> Json:
    if kind in _GUARDS:
        _GUARDS[kind](request, object_id)
    before = owner(request.workspace, kind, object_id)
    owners = [entry for entry in entries if entry["permission_level"] == "IS_OWNER"]
    if TYPES[kind].owned and len(owners) != 1:
        raise invalid(f"The {TYPES[kind].name} must have exactly one owner.")
    if owners and kind == "jobs" and identity.admins_restricted(request.workspace):
        after = _principal(owners[0])[1]
        if after not in {before, request.caller.name}:
            raise denied("Workspace admins can only change the owner to themselves")
    record = _record(request.workspace, kind, object_id)
    if record is not None:
        record["entries"] = entries
    return _answer(request.workspace, kind, object_id)


def _note(request: Request, kind: str, object_id: str, entries: Any) -> None:
    params = {"resourceId": f"/{kind}/{object_id}", "aclPermissionSet": entries}
    request.audit(TYPES[kind].audit, params)


@route("GET", _PATH)
def get_permissions(request: Request) -> Json:
    """The list of an object, inherited entries included."""
    kind, object_id = _target(request)
    _manager_only(request, kind, object_id)
    return _answer(request.workspace, kind, object_id)


@route("PUT", _PATH)
def set_permissions(request: Request) -> Json:
    """Replace an object's own entries."""
    kind, object_id = _target(request)
    _note(request, kind, object_id, (request.body or {}).get("access_control_list", []))
    _manager_only(request, kind, object_id)
    return _store(request, kind, object_id, _read_entries(request, kind))


@route("PATCH", _PATH)
def update_permissions(request: Request) -> Json:
    """Merge entries into an object's own; a principal's former entry gives way."""
    kind, object_id = _target(request)
    _note(request, kind, object_id, (request.body or {}).get("access_control_list", []))
    _manager_only(request, kind, object_id)
    changes = _read_entries(request, kind)
    changed = {_principal(entry) for entry in changes}
    new_owner = any(entry["permission_level"] == "IS_OWNER" for entry in changes)
    kept = [
        entry
        for entry in _entries(request.workspace, kind, object_id)
        if _principal(entry) not in changed
        and not (new_owner and entry["permission_level"] == "IS_OWNER")
    ]
    return _store(request, kind, object_id, kept + changes)


@route("GET", _PATH + "/permissionLevels")
def permission_levels(request: Request) -> Json:
    """The levels that a type of object knows."""
    kind, _ = _target(request)
    levels = TYPES[kind].levels
    text = f"Can be granted on a {TYPES[kind].name}"
    return {"permission_levels": [{"permission_level": n, "description": text} for n in levels]}


def entitled_to_tokens(workspace: Workspace, caller: Caller) -> bool:
    """Whether a caller may create and use personal access tokens."""
    return allowed(workspace, caller, "tokens", "tokens", "CAN_USE")


@seeds("acl")
def seed_list(seed: Seed, item: Json) -> None:
    """``[[2001.acl]]``: ``type`` and ``id`` of an object, and all its own ``entries``."""
    path = _PATH.replace("{type}", item["type"]).replace("{id}", item["id"])
    seed.call("PUT", path, {"access_control_list": item["entries"]})
