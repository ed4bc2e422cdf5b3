"""``/api/2.0/workspace/import`` and ``workspace-files/import-file``: what comes into the tree."""

from __future__ import annotations

import base64
import binascii
import email
import io
import zipfile
from collections.abc import Callable
from posixpath import dirname
from urllib.parse import quote

from lakewarden.simulate.state import Json
from lakewarden.simulate.web import WORKSPACE, ApiError, Request, Seed, invalid, missing, seeds
from lakewarden.simulate.workspace.notebook_formats import (
    SUFFIXES,
    from_jupyter,
    language_of,
)
from lakewarden.simulate.workspace.wire import route
from lakewarden.simulate.workspace.workspace_tree import (
    BYTES_MOST,
    add,
    entry,
    make_folders,
    normal,
    tree,
)

FORMATS = ("SOURCE", "JUPYTER", "DBC", "R_MARKDOWN", "AUTO", "RAW")
_LANGUAGES = {suffix: language for language, suffix in SUFFIXES.items()}
_KINDS: dict[str, Callable[[Request, str, bytes], None]] = {}


def imports(suffix: str) -> Callable[[Callable[[Request, str, bytes], None]], None]:
    """Register what makes an object of a file with an extension, when the format is AUTO."""

    def register(make: Callable[[Request, str, bytes], None]) -> None:
        _KINDS[suffix] = make

    return register


@route(
    "POST",
    "/api/2.0/workspace/import",
    audit="notebook.importNotebook",
    audit_keys=("path", "format", "language"),
)
def import_object(request: Request) -> None:
    """Write a notebook or file, given as JSON or as a multipart form.

    DBC and, without a language, SOURCE bring a folder, and never over one that is there.
    """
    fields = request.body if request.body is not None else _form(request)
    request.audit_params |= {"path": str(fields.get("path"))}
    if "path" not in fields:
        raise invalid("Missing required field: path")
    try:
        content = base64.b64decode(fields.get("content", ""), validate=True)
    except (binascii.Error, ValueError):
        raise invalid("content must be in base64") from None
    if len(content) > BYTES_MOST:
        message = f"Size {len(content)} exceeds {BYTES_MOST}"
        raise ApiError(400, "MAX_NOTEBOOK_SIZE_EXCEEDED", message)
    overwrite = str(fields.get("overwrite", False)).lower() == "true"
    _import(request, normal(fields["path"]), content, fields, overwrite=overwrite)


@WORKSPACE.route(
    "POST",
    "/api/2.0/workspace-files/import-file/{path:path}",
    audit="workspaceFiles.wsfsImportFile",
    audit_keys=("path",),
    binary=True,
)
def import_file(request: Request) -> None:
    """Write a file of any size, given as it is; a notebook's source becomes a notebook."""
    path = normal("/" + request.params["path"].lstrip("/"))
    fields = {"format": "AUTO"}
    _import(request, path, request.raw, fields, overwrite=request.flag("overwrite"))


def _import(request: Request, path: str, content: bytes, fields: Json, *, overwrite: bool) -> None:
    form, language = fields.get("format", "SOURCE"), fields.get("language")
    if form not in FORMATS:
        raise invalid(f"format must be one of {', '.join(FORMATS)}")
    if form == "DBC" or (form == "SOURCE" and not language and content[:2] == b"PK"):
        if overwrite:
            raise invalid(f"Overwrite cannot be used for the format {form} of folders")
        _unpack(request, path, content)
    elif form == "AUTO":
        _analysed(request, path, content, overwrite=overwrite)
    elif form == "RAW":
        write(request, path, content, None, overwrite=overwrite)
    elif form == "JUPYTER":
        write(request, path, *from_jupyter(content), overwrite=overwrite)
    elif form == "SOURCE" and not language:
        raise invalid("language is required to import a notebook in SOURCE format")
    elif form == "SOURCE" and language not in SUFFIXES:
        raise invalid(f"language must be one of {', '.join(SUFFIXES)}")
    else:
        write(request, path, content, language or "R", overwrite=overwrite)


