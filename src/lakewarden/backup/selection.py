"""What a backup is of: which kinds, and which part of the workspace tree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

from lakewarden.assets.kind import Kind
from lakewarden.assets.registry import kinds
from lakewarden.errors import UsageError


@dataclass(frozen=True, slots=True)
class Selection:
    """What is to be read.

    Attributes:
        kinds: nothing but these and what they refer to; all when empty.
        without: kinds and patterns of paths that are left out.
        paths: patterns of the paths of the workspace tree; all when empty.
        values: whether values of secrets are read.
    """

    kinds: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    values: bool = False

    def chosen(self) -> dict[str, Kind]:
        """Return the kinds, those first on which others stand.

        Raises:
            UsageError: there is no such kind.
        """
        known = kinds()
        left_out = {name for name in self.without if not name.startswith("/")}
        for pattern in self.paths:
            if not pattern.startswith(("/", "*")):
                raise UsageError(
                    f"{pattern} is no path of the workspace",
                    next_step="Paths begin with a slash, as in '/Shared/*'",
                )
        for name in (*self.kinds, *sorted(left_out)):
            if name not in known:
                raise UsageError(
                    f"there is no kind {name}", next_step=f"The kinds are: {', '.join(known)}"
                )
        wanted = _closed(self.kinds, known) if self.kinds else set(known)
        return {
            name: kind if self.values else _without_value(kind)
            for name, kind in known.items()
            if name in wanted and name not in left_out
        }

    def has(self, path: str) -> bool:
        """Return whether an object of the tree is to be read."""
        return not self.skips(path) and (
            not self.paths or any(fnmatchcase(path, pattern) for pattern in self.paths)
        )

    def skips(self, path: str) -> bool:
        """Return whether an object, with all that is in it, is left out."""
        patterns = (pattern for pattern in self.without if pattern.startswith("/"))
        return any(fnmatchcase(path, pattern) for pattern in patterns)

    def may_have(self, folder: str) -> bool:
        """Return whether there may be something to read in a folder."""
        if self.skips(folder):
            return False
        inside = folder.rstrip("/") + "/"
        return not self.paths or any(_meets(inside, pattern) for pattern in self.paths)

    def as_json(self) -> Mapping[str, Any]:
        """Return it as JSON; two runs with the same one can be compared."""
        return {
            "kinds": sorted(self.kinds),
            "without": sorted(self.without),
            "paths": sorted(self.paths),
            "values": self.values,
        }


def _without_value(kind: Kind) -> Kind:
    is_secret = kind.content is not None and kind.content.source == "secret"
    return replace(kind, content=None) if is_secret else kind


def _closed(names: Iterable[str], known: Mapping[str, Kind]) -> set[str]:
    wanted: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in wanted:
            wanted.add(name)
            waiting += known[name].needs
    return wanted


def _meets(inside: str, pattern: str) -> bool:
    """Return whether something in a folder may match a pattern, by what comes before a wildcard."""
    plain = pattern
    for sign in "*?[":
        plain = plain.partition(sign)[0]
    return plain.startswith(inside) or inside.startswith(plain)
