"""``/api/2.0/workspace/export`` and ``import``: notebooks and files going out and coming in."""

from __future__ import annotations

import base64
import email
import html
import io
import json
import zipfile

from lakewarden.simulate.state import Json
from lakewarden.simulate.web import (
    ApiError,
    Reply,
    Request,
    Seed,
    denied,
    invalid,
    seeds,
)
from lakewarden.simulate.workspace.switches import conf_on
from lakewarden.simulate.workspace.wire import route
from lakewarden.simulate.workspace.workspace_tree import (
    BYTES_MOST,
    content_of,
    entry,
    store,
    tree,
)

FORMATS = ("SOURCE", "HTML", "JUPYTER", "DBC", "R_MARKDOWN", "AUTO", "RAW")
_FOLDER_FORMATS = ("SOURCE", "DBC", "AUTO")
_SUFFIX = {"PYTHON": ".py", "SQL": ".sql", "SCALA": ".scala", "R": ".r"}


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
    if found["object_type"] in {"DIRECTORY", "REPO"}:
        if form not in _FOLDER_FORMATS:
            raise invalid(f"A folder cannot be exported as {form}")
        return _archive(request, found["path"]), "dbc" if form == "DBC" else "zip"
    raw = content_of(found)
    if found["object_type"] == "FILE":
        return raw, ""
    if form == "JUPYTER":
        cell = {"cell_type": "code", "source": raw.decode(), "metadata": {}, "outputs": []}
        return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4}).encode(), "ipynb"
    if form == "HTML":
        return f"<html><pre>{html.escape(raw.decode())}</pre></html>".encode(), "html"
    if form == "DBC":
        return _archive(request, found["path"]), "dbc"
    return raw, _SUFFIX[found["language"]].removeprefix(".")


def _archive(request: Request, path: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        table = tree(request)
        for name in (path, *table.below(path)):
            body = table[name]
            if body["object_type"] in {"NOTEBOOK", "FILE"}:
                suffix = _SUFFIX.get(body.get("language", ""), "")
                archive.writestr(name.lstrip("/") + suffix, content_of(body))
    return buffer.getvalue()


@route(
    "POST",
    "/api/2.0/workspace/import",
    audit="notebook.importNotebook",
    audit_keys=("path", "format", "language"),
)
def import_object(request: Request) -> None:
    """Write a notebook or file, given as JSON or as a multipart form."""
    fields = request.body if request.body is not None else _form(request)
    request.audit_params |= {"path": str(fields.get("path"))}
    if "path" not in fields:
        raise invalid("Missing required field: path")
    store(request, fields)


def _form(request: Request) -> Json:
    """The fields of a multipart form, its file in base64."""
    kind = request.headers.get("content-type", "")
    message = email.message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + request.raw)
    fields: Json = {}
    for part in message.walk():
        name = part.get_param("name", header="content-disposition")
        payload = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(payload, bytes):
            is_file = name == "content"
            fields[name] = base64.b64encode(payload).decode() if is_file else payload.decode()
    return fields


@seeds("notebooks")
def seed_notebook(seed: Seed, item: Json) -> None:
    """``[[2001.notebooks]]``: ``path``, ``source``, ``language`` (none: a file), ``by``, ``at``."""
    body = {
        "path": item["path"],
        "content": base64.b64encode(item["source"].encode()).decode(),
        "format": "SOURCE" if "language" in item else "RAW",
        "overwrite": True,
    }
    if "language" in item:
        body["language"] = item["language"]
    seed.call("POST", "/api/2.0/workspace/import", body, by=item.get("by"), at=item.get("at"))
