"""What differs between two runs, and when that is so much that somebody should look first.

An asset is gone only when both runs listed its whole kind. Whoever encrypts or deletes a workspace
changes most of it at once; a backup that follows blindly is soon all that is left of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from lakewarden.store.vault.compare import pairs
from lakewarden.store.vault.manifest import Collection, Entry, Status

_SHARE: Final = 0.3
_FEW: Final = 20

Collections = Mapping[str, Collection]


@dataclass(slots=True)
class Changes:
    """How one kind changed.

    Attributes:
        before: how many assets the run before had.
        added: how many are new.
        changed: how many have another definition, content or other permissions.
        gone: how many are certainly no more.
    """

    before: int = 0
    added: int = 0
    changed: int = 0
    gone: int = 0

    @property
    def massive(self) -> bool:
        """Return whether so much changed or vanished that somebody should look first."""
        hit = self.changed + self.gone
        return hit >= _FEW and hit > _SHARE * self.before


def changes(
    old: Iterable[Entry], new: Iterable[Entry], old_lists: Collections, new_lists: Collections
) -> dict[str, Changes]:
    """Return how each kind changed that has a collection in both runs.

    Args:
        old: entries of the run before, in order of kind and key.
        new: entries of this one, likewise.
        old_lists: how its collections ended.
        new_lists: likewise.
    """
    found = {kind: Changes() for kind in old_lists if kind in new_lists}
    for before, after in pairs(iter(old), iter(new)):
        kind = (before or after).kind  # type: ignore[union-attr]  # one of them is there
        if kind not in found:
            continue
        count = found[kind]
        count.before += before is not None
        if before is None:
            count.added += _whole(kind, old_lists)
        elif after is None:
            count.gone += _whole(kind, old_lists) and _whole(kind, new_lists)
        else:
            count.changed += _parts(before) != _parts(after)
    return found


def _whole(kind: str, lists: Collections) -> bool:
    return lists[kind].status is Status.COMPLETE


def _parts(entry: Entry) -> tuple[str | None, ...]:
    return entry.spec, entry.acl, entry.content
