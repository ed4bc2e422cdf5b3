"""The objects of the workspace tree, as items of the queue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from lakewarden.assets.canonical import spec_of
from lakewarden.assets.kind import Kind
from lakewarden.backup.listing import outcome
from lakewarden.backup.shaping import GONE, REPO, TREE, left_out, mark_of, stamp_in
from lakewarden.backup.shared import Shared
from lakewarden.backup.walk import Objects, Walk
from lakewarden.store.vault.queue import Item, State

_GIT: Final = "REPO"
_ELSEWHERE: Final = frozenset({"DASHBOARD", "MLFLOW_EXPERIMENT", _GIT})
"""Types of objects that are kept by lists of their own."""
REPOS: Final = "repos"
"""The note that has the paths of Git folders in the tree, by their ids."""
MISSED: Final = "missed"
"""The note that has why folders could not be listed; there is none before the walk has ended."""


class Tree:
    """Fills the queue with what is in the tree; a walk that was cut off is done again.

    Attributes:
        skipped: how many objects there are of types that are not kept.
    """

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._kinds = {kind.tree: kind for kind in shared.kinds.values() if kind.tree}
        self._counts: Counter[str] = Counter()
        self._earlier: dict[tuple[str, str], Mapping[str, Any] | None] = {}
        self._repos: dict[str, str] = {}
        self.skipped: Counter[str] = Counter()

    def run(self) -> None:
        """Walk, unless that was done before."""
        wanted = self._kinds or REPO in self._shared.kinds
        if not wanted or self._shared.queue.noted(MISSED) == []:
            return
        self._remember()
        failures = Walk(
            self._shared.calls,
            self._shared.selection.may_have,
            self._found,
            self._shared.stop,
            self._shared.before.inside,
        ).run()
        if self._shared.stop.is_set():
            return
        if not failures:
            self._drop_vanished()
        self._shared.queue.note(left_out("tree"), dict(self.skipped))
        self._shared.queue.note(REPOS, self._repos)
        for kind in self._kinds.values():
            whole = self._shared.judged(kind, outcome(self._counts[kind.name], failures))
            self._shared.queue.listed(kind.name, whole)
        self._shared.queue.note(MISSED, [str(failure) for failure in failures])

    def _remember(self) -> None:
        """Take note of what an earlier walk of this run found."""
        if not self._shared.queue.resumed:
            return
        for kind in self._kinds.values():
            for item in self._shared.queue.items(kind.name):
                if item.stage != GONE:
                    self._earlier[kind.name, item.id] = mark_of(kind, item.stamp)

    def _found(self, objects: Objects) -> None:
        fresh = []
        for raw in objects:
            if raw.get("object_type") == _GIT and self._shared.selection.has(str(raw["path"])):
                self._repos[str(raw["object_id"])] = str(raw["path"])
            kind = self._kinds.get(str(raw.get("object_type")))
            if kind is None:
                self.skipped.update({str(raw.get("object_type"))} - _ELSEWHERE)
            elif self._shared.selection.has(str(raw["path"])):
                fresh += self._new(kind, raw)
        for kind, item in fresh:
            self._shared.tally.begin(kind, item)
        self._shared.queue.put(*(item for _, item in fresh))

    def _new(self, kind: Kind, raw: Mapping[str, Any]) -> list[tuple[Kind, Item]]:
        """Return the item of an object, unless it is in the queue as it is now."""
        self._counts[kind.name] += 1
        path = str(raw["path"])
        stamp = {**stamp_in(kind, raw), "id": str(raw.get("object_id", ""))}
        if (kind.name, path) in self._earlier:
            before = self._earlier.pop((kind.name, path))
            if before == mark_of(kind, stamp):
                return []
        spec = self._shared.keep(spec_of(kind, raw, lambda *_: None))
        item = Item(kind.name, path, path, TREE, spec=spec, stamp=stamp)
        return [(kind, self._shared.planned(kind, item))]

    def _drop_vanished(self) -> None:
        """Leave out what an earlier walk found and this one did not."""
        for name, path in self._earlier:
            gone = Item(name, path, path, GONE, State.FAILED, error="it vanished meanwhile")
            self._shared.queue.put(gone)
