"""The collections that have lists of their own, as items of the queue.

They are read in waves: a kind comes after those that it refers to, since the ids in its definitions
are replaced by keys of theirs.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Container, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, Final

from lakewarden.assets.canonical import spec_of
from lakewarden.assets.kind import Json, Kind
from lakewarden.assets.places import values
from lakewarden.backup.crew import Read, finish
from lakewarden.backup.listing import Listed, outcome
from lakewarden.backup.shaping import (
    GONE,
    LEFT,
    NAMED,
    NAMES,
    READ,
    SETTING,
    UNSEEN,
    Found,
    id_in,
    key_in,
    left_out,
    named_late,
    stamp_in,
    told_apart,
)
from lakewarden.backup.shared import Shared
from lakewarden.clients.failure import CallFailedError, scrub
from lakewarden.estate.fact import Cause
from lakewarden.store.vault.manifest import Collection, Status
from lakewarden.store.vault.queue import Item, State

_THREADS: Final = 16
_ODD: Final = (AttributeError, KeyError, TypeError, ValueError)
"""What comes of an answer that is not of the form that its kind has."""

Drafts = list[tuple[Item, Json]]
"""Items with what was listed of them."""


def listed_whole(kind: Kind, collection: Collection | None, items: Iterable[Item]) -> bool:
    """Return whether a kind was listed to its end, with all definitions that its list has."""
    if collection is None or collection.status is not Status.COMPLETE:
        return False
    return bool(kind.detail) or kind.listing is None or all(item.spec for item in items)


class Collections:
    """Fills the queue with what is in collections; those listed before are not listed again.

    Attributes:
        ready: kinds that are listed, and all that they refer to.
        skipped: how many assets are not kept, by the reason.
    """

    def __init__(self, shared: Shared, read: Read) -> None:
        """Prepare to list.

        Args:
            shared: what all who work on the backup share.
            read: reads an item to its end.
        """
        self._shared = shared
        self._read = read
        self._ended = shared.queue.collections()
        self._pool = ThreadPoolExecutor(_THREADS, "list")
        self.ready: set[str] = set()
        self.skipped: Counter[str] = Counter()

    def run(self) -> None:
        """List all kinds, wave by wave."""
        chosen = [kind for kind in self._shared.kinds.values() if not kind.tree]
        waves = itertools.groupby(sorted(chosen, key=self._depth), key=self._depth)
        with self._pool, ThreadPoolExecutor(_THREADS, "kind") as pool:
            for _, wave in waves:
                list(pool.map(self._collect, wave))

    def _depth(self, kind: Kind) -> int:
        known = self._shared.kinds
        return 1 + max((self._depth(known[n]) for n in kind.needs if n in known), default=0)

    def _collect(self, kind: Kind) -> None:
        if self._shared.stop.is_set() or (kind.parent and kind.parent not in self._shared.kinds):
            return
        if not listed_whole(kind, self._ended.get(kind.name), self._there(kind)):
            self._list(kind)
        if named_late(kind):
            self._name(kind)
        self._learn(kind)
        self.ready.add(kind.name)

    def _learn(self, kind: Kind) -> None:
        """Remember the keys of a kind; those that come late are known of what was read alone."""
        late = named_late(kind)
        self._shared.keys.learn(i for i in self._there(kind) if not late or i.state is State.DONE)

    def _there(self, kind: Kind) -> Iterator[Item]:
        for item in self._shared.queue.items(kind.name):
            if item.state is not State.FAILED or item.stage not in {GONE, LEFT, UNSEEN}:
                yield item

    def _list(self, kind: Kind) -> None:
        drafts, failures = self._drafts(kind)
        if not named_late(kind):
            keyed = told_apart([item for item, _ in drafts])
            drafts = [(item, raw) for item, (_, raw) in zip(keyed, drafts, strict=True)]
        collection = self._shared.judged(kind, outcome(len(drafts), failures))
        if not named_late(kind):
            self._shared.keys.learn(item for item, _ in drafts)
        ready = [self._ready(kind, item, raw) for item, raw in drafts]
        for item in ready:
            self._shared.tally.begin(kind, item)
        self._shared.queue.put(*ready)
        self._shared.queue.note(left_out(kind.name), self._skipped(kind))
        self._shared.queue.listed(kind.name, collection)

    def _skipped(self, kind: Kind) -> dict[str, int]:
        mine = f"{kind.name}: "
        return {why: count for why, count in self.skipped.items() if why.startswith(mine)}

    def _drafts(self, kind: Kind) -> tuple[Drafts, list[CallFailedError]]:
        """Return the items of a kind, each once, and why there may be more."""
        found, failures = self._found(kind)
        drafts: dict[Any, tuple[Item, Json]] = {}
        for place, one in enumerate(found):
            try:
                skipped = kind.skips(one.raw) if kind.skips and kind.name != SETTING else ""
                key = "" if named_late(kind) or skipped else self._key(kind, one)
            except _ODD as error:
                what = f"one of {kind.title}: {type(error).__name__}: {error}"
                failures.append(CallFailedError(Cause.MALFORMED, what))
                continue
            skipped = skipped or ("" if key is not None else f"its {kind.named} is not kept")
            if skipped:
                self.skipped[f"{kind.name}: {skipped}"] += 1
                continue
            stage, identity = NAMED if named_late(kind) else READ, id_in(kind, one.raw)
            if kind.id and not identity:
                what = f"one of {kind.title} has no {kind.id}"
                failures.append(CallFailedError(Cause.MISSING_FIELD, what))
                continue
            stamp = {**stamp_in(kind, one.raw), **self._names(kind, one.raw)}
            item = Item(kind.name, identity, key or "", stage, stamp=stamp)
            drafts[identity or place] = item, one.raw
        if kind.named in self._shared.kinds and self._shared.keys.doubted(kind.named):
            failures.append(self._not_all(kind.named))
        return list(drafts.values()), failures

    def _names(self, kind: Kind, raw: Json) -> dict[str, list[str]]:
        """Return the keys that a list names by id: where one has another name, so has this."""
        if not kind.detail or not kind.stamp or not kind.references:
            return {}
        ids = [(r.kind, str(i)) for r in kind.references for i in values(raw, r.place)]
        return {NAMES: [self._shared.keys.find(*each) or "" for each in ids]}

    def _key(self, kind: Kind, one: Found) -> str | None:
        """Return the key of an asset; None where it is named by one that is not kept."""
        key = key_in(kind, one)
        return self._shared.keys.find(kind.named, key) if kind.named else key

    def _not_all(self, name: str) -> CallFailedError:
        what = f"not all {self._shared.kinds[name].title} could be listed"
        return CallFailedError(Cause.NOT_READ, what)

    def _found(self, kind: Kind) -> Listed:
        if not kind.parent:
            found, failures = self._shared.lister.listed(kind)
            return list(found), list(failures)
        found, failures = [], []
        if self._shared.keys.doubted(kind.parent):
            failures.append(self._not_all(kind.parent))
        parents = list(self._there(self._shared.kinds[kind.parent]))
        had = self._shared.before.parents(kind, {parent.key for parent in parents})
        for some, ended in self._pool.map(lambda each: self._inside(kind, each, had), parents):
            found += some
            failures += ended
        return found, failures

    def _inside(self, kind: Kind, parent: Item, had: Container[str]) -> Listed:
        if self._shared.stop.is_set() or not parent.key:
            return [], [CallFailedError(Cause.NOT_READ, f"{parent.kind} {parent.id} was not read")]
        there = parent.key in had
        found, failures = self._shared.lister.inside(kind, parent.id, parent.key, had=there)
        where = [
            CallFailedError(e.cause, f"{parent.key}: {e.detail}", code=e.code) for e in failures
        ]
        return found, where

    def _ready(self, kind: Kind, item: Item, raw: Json) -> Item:
        """Return an item with its definition, where the list has it, and what was known before."""
        if kind.listing is not None and not kind.detail:
            resolver = self._shared.keys.resolver()
            try:
                spec = self._shared.keep(spec_of(kind, raw, resolver))
            except _ODD as error:
                what = scrub(f"malformed answer: {type(error).__name__}: {error}")
                return replace(item, state=State.FAILED, error=what)
            item = replace(item, spec=spec, error=resolver.complaint)
        return self._shared.planned(kind, item)

    def _name(self, kind: Kind) -> None:
        """Read the details of a kind whose keys come with them, and tell its assets apart."""
        queue = self._shared.queue
        waiting = queue.items(kind.name, State.OPEN, NAMED)
        list(self._pool.map(self._finish, waiting))
        named = list(queue.items(kind.name, State.DONE))
        renamed = told_apart(named)
        queue.put(*(new for new, old in zip(renamed, named, strict=True) if new != old))
        failed = queue.items(kind.name, State.FAILED)
        if any(item.stage not in {GONE, LEFT} for item in failed):
            self._shared.keys.doubt(kind.name)

    def _finish(self, item: Item) -> None:
        if not self._shared.stop.is_set():
            finish(self._shared, self._read, item)
