"""``/api/2.0/preview/scim/v2``: the principals of a workspace, with their entitlements there."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from lakewarden.simulate import people, scim
from lakewarden.simulate.people import GROUPS, SERVICE_PRINCIPALS, USERS, Kind
from lakewarden.simulate.state import Json, Workspace
from lakewarden.simulate.web import WORKSPACE, Reply, Request, Seed, seeds
from lakewarden.simulate.workspace import identity, tokens

route = WORKSPACE.route

_BASE = "/api/2.0/preview/scim/v2"
ENTITLEMENTS = {
    "allow-cluster-create",
    "allow-instance-pool-create",
    "databricks-sql-access",
    "workspace-access",
    "workspace-consume",
}


def viewer(workspace: Workspace, kind: Kind) -> Callable[[Json], Json]:
    """A function from what is kept of a principal to the resource that this workspace shows."""
    account = workspace.account
    local = identity.local_groups(workspace)
    above = identity.parents([*account.table("groups").values(), *local])
    own = {group["id"] for group in local}
    inactive = workspace.table("inactive")
    given = workspace.table("entitlements")

    def view(principal: Json) -> Json:
        principal_id = principal["id"]
        shown: Json = {"schemas": [kind.schema]} | principal
        shown.pop("roles", None)
        if kind is GROUPS:
            ids = identity.member_ids(principal)
            shown["members"] = [identity.reference(account, i, workspace) for i in ids]
            resource_type = "WorkspaceGroup" if principal_id in own else "Group"
            shown["meta"] = {"resourceType": resource_type}
        else:
            shown["active"] = principal["active"] and principal_id not in inactive
        direct = {group["id"] for group in above.get(principal_id, ())}
        shown["groups"] = [
            {
                "value": group_id,
                "display": group["displayName"],
                "type": "direct" if group_id in direct else "indirect",
                "$ref": f"Groups/{group_id}",
            }
            for group_id, group in identity.ancestors(above, principal_id).items()
        ]
        values = given.get(principal_id, {}).get("values", ())
        shown["entitlements"] = [{"value": value} for value in values]
        return shown

    return view


def _all(workspace: Workspace, kind: Kind) -> list[Json]:
    if kind is GROUPS:
        assigned = workspace.table("assignments")
        groups = workspace.account.table("groups").values()
        shared = [group for group in groups if group["id"] in assigned]
        return [*identity.local_groups(workspace), *shared]
    table = workspace.account.table(kind.table)
    return [table[member] for member in identity.members(workspace) if member in table]


def _one(request: Request, kind: Kind) -> Json:
    wanted = request.params["id"]
    found = next((p for p in _all(request.workspace, kind) if p["id"] == wanted), None)
    if found is None:
        raise scim.gone(kind.label, wanted)
    return found


@route("GET", _BASE + "/Me")
def me(request: Request) -> Json:
    """The caller."""
    kind = SERVICE_PRINCIPALS if request.caller.is_service_principal else USERS
    shown = viewer(request.workspace, kind)(request.caller.principal)
    if kind is SERVICE_PRINCIPALS:
        shown["userName"] = request.caller.name
    return scim.project(request, shown)


def _serve(kind: Kind) -> None:
    path = f"{_BASE}/{kind.folder}"

    @route("GET", path)
    def listing(request: Request) -> Json:
        principals = _all(request.workspace, kind)
        return scim.listing(request, principals, viewer(request.workspace, kind))

    @route("GET", path + "/{id}")
    def get(request: Request) -> Json:
        return scim.project(request, viewer(request.workspace, kind)(_one(request, kind)))

    @route("POST", path, admin=True, audit=kind.created)
    def create(request: Request) -> Reply:
        principal = _create(request, kind)
        noun = "Group" if kind is GROUPS else "User"
        request.audit_params |= {f"target{noun}Id": principal["id"], "endpoint": "scim"}
        request.audit_params[f"target{noun}Name"] = principal[kind.name_key]
        return Reply(viewer(request.workspace, kind)(principal), 201)

    @route("PATCH", path + "/{id}", admin=True)
    def patch(request: Request) -> Json:
        principal = _one(request, kind)
        held = viewer(request.workspace, kind)(principal)
        return _change(request, kind, principal, held, scim.patch(held, request.body))

    @route("PUT", path + "/{id}", admin=True)
    def put(request: Request) -> Json:
        principal = _one(request, kind)
        held = viewer(request.workspace, kind)(principal)
        return _change(request, kind, principal, held, held | (request.body or {}))

    @route("DELETE", path + "/{id}", admin=True, audit=kind.deleted)
    def delete(request: Request) -> Reply:
        principal = _one(request, kind)
        key = "targetGroupName" if kind is GROUPS else "targetUserName"
        request.audit_params[key] = principal[kind.name_key]
        _leave(request.workspace, principal["id"])
        return Reply(b"", 204)


def _create(request: Request, kind: Kind) -> Json:
    workspace, body = request.workspace, request.body or {}
    if kind is GROUPS:
        principal = _create_local_group(workspace, body)
    else:
        name = body.get(kind.name_key)
        known = people.find(request.account, kind, name) if name else None
        if known is not None and known["id"] in identity.members(workspace):
            raise scim.refuse(409, f"{kind.label} with name {name} already exists.")
        principal = known or people.create(request.account, kind, body)
        workspace.table("assignments")[principal["id"]] = {"permissions": ["USER"]}
    _entitle(workspace, principal["id"], body.get("entitlements"))
    return principal


def _create_local_group(workspace: Workspace, body: Json) -> Json:
    name = body.get("displayName")
    if not name:
        raise scim.refuse(400, "Request is missing the attribute displayName")
    if any(group["displayName"] == name for group in _all(workspace, GROUPS)):
        raise scim.refuse(409, f"Group with name {name} already exists.")
    group_id = str(workspace.account.ids.number())
    group = {"id": group_id} | people.clean(GROUPS, body)
    workspace.table("groups")[group_id] = group
    return group


def _leave(workspace: Workspace, principal_id: str) -> None:
    group = workspace.table("groups").get(principal_id)
    if group is not None and group["displayName"] in identity.SYSTEM_GROUPS:
        raise scim.refuse(400, f"Group {group['displayName']} can not be deleted")
    tokens.revoke_all(workspace, principal_id)
    for kept in ("groups", "assignments", "entitlements", "inactive"):
        workspace.table(kept).pop(principal_id, None)


def _change(request: Request, kind: Kind, principal: Json, held: Json, wanted: Json) -> Json:
    workspace = request.workspace
    _entitle(workspace, principal["id"], wanted.get("entitlements"))
    _note_entitlements(request, held, wanted)
    if kind is GROUPS:
        _change_group(request, principal, held, wanted)
    else:
        active = scim.truth(wanted["active"])
        before = copy.deepcopy(principal) | {"active": held["active"]}
        kept = wanted | {"active": principal["active"], "roles": principal.get("roles")}
        people.store(request.account, kind, principal, kept)
        _switch(workspace, principal, active=active)
        people.note_changes(request, kind, before, principal | {"active": active})
    return viewer(workspace, kind)(_one(request, kind))


def _switch(workspace: Workspace, principal: Json, *, active: bool) -> None:
    if active:
        workspace.table("inactive").pop(principal["id"], None)
    else:
        workspace.table("inactive")[principal["id"]] = {"id": principal["id"]}


def _entitle(workspace: Workspace, principal_id: str, entries: Any) -> None:
    values = sorted({entry["value"] for entry in entries or ()})
    unknown = [value for value in values if value not in ENTITLEMENTS]
    if unknown:
        raise scim.refuse(400, f"Unknown entitlements: {', '.join(unknown)}")
    workspace.table("entitlements")[principal_id] = {"values": values}


def _note_entitlements(request: Request, held: Json, wanted: Json) -> None:
    before = {entry["value"] for entry in held.get("entitlements", [])}
    after = {entry["value"] for entry in wanted.get("entitlements") or ()}
    if before != after:
        params = {"targetUserId": held["id"], "aclPermissionSet": sorted(after)}
        request.audit("accounts.changeDatabricksWorkspaceAcl", params)


def _change_group(request: Request, group: Json, held: Json, wanted: Json) -> None:
    workspace = request.workspace
    before, after = set(identity.member_ids(held)), set(identity.member_ids(wanted))
    target = {"targetGroupId": group["id"], "targetGroupName": group["displayName"]}
    target |= {"endpoint": "adminConsole"}
    if before != after:
        _change_members(workspace, group, before, after)
        people.note_members(request, target, before, after)
    if group["displayName"] == "admins":
        for verb, ids in (("setAdmin", after - before), ("removeAdmin", before - after)):
            for member in sorted(ids):
                name = identity.name_of(request.account, member)
                params = {"targetUserId": member, "targetUserName": name, "endpoint": "scim"}
                request.audit(f"accounts.{verb}", params)
    request.audit("accounts.updateGroup", target)


def _change_members(workspace: Workspace, group: Json, before: set[str], after: set[str]) -> None:
    assigned = workspace.table("assignments")
    if group["id"] not in workspace.table("groups"):
        raise scim.refuse(403, "Account groups are changed on the account")
    if group["displayName"] == "users":
        raise scim.refuse(400, "The members of the group users follow from the assignments")
    for member in after - before:
        found = identity.find(workspace.account, member)
        if found is None and member not in workspace.table("groups"):
            raise scim.refuse(400, f"Member {member} does not exist")
    if group["displayName"] == "admins":
        assigned.update({member: {"permissions": ["ADMIN"]} for member in after - before})
        assigned.update({member: {"permissions": ["USER"]} for member in before - after})
    else:
        kept = workspace.table("groups")[group["id"]]
        kept["members"] = [{"value": member} for member in sorted(after)]


for _kind in people.KINDS:
    _serve(_kind)


@seeds("assignments")
def seed_assignment(seed: Seed, item: Json) -> None:
    """``[[2001.assignments]]``: ``principal`` (a name) and ``permissions`` (default USER)."""
    _, principal = identity.named(seed.account, item["principal"]) or (
        "",
        {"id": item["principal"]},
    )
    path = f"/api/2.0/accounts/{{account}}/workspaces/{seed.workspace.id}/permissionassignments"
    body = {"permissions": item.get("permissions", ["USER"])}
    seed.call("PUT", f"{path}/principals/{principal['id']}", body)


@seeds("local_groups")
def seed_local_group(seed: Seed, item: Json) -> None:
    """``[[2001.local_groups]]``: ``displayName`` and ``members`` (names)."""
    named = [identity.named(seed.account, name) for name in item.get("members", [])]
    body = item | {"members": [{"value": found[1]["id"]} for found in named if found]}
    seed.call("POST", f"{_BASE}/Groups", body)


@seeds("entitlements")
def seed_entitlements(seed: Seed, item: Json) -> None:
    """``[[2001.entitlements]]``: ``principal`` (a name) and all its ``values``.

    A group of the workspace itself is remembered as ``${group.ty-analytics/users}``.
    """
    _, principal = identity.named(seed.account, item["principal"]) or ("", {"id": ""})
    for group in seed.workspace.table("groups").values():
        if group["displayName"] == item["principal"]:
            principal = group
            seed.remember("group", f"{seed.workspace.name}/{item['principal']}", group["id"])
    _entitle(seed.workspace, principal["id"], [{"value": value} for value in item["values"]])
