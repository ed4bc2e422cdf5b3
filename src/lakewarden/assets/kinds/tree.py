"""Folders, notebooks, files and Git folders of the workspace tree (`/api/2.0/workspace`)."""

from __future__ import annotations

from typing import Final

from lakewarden.assets.kind import Body, Call, Content, Json, Kind, Listing, Paging

ROOTS: Final = ("/", "/Repos", "/Shared", "/Users", "/Workspace")
"""Folders that are in every workspace and cannot be made or removed."""

_STAMP: Final = ("object_id", "modified_at", "size", "language")
_DELETE: Final = Call("POST", "/api/2.0/workspace/delete", lambda spec, _: {"path": spec["path"]})


def _import(form: str) -> Call:
    """Return the call that writes an object; its content is put into the body as base64."""

    def body(spec: Json, _: str) -> Body:
        return {**spec, "format": form, "overwrite": True}

    return Call("POST", "/api/2.0/workspace/import", body)


KINDS: Final = (
    Kind(
        name="directory",
        title="folders",
        id="object_id",
        key="path",
        keeps=("path",),
        acl="directories",
        tree="DIRECTORY",
        create=Call("POST", "/api/2.0/workspace/mkdirs", lambda spec, _: {"path": spec["path"]}),
        delete=_DELETE,
    ),
    Kind(
        name="notebook",
        title="notebooks",
        id="object_id",
        key="path",
        keeps=("path", "language"),
        acl="notebooks",
        content=Content("export"),
        stamp=_STAMP,
        tree="NOTEBOOK",
        create=_import("SOURCE"),
        update=_import("SOURCE"),
        delete=_DELETE,
        limits="at most 10 MB each; the source, without outputs, comments and revisions",
    ),
    Kind(
        name="file",
        title="files",
        id="object_id",
        key="path",
        keeps=("path",),
        acl="files",
        content=Content("export"),
        stamp=_STAMP,
        tree="FILE",
        create=_import("RAW"),
        update=_import("RAW"),
        delete=_DELETE,
        limits="at most 10 MB each",
    ),
    Kind(
        name="repo",
        title="Git folders",
        listing=Listing("/api/2.0/repos", "repos", Paging.NEXT_TOKEN),
        id="id",
        one="/api/2.0/repos/{id}",
        key="path",
        volatile=("id", "head_commit_id", "git_cli_enabled"),
        late=("branch",),
        acl="repos",
        create=Call("POST", "/api/2.0/repos", lambda spec, _: dict(spec)),
        update=Call("PATCH", "/api/2.0/repos/{id}", lambda spec, _: {"branch": spec["branch"]}),
        delete=Call("DELETE", "/api/2.0/repos/{id}"),
        by_hand="give Git credentials to whoever works with it",
        limits="where it is, its URL and branch; what nobody pushed is not in it",
    ),
)
