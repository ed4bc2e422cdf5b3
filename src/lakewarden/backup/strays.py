"""What lists and definitions say beside what is there: Git folders left out, and names of the gone.

The list of Git folders leaves some out; the tree has them all. And what is deleted while a backup
is under way was listed, and may be named, before it was missed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lakewarden.assets.canonical import ASSET, MISSING, references_of, spec_of
from lakewarden.backup.calls import DETAIL
from lakewarden.backup.crew import Read, finish
from lakewarden.backup.shaping import GONE, LEFT, READ, REPO
from lakewarden.backup.shared import Shared
from lakewarden.backup.tree import MISSED, REPOS
from lakewarden.clients.failure import CallFailedError
from lakewarden.store.vault.manifest import Collection, Status
from lakewarden.store.vault.queue import Item, State

Ids = Mapping[tuple[str, str], str]
"""Ids by kind and key."""


class Strays:
    """Git folders that the tree has, and their list has not."""

    def __init__(self, shared: Shared, read: Read) -> None:
        """Prepare to look.

        Args:
            shared: what all who work on the backup share.
            read: reads an item to its end.
        """
        self._shared = shared
        self._read = read

    def find(self) -> None:
        """Read them one by one."""
        queue, found = self._shared.queue, 0
        for identity, path in queue.noted(REPOS, {}).items():
            known = queue.get(REPO, identity)
            if REPO in self._shared.kinds and (known is None or known.stage == GONE):
                found += 1
                self._add(identity, path)
        lists = queue.collections()
        if REPO in lists:
            listed = replace(lists[REPO], objects=lists[REPO].objects + found)
            missed = queue.noted(MISSED, [])
            if missed and listed.status is Status.COMPLETE:
                listed = Collection(Status.PARTIAL, listed.objects, tuple(missed))
            queue.listed(REPO, listed)

    def _add(self, identity: str, path: str) -> None:
        kind = self._shared.kinds[REPO]
        item = Item(REPO, identity, path, READ)
        self._shared.tally.begin(kind, item)
        try:
            raw = self._shared.calls.get(DETAIL, kind.one.replace("{id}", identity))
            spec = spec_of(kind, raw, self._shared.keys.resolver())
        except (CallFailedError, ValueError, TypeError) as error:
            failed = replace(item, state=State.FAILED, error=str(error))
            self._shared.queue.put(failed)
            self._shared.tally.end(kind, item, failed)
            return
        item = replace(item, key=str(raw.get("path", path)), spec=self._shared.keep(spec))
        finish(self._shared, self._read, item)


def forget_gone(shared: Shared) -> None:
    """Take the names of what is not there any more out of what names it, and all that hangs on it.

    A later backup would find no key for such an id either.
    """
    queue = shared.queue
    gone = {
        (item.kind, item.key): item.id
        for item in queue.items(state=State.FAILED)
        if item.stage in {GONE, LEFT} and item.key
    }
    gone = {name: i for name, i in gone.items() if not _is_there(shared, *name)}
    kinds = {kind for kind, _ in gone}
    for kind in shared.kinds.values():
        if gone and kinds & {reference.kind for reference in kind.references}:
            for item in queue.items(kind.name, State.DONE):
                queue.put(*_without(shared, item, gone))


def _is_there(shared: Shared, kind: str, key: str) -> bool:
    return any(item.key == key for item in shared.queue.items(kind, State.DONE))


def _without(shared: Shared, item: Item, gone: Ids) -> list[Item]:
    spec = json.loads(shared.vault.get(item.spec)) if item.spec else {}
    if not gone.keys() & set(references_of(spec)):
        return []
    if shared.kinds[item.kind].named:
        return [replace(item, state=State.FAILED, stage=GONE, error="what it belongs to is gone")]
    return [replace(item, spec=shared.keep(_renamed(spec, gone)))]


def _renamed(value: Any, gone: Ids) -> Any:
    if isinstance(value, list):
        return [_renamed(each, gone) for each in value]
    if not isinstance(value, dict):
        return value
    if ASSET in value and (name := (str(value[ASSET]), str(value.get("key")))) in gone:
        return {MISSING: name[0], "id": gone[name]}
    return {name: _renamed(each, gone) for name, each in value.items()}
