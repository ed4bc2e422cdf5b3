"""``/api/2.0/dbfs``: the legacy file system, refused altogether once it is switched off."""

from __future__ import annotations

import base64
import binascii
from posixpath import dirname

from lakewarden.simulate.state import Json, Table, Workspace
from lakewarden.simulate.web import (
    ApiError,
    Request,
    Seed,
    denied,
    invalid,
    missing,
    seeds,
)
from lakewarden.simulate.workspace.switches import legacy_dbfs_disabled
from lakewarden.simulate.workspace.wire import route

KIND = "dbfs"
BLOCK_MOST = 1024 * 1024
_ROOTS = ("/", "/FileStore", "/databricks-datasets", "/databricks-results")


def files(workspace: Workspace) -> Table:
    """Every file and folder by path; the folders of the root are always there."""
    table = workspace.table(KIND)
    for path in _ROOTS if not table else ():
        table[path] = _folder(path, 0)
    return table


@route("GET", "/api/2.0/dbfs/list")
def list_files(request: Request) -> Json:
    """What is directly in a folder, in one answer; a file lists itself."""
    found = _entry(request, request.need_query("path"))
    if not found["is_dir"]:
        return {"files": [_shown(found)]}
    inside = files(request.workspace).values()
    return {
        "files": [
            _shown(f) for f in inside if dirname(f["path"]) == found["path"] and f is not found
        ]
    }


@route("GET", "/api/2.0/dbfs/get-status")
def get_status(request: Request) -> Json:
    """One file or folder."""
    return _shown(_entry(request, request.need_query("path")))


@route("GET", "/api/2.0/dbfs/read")
def read(request: Request) -> Json:
    """At most 1 MB of a file from ``offset`` on, in base64."""
    found = _entry(request, request.need_query("path"))
    if found["is_dir"]:
        raise invalid(f"{found['path']} is a directory")
    offset, length = request.number("offset", 0), request.number("length", BLOCK_MOST // 2)
    if length > BLOCK_MOST:
        raise ApiError(400, "MAX_READ_SIZE_EXCEEDED", f"length must be at most {BLOCK_MOST}")
    data = found["data"][offset : offset + length]
    return {"bytes_read": len(data), "data": base64.b64encode(data).decode()}


@route("POST", "/api/2.0/dbfs/mkdirs", audit="dbfs.mkdirs")
def mkdirs(request: Request) -> None:
    """Make a folder and those above it."""
    _make_folders(request, _path(request, request.need("path")))


@route("POST", "/api/2.0/dbfs/put", audit="dbfs.put", audit_keys=("path", "overwrite"))
def put(request: Request) -> None:
    """Write a small file (``contents`` in base64)."""
    _create(request)["data"] = _decoded(request.body.get("contents", ""))


@route("POST", "/api/2.0/dbfs/create", audit="dbfs.create")
def create(request: Request) -> Json:
    """Open a file for writing in blocks; the answer's ``handle`` stands for it."""
    body, handle = _create(request), request.account.ids.number()
    request.workspace.table("dbfs-handles")[str(handle)] = {"path": body["path"]}
    return {"handle": handle}


@route("POST", "/api/2.0/dbfs/add-block", audit="dbfs.addBlock", audit_keys=("handle",))
def add_block(request: Request) -> None:
    """Append at most 1 MB (``data`` in base64) to an open file."""
    data = _decoded(request.need("data"))
    if len(data) > BLOCK_MOST:
        raise ApiError(400, "MAX_BLOCK_SIZE_EXCEEDED", f"A block has at most {BLOCK_MOST} bytes")
    found = _entry(request, _handle(request)["path"])
    found["data"] += data


@route("POST", "/api/2.0/dbfs/close", audit="dbfs.close")
def close(request: Request) -> None:
    """Close an open file."""
    _handle(request)
    del request.workspace.table("dbfs-handles")[str(request.body["handle"])]


@route("POST", "/api/2.0/dbfs/delete", audit="dbfs.delete")
def delete(request: Request) -> None:
    """Remove a file, or a folder (one that is not empty only ``recursive``)."""
    path, table = _path(request, request.need("path")), files(request.workspace)
    inside = _below(table, path)
    if inside and not request.body.get("recursive"):
        raise ApiError(400, "IO_ERROR", f"{path} is not empty")
    for name in [path, *inside]:
        table.pop(name, None)


@route("POST", "/api/2.0/dbfs/move", audit="dbfs.move")
def move(request: Request) -> None:
    """Give a file or folder another path."""
    source, table = _entry(request, request.need("source_path"))["path"], files(request.workspace)
    target = _path(request, request.need("destination_path"))
    if target in table:
        raise ApiError(400, "RESOURCE_ALREADY_EXISTS", f"A file or folder already exists: {target}")
    _make_folders(request, dirname(target))
    for name in [source, *_below(table, source)]:
        moved = table.pop(name)
        moved["path"] = target + name.removeprefix(source)
        table[moved["path"]] = moved


def _path(request: Request, path: str) -> str:
    trimmed = path.removeprefix("dbfs:").rstrip("/") or "/"
    if legacy_dbfs_disabled(request.workspace):
        raise denied(f"Public DBFS root is disabled. Access is denied on path: {trimmed}")
    if not trimmed.startswith("/"):
        raise invalid(f"Path must be absolute: {path}")
    return trimmed


def _entry(request: Request, path: str) -> Json:
    found = files(request.workspace).get(_path(request, path))
    if found is None:
        raise missing(f"No file or directory exists on path {path}.")
    return found


def _handle(request: Request) -> Json:
    found = request.workspace.table("dbfs-handles").get(str(request.need("handle")))
    if found is None:
        raise missing(f"No stream with handle {request.body['handle']}")
    return found


def _create(request: Request) -> Json:
    path, table = _path(request, request.need("path")), files(request.workspace)
    if path in table and (table[path]["is_dir"] or not request.body.get("overwrite")):
        raise ApiError(400, "RESOURCE_ALREADY_EXISTS", f"A file or folder already exists: {path}")
    _make_folders(request, dirname(path))
    table[path] = {"path": path, "is_dir": False, "modification_time": request.now, "data": b""}
    return table[path]


def _make_folders(request: Request, path: str) -> None:
    table = files(request.workspace)
    while path not in table:
        table[path] = _folder(path, request.now)
        path = dirname(path)
    if not table[path]["is_dir"]:
        raise ApiError(400, "RESOURCE_ALREADY_EXISTS", f"{path} is a file")


def _below(table: Table, path: str) -> list[str]:
    return [name for name in table if name.startswith(path.rstrip("/") + "/")]


def _folder(path: str, now: int) -> Json:
    return {"path": path, "is_dir": True, "modification_time": now, "data": b""}


def _shown(body: Json) -> Json:
    shown = {name: value for name, value in body.items() if name not in {"data", "declared"}}
    return shown | {"file_size": body.get("declared", len(body["data"]))}


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise invalid("The data must be in base64") from None


@seeds("dbfs")
def seed_file(seed: Seed, item: Json) -> None:
    """``[[2001.dbfs]]``: ``path``, ``at``, and ``text`` or a ``size`` that is only claimed."""
    text = base64.b64encode(item.get("text", "").encode()).decode()
    body = {"path": item["path"], "contents": text, "overwrite": True}
    seed.call("POST", "/api/2.0/dbfs/put", body, at=item.get("at"))
    if "size" in item:
        files(seed.workspace)[item["path"]]["declared"] = item["size"]
