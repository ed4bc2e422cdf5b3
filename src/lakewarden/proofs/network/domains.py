"""Patterns of host names, as domain lists and simple Suricata rules write them.

`a.b` is one name. `.a.b` is that name and all below it. `*a.b` is whatever ends so, also of other
owners, and `*a.b*` whatever has it inside.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass


def covers(pattern: str, name: str) -> bool:
    """Return whether a pattern takes in a name."""
    pattern, name = pattern.lower().rstrip("."), name.lower().rstrip(".")
    if pattern.startswith("*") and pattern.endswith("*"):
        return pattern.strip("*") in name
    if pattern.startswith("*"):
        return name.endswith(pattern[1:])
    if pattern.startswith("."):
        return name == pattern[1:] or name.endswith(pattern)
    return name == pattern


def _both(a: str, b: str) -> tuple[str, ...]:
    """Return patterns for the names that two patterns share; too much rather than too little."""
    if a == b:
        return (a,)
    wild_a, wild_b = "*" in a, "*" in b
    if wild_a and wild_b:
        return (a,)
    if wild_a or wild_b:
        return _wild_and_plain(*((a, b) if wild_a else (b, a)))
    if covers(a, b.removeprefix(".")) and (a.startswith(".") or not b.startswith(".")):
        return (b,)
    if covers(b, a.removeprefix(".")) and (b.startswith(".") or not a.startswith(".")):
        return (a,)
    return ()


def _wild_and_plain(wild: str, plain: str) -> tuple[str, ...]:
    if covers(wild, plain) or (plain.startswith(".") and wild.endswith("*")):
        return (plain,)
    return (wild,) if plain.startswith(".") and wild.endswith(plain) else ()


@dataclass(frozen=True, slots=True)
class NameFilter:
    """What lets only some names through.

    Attributes:
        names: patterns.
        protocols: where it looks for the name: TLS_SNI, HTTP_HOST, or `proxy`.
        by: the rule group, the proxy or the declaration that says so.
    """

    names: tuple[str, ...]
    protocols: tuple[str, ...]
    by: str

    def admits(self, name: str) -> bool:
        """Return whether a name gets through."""
        return any(covers(pattern, name) for pattern in self.names)


def common_names(filters: Iterable[NameFilter]) -> tuple[str, ...]:
    """Return the names that get through all of one or more filters.

    It may return too many, when patterns with stars meet; never too few.
    """
    row = list(filters)
    names = set(row[0].names)
    for other in row[1:]:
        pairs = itertools.product(names, other.names)
        names = {name for a, b in pairs for name in _both(a, b)}
    return tuple(sorted(names))
