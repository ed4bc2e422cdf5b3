"""The queue of one backup: what was found, and how far each of it is, whatever happens meanwhile.

Whoever works puts items and goes on; one thread writes them, twice a second, after the vault has
made their blobs durable. So what the queue calls done is in the vault, and at most half a second of
work is lost to a kill.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, Final, Self

from lakewarden.clock import Clock
from lakewarden.errors import LakewardenError, VaultError
from lakewarden.store.vault.manifest import Collection, Entry, Status
from lakewarden.store.vault.work import Work

_EVERY: Final = 0.4
"""Seconds between two commits."""
_WAITING: Final = 5_000
"""Statements that may wait for the writer before whoever adds more has to wait, too."""
_PAGE: Final = 1_000
_CLOCK: Final = Clock()
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS items (
  kind TEXT NOT NULL, id TEXT NOT NULL, key TEXT NOT NULL, stage TEXT NOT NULL,
  state TEXT NOT NULL, spec TEXT, acl TEXT, content TEXT, cipher TEXT,
  stamp TEXT NOT NULL, error TEXT NOT NULL, PRIMARY KEY (kind, id));
CREATE INDEX IF NOT EXISTS by_key ON items (kind, key);
CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS collections (
  kind TEXT PRIMARY KEY, status TEXT NOT NULL, objects INTEGER NOT NULL, errors TEXT NOT NULL);
"""


_Values = tuple[Any, ...] | dict[str, Any]


class State(StrEnum):
    """How far an item is."""

    OPEN = "open"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Item:
    """One asset that is being read.

    Attributes:
        kind: of asset.
        id: what the workspace calls it.
        key: its natural key, empty while it is not known.
        stage: whatever the reader wants to remember of how far it is.
        state: `DONE` is in the run, `FAILED` is among its errors.
        spec: digest of its definition.
        acl: digest of its direct permissions.
        content: digest of its bytes.
        cipher: digest of the encrypted value of a secret.
        stamp: what tells cheaply whether it changed.
        error: why it failed; of one that is done, what of it is not there.
    """

    kind: str
    id: str
    key: str = ""
    stage: str = ""
    state: State = State.OPEN
    spec: str | None = None
    acl: str | None = None
    content: str | None = None
    cipher: str | None = None
    stamp: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""

    def entry(self) -> Entry:
        """Return it as an entry of a run."""
        stamp = {"id": self.id, **self.stamp}
        return Entry(self.kind, self.key, self.spec, self.acl, self.content, stamp, self.cipher)


_COLUMNS: Final = tuple(each.name for each in fields(Item))
_FOUND: Final = """
INSERT OR IGNORE INTO items VALUES (
  CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT),
  CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT),
  CAST(? AS TEXT))
"""
_PUT: Final = (
    _FOUND.replace("OR IGNORE ", "")
    + """
ON CONFLICT (kind, id) DO UPDATE SET key = excluded.key, stage = excluded.stage,
  state = excluded.state, spec = excluded.spec, acl = excluded.acl, content = excluded.content,
  cipher = excluded.cipher, stamp = excluded.stamp, error = excluded.error
"""
)
_GET: Final = "SELECT * FROM items WHERE kind = CAST(? AS TEXT) AND id = CAST(? AS TEXT)"
_ITEMS: Final = """
SELECT *, rowid FROM items WHERE rowid > :last
AND (:kind IS NULL OR kind = CAST(:kind AS TEXT))
AND (:state IS NULL OR state = CAST(:state AS TEXT))
AND (:stage IS NULL OR stage = CAST(:stage AS TEXT))
ORDER BY rowid LIMIT :page
"""
_COUNT: Final = """
SELECT count(*) FROM items WHERE (:kind IS NULL OR kind = CAST(:kind AS TEXT))
AND (:state IS NULL OR state = CAST(:state AS TEXT))
AND (:stage IS NULL OR stage = CAST(:stage AS TEXT))
"""
_ENTRIES: Final = """
SELECT *, rowid FROM items WHERE state = 'done'
AND (kind, key, rowid) > (CAST(? AS TEXT), CAST(? AS TEXT), ?)
ORDER BY kind, key, rowid LIMIT ?
"""


