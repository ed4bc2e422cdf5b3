"""``/api/2.0/workspace/export``: notebooks, files and folders going out."""

from __future__ import annotations

import base64
import html
import io
import zipfile
from collections.abc import Callable
from posixpath import basename

from lakewarden.simulate.state import Json
from lakewarden.simulate.web import ApiError, Reply, Request, denied, invalid
from lakewarden.simulate.workspace.notebook_formats import SUFFIXES, to_jupyter
from lakewarden.simulate.workspace.switches import conf_on
from lakewarden.simulate.workspace.wire import route
from lakewarden.simulate.workspace.workspace_tree import (
    BYTES_MOST,
    FOLDERS,
    content_of,
    entry,
    tree,
)

FORMATS = ("SOURCE", "HTML", "JUPYTER", "DBC", "R_MARKDOWN", "AUTO", "RAW")
_FOLDER_FORMATS = ("SOURCE", "DBC", "AUTO")
_KINDS: dict[str, Callable[[Request, Json], bytes]] = {}


def exports(kind: str) -> Callable[[Callable[[Request, Json], bytes]], None]:
    """Register what an object of a type is exported as."""

    def register(content: Callable[[Request, Json], bytes]) -> None:
        _KINDS[kind] = content

    return register


@route("GET", "/api/2.0/workspace/export", audit="workspace.workspaceExport", audit_keys=())
def export(request: Request) -> Json | Reply:
    """An object's content in base64, or as it is with ``direct_download``.

    The console switch ``enableExportNotebook`` stops everybody but admins.
    """
    form = request.query.get("format", "SOURCE")
    direct = request.flag("direct_download")
    request.audit_params |= {
        "workspaceExportFormat": form,
        "notebookFullPath": request.query.get("path", ""),
        "workspaceExportDirectDownload": str(direct).lower(),
    }
    found = entry(request, request.need_query("path"), "CAN_READ")
    if form not in FORMATS:
        raise invalid(f"format must be one of {', '.join(FORMATS)}")
    if not (
        conf_on(request.workspace, "enableExportNotebook", default=True) or request.caller.admin
    ):
        raise denied("Notebook export is disabled in this workspace.")
    content, file_type = _content(request, found, form)
    if len(content) > BYTES_MOST:
        message = f"Size {len(content)} exceeds {BYTES_MOST}"
        raise ApiError(400, "MAX_NOTEBOOK_SIZE_EXCEEDED", message)
    if direct:
        return Reply(content, media_type="application/octet-stream")
    return {"content": base64.b64encode(content).decode(), "file_type": file_type}


def _content(request: Request, found: Json, form: str) -> tuple[bytes, str]:
    """The bytes of an object in a format, and the file extension that goes with them."""
    kind = found["object_type"]
    if kind in FOLDERS:
        if form not in _FOLDER_FORMATS:
            raise invalid(f"A folder cannot be exported as {form}")
        return _archive(request, found["path"]), "dbc" if form == "DBC" else "zip"
    if kind in _KINDS:
        return _KINDS[kind](request, found), ""
    if kind == "FILE":
        return content_of(found), ""
    if kind != "NOTEBOOK":
        raise invalid(f"A {kind} cannot be exported")
    return _notebook(request, found, form)


def _notebook(request: Request, found: Json, form: str) -> tuple[bytes, str]:
    raw, speech = content_of(found), found["language"]
    if form == "JUPYTER":
        return to_jupyter(basename(found["path"]), raw, speech), "ipynb"
    if form == "HTML":
        return f"<html><pre>{html.escape(raw.decode())}</pre></html>".encode(), "html"
    if form == "DBC":
        return _archive(request, found["path"]), "dbc"
    return raw, SUFFIXES[speech].removeprefix(".")


def _archive(request: Request, path: str) -> bytes:
    """What is at a path, named from its last part on; folders that are empty too."""
    buffer, table = io.BytesIO(), tree(request)
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for found in (path, *table.below(path)):
            body, name = table[found], basename(path) + found.removeprefix(path)
            if body["object_type"] in FOLDERS:
                archive.writestr(f"{name}/", b"")
            elif body["object_type"] in {"NOTEBOOK", "FILE"}:
                suffix = SUFFIXES.get(body.get("language", ""), "")
                archive.writestr(name + suffix, content_of(body))
    return buffer.getvalue()
