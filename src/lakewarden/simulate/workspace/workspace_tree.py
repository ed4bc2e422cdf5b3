"""``/api/2.0/workspace``: folders, notebooks and files."""

from __future__ import annotations

from collections.abc import Callable
from posixpath import dirname

from lakewarden.simulate.state import Json, Workspace
from lakewarden.simulate.web import ApiError, Caller, Request, denied, invalid, missing
from lakewarden.simulate.workspace import permissions
from lakewarden.simulate.workspace.folders import Folders, folders
from lakewarden.simulate.workspace.sources import source
from lakewarden.simulate.workspace.switches import conf_on
from lakewarden.simulate.workspace.wire import route

KIND = "workspace-objects"
BYTES_MOST = 10 * 1024 * 1024
ACL_KINDS = {
    "DASHBOARD": "dashboards",
    "DIRECTORY": "directories",
    "FILE": "files",
    "MLFLOW_EXPERIMENT": "experiments",
    "NOTEBOOK": "notebooks",
    "REPO": "repos",
}
"""The types of objects that have an access list; one of another type has that of its folder."""

FOLDERS = frozenset({"DIRECTORY", "REPO"})
_ROOTS = ("/", "/Repos", "/Shared", "/Users")
_HOMES = ("/Repos", "/Users")
_FOLLOWS: dict[str, Callable[[Request, Json], None]] = {}
_IN_TRASH: set[str] = set()


def follows(
    kind: str, *, in_trash: bool = False
) -> Callable[[Callable[[Request, Json], None]], None]:
    """Register what else happens when an object of a type is taken out of the tree.

    What is in the trash then keeps its access list.
    """

    def register(gone: Callable[[Request, Json], None]) -> None:
        _FOLLOWS[kind] = gone
        _IN_TRASH.update([kind] if in_trash else [])

    return register


def normal(path: str) -> str:
    """The path by which an object is kept: ``/Workspace`` in front means nothing."""
    if not path.startswith("/"):
        raise invalid(f"Path ({path}) must be absolute")
    trimmed = path.removeprefix("/Workspace").rstrip("/")
    return trimmed or "/"


def tree(request: Request) -> Folders:
    """Every object by path; the roots are always there, a caller's homes from the first call on."""
    workspace = request.workspace
    table = make_roots(workspace)
    for root in _HOMES:
        path = f"{root}/{request.caller.name}"
        if path not in table:
            add(workspace, path, "DIRECTORY", owner=request.caller)
    return table


def make_roots(workspace: Workspace) -> Folders:
    """The table of a workspace's objects, with the folders that each workspace begins with."""
    table = folders(workspace, KIND)
    if not table:
        for path in _ROOTS:
            add(workspace, path, "DIRECTORY")
        users = {"group_name": "users", "permission_level": "CAN_MANAGE"}
        _acl(workspace, "/Shared")["entries"] = [users]
    return table


def _acl(workspace: Workspace, path: str) -> Json:
    kind, object_id = acl_of(workspace, workspace.table(KIND)[path])
    return workspace.table("acls")[f"{kind}/{object_id}"]


def acl_of(workspace: Workspace, body: Json) -> tuple[str, str]:
    """The type and id by which an object's access list is kept."""
    kind = ACL_KINDS.get(body["object_type"])
    if kind is None:
        return acl_of(workspace, workspace.table(KIND)[dirname(body["path"])])
    return kind, body["resource_id"]


def add(
    workspace: Workspace,
    path: str,
    kind: str,
    *,
    owner: Caller | None = None,
    resource_id: str | None = None,
    **fields: object,
) -> Json:
    """Put an object into the tree; its access list inherits from the folder around it.

    ``resource_id`` is the id by which another API knows it, if that is not the object's own.
    """
    table, object_id = folders(workspace, KIND), workspace.account.ids.number()
    table[path] = {"object_id": object_id, "object_type": kind, "path": path, **fields}
    table[path]["resource_id"] = resource_id or str(object_id)
    above = table.get(dirname(path)) if path != "/" else None
    parent = acl_of(workspace, above) if above else None
    if kind in ACL_KINDS:
        permissions.register(workspace, *acl_of(workspace, table[path]), owner=owner, parent=parent)
    return table[path]


