"""Whether an address of code lies where the organisation keeps its own."""

from __future__ import annotations

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
