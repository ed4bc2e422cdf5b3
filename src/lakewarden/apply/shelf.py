"""`Shelf`: the assets of one kind by key and id, and how they come by their keys."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from lakewarden.apply import asset_lists
from lakewarden.assets import places
from lakewarden.assets.canonical import KeyOf, numbered
from lakewarden.assets.kind import Kind
from lakewarden.clients.databricks import DatabricksHost
from lakewarden.clients.failure import CallFailedError
from lakewarden.estate.fact import Cause

Json = Mapping[str, Any]
Listed = tuple[Json, str]
"""What a list has of an asset, and the key of its parent."""
_AT_ONCE: Final = 16


@dataclass(frozen=True, slots=True)
class Held:
    """One asset, as its list has it.

    Attributes:
        kind: of asset.
        key: its natural key.
        id: by which the API knows it.
        raw: what the list says of it.
    """

    kind: str
    key: str
    id: str
    raw: Json


def is_gone(error: CallFailedError) -> bool:
    """Return whether a failed call says that the asset is not there."""
    said = error.cause is Cause.MALFORMED and "does not exist" in error.detail
    return error.cause is Cause.NOT_FOUND or said


class Shelf:
    """The assets of one kind, filled when it is first used."""

    def __init__(self) -> None:
        self._keys: dict[str, Held] = {}
        self._ids: dict[str, Held] = {}
        self._full = False
        self._lock = threading.RLock()

    def fill(self, listed: Callable[[], Iterable[Held]]) -> None:
        """Put everything of a list on it, unless that was done."""
        with self._lock:
            if not self._full:
                for held in listed():
                    self.put(held)
                self._full = True

    def all(self) -> tuple[Held, ...]:
        """Return everything on it."""
        with self._lock:
            return tuple(self._keys.values())

    def by_key(self, key: str) -> Held | None:
        """Return what has a key."""
        with self._lock:
            return self._keys.get(key)

    def by_id(self, asset: str) -> Held | None:
        """Return what has an id."""
        with self._lock:
            return self._ids.get(asset)

    def put(self, held: Held) -> None:
        """Put something on it, in the place of what has its key."""
        with self._lock:
            self._keys[held.key] = held
            if held.id:
                self._ids[held.id] = held

    def drop(self, key: str) -> None:
        """Take something off it."""
        with self._lock:
            held = self._keys.pop(key, None)
            if held is not None:
                self._ids.pop(held.id, None)


def parts_of(key: str) -> Iterator[str]:
    """Yield a key, and each part of it that ends before a slash, the longest first."""
    while key:
        yield key
        key = key.rpartition("/")[0]


def keyed(
    kind: Kind, host: DatabricksHost, key_of: KeyOf, listed: Iterable[Listed]
) -> Iterator[Held]:
    """Yield the assets of a kind under their keys, those of one name by the time of creation.

    Args:
        kind: of asset.
        host: their workspace.
        key_of: finds the keys of others that they are named by.
        listed: each as its list has it, with the key of its parent.

    Raises:
        CallFailedError: the details of one cannot be read.
    """
    found = [one for one in listed if not (kind.skips and kind.skips(one[0]))]
    if kind.detail and kind.key_of is not None:  # the key comes with the details
        found = list(_detailed(kind, host, found))
    found.sort(key=lambda one: _age(kind, one[0]))
    keys = numbered(_key(kind, key_of, raw, parent) for raw, parent in found)
    for key, (raw, _) in zip(keys, found, strict=True):
        asset = next(places.values(raw, kind.id), key) if kind.id else key
        yield Held(kind.name, key, str(asset), raw)


def _detailed(kind: Kind, host: DatabricksHost, found: list[Listed]) -> Iterator[Listed]:
    """Yield the assets of a kind as a whole, without those that are gone meanwhile."""

    def read(one: Listed) -> Listed | None:
        raw, parent = one
        asset = str(next(places.values(raw, kind.id), ""))
        try:
            return asset_lists.whole(host, kind, raw, asset, ""), parent
        except CallFailedError as error:
            if is_gone(error):
                return None
            raise

    with ThreadPoolExecutor(_AT_ONCE, "detail") as pool:
        for one in pool.map(read, found):
            if one is not None and not (kind.skips and kind.skips(one[0])):
                yield one


def _age(kind: Kind, raw: Json) -> tuple[str, str]:
    created = next(places.values(raw, kind.created), "") if kind.created else ""
    asset = next(places.values(raw, kind.id), "") if kind.id else ""
    return f"{created:020d}" if isinstance(created, int) else str(created), str(asset)


def _key(kind: Kind, key_of: KeyOf, raw: Json, parent: str) -> str:
    if kind.fixed:
        return str(raw["key"]) if kind.listing is None or len(kind.fixed) > 1 else kind.fixed[0]
    if kind.key_of is not None:
        return kind.key_of(raw, parent)
    found = next(places.values(raw, kind.key), "")
    if kind.named:
        found = key_of(kind.named, str(found)) or found
    return str(found)