class Queue:
    """The items of one backup, on disk. Threads may share it."""

    def __init__(
        self, work: Work, flush: Callable[[], None], *, fresh: bool = False, clock: Clock = _CLOCK
    ) -> None:
        """Take up a backup that was cut off, or begin one.

        Args:
            work: of the workspace and the vault.
            flush: makes blobs durable.
            fresh: begin one even so.
            clock: for the identity of a new run.

        Raises:
            VaultError: it cannot be opened.
        """
        self._file = work.folder / "queue.db"
        self._flush = flush
        self._reading = threading.Lock()
        self._changed = threading.Condition()
        self._waiting: list[tuple[str, tuple[Any, ...]]] = []
        self._added = self._written = self._wanted = 0
        self._failed: LakewardenError | None = None
        self._closing = False
        try:
            if fresh:
                for name in ("queue.db", "queue.db-wal", "queue.db-shm"):
                    (work.folder / name).unlink(missing_ok=True)
            self._base = self._connected()
            self._base.executescript(_SCHEMA)
        except (sqlite3.Error, OSError) as error:
            raise self._refused(error) from None
        self.resumed = self.noted("run") is not None
        self._writer = threading.Thread(target=self._write, name="queue", daemon=True)
        self._writer.start()
        if not self.resumed:
            now = clock.now()
            self.note("run", {"id": _short(clock.run_id()), "started": f"{now:%Y-%m-%dT%H:%M:%SZ}"})
            self.settle()
        run = self.noted("run")
        self.run_id: str = run["id"]
        self.started: str = run["started"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Write what waits, and let go of the file."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._writer.join()
        self._base.close()

    def put(self, *items: Item) -> None:
        """Set items, whether they are there or not.

        Raises:
            VaultError: what was put before could not be written.
        """
        self._add([(_PUT, _row(item)) for item in items])

    def found(self, *items: Item) -> None:
        """Add items that are not there yet; the others stay as they are.

        Raises:
            VaultError: what was put before could not be written.
        """
        self._add([(_FOUND, _row(item)) for item in items])

    def get(self, kind: str, identity: str) -> Item | None:
        """Return one item; None where it is not there."""
        self.settle()
        rows = self._rows(_GET, (_text(kind), _text(identity)))
        return _item(rows[0]) if rows else None

    def items(
        self, kind: str | None = None, state: State | None = None, stage: str | None = None
    ) -> Iterator[Item]:
        """Yield items in the order that they were found in; what is put meanwhile may be seen."""
        self.settle()
        these = {**_these(kind, state, stage), "page": _PAGE}
        last = 0
        while rows := self._rows(_ITEMS, {**these, "last": last}):
            last = rows[-1][-1]
            yield from (_item(row[:-1]) for row in rows)

    def count(
        self, kind: str | None = None, state: State | None = None, stage: str | None = None
    ) -> int:
        """Return how many items there are."""
        self.settle()
        ((count,),) = self._rows(_COUNT, _these(kind, state, stage))
        return int(count)

    def entries(self) -> Iterator[Entry]:
        """Yield what is done as entries of a run, in order of kind and key."""
        self.settle()
        last: tuple[Any, ...] = (b"", b"", 0)
        while rows := self._rows(_ENTRIES, (*last, _PAGE)):
            for row in rows:
                yield _item(row[:-1]).entry()
            last = (_text(rows[-1][0]), _text(rows[-1][2]), rows[-1][-1])

    def listed(self, kind: str, collection: Collection) -> None:
        """Keep how the listing of a kind ended.

        Raises:
            VaultError: what was put before could not be written.
        """
        row = (kind, collection.status.value, collection.objects, json.dumps(collection.errors))
        self._add([("INSERT OR REPLACE INTO collections VALUES (?, ?, ?, ?)", row)])

    def collections(self) -> dict[str, Collection]:
        """Return how the listings ended, by kind."""
        self.settle()
        rows = self._rows("SELECT kind, status, objects, errors FROM collections ORDER BY kind", ())
        return {
            kind: Collection(Status(status), objects, tuple(json.loads(errors)))
            for kind, status, objects, errors in rows
        }

    def note(self, name: str, value: Any) -> None:
        """Keep something else, as JSON.

        Raises:
            VaultError: what was put before could not be written.
        """
        self._add([("INSERT OR REPLACE INTO notes VALUES (?, ?)", (name, json.dumps(value)))])

    def noted(self, name: str, default: Any = None) -> Any:
        """Return what was kept by that name."""
        self.settle()
        rows = self._rows("SELECT value FROM notes WHERE name = ?", (name,))
        return json.loads(rows[0][0]) if rows else default

    def settle(self) -> None:
        """Wait until all that was put is on disk.

        Raises:
            VaultError: it cannot be written.
        """
        with self._changed:
            self._wanted = target = self._added
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._written >= target or self._failed)
            self._insist()

    def _add(self, statements: list[tuple[str, tuple[Any, ...]]]) -> None:
        with self._changed:
            self._changed.wait_for(lambda: len(self._waiting) < _WAITING or self._failed)
            self._insist()
            self._waiting += statements
            self._added += len(statements)

    def _insist(self) -> None:
        if self._failed is not None:
            raise self._failed

    def _write(self) -> None:
        """Write what waits, until there is nothing more to come."""
        base = self._connected()
        ended = False
        while not ended and self._failed is None:
            with self._changed:
                self._changed.wait_for(self._hurried, _EVERY)
                some, self._waiting = self._waiting, []
                ended = self._closing
                self._changed.notify_all()
            try:
                if some:
                    self._flush()
                    _run(base, some)
            except Exception as error:  # noqa: BLE001  # whoever waits for the writer has to learn of it
                self._failed = error if isinstance(error, LakewardenError) else self._refused(error)
            with self._changed:
                self._written += 0 if self._failed else len(some)
                self._changed.notify_all()
        base.close()

    def _hurried(self) -> bool:
        full = len(self._waiting) >= _WAITING
        return self._closing or full or self._written < self._wanted

    def _connected(self) -> sqlite3.Connection:
        base = sqlite3.connect(self._file, check_same_thread=False, isolation_level=None)
        base.text_factory = lambda raw: raw.decode("utf-8", "surrogatepass")
        base.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;")
        return base

    def _rows(self, query: str, values: _Values) -> list[tuple[Any, ...]]:
        try:
            with self._reading:
                return self._base.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise self._refused(error) from None

    def _refused(self, error: Exception) -> VaultError:
        return VaultError(
            f"the queue of the backup cannot be kept ({error})",
            where=str(self._file),
            next_step="Check the room on the disk, or begin anew with --fresh",
        )