def remove(request: Request, path: str) -> None:
    """Take an object and all below it out of the tree, with what belongs to them."""
    table = tree(request)
    for name in [*table.below(path), path]:
        body = table[name]
        if body["object_type"] in ACL_KINDS.keys() - _IN_TRASH:
            permissions.forget(request.workspace, *acl_of(request.workspace, body))
        del table[name]
        if follow := _FOLLOWS.get(body["object_type"]):
            follow(request, body)


def move(request: Request, path: str, target: str) -> None:
    """Give an object that is no folder another path; its list inherits from its new folder."""
    table, body = tree(request), tree(request)[path]
    above = make_folders(request, dirname(target))
    if target in table:
        raise ApiError(400, "RESOURCE_ALREADY_EXISTS", f"{target} already exists")
    del table[path]
    table[target] = body
    body["path"] = target
    _acl(request.workspace, target)["parent"] = acl_of(request.workspace, above)


def entry(request: Request, path: str, level: str) -> Json:
    """One object on which the caller holds a level."""
    found = tree(request).get(normal(path))
    if found is None:
        raise missing(f"Path ({path}) doesn't exist.")
    if not holds(request, found, level):
        raise denied(f"{request.caller.name} does not have {level} permissions on {path}")
    return found


def holds(request: Request, body: Json, level: str) -> bool:
    """Whether the caller holds a level on an object; folders that only lead somewhere are open."""
    open_to_all = not conf_on(request.workspace, "enforceWorkspaceViewAcls", default=True)
    if level == "CAN_READ" and (open_to_all or body["path"] in _ROOTS):
        return True
    kind, object_id = acl_of(request.workspace, body)
    return permissions.allowed(request.workspace, request.caller, kind, object_id, level)


def make_folders(request: Request, path: str) -> Json:
    """The folder at a path in which the caller may write, made with those above it if need be."""
    found = tree(request).get(path)
    if found is None:
        make_folders(request, dirname(path))
        return add(request.workspace, path, "DIRECTORY", created_at=request.now)
    if found["object_type"] not in FOLDERS:
        raise ApiError(400, "RESOURCE_ALREADY_EXISTS", f"{path} is not a folder")
    if not holds(request, found, "CAN_EDIT"):
        raise denied(f"{request.caller.name} may not write in {path}")
    return found


@route("GET", "/api/2.0/workspace/list")
def list_objects(request: Request) -> Json:
    """What is directly in a folder, in one answer; a notebook lists itself."""
    found = entry(request, request.need_query("path"), "CAN_READ")
    since = request.number("notebooks_modified_after", 0)
    inside = [found]
    if found["object_type"] in FOLDERS:
        inside = tree(request).inside(found["path"])
    return {
        "objects": [
            shown(body)
            for body in inside
            if holds(request, body, "CAN_READ")
            and (body["object_type"] != "NOTEBOOK" or body["modified_at"] >= since)
        ]
    }


@route("GET", "/api/2.0/workspace/get-status")
def get_status(request: Request) -> Json:
    """One object without its content."""
    return shown(entry(request, request.need_query("path"), "CAN_READ"))


@route("POST", "/api/2.0/workspace/mkdirs", audit="notebook.createFolder")
def mkdirs(request: Request) -> None:
    """Make a folder and those above it."""
    make_folders(request, normal(request.need("path")))


@route("POST", "/api/2.0/workspace/delete", audit="notebook.deleteNotebook")
def delete(request: Request) -> None:
    """Remove an object; a folder that is not empty only ``recursive``."""
    path = entry(request, request.need("path"), "CAN_MANAGE")["path"]
    if path in _ROOTS:
        raise ApiError(400, "DIRECTORY_PROTECTED", f"Folder {path} is protected")
    if tree(request).inside(path) and not request.body.get("recursive"):
        raise ApiError(400, "DIRECTORY_NOT_EMPTY", f"Folder ({path}) is not empty")
    remove(request, path)


@permissions.guards("directories")
def _guard_shared(request: Request, object_id: str) -> None:
    """The access list of /Shared is not for changing; the real service says so like this."""
    shared = make_roots(request.workspace)["/Shared"]
    if shared["resource_id"] == object_id:
        message = f"Cannot modify permissions of directory {object_id}"
        raise ApiError(500, "INTERNAL_ERROR", message)


def content_of(body: Json) -> bytes:
    """What is in a notebook or file."""
    return source(body["grown"]) if "grown" in body else bytes(body["content"])


def shown(body: Json) -> Json:
    """An object as it is listed, without its content."""
    return {name: value for name, value in body.items() if name not in {"content", "grown"}}
