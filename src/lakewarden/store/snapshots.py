"""Snapshots on disk.

A snapshot is a folder. `manifest.json` says what was read, when, and how completely; each
collection's records are the lines of one content-addressed blob under `objects/`, in order of
identity, so that equal collections have equal names and two snapshots can be compared by a merge.
The manifest is written last and in one step: a folder without it is not a snapshot.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self, TypeVar

from lakewarden.errors import SnapshotError
from lakewarden.estate.catalog import KINDS
from lakewarden.estate.fact import Cause, Gap
from lakewarden.estate.kind import Kind, Status, status_of
from lakewarden.estate.record import Record, pack, plan_of, unpack
from lakewarden.estate.snapshot import FORMAT, Collection, Header, Meta, unread
from lakewarden.estate.wire import MalformedError
from lakewarden.store import blobs
from lakewarden.store.sorting import LineSorter

R = TypeVar("R", bound=Record)

_encode: Final = json.JSONEncoder(separators=(",", ":")).encode
_OURS: Final = frozenset({"manifest.json", "manifest.json.new", "objects"})
"""All that the folder of a snapshot may hold."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A collection on disk."""

    header: Header
    sha256: str


class DiskSnapshot:
    """A snapshot that streams its records from a folder."""

    def __init__(self, folder: Path, meta: Meta, entries: Iterable[Entry]) -> None:
        self.folder = folder
        self.meta = meta
        self._entries = {(e.header.kind, e.header.scope): e for e in entries}

    @classmethod
    def open(cls, folder: Path) -> DiskSnapshot:
        """Open a snapshot folder.

        Raises:
            SnapshotError: it is none, or it cannot be read.
        """
        manifest = folder / "manifest.json"
        try:
            data = json.loads(manifest.read_text("utf-8"))
        except FileNotFoundError:
            raise SnapshotError(
                "is not a snapshot: it has no manifest.json",
                where=str(folder),
                next_step="Make one with `lakewarden collect --out DIR`",
            ) from None
        except (OSError, ValueError) as error:
            raise _unreadable(manifest, str(error)) from None
        if not isinstance(data, dict) or data.get("format") != FORMAT:
            found = data.get("format") if isinstance(data, dict) else None
            raise _unreadable(manifest, f"its format is {found!r}, not {FORMAT!r}")
        try:
            return cls(folder, _meta(data), [_entry(row) for row in data["collections"]])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise _unreadable(manifest, f"{type(error).__name__}: {error}") from None

    def headers(self) -> list[Header]:
        """Return the header of every collection."""
        return [entry.header for entry in self._entries.values()]

    def entries(self) -> Mapping[tuple[str, str], Entry]:
        """Return every collection with its content address."""
        return self._entries

    def collection(self, kind: Kind[R], scope: str) -> Collection[R]:
        """Return one collection, streamed anew at each iteration."""
        entry = self._entries.get((kind.name, scope))
        if entry is None:
            return unread(kind, scope, self.meta)
        return Collection(entry.header, _Stream(self.folder, entry, kind))


