"""`Catalogue`: what a workspace keeps, by kind and natural key.

Each kind is listed once, when it is first asked for, and kept up as assets are made and removed; so
a run of many thousand changes does not list a workspace as often. Safe to share between threads.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from lakewarden.apply import asset_lists
from lakewarden.apply.shelf import Held, Shelf, is_gone, keyed, parts_of
from lakewarden.assets import places
from lakewarden.assets.canonical import HERE, WORKSPACE, acl_of, spec_of
from lakewarden.assets.kind import Kind
from lakewarden.assets.registry import kinds
from lakewarden.backup.exporting import decoded, exported
from lakewarden.backup.listing import filled
from lakewarden.clients.databricks import DatabricksHost
from lakewarden.clients.failure import CallFailedError
from lakewarden.estate.fact import Cause

Json = Mapping[str, Any]
PERMISSIONS: Final = "/api/2.0/permissions"


class Catalogue:
    """The assets of one workspace."""

    def __init__(self, host: DatabricksHost, workspace: str) -> None:
        """Stand before a workspace, given its host and its id; nothing is read yet."""
        self.host = host
        self._workspace = workspace
        self._lists: dict[str, Shelf] = {}
        self._tree: dict[str, list[Json]] | None = None
        self._stale: set[tuple[str, str]] = set()
        self._seen: set[tuple[str, str]] = set()
        self._lists_lock = threading.Lock()
        self._tree_lock = threading.Lock()

    def all(self, kind: str) -> tuple[Held, ...]:
        """Return the assets of a kind.

        Raises:
            CallFailedError: they cannot be listed.
        """
        return self._shelf(kind).all()

    def held(self, kind: str, key: str) -> Held | None:
        """Return the asset with a key, None when there is none.

        Raises:
            CallFailedError: the kind cannot be listed, or the asset not be read again.
        """
        found = self._shelf(kind).by_key(key)
        stale = (kind, key) in self._stale
        if found is not None:
            return self._again(found) if stale else found
        if not stale:
            return self._beside(kinds()[kind], key)
        self._list_again(kinds()[kind], key)
        return self._shelf(kind).by_key(key)

    def known(self, kind: str, key: str) -> Held | None:
        """Return the asset with a key as it was last seen, where nothing but its id counts.

        Raises:
            CallFailedError: the kind cannot be listed, or the asset not be read again.
        """
        found = self._shelf(kind).by_key(key)
        return found if found is not None and found.id else self.held(kind, key)

    def _beside(self, kind: Kind, key: str) -> Held | None:
        """Look for what came with a parent that was made meanwhile."""
        parent = self.parent(kind, key) if kind.parent else None
        if parent is None or (kind.parent, parent.key) not in self._stale:
            return None
        with self._lists_lock:
            if (kind.name, parent.id) in self._seen:
                return None
            self._seen.add((kind.name, parent.id))
        self._list_again(kind, key)
        return self._shelf(kind.name).by_key(key)

    def id_of(self, kind: str, key: str) -> str | None:
        """Return the id of the asset with a key.

        Raises:
            CallFailedError: the kind cannot be listed.
        """
        if kind == WORKSPACE:
            return self._workspace
        found = self.known(kind, key)
        if found is None and self._first_miss(kind, key):
            self._forget(kind)
            found = self._shelf(kind).by_key(key)
        return found.id if found else None

    def _first_miss(self, kind: str, key: str) -> bool:
        with self._lists_lock:
            missed = (kind, f"?{key}") in self._seen
            self._seen.add((kind, f"?{key}"))
            return not missed

    def key_of(self, kind: str, asset: str) -> str | None:
        """Return the key of the asset with an id.

        Raises:
            CallFailedError: the kind cannot be listed.
        """
        if kind == WORKSPACE:
            return HERE if asset == self._workspace else None
        found = self._shelf(kind).by_id(asset)
        return found.key if found else None

    def made(self, kind: str, key: str, asset: str | None) -> None:
        """Note that an asset was made or changed; it is read again when it is next asked for.

        Args:
            kind: of the asset.
            key: its key.
            asset: its id, None where nobody said it, so that the kind must be listed anew.
        """
        with self._lists_lock:
            self._stale.add((kind, key))
        if asset is None:
            self._forget(kind)
            return
        shelf = self._shelf(kind)
        old = shelf.by_key(key)
        shelf.put(Held(kind, key, asset, old.raw if old else {}))

    def gone(self, kind: str, key: str) -> None:
        """Note that an asset is not there."""
        self._shelf(kind).drop(key)
        with self._lists_lock:
            self._stale.discard((kind, key))

    def spec(self, held: Held) -> dict[str, Any]:
        """Read the definition of an asset, with typed references to others.

        Raises:
            CallFailedError: it cannot be read, or is not of the form that its kind has.
        """
        return self.definition(held, self.whole(held))

    def whole(self, held: Held) -> Json:
        """Read all that the API says of an asset.

        Raises:
            CallFailedError: it cannot be read.
        """
        return asset_lists.whole(self.host, kinds()[held.kind], held.raw, held.id, held.key)

    def definition(self, held: Held, raw: Json) -> dict[str, Any]:
        """Make the definition of an asset of all that the API says of it.

        Raises:
            CallFailedError: it is not of the form that its kind has.
        """
        kind = kinds()[held.kind]
        if kind.fixed and kind.listing is None:
            return {}
        try:
            return spec_of(kind, raw, self.key_of)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            what = f"a {held.kind} is not of the form that is known ({type(error).__name__})"
            raise CallFailedError(Cause.MALFORMED, what) from None

    def content(self, held: Held, raw: Json) -> bytes | None:
        """Read the bytes of an asset; None for those without, and for secrets.

        Raises:
            CallFailedError: they cannot be read.
        """
        form = kinds()[held.kind].content
        if form is None or form.source == "secret":
            return None
        if form.source == "field":
            return decoded(raw.get(form.name))
        kind, size = kinds()[held.kind], int(raw.get("size") or 0)
        return exported(asset_lists.calls_of(self.host), held.key, kind.tree, size)

    def acl(self, held: Held) -> list[dict[str, str]]:
        """Read who was granted what on the asset itself.

        Raises:
            CallFailedError: it cannot be read.
        """
        answer = self.host.get(self.acl_path(held))
        try:
            return acl_of(answer)
        except (ValueError, KeyError, AttributeError) as error:
            raise CallFailedError(Cause.MALFORMED, f"the permissions: {error}") from None

    def acl_path(self, held: Held) -> str:
        """Return the path of the permissions of an asset.

        Raises:
            CallFailedError: the API does not say by which id they go.
        """
        kind = kinds()[held.kind]
        asset = held.id
        if kind.acl_id:
            asset = str(next(places.values(self.whole(held), kind.acl_id), ""))
        if not asset:
            raise CallFailedError(Cause.MISSING_FIELD, f"no {kind.acl_id} of {held.key}")
        return f"{PERMISSIONS}/{kind.acl}/{asset}"

    def parent(self, kind: Kind, key: str) -> Held | None:
        """Return the parent of what has a key: the longest key that it begins with.

        Raises:
            CallFailedError: the parents cannot be listed.
        """
        shelf, found = self._shelf(kind.parent), parts_of(key)
        return next((held for one in found if (held := shelf.by_key(one))), None)

    def _again(self, held: Held) -> Held | None:
        """Read what the list has of an asset again."""
        kind = kinds()[held.kind]
        try:
            if kind.tree and kind.listing is None:
                raw = asset_lists.status(self.host, held.key)
            elif kind.one:
                raw = self.host.get(filled(kind.one, id=held.id, key=held.key))
            elif kind.detail:
                raw = self.whole(held)
            else:
                self._list_again(kind, held.key)
                return self._shelf(held.kind).by_key(held.key)
        except CallFailedError as error:
            if not is_gone(error):
                raise
            self.gone(held.kind, held.key)
            return None
        if kind.skips and kind.skips(raw):
            self.gone(held.kind, held.key)
            return None
        asset = str(next(places.values(raw, kind.id), held.id)) if kind.id else held.id
        found = Held(held.kind, held.key, asset, raw)
        self._shelf(held.kind).put(found)
        return found

    def _list_again(self, kind: Kind, key: str) -> None:
        """List again what hangs on the parent of an asset, or all of its kind."""
        if not kind.parent:
            self._forget(kind.name)
            return
        parent = self.parent(kind, key)
        if parent is None or kind.listing is None:
            return
        shelf = self._shelf(kind.name)
        found = asset_lists.listed(self.host, kind, parent.id, parent.key)
        helds = list(keyed(kind, self.host, self.key_of, ((raw, parent.key) for raw in found)))
        for old in shelf.all():
            new = (kind.name, old.key) in self._stale and old.key != key
            if not new and self.parent(kind, old.key) == parent:
                shelf.drop(old.key)
        for held in helds:
            shelf.put(held)

    def _forget(self, kind: str) -> None:
        with self._lists_lock:
            self._lists.pop(kind, None)

    def _shelf(self, kind: str) -> Shelf:
        with self._lists_lock:
            shelf = self._lists.setdefault(kind, Shelf())
        shelf.fill(lambda: self._listed(kinds()[kind]))
        return shelf

    def _listed(self, kind: Kind) -> Iterator[Held]:
        return keyed(kind, self.host, self.key_of, self._raw_of(kind))

    def _raw_of(self, kind: Kind) -> Iterator[tuple[Json, str]]:
        """Yield the assets of a kind as they are listed, each with the key of its parent.

        Raises:
            CallFailedError: they cannot be listed.
        """
        if kind.tree and kind.listing is None:
            yield from ((raw, "") for raw in self._objects(kind.tree))
        elif kind.parent:
            for parent in self.all(kind.parent):
                found = asset_lists.listed(self.host, kind, parent.id, parent.key)
                yield from ((raw, parent.key) for raw in found)
        else:
            yield from ((raw, "") for raw in asset_lists.listed(self.host, kind))

    def _objects(self, form: str) -> Iterable[Json]:
        with self._tree_lock:
            if self._tree is None:
                self._tree = {}
                for raw in asset_lists.tree(self.host):
                    self._tree.setdefault(str(raw.get("object_type")), []).append(raw)
            return self._tree.get(form, ())
