"""What an entry of an artifact allow list lets through: everything that begins with it."""

from __future__ import annotations

from typing import Final

_MAVEN: Final = "LIBRARY_MAVEN"
_VOLUME_PARTS: Final = 4
"""/Volumes/catalog/schema/volume."""
_OPEN: Final = frozenset({"dbfs", "file", "http", "https"})
"""Where everybody can write, or nobody can tell who did."""
_OPEN_FOLDERS: Final = frozenset({"Shared", "dbfs"})
"""Folders in which all users may write, unless somebody took that right away from them."""


def is_broad(artifact: str, kind: str) -> bool:
    """Return whether an entry covers more than one place that somebody answers for.

    Args:
        artifact: the beginning of a path, a URL, or Maven coordinates.
        kind: INIT_SCRIPT, LIBRARY_JAR or LIBRARY_MAVEN.
    """
    entry = artifact.strip()
    if "*" in entry:
        return True
    return _broad_coordinates(entry) if kind == _MAVEN else _broad_path(entry)


def _broad_coordinates(entry: str) -> bool:
    """Return whether coordinates name no group, or just the top level of a domain."""
    group, colon, _ = entry.partition(":")
    labels = [label for label in group.split(".") if label]
    return not labels or (len(labels) == 1 and not colon)


def _broad_path(entry: str) -> bool:
    scheme, colon, rest = entry.partition(":")
    if colon:
        bucket, slash, _ = rest.lstrip("/").partition("/")
        return scheme.lower() in _OPEN or not (bucket and slash)
    parts = [part for part in entry.split("/") if part]
    if parts[:1] == ["Volumes"]:
        return len(parts) < _VOLUME_PARTS
    inner = parts[1:] if parts[:1] == ["Workspace"] else parts
    return len(inner) <= 1 or inner[0] in _OPEN_FOLDERS