class SnapshotWriter(DiskSnapshot):
    """A snapshot in the making; what was written can be read at once."""

    def __init__(self, folder: Path, meta: Meta) -> None:
        """Begin in a folder that is new, empty, or a snapshot to be replaced.

        Raises:
            SnapshotError: the folder cannot be written, or holds something else.
        """
        super().__init__(folder, meta, ())
        self._doors: dict[str, Gap] = dict(meta.doors)
        self._lock = threading.Lock()
        with _writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            strangers = sorted({entry.name for entry in folder.iterdir()} - _OURS)
            if strangers:
                raise SnapshotError(
                    f"is in use for something else: it holds {strangers[0]}",
                    where=str(folder),
                    next_step="Name a new or empty folder with --out",
                )
            (folder / "objects").mkdir(exist_ok=True)
            (folder / "manifest.json").unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self.finish()

    def shut(self, scope: str, gap: Gap) -> None:
        """Note that nothing of a scope can be read."""
        with self._lock:
            self._doors[scope] = gap
            self.meta = Meta(self.meta.taken, self.meta.account_id, dict(self._doors))

    def write(
        self, kind: Kind[R], scope: str, records: Iterable[R], gap_after: list[Gap]
    ) -> Header:
        """Write one collection.

        Args:
            kind: its kind.
            scope: what it belongs to.
            records: its records in any order.
            gap_after: looked at when the records are all there: a gap in it means that they
                are not complete.

        Raises:
            SnapshotError: the disk is full or refuses.
        """
        with _writing(self.folder), LineSorter(self.folder) as sorter:
            for record in records:
                sorter.add(record.identity(), _encode(pack(record)))
            blob = blobs.write(self.folder, sorter.sorted())
        gap = gap_after[0] if gap_after else None
        status = Status.COMPLETE if gap is None else status_of(gap, blob.lines)
        header = Header(kind.name, scope, status, gap, blob.lines)
        with self._lock:
            self._entries[kind.name, scope] = Entry(header, blob.sha256)
        return header

    def finish(self) -> None:
        """Write the manifest, which makes the folder a snapshot.

        Raises:
            SnapshotError: the disk is full or refuses.
        """
        rows = [_row(e) for _, e in sorted(self._entries.items())]
        data = {
            "format": FORMAT,
            "taken": self.meta.taken,
            "account_id": self.meta.account_id,
            "doors": {scope: _gap_row(gap) for scope, gap in sorted(self._doors.items())},
            "collections": rows,
        }
        new = self.folder / "manifest.json.new"
        with _writing(self.folder):
            new.write_text(json.dumps(data, indent=1) + "\n", "utf-8")
            os.replace(new, self.folder / "manifest.json")  # noqa: PTH105  # one step, or none
            blobs.sweep(self.folder, {entry.sha256 for entry in self._entries.values()})


class _Stream(Iterable[Any]):
    """The records of a collection on disk, read anew by each iteration."""

    def __init__(self, folder: Path, entry: Entry, kind: Kind[Any]) -> None:
        self._folder = folder
        self._entry = entry
        self._kind = kind
        keys = [field.name for field in plan_of(kind.record) if field.is_key]
        self._key = keys[0] if kind.keyed else ""

    def __iter__(self) -> Iterator[Any]:
        for line in blobs.read(self._folder, self._entry.sha256):
            try:
                packed = json.loads(line)
                source = self._kind.call(str(packed.get(self._key, "")))
                yield unpack(self._kind.record, packed, source=source)
            except (ValueError, TypeError, AttributeError, MalformedError) as error:
                path = blobs.path_of(self._folder, self._entry.sha256)
                raise _unreadable(path, str(error)) from None


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Turn what the disk refuses into an error that says what to do."""
    try:
        yield
    except OSError as error:
        raise SnapshotError(
            f"cannot be written ({error.strerror})",
            where=str(folder),
            next_step="Name a folder that can be written with --out",
        ) from None


def _row(entry: Entry) -> dict[str, Any]:
    header = entry.header
    return {
        "kind": header.kind,
        "scope": header.scope,
        "status": header.status.value,
        "gap": None if header.gap is None else _gap_row(header.gap),
        "count": header.count,
        "sha256": entry.sha256,
    }


def _entry(row: Mapping[str, Any]) -> Entry:
    if row["kind"] not in KINDS:
        raise ValueError(f"unknown collection {row['kind']!r}")
    gap = None if row["gap"] is None else _gap(row["gap"])
    if (gap is None) is not (row["status"] == Status.COMPLETE):
        raise ValueError(f"{row['kind']} is {row['status']}, which its gap denies")
    header = Header(row["kind"], row["scope"], Status(row["status"]), gap, int(row["count"]))
    return Entry(header, str(row["sha256"]))


def _gap_row(gap: Gap) -> list[str]:
    return [gap.cause.value, gap.source, gap.detail, gap.grant]


def _gap(row: list[str]) -> Gap:
    cause, source, detail, grant = row
    return Gap(Cause(cause), source, detail, grant)


def _meta(data: Mapping[str, Any]) -> Meta:
    doors = {scope: _gap(row) for scope, row in data["doors"].items()}
    return Meta(str(data["taken"]), str(data["account_id"]), doors)


def _unreadable(path: Path, what: str) -> SnapshotError:
    return SnapshotError(
        f"cannot be read as part of a snapshot: {what}",
        where=str(path),
        next_step="Collect again with this version of lakewarden",
    )
