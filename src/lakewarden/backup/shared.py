"""What all who work on one backup share."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from lakewarden.assets.canonical import text
from lakewarden.assets.kind import Kind
from lakewarden.backup.before import ACL_READ_AT, Before, Known, time_of
from lakewarden.backup.calls import Calls
from lakewarden.backup.keys import Keys
from lakewarden.backup.listing import Lister
from lakewarden.backup.selection import Selection
from lakewarden.backup.shaping import named_late
from lakewarden.backup.tally import Tally, calls_for
from lakewarden.store.vault.manifest import Collection, Status
from lakewarden.store.vault.queue import Item, Queue, State
from lakewarden.store.vault.vault import Vault

Sealed = Callable[[str, str, bytes], tuple[str, bytes]]
"""Makes of kind, key and value of a secret its keyed digest, and the value encrypted."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What all who work on one backup share.

    Attributes:
        calls: reads the workspace.
        lister: lists its collections.
        kinds: what is read, those first on which others stand.
        selection: which part of the workspace tree.
        vault: where blobs go.
        queue: what was found, and how far it is.
        keys: the keys of what was listed.
        before: the run before.
        tally: how far all is.
        now: when this run began, Unix time in seconds.
        seal: encrypts values of secrets; None when these are not read.
        blind: why lists may leave things out unsaid, by what their paths begin with.
        stop: set when everybody is to stop.
    """

    calls: Calls
    lister: Lister
    kinds: Mapping[str, Kind]
    selection: Selection
    vault: Vault
    queue: Queue
    keys: Keys
    before: Before
    tally: Tally
    now: float
    seal: Sealed | None = None
    blind: Mapping[str, str] = field(default_factory=dict)
    stop: threading.Event = field(default_factory=threading.Event)

    def keep(self, document: Any) -> str:
        """Keep a JSON document as a blob; return its digest."""
        return self.vault.put(text(document).encode("utf-8", "surrogatepass"))

    def judged(self, kind: Kind, collection: Collection) -> Collection:
        """Return how the listing of a kind ended; what may leave things out is not complete."""
        path = kind.listing.path if kind.listing else ""
        why = tuple(why for prefix, why in self.blind.items() if path.startswith(prefix))
        if why and collection.status is Status.COMPLETE and not kind.fixed:
            collection = Collection(Status.PARTIAL, collection.objects, why)
        if collection.status is not Status.COMPLETE:
            self.keys.doubt(kind.name)
        return collection

    def planned(self, kind: Kind, item: Item) -> Item:
        """Return an item with what the run before has of it, where that still holds."""
        known = self.before.of(kind, item.id)
        if known is not None:
            item = self._unchanged(kind, item, known)
            item = self._with_acl(kind, item, known)
        return item if calls_for(kind, item) else replace(item, state=State.DONE, stage="")

    def _unchanged(self, kind: Kind, item: Item, known: Known) -> Item:
        digests = [known.cipher or known.content] if kind.content else []
        digests += [known.spec] if kind.detail else []
        if not digests or not all(d is not None and self.vault.has(d) for d in digests):
            return item
        if not self.before.same(kind, known, item.stamp):
            return item
        if named_late(kind) and self.before.due(known, self.now):
            return item  # its folder may have another name, which no time of change tells
        kept = replace(item, content=known.content, cipher=known.cipher)
        if kind.detail:
            kept = replace(kept, spec=known.spec)
        return replace(kept, key=known.name) if named_late(kind) else kept

    def _with_acl(self, kind: Kind, item: Item, known: Known) -> Item:
        the_same = str(item.stamp.get("id", item.id)) == known.identity
        if not kind.acl or not the_same or self.before.due(known, self.now):
            return item
        if known.acl is None or not self.vault.has(known.acl):
            return item
        stamp = {**item.stamp, ACL_READ_AT: time_of(known.acl_read_at)}
        return replace(item, acl=known.acl, stamp=stamp)
