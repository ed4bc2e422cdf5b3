"""The natural keys of what was listed, by id: what references are made of."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from lakewarden.assets.canonical import HERE, WORKSPACE
from lakewarden.store.vault.queue import Item


class Keys:
    """Keys by kind and id. Threads may share it."""

    def __init__(self, workspace: str = "") -> None:
        """Begin with the id of the workspace, whose key is `here`."""
        self._keys: dict[str, dict[str, str]] = {WORKSPACE: {workspace: HERE}}
        self._doubted: set[str] = set()
        self._lock = threading.Lock()

    def learn(self, items: Iterable[Item]) -> None:
        """Remember the keys of items."""
        with self._lock:
            for item in items:
                self._keys.setdefault(item.kind, {})[item.id] = item.key

    def doubt(self, kind: str) -> None:
        """Note that there may be more of a kind than was listed."""
        with self._lock:
            self._doubted.add(kind)

    def resolver(self) -> Resolver:
        """Return a finder of keys for one definition."""
        return Resolver(self)

    def find(self, kind: str, identity: str) -> str | None:
        """Return a key; None when nobody saw such an asset."""
        with self._lock:
            return self._keys.get(kind, {}).get(identity)

    def doubted(self, kind: str) -> bool:
        """Return whether there may be more of a kind than was listed."""
        with self._lock:
            return kind in self._doubted


class Resolver:
    """Finds keys for one definition, and says what it was unsure about.

    Attributes:
        unsure: kinds of which an id is not known, though it may well be there.
    """

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self.unsure: set[str] = set()

    def __call__(self, kind: str, identity: str) -> str | None:
        """Return the key of an asset; None when nobody saw one."""
        found = self._keys.find(kind, identity)
        if found is None and self._keys.doubted(kind):
            self.unsure.add(kind)
        return found

    @property
    def complaint(self) -> str:
        """Return what is to be said of the definition, empty for nothing."""
        if not self.unsure:
            return ""
        return f"it names what could not be listed: {', '.join(sorted(self.unsure))}"
