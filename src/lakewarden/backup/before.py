"""What the run before knew: what has not changed since then need not be read again.

An object keeps its digests when it has the same stamp. Permissions have no stamp. So they are read
anew in a sweep: each has a moment of its own within a period, and a run reads those whose moment
came since it was read. Runs together read each once in a period, and none reads all.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from lakewarden.assets.kind import Kind
from lakewarden.assets.registry import kinds
from lakewarden.backup.shaping import mark_of
from lakewarden.backup.signals import Signals
from lakewarden.clock import parse_time
from lakewarden.store.vault.manifest import Entry

ACL_READ_AT: Final = "acl_read_at"
"""The field of a stamp that says when permissions were read."""
_SHORT: Final = 12
"""Bytes of a digest that tell assets apart."""


class Known(NamedTuple):
    """What the run before has of an asset."""

    identity: str
    mark: bytes
    name: str
    spec: str | None
    acl: str | None
    content: str | None
    cipher: str | None
    acl_read_at: float


class Before:
    """The run before, in memory: about half a kilobyte for each asset.

    Attributes:
        kinds: of which there were assets.
        inside: one of the paths that were in each folder of the workspace tree.
        signals: whose permissions were changed since, as far as anything says so.
    """

    def __init__(
        self, entries: Iterable[Entry] = (), *, period: float = 0.0, full: bool = False
    ) -> None:
        """Remember a run.

        Args:
            entries: of the run.
            period: seconds within which each permission is read again; 0 for each time.
            full: remember what there was and nothing of how it was, so that all is read again.
        """
        self._known: dict[bytes, tuple[Any, ...]] = {}
        self._keys: dict[str, list[str]] = {}
        self._period = period
        self.kinds: set[str] = set()
        self.inside: dict[str, str] = {}
        self.signals = Signals()
        for entry in entries:
            kind = kinds().get(entry.kind)
            if kind is not None:
                self._note(kind, entry.key)
                if not full:
                    self._known[_place(kind, _row(kind, entry))] = _packed(kind, entry)

    def __len__(self) -> int:
        return len(self._known)

    def signalled(self, signals: Signals) -> None:
        """Take note of what the audit log says of permissions since."""
        self.signals = signals

    def parents(self, kind: Kind, there: Collection[str]) -> set[str]:
        """Return which parents had assets of a kind in them, of those that are there now."""
        return {_parent(key, there) for key in self._keys.get(kind.name, ())} - {""}

    def of(self, kind: Kind, row: str) -> Known | None:
        """Return what is known of the asset that a row of the queue is about."""
        packed = self._known.get(_place(kind, row))
        if packed is None:
            return None
        identity, mark, name, spec, acl, content, cipher, read = packed
        digests = (_hex(spec), _hex(acl), _hex(content), _hex(cipher))
        return Known(identity, mark, name, *digests, read)

    def same(self, kind: Kind, known: Known, stamp: Mapping[str, Any]) -> bool:
        """Return whether an asset is certainly as it was."""
        mark = mark_of(kind, stamp)
        return mark is not None and bool(known.mark) and known.mark == _digest(mark)

    def due(self, known: Known, now: float) -> bool:
        """Return whether the permissions of an asset are to be read again."""
        if known.acl is None or not self._period or known.identity in self.signals.ids:
            return True
        moment = int.from_bytes(_digest(known.identity)[:6], "big") / 2**48 * self._period
        return (now - moment) // self._period > (known.acl_read_at - moment) // self._period

    def _note(self, kind: Kind, key: str) -> None:
        self.kinds.add(kind.name)
        if kind.tree and key != "/":
            self.inside.setdefault(key.rpartition("/")[0] or "/", key)
        if kind.parent:
            self._keys.setdefault(kind.name, []).append(key)


def time_of(seconds: float) -> str:
    """Return a time as it stands in a stamp."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _parent(key: str, there: Collection[str]) -> str:
    """Return the asset that another one is in, by their keys; empty where it is there no more."""
    while key and key not in there:
        key = key[: max(key.rfind("/"), key.rfind("."), 0)]
    return key


def _row(kind: Kind, entry: Entry) -> str:
    return entry.key if kind.tree else str(entry.stamp.get("id", entry.key))


def _place(kind: Kind, row: str) -> bytes:
    return _digest([kind.name, row])


def _packed(kind: Kind, entry: Entry) -> tuple[Any, ...]:
    mark = mark_of(kind, entry.stamp)
    read = entry.stamp.get(ACL_READ_AT)
    return (
        str(entry.stamp.get("id", "")),
        _digest(mark) if mark else b"",
        "" if kind.tree else str(entry.stamp.get("name", entry.key)),
        *(_bytes(each) for each in (entry.spec, entry.acl, entry.content, entry.cipher)),
        parse_time(read).timestamp() if read else 0.0,
    )


def _digest(value: Any) -> bytes:
    text = json.dumps(value, sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=_SHORT).digest()


def _bytes(digest: str | None) -> bytes | None:
    return bytes.fromhex(digest) if digest else None


def _hex(digest: bytes | None) -> str | None:
    return digest.hex() if digest else None
