"""Whether an address of code lies where the organisation keeps its own."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable


def inside(address: str, prefixes: Iterable[str]) -> bool:
    """Return whether an address lies within one of some prefixes, whole path parts compared.

    An address that climbs out with `..` lies within none.
    """
    own = f"{address.strip().rstrip('/')}/".lower()
    if "/../" in own:
        return False
    return any(own.startswith(f"{prefix.rstrip('/')}/".lower()) for prefix in prefixes)


def names_owner(prefix: str) -> bool:
    """Return whether a URL prefix names more than a host, where everybody has repositories."""
    host, _, path = prefix.rpartition("://")[2].partition("/")
    return bool(host and path.strip("/"))


def in_dbfs(address: str) -> bool:
    """Return whether an address lies in DBFS, by its scheme or by the mount on each machine."""
    return address.strip().lower().startswith("dbfs:") or _path(address)[:1] == ["dbfs"]


def in_shared(address: str) -> bool:
    """Return whether an address lies in the workspace folder in which all users may write."""
    parts = _path(address)
    return parts[1 if parts[:1] == ["Workspace"] else 0 :][:1] == ["Shared"]


def _path(address: str) -> list[str]:
    """Return the parts of a path on a machine; none of another kind of address."""
    path = address.strip()
    path = path[len("file:") :] if path.lower().startswith("file:") else path
    if not path.startswith("/"):
        return []
    return [part for part in posixpath.normpath(path).split("/") if part]
