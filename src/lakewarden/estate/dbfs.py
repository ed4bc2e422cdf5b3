"""DBFS: what lies in its folders, and who mounted something into it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from lakewarden.estate.fact import Fact
from lakewarden.estate.kind import Kind, Scope
from lakewarden.estate.record import Record, fact, key, record


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or folder."""

    path: str


@record
class Folder(Record):
    """A folder and what is directly in it; nothing where there is no such folder."""

    path: str = key("path")
    entries: Fact[tuple[Entry, ...]] = fact("files")


@record
class Mount(Record):
    """A place in DBFS where somebody mounted a bucket: how often, and when last (Unix ms)."""

    workspace_id: int = key("workspace_id")
    point: str = key("point")
    user: str = key("user")
    times: Fact[int] = fact("times")
    last: Fact[int] = fact("last")


DBFS_FOLDERS: Final = Kind(
    "dbfs_folders",
    Folder,
    Scope.WORKSPACE,
    "GET /api/2.0/dbfs/list",
    "workspace access",
    after=("workspace_settings",),
    keyed=True,
)
MOUNTS: Final = Kind(
    "mounts", Mount, Scope.EVENTS, "audit log, service dbfs", "read on the delivered audit logs"
)
