"""``.../workspaces/{workspace}/permissionassignments``: who may enter, and who is an admin."""

from __future__ import annotations

from lakewarden.simulate.state import Json, Workspace
from lakewarden.simulate.web import ACCOUNT, Request, invalid, missing
from lakewarden.simulate.workspace import identity

route = ACCOUNT.route

_PATH = "/api/2.0/accounts/{account}/workspaces/{workspace}/permissionassignments"
_NAMES = {
    "users": "user_name",
    "servicePrincipals": "service_principal_name",
    "groups": "group_name",
}


def _workspace(request: Request) -> Workspace:
    workspace_id = request.params["workspace"]
    if "id" in request.params:
        noted = {"workspace_id": workspace_id, "principal_id": request.params["id"]}
        request.audit_params |= noted
    found = request.account.workspaces.get(int(workspace_id) if workspace_id.isdigit() else -1)
    if found is None:
        raise missing(f"Workspace {workspace_id} does not exist")
    return found


def _show(workspace: Workspace, principal_id: str, permissions: list[str]) -> Json:
    found = identity.find(workspace.account, principal_id)
    output: Json = {"principal_id": int(principal_id)}
    if found is not None:
        kind, body = found
        output[_NAMES[kind]] = body[identity.NAMES[kind]]
        output["display_name"] = body.get("displayName", "")
    return {"permissions": permissions, "principal": output}


@route("GET", _PATH, admin=True)
def list_assignments(request: Request) -> Json:
    """Every assignment; in one answer."""
    workspace = _workspace(request)
    table = workspace.table("assignments")
    shown = [_show(workspace, key, entry["permissions"]) for key, entry in table.items()]
    return {"permission_assignments": shown}


@route("GET", _PATH + "/permissions", admin=True)
def list_permissions(request: Request) -> Json:
    """The permissions there are."""
    _workspace(request)
    return {
        "permissions": [
            {"permission_level": "USER", "description": "Can enter the workspace"},
            {"permission_level": "ADMIN", "description": "Administers the workspace"},
        ]
    }


@route(
    "PUT",
    _PATH + "/principals/{id}",
    admin=True,
    audit="workspace.updatePermissionAssignment",
    audit_keys=("permissions",),
)
def assign(request: Request) -> Json:
    """Assign a principal; an empty list takes the assignment away."""
    workspace, principal_id = _workspace(request), request.params["id"]
    if identity.find(request.account, principal_id) is None:
        raise missing(f"Principal {principal_id} does not exist")
    permissions = (request.body or {}).get("permissions", [])
    if any(permission not in {"USER", "ADMIN"} for permission in permissions):
        raise invalid("permissions are USER or ADMIN")
    _note_admin(request, workspace, principal_id, permissions)
    if not permissions:
        workspace.table("assignments").pop(principal_id, None)
        return {}
    level = "ADMIN" if "ADMIN" in permissions else "USER"
    workspace.table("assignments")[principal_id] = {"permissions": [level]}
    return _show(workspace, principal_id, [level])


@route(
    "DELETE",
    _PATH + "/principals/{id}",
    admin=True,
    audit="workspace.deletePermissionAssignment",
    audit_keys=(),
)
def unassign(request: Request) -> None:
    """Take a principal's assignment away."""
    workspace = _workspace(request)
    if request.params["id"] not in workspace.table("assignments"):
        raise missing(f"Principal {request.params['id']} is not assigned to the workspace")
    _note_admin(request, workspace, request.params["id"], [])
    del workspace.table("assignments")[request.params["id"]]


def _note_admin(
    request: Request, workspace: Workspace, principal_id: str, permissions: list[str]
) -> None:
    before = workspace.table("assignments").get(principal_id, {}).get("permissions", [])
    had, has = "ADMIN" in before, "ADMIN" in permissions
    if had != has:
        name = identity.name_of(request.account, principal_id)
        params = {"targetUserId": principal_id, "targetUserName": name}
        params |= {"endpoint": "permissionAssignment"}
        event = f"accounts.{'set' if has else 'remove'}Admin"
        request.audit(event, params, workspace_id=workspace.id)
