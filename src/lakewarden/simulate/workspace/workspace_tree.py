"""``/api/2.0/workspace``: folders, notebooks and files."""

from __future__ import annotations

import base64
import binascii
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
    "DIRECTORY": "directories",
    "FILE": "files",
    "NOTEBOOK": "notebooks",
    "REPO": "repos",
}
_EXTENSIONS = {"py": "PYTHON", "sql": "SQL", "scala": "SCALA", "r": "R"}
_ROOTS = ("/", "/Repos", "/Shared", "/Users")
_HOMES = ("/Repos", "/Users")


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
    object_id = workspace.table(KIND)[path]["object_id"]
    return workspace.table("acls")[f"directories/{object_id}"]


def add(
    workspace: Workspace, path: str, kind: str, *, owner: Caller | None = None, **fields: object
) -> Json:
    """Put an object into the tree; its access list inherits from the folder around it."""
    table, object_id = folders(workspace, KIND), workspace.account.ids.number()
    table[path] = {"object_id": object_id, "object_type": kind, "path": path, **fields}
    table[path]["resource_id"] = str(object_id)
    above = table.get(dirname(path)) if path != "/" else None
    parent = (ACL_KINDS[above["object_type"]], str(above["object_id"])) if above else None
    permissions.register(workspace, ACL_KINDS[kind], str(object_id), owner=owner, parent=parent)
    return table[path]


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
    kind, object_id = ACL_KINDS[body["object_type"]], str(body["object_id"])
    return permissions.allowed(request.workspace, request.caller, kind, object_id, level)


def make_folders(request: Request, path: str) -> Json:
    """The folder at a path in which the caller may write, made with those above it if need be."""
    found = tree(request).get(path)
    if found is None:
        make_folders(request, dirname(path))
        return add(request.workspace, path, "DIRECTORY", created_at=request.now)
    if found["object_type"] not in {"DIRECTORY", "REPO"}:
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
    if found["object_type"] in {"DIRECTORY", "REPO"}:
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
    found = entry(request, request.need("path"), "CAN_MANAGE")
    table, path = tree(request), found["path"]
    inside = list(table.below(path))
    if path in _ROOTS:
        raise ApiError(400, "DIRECTORY_PROTECTED", f"Folder {path} is protected")
    if inside and not request.body.get("recursive"):
        raise ApiError(400, "DIRECTORY_NOT_EMPTY", f"Folder ({path}) is not empty")
    for name in [path, *inside]:
        body = table.pop(name)
        permissions.forget(
            request.workspace, ACL_KINDS[body["object_type"]], str(body["object_id"])
        )


def store(request: Request, fields: Json) -> Json:
    """Write a notebook or file as an import asks for it (``content`` in base64)."""
    path, form = normal(fields["path"]), fields.get("format", "SOURCE")
    extension = path.rpartition(".")[2].lower() if "." in path else ""
    language = fields.get("language") or (_EXTENSIONS.get(extension) if form != "RAW" else None)
    if form == "AUTO" and language:
        path = path[: -len(extension) - 1]
    try:
        content = base64.b64decode(fields.get("content", ""), validate=True)
    except (binascii.Error, ValueError):
        raise invalid("content must be in base64") from None
    if len(content) > BYTES_MOST:
        message = f"Size {len(content)} exceeds {BYTES_MOST}"
        raise ApiError(400, "MAX_NOTEBOOK_SIZE_EXCEEDED", message)
    if form == "SOURCE" and not language:
        raise invalid("language is required to import a notebook in SOURCE format")
    body = _place(request, path, "NOTEBOOK" if language or form == "JUPYTER" else "FILE", fields)
    body |= {"modified_at": request.now, "content": content}
    if body["object_type"] == "NOTEBOOK":
        body.pop("grown", None)
        body["language"] = language or "PYTHON"
    else:
        body["size"] = len(content)
    return body


def _place(request: Request, path: str, kind: str, fields: Json) -> Json:
    """The object to write to, made when it is not there."""
    existing = tree(request).get(path)
    if existing is None:
        make_folders(request, dirname(path))
        return add(request.workspace, path, kind, created_at=request.now)
    if str(fields.get("overwrite", False)).lower() != "true":
        raise ApiError(400, "RESOURCE_ALREADY_EXISTS", f"{path} already exists")
    if existing["object_type"] != kind:
        raise invalid(f"Cannot overwrite a {existing['object_type']} with a {kind}")
    return entry(request, path, "CAN_EDIT")


def content_of(body: Json) -> bytes:
    """What is in a notebook or file."""
    return source(body["grown"]) if "grown" in body else bytes(body["content"])


def shown(body: Json) -> Json:
    """An object as it is listed, without its content."""
    return {name: value for name, value in body.items() if name not in {"content", "grown"}}
