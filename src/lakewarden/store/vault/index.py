"""Where each blob is: an index on disk that is made anew from what the vault has."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from lakewarden.store.vault.packs import Member


class Spot(NamedTuple):
    """Where a blob is.

    Attributes:
        pack: the name of the file, empty for what is not in one yet.
        offset: where it begins there.
        length: how long it is there.
        size: how long the blob is.
    """

    pack: str
    offset: int
    length: int
    size: int


class Index:
    """Blobs by digest. It is not safe to share: whoever holds it locks."""

    def __init__(self) -> None:
        """Begin with nothing, in an unnamed file."""
        self._base = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        self._base.executescript(
            """
            PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-4000;
            CREATE TABLE packs (id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL);
            CREATE TABLE blobs (digest BLOB PRIMARY KEY, pack INTEGER, start INTEGER,
            length INTEGER, size INTEGER) WITHOUT ROWID;
            """
        )

    def close(self) -> None:
        """Drop it."""
        self._base.close()

    def add(self, pack: str, members: Iterable[Member]) -> None:
        """Note the blobs of a pack; one that is known from elsewhere is from now on here."""
        self._base.execute("INSERT OR IGNORE INTO packs (name) VALUES (?)", (pack,))
        (number,) = self._base.execute("SELECT id FROM packs WHERE name = ?", (pack,)).fetchone()
        rows = ((m.digest, number, m.offset, m.length, m.size) for m in members)
        self._base.execute("BEGIN")
        self._base.executemany("INSERT OR REPLACE INTO blobs VALUES (?, ?, ?, ?, ?)", rows)
        self._base.execute("COMMIT")

    def find(self, digest: bytes) -> Spot | None:
        """Return where a blob is; None when it is nowhere."""
        query = "SELECT name, start, length, size FROM blobs JOIN packs ON id = pack"
        row = self._base.execute(f"{query} WHERE digest = ?", (digest,)).fetchone()
        return Spot(*row) if row else None

    def packs(self) -> set[str]:
        """Return the packs that were noted."""
        return {name for (name,) in self._base.execute("SELECT name FROM packs")}

    def forget(self, pack: str) -> None:
        """Drop a pack and what is in it."""
        query = "DELETE FROM blobs WHERE pack = (SELECT id FROM packs WHERE name = ?)"
        self._base.execute(query, (pack,))
        self._base.execute("DELETE FROM packs WHERE name = ?", (pack,))


class Digests:
    """A set of digests that memory need not hold."""

    def __init__(self) -> None:
        """Begin with nothing, in an unnamed file."""
        self._base = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        self._base.executescript(
            """
            PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-4000;
            CREATE TABLE wanted (digest TEXT PRIMARY KEY) WITHOUT ROWID;
            """
        )

    def add(self, digest: str) -> bool:
        """Add one; return whether it is new."""
        added = self._base.execute("INSERT OR IGNORE INTO wanted VALUES (?)", (digest,))
        return added.rowcount > 0

    def __contains__(self, digest: str) -> bool:
        query = "SELECT 1 FROM wanted WHERE digest = ?"
        return self._base.execute(query, (digest,)).fetchone() is not None

    def __iter__(self) -> Iterator[str]:
        return (digest for (digest,) in self._base.execute("SELECT digest FROM wanted"))

    def close(self) -> None:
        """Drop it."""
        self._base.close()
