"""Taking up a backup that was cut off: what is done stays, what failed is tried again."""

from __future__ import annotations

from dataclasses import replace

from lakewarden.assets.kind import Kind
from lakewarden.backup.collections import listed_whole
from lakewarden.backup.shaping import GONE, LEFT, NAMED, READ, TREE, named_late
from lakewarden.backup.shared import Shared
from lakewarden.store.vault.queue import Item, State


def take_up(shared: Shared) -> None:
    """Open again what failed, and forget what was found in lists that did not come to their end."""
    ended = shared.queue.collections()
    for kind in shared.kinds.values():
        items = shared.queue.items(kind.name)
        whole = bool(kind.tree) or listed_whole(kind, ended.get(kind.name), items)
        for item in shared.queue.items(kind.name):
            if item.stage in {GONE, LEFT}:
                continue
            again = _again(kind, item) if whole else _forgotten(item)
            if again != item:
                shared.queue.put(again)
            if again.stage != GONE:
                shared.tally.begin(kind, again)
    shared.queue.settle()


def _again(kind: Kind, item: Item) -> Item:
    """Return an item as it is to be tried again, if it is not whole."""
    if not item.error:
        return item
    stage = TREE if kind.tree else NAMED if named_late(kind) else READ
    spec = None if kind.detail else item.spec
    return replace(item, state=State.OPEN, stage=stage, error="", spec=spec)


def _forgotten(item: Item) -> Item:
    return replace(item, state=State.FAILED, stage=GONE, error="its list is read again")
