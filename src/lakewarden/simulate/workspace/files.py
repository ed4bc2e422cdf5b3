"""``/api/2.0/fs/files``: files in volumes, read and written whole."""

from __future__ import annotations

from lakewarden.simulate.state import Json
from lakewarden.simulate.web import WORKSPACE, ApiError, Reply, Request, invalid

route = WORKSPACE.route

KIND = "volume-files"
_PATH = "/api/2.0/fs/files{path:path}"
_BINARY = "application/octet-stream"


def _file(request: Request) -> Json:
    found = request.workspace.table(KIND).get(request.params["path"])
    if found is None:
        raise ApiError(404, "NOT_FOUND", f"The file {request.params['path']} does not exist.")
    return found


@route("GET", _PATH, audit="filesystem.filesGet", audit_keys=("path",))
def download(request: Request) -> Reply:
    """A file's content."""
    return Reply(_file(request)["content"], media_type=_BINARY)


@route("HEAD", _PATH, audit="filesystem.filesHead", audit_keys=("path",))
def describe(request: Request) -> Reply:
    """Whether there is a file."""
    _file(request)
    return Reply(b"", media_type=_BINARY)


@route("PUT", _PATH, audit="filesystem.filesPut", audit_keys=("path",))
def upload(request: Request) -> Reply:
    """Write a file; one that is there only with ``overwrite``."""
    path, table = request.params["path"], request.workspace.table(KIND)
    if not path.startswith("/Volumes/"):
        raise invalid(f"{path} is not in a volume")
    if path in table and not request.flag("overwrite"):
        raise ApiError(409, "ALREADY_EXISTS", f"The file {path} exists already.")
    table[path] = {"content": request.raw}
    return Reply(b"", 204)


@route("DELETE", _PATH, audit="filesystem.filesDelete", audit_keys=("path",))
def delete(request: Request) -> Reply:
    """Remove a file."""
    _file(request)
    del request.workspace.table(KIND)[request.params["path"]]
    return Reply(b"", 204)
