"""Who an access control list lets in, by name."""

from __future__ import annotations

from lakewarden.estate.access import ObjectPermissions
from lakewarden.estate.fact import Cause, Gap, UnreadError


def holders(permissions: ObjectPermissions, *levels: str) -> list[str]:
    """Return the names of those who hold one of some levels, directly or by inheritance.

    Raises:
        UnreadError: the list was not read, or an entry of it names nobody.
    """
    acl = permissions.acl
    names = [entry.name for entry in acl.get() if any(entry.may(level) for level in levels)]
    if "" in names:
        detail = f"an entry for {permissions.id} names nobody"
        raise UnreadError(Gap(Cause.MISSING_FIELD, acl.source, detail, ""))
    return sorted(names)