def _analysed(request: Request, path: str, content: bytes, *, overwrite: bool) -> None:
    """Write what an extension and a first line say it is; a notebook loses its extension."""
    for suffix, make in _KINDS.items():
        if path.endswith(suffix):
            make(request, path, content)
            return
    language = language_of(path, content)
    if path.endswith(".ipynb"):
        content, language = from_jupyter(content)
    path = path.rpartition(".")[0] if language else path
    write(request, path, content, language, overwrite=overwrite)


def write(
    request: Request, path: str, content: bytes, language: str | None, *, overwrite: bool
) -> None:
    """Write a notebook, or without a language a file, where its folder is."""
    kind = "NOTEBOOK" if language else "FILE"
    existing = tree(request).get(path)
    if existing is None:
        if dirname(path) not in tree(request):
            raise missing(f"The parent folder ({dirname(path)}) does not exist.")
        make_folders(request, dirname(path))
        body = add(request.workspace, path, kind, created_at=request.now)
    elif not overwrite:
        raise ApiError(400, "RESOURCE_ALREADY_EXISTS", f"{path} already exists")
    elif existing["object_type"] != kind:
        raise invalid(f"Cannot overwrite a {existing['object_type']} with a {kind}")
    else:
        body = entry(request, path, "CAN_EDIT")
    body.pop("grown", None)
    body |= {"modified_at": request.now, "content": content}
    body |= {"language": language} if language else {"size": len(content)}


def _unpack(request: Request, path: str, content: bytes) -> None:
    """Bring in an archive of `lakewarden.simulate.workspace.workspace_export`."""
    if path in tree(request):
        raise ApiError(400, "RESOURCE_ALREADY_EXISTS", f"{path} already exists")
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except zipfile.BadZipFile:
        raise invalid("The content is not an archive") from None
    for name in archive.namelist():
        place = path + "".join(f"/{part}" for part in name.split("/")[1:])
        if name.endswith("/"):
            make_folders(request, place.rstrip("/"))
            continue
        suffix = f".{name.rpartition('.')[2]}"
        language = _LANGUAGES.get(suffix)
        if language and place != path:
            place = place.removesuffix(suffix)
        if dirname(place) not in tree(request):
            make_folders(request, dirname(place))
        write(request, place, archive.read(name), language, overwrite=False)


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
    """``[[2001.notebooks]]``: ``path``, ``source``, ``language`` (none: a file), ``by``, ``at``.

    ``permissions`` are entries of its own.
    """
    creation = {"by": item.get("by"), "at": item.get("at")}
    body = {
        "path": item["path"],
        "content": base64.b64encode(item["source"].encode()).decode(),
        "format": "SOURCE" if "language" in item else "RAW",
        "overwrite": True,
    }
    if "language" in item:
        body["language"] = item["language"]
    folder = dirname(item["path"])
    seed.call("POST", "/api/2.0/workspace/mkdirs", {"path": folder}, **creation)
    seed.call("POST", "/api/2.0/workspace/import", body, **creation)
    _permit(seed, item)


@seeds("folders")
def seed_folder(seed: Seed, item: Json) -> None:
    """``[[2001.folders]]``: ``path``, ``by``, ``at`` and ``permissions``."""
    creation = {"by": item.get("by"), "at": item.get("at")}
    seed.call("POST", "/api/2.0/workspace/mkdirs", {"path": item["path"]}, **creation)
    _permit(seed, item)


def _permit(seed: Seed, item: Json) -> None:
    if "permissions" not in item:
        return
    found = seed.call("GET", f"/api/2.0/workspace/get-status?path={quote(item['path'])}")
    kinds = {"NOTEBOOK": "notebooks", "FILE": "files"}
    path = f"/api/2.0/permissions/{kinds.get(found['object_type'], 'directories')}"
    body = {"access_control_list": item["permissions"]}
    seed.call("PUT", f"{path}/{found['object_id']}", body)


@seeds("legacy_libraries")
def seed_library(seed: Seed, item: Json) -> None:
    """``[[2001.legacy_libraries]]``: ``path`` of a library that the tree keeps, made long ago."""
    seed.call("POST", "/api/2.0/workspace/mkdirs", {"path": dirname(item["path"])})
    add(seed.workspace, item["path"], "LIBRARY", created_at=item.get("at", seed.now))
