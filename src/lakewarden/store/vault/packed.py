"""A vault of packs, in a folder or a bucket.

`vault.json` says that it is one; `packs/ab/<SHA-256>.pack` have blobs; `runs/<id>.jsonl.gz` has
the entries of a run, and `runs/<id>.json` its manifest, which is written last: without it there is
no run.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

from lakewarden.errors import UsageError, VaultError
from lakewarden.store.vault.index import Index, Spot
from lakewarden.store.vault.manifest import Entry, Run, altered, digest_of
from lakewarden.store.vault.packs import (
    TAIL,
    DamagedError,
    Member,
    index_length,
    index_of,
    pressed,
    scanned,
    unpressed,
)
from lakewarden.store.vault.places import Objects
from lakewarden.store.vault.sealing import Gathered, lines_of
from lakewarden.store.vault.signing import Signer
from lakewarden.store.vault.spool import Spool

MARK: Final = "vault.json"
MARKED: Final = b'{"schema": "lakewarden.vault/1"}\n'
PACKS: Final = "packs/"
RUNS: Final = "runs/"
FULL: Final = 4 << 20
"""Bytes after which a pack is finished."""


class PackedVault:
    """Blobs in packs, and runs beside them."""

    def __init__(self, url: str, objects: Objects, spool: Path | None = None) -> None:
        """Open a vault.

        Args:
            url: as a reader writes it.
            objects: where its files are.
            spool: the folder of this machine for what is not in a pack yet; without one the vault
                is read only.
        """
        self.url = url
        self.objects = objects
        self._lock = threading.RLock()
        self._index: Index | None = None
        self._salvaged: Index | None = None
        self._spool = Spool(spool) if spool else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of it; what was put and not sealed is found again by the next writer."""
        with self._lock:
            for each in (self._spool, self._index, self._salvaged, self.objects):
                if each is not None:
                    each.close()

    def has(self, digest: str) -> bool:
        """Return whether a blob is kept, without reading it."""
        return self._find(digest) is not None

    def put(self, data: bytes) -> str:
        """Keep a blob and return its digest; it is durable after the next `flush`.

        Raises:
            VaultError: there is no room for it.
        """
        digest = digest_of(data)
        if not self.has(digest):
            raw, member = bytes.fromhex(digest), pressed(data)
            with self._lock:
                if self._find(digest) is None:
                    spool = self._writable()
                    self._known().add("", [spool.add(raw, member, len(data))])
                    if spool.size >= FULL:
                        self._finish_pack()
        return digest

    def flush(self) -> None:
        """Make all that was put durable.

        Raises:
            VaultError: it cannot be.
        """
        with self._lock:
            if self._spool is not None:
                self._spool.sync()

    def get(self, digest: str) -> bytes:
        """Return a blob, whose digest is checked.

        Raises:
            VaultError: it is missing or damaged, and there is no other copy.
        """
        raw = bytes.fromhex(digest)
        with self._lock:
            spot = self._find(digest) or self._find_again(digest)
            spooled = (
                self._writable().read(spot.offset, spot.length) if spot and not spot.pack else None
            )
        with suppress(DamagedError):
            if spooled is not None:
                return unpressed(spooled, raw)
            if spot is not None:
                return unpressed(self._read(spot), raw)
        try:
            return self._copy(raw)
        except DamagedError:
            raise self._lost(digest, spot) from None

    def blobs(self, _runs: Iterable[Run] | None = None) -> Iterator[tuple[str, bytes | VaultError]]:
        """Yield everything that is in packs, pack by pack; what is damaged comes as an error."""
        for name in self.objects.names(PACKS):
            data = self.objects.read(name) or b""
            if digest_of(data) != _digest_in(name):
                yield "", altered("a pack is cut or altered", self.objects.where(name))
            for member in members_of(data):
                digest = member.digest.hex()
                try:
                    part = data[member.offset : member.offset + member.length]
                    yield digest, unpressed(part, member.digest)
                except DamagedError:
                    yield digest, altered("a blob is cut or altered", self.objects.where(name))

    def runs(self, host: str | None = None) -> tuple[Run, ...]:
        """Return the runs that can be read, of one workspace or of all, the oldest first."""
        mine = [run for run in self._survey() if isinstance(run, Run)]
        mine = [run for run in mine if host is None or run.host == host]
        return tuple(sorted(mine, key=lambda run: (run.ended, run.id)))

    def damaged(self) -> tuple[VaultError, ...]:
        """Return why some runs cannot be read."""
        return tuple(run for run in self._survey() if isinstance(run, VaultError))

    def manifest(self, run_id: str) -> Run:
        """Return a run by its id.

        Raises:
            UsageError: there is none.
            VaultError: it cannot be read.
        """
        run = self._run(f"{RUNS}{run_id}.json") if _is_name(run_id) else None
        if run is None:
            raise UsageError(
                f"there is no run {run_id[:80]}",
                where=self.url,
                next_step="Name another, or none for the newest",
            )
        return run

    def entries(self, run_id: str) -> Iterator[Entry]:
        """Yield what a run has, in order of kind and key.

        Raises:
            UsageError: there is no such run.
            VaultError: its entries are missing or damaged.
        """
        run = self.manifest(run_id)
        name = f"{RUNS}{run_id}.jsonl.gz"
        data = self.objects.read(name)
        if data is None:
            raise altered("the entries of the run are missing", self.objects.where(name))
        if digest_of(data) != run.entries:
            raise altered("the entries of the run are cut or altered", self.objects.where(name))
        return lines_of(data, self.objects.where(name))

    def seal(self, run: Run, entries: Iterable[Entry], signer: Signer | None) -> Run:
        """Make a run visible, at once or not at all, and return it with its root and signature.

        Raises:
            VaultError: entries are not in order, a blob is not kept, or it cannot be written.
        """
        with self._lock:
            if self._spool is not None and self._spool.members:
                self._finish_pack()
            self._reload()
            used: set[str] = set()
            gathered = Gathered(entries, lambda digest: self._size(digest, used))
        before = [each for each in self.runs(run.host) if each.id != run.id]
        previous = before[-1].id if before else ""
        whole = gathered.completed(run, digest_of(gathered.data), previous, signer)
        self.objects.put(f"{RUNS}{run.id}.jsonl.gz", gathered.data)
        self.objects.keep(sorted(used))
        self.objects.put(f"{RUNS}{run.id}.json", whole.as_bytes())
        self._insist_kept(run.id, used)
        return whole

    def _insist_kept(self, run_id: str, used: set[str]) -> None:
        """Take a run back whose packs somebody deleted meanwhile."""
        if not used <= set(self.objects.names(PACKS)):
            self.objects.remove([f"{RUNS}{run_id}.json"])
            raise VaultError(
                "what the run needs was deleted by somebody while it was written",
                where=self.url,
                next_step="Back up again, from anew",
            )

    def _survey(self) -> list[Run | VaultError | None]:
        names = [name for name in self.objects.names(RUNS) if name.endswith(".json")]
        with ThreadPoolExecutor(self.objects.ahead) as pool:
            return list(pool.map(self._run_or_error, names))

    def _run_or_error(self, name: str) -> Run | VaultError | None:
        try:
            return self._run(name)
        except VaultError as error:
            return error

    def _run(self, name: str) -> Run | None:
        data = self.objects.read(name)
        if data is None:
            return None
        run = Run.of_bytes(data, self.objects.where(name))
        if name != f"{RUNS}{run.id}.json":
            raise altered(f"is the manifest of {run.id[:80]}", self.objects.where(name))
        return run

    def _writable(self) -> Spool:
        if self._spool is None:
            raise VaultError("was opened for reading", where=self.url)
        return self._spool

    def _finish_pack(self) -> None:
        """Make a pack of what was put, and begin another."""
        spool = self._writable()
        data = spool.pack()
        name = pack_name(data)
        self.objects.put(name, data)
        self._known().add(name, spool.members)
        spool.clear()

    def _known(self) -> Index:
        """Return the index, made when it is first asked for."""
        if self._index is None:
            self._index = Index()
            self._note(list(self.objects.names(PACKS)))
            if self._spool is not None:
                self._index.add("", self._spool.members)
        return self._index

    def _reload(self) -> None:
        """Note packs that came since, and drop those that are no more."""
        known, there = self._known().packs() - {""}, set(self.objects.names(PACKS))
        for name in known - there:
            self._known().forget(name)
        self._note(sorted(there - known))

    def _note(self, names: list[str]) -> None:
        assert self._index is not None  # noqa: S101  # for the type checker
        with ThreadPoolExecutor(self.objects.ahead) as pool:
            for name, members in zip(names, pool.map(self._indexed, names), strict=True):
                self._index.add(name, members)

    def _indexed(self, name: str) -> list[Member]:
        """Return the members of a pack; none of one that is damaged."""
        try:
            tail = self.objects.tail(name, TAIL) or b""
            if index_length(tail) > len(tail):
                tail = self.objects.tail(name, index_length(tail)) or b""
            return index_of(tail)
        except DamagedError:
            return []

    def _find(self, digest: str) -> Spot | None:
        with self._lock:
            return self._known().find(bytes.fromhex(digest))

    def _find_again(self, digest: str) -> Spot | None:
        """Look for a blob in packs that somebody else wrote meanwhile."""
        with self._lock:
            self._reload()
            return self._known().find(bytes.fromhex(digest))

    def _size(self, digest: str, used: set[str]) -> int | None:
        spot = self._find(digest)
        if spot is None:
            return None
        used.add(spot.pack)
        return spot.size

    def _read(self, spot: Spot) -> bytes:
        return self.objects.read(spot.pack, spot.offset, spot.length) or b""

    def _copy(self, raw: bytes) -> bytes:
        """Return a blob from wherever it is whole.

        Raises:
            DamagedError: it is nowhere.
        """
        with self._lock:
            if self._salvaged is None:
                self._salvaged = Index()
                for name in self.objects.names(PACKS):
                    self._salvaged.add(name, _whole(self.objects.read(name) or b""))
            spot = self._salvaged.find(raw)
        if spot is None:
            raise DamagedError
        return unpressed(self._read(spot), raw)

    def _lost(self, digest: str, spot: Spot | None) -> VaultError:
        if spot is None:
            return altered(f"the blob {digest} is missing", self.url)
        where = self.objects.where(spot.pack) if spot.pack else self.url
        return altered(f"the blob {digest} is cut or altered", where)


def members_of(data: bytes) -> list[Member]:
    """Return the members of a pack; of one whose index is damaged, those before the damage."""
    try:
        return index_of(data)
    except DamagedError:
        return list(scanned(io.BytesIO(data)))


def _whole(data: bytes) -> Iterator[Member]:
    """Yield the members of a pack that are not damaged."""
    for member in {*members_of(data), *scanned(io.BytesIO(data))}:
        try:
            unpressed(data[member.offset : member.offset + member.length], member.digest)
        except DamagedError:
            continue
        yield member


def pack_name(data: bytes) -> str:
    """Return what a pack is called."""
    digest = digest_of(data)
    return f"{PACKS}{digest[:2]}/{digest}.pack"


def _digest_in(name: str) -> str:
    return name.rpartition("/")[2].removesuffix(".pack")


def _is_name(run_id: str) -> bool:
    return run_id.replace("-", "").isalnum() and run_id.isascii()