def _run(base: sqlite3.Connection, statements: list[tuple[str, tuple[Any, ...]]]) -> None:
    base.execute("BEGIN IMMEDIATE")
    try:
        for statement, values in statements:
            base.execute(statement, values)
        base.execute("COMMIT")
    except sqlite3.Error:
        if base.in_transaction:
            base.execute("ROLLBACK")
        raise


def _these(kind: str | None, state: State | None, stage: str | None) -> dict[str, Any]:
    wanted = {"kind": kind, "state": state, "stage": stage}
    return {name: None if value is None else _text(value) for name, value in wanted.items()}


def _row(item: Item) -> tuple[bytes | None, ...]:
    values = {name: getattr(item, name) for name in _COLUMNS} | {"stamp": json.dumps(item.stamp)}
    return tuple(None if value is None else _text(value) for value in values.values())


def _item(row: tuple[Any, ...]) -> Item:
    values = dict(zip(_COLUMNS, row, strict=True))
    values |= {"state": State(values["state"]), "stamp": json.loads(values["stamp"])}
    return Item(**values)


def _text(value: str) -> bytes:
    """Return text for the database, which a name from a workspace may not be valid in."""
    return value.encode("utf-8", "surrogatepass")


def _short(run_id: str) -> str:
    """Return the identity of a run with six digits at its end."""
    return run_id[:-2]
