"""What verifying has seen so far, in an unnamed file: memory does not grow with the vault."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from lakewarden.store.vault.manifest import Entry

_SCHEMA: Final = """
PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-8000;
CREATE TABLE wanted (digest TEXT PRIMARY KEY, json INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE good (digest TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE bad (digest TEXT PRIMARY KEY, what TEXT, place TEXT) WITHOUT ROWID;
CREATE TABLE refs (digest TEXT, kind BLOB, key BLOB, PRIMARY KEY (digest, kind, key)) WITHOUT ROWID;
CREATE TABLE now (kind BLOB, key BLOB, PRIMARY KEY (kind, key)) WITHOUT ROWID;
CREATE TABLE parts (kind BLOB, key BLOB, part TEXT, digest TEXT);
"""
_LOST: Final = """
SELECT parts.kind, parts.key, part, coalesce(what, 'is missing'), coalesce(place, '')
FROM parts LEFT JOIN bad USING (digest) WHERE digest NOT IN (SELECT digest FROM good)
ORDER BY parts.kind, parts.key, part
"""
_DANGLING: Final = """
SELECT DISTINCT parts.kind, parts.key, refs.kind, refs.key FROM refs JOIN parts USING (digest)
WHERE NOT EXISTS (SELECT 1 FROM now WHERE now.kind = refs.kind AND now.key = refs.key)
ORDER BY 1, 2, 3, 4
"""
_JSON: Final = ("spec", "acl")


class Lost(NamedTuple):
    """A part of an asset that is not there.

    Attributes:
        kind: of the asset.
        key: its natural key.
        part: which.
        what: what is wrong with it.
        where: in which file, empty where there is none.
    """

    kind: str
    key: str
    part: str
    what: str
    where: str


class Checked:
    """The blobs that runs need, those that are whole, and what these refer to."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._base = sqlite3.connect("", isolation_level=None)
        self._base.executescript(_SCHEMA)

    def close(self) -> None:
        """Drop it."""
        self._base.close()

    def want(self, entries: Iterable[Entry]) -> None:
        """Note the blobs that entries need."""
        self._base.execute("BEGIN")
        try:
            for entry in entries:
                rows = [(digest, int(part in _JSON)) for part, digest in entry.blobs()]
                self._base.executemany(
                    "INSERT INTO wanted VALUES (?, ?) ON CONFLICT DO UPDATE SET "
                    "json = max(json, excluded.json)",
                    rows,
                )
        finally:
            self._base.execute("COMMIT")

    def is_json(self, digest: str) -> bool | None:
        """Return whether a blob has to be JSON; None when nobody needs it."""
        query = "SELECT json FROM wanted WHERE digest = ?"
        row = self._base.execute(query, (digest,)).fetchone()
        return bool(row[0]) if row else None

    def good(self, digest: str, references: Iterable[tuple[str, str]] = ()) -> None:
        """Note a blob that is whole, and the assets that it refers to."""
        rows = [(digest, _raw(kind), _raw(key)) for kind, key in references]
        self._base.execute("INSERT OR IGNORE INTO good VALUES (?)", (digest,))
        self._base.executemany("INSERT OR IGNORE INTO refs VALUES (?, ?, ?)", rows)

    def bad(self, digest: str, what: str, where: str) -> None:
        """Note a blob that is damaged; another copy of it may be whole."""
        self._base.execute("INSERT OR IGNORE INTO bad VALUES (?, ?, ?)", (digest, what, where))

    def look_at(self, entries: Iterable[Entry]) -> None:
        """Take the entries of one run, instead of those of the run before."""
        self._base.executescript("DELETE FROM now; DELETE FROM parts; BEGIN;")
        try:
            for entry in entries:
                name = _raw(entry.kind), _raw(entry.key)
                self._base.execute("INSERT OR IGNORE INTO now VALUES (?, ?)", name)
                rows = [(*name, *each) for each in entry.blobs()]
                self._base.executemany("INSERT INTO parts VALUES (?, ?, ?, ?)", rows)
        finally:
            self._base.execute("COMMIT")

    def lost(self) -> Iterator[Lost]:
        """Yield the parts of assets of the run that are missing or damaged."""
        for kind, key, part, what, where in self._base.execute(_LOST):
            yield Lost(_told(kind), _told(key), part, what, where)

    def dangling(self) -> Iterator[tuple[str, str, str, str]]:
        """Yield kind and key of an asset, and those of what it refers to in vain."""
        for row in self._base.execute(_DANGLING):
            kind, key, other, name = map(_told, row)
            yield kind, key, other, name


def _raw(text: str) -> bytes:
    """Return text for the database, which a name from a workspace may not be valid in."""
    return text.encode("utf-8", "surrogatepass")


def _told(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogatepass")
