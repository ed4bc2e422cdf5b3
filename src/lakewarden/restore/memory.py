"""Three ways to look at an asset of a standby: wanted now, applied last, and found now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from lakewarden.apply.shelf import Held
from lakewarden.assets.canonical import digest, text
from lakewarden.assets.registry import kinds
from lakewarden.restore.target import Found
from lakewarden.restore.wanted import Wanted
from lakewarden.store.pairs import Applied, Key

Json = Mapping[str, Any]
_CHANGED: Final = "modified_at"


@dataclass(frozen=True, slots=True)
class Memory:
    """What was applied to a standby.

    Attributes:
        applied: by kind and key.
    """

    applied: Mapping[Key, Applied]

    def removed(self, wanted: Wanted) -> str:
        """Return what to say of an asset that is not there; empty where it never was."""
        mine = self.applied.get((wanted.kind, wanted.key))
        return "it was removed in the standby" if mine else ""

    def same(self, wanted: Wanted) -> bool:
        """Return whether just this was wanted last time."""
        mine = self.applied.get((wanted.kind, wanted.key))
        return mine is not None and mine.wanted == wanted_digest(wanted)

    def finished(self, wanted: Wanted) -> bool:
        """Return whether a sync made all of an asset, so that what runs of it is its users'."""
        mine = self.applied.get((wanted.kind, wanted.key))
        return mine is not None and bool(mine.wanted)

    def assumed(self, wanted: Wanted, held: Held) -> str | None:
        """Return the digest of the bytes that an asset still has; None where nobody knows.

        Its bytes need not be read when its list says that nothing happened to it.
        """
        mine = self.applied.get((wanted.kind, wanted.key))
        if mine is None or not mine.mark or not self.same(wanted):
            return None
        return wanted.content if mine.mark == mark_of(held) else None

    def drift(self, wanted: Wanted, found: Found) -> str:
        """Return how an asset was changed in the standby; empty where it was left alone."""
        mine = self.applied.get((wanted.kind, wanted.key))
        if mine is None:
            return "it was in the standby before, and differs"
        if mine.left == found_digest(found):
            return ""
        if mine.wanted == wanted_digest(wanted):
            return "it was changed in the standby"
        return "it was changed in the standby, and at the source as well"


def mark_of(held: Held) -> str:
    """Return what the list of an asset says when it changes; empty where that tells nothing."""
    kind = kinds()[held.kind]
    if not kind.tree or kind.content is None or held.raw.get(_CHANGED) is None:
        return ""
    return text([held.id, {name: held.raw.get(name) for name in kind.stamp}])


def wanted_digest(wanted: Wanted) -> str:
    """Return the digest of what is wanted of an asset."""
    return _digest(wanted.spec, wanted.content, wanted.acl)


def found_digest(found: Found) -> str:
    """Return the digest of an asset as it is."""
    document = found.document or {}
    return left_digest(document, found.acl)


def left_digest(document: Json, acl: list[dict[str, str]] | None) -> str:
    """Return the digest of an asset's document and permissions."""
    return _digest(document.get("spec") or {}, document.get("content"), acl)


def _digest(spec: Json, content: str | None, acl: list[dict[str, str]] | None) -> str:
    entries = None if acl is None else sorted(acl, key=text)
    return digest(text([spec, content, entries]).encode("utf-8", "surrogatepass"))
