"""A vault that is a git repository: one commit a run, whose differences people can read.

Each workspace has a branch, `lakewarden/<host>`, which nothing else is written to; what is checked
out is not touched. `run.json` is the manifest; `readable` says how the rest of the files look.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Final, Self

from dulwich.errors import NotGitRepository
from dulwich.repo import Repo

from lakewarden.clock import parse_time
from lakewarden.errors import UsageError, VaultError
from lakewarden.store.sorting import LineSorter
from lakewarden.store.vault.git_objects import GitObjects, branch_of
from lakewarden.store.vault.git_past import Past
from lakewarden.store.vault.index import Digests, Index
from lakewarden.store.vault.manifest import Entry, Run, altered, digest_of
from lakewarden.store.vault.naming import Names
from lakewarden.store.vault.packs import DamagedError, Member, pressed, unpressed
from lakewarden.store.vault.readable import (
    RUN,
    document_of,
    files_of,
    folders,
)
from lakewarden.store.vault.sealing import Gathered, lines_of
from lakewarden.store.vault.signing import Signer
from lakewarden.store.vault.spool import Spool

_WHOLE: Final = 0
_INLINE: Final = {"spec": 1, "acl": 2}
"""What the index has as offset: a file is the blob, or has it as a part."""
_PARTS: Final = {number: part for part, number in _INLINE.items()}


class GitVault:
    """Blobs and runs as commits."""

    def __init__(self, path: Path, objects: GitObjects, spool: Path | None = None) -> None:
        """Open a vault; `open` finds or makes the repository."""
        self.url = str(path)
        self._objects = objects
        self._past = Past(self.url, objects)
        self._spool = Spool(spool) if spool else None
        self._lock = threading.RLock()
        self._index: Index | None = None
        self._indexed: set[bytes] = set()

    @classmethod
    def open(cls, path: Path, spool: Path | None, *, create: bool) -> GitVault:
        """Open the vault in a repository.

        Raises:
            UsageError: there is none.
            VaultError: it cannot be made.
        """
        try:
            try:
                repository = Repo(str(path))
            except NotGitRepository:
                if not create:
                    raise _none_at(path) from None
                path.mkdir(mode=0o700, parents=True, exist_ok=True)
                repository = Repo.init_bare(str(path))
        except OSError as error:
            raise VaultError(
                f"the repository cannot be made ({error.strerror})",
                where=str(path),
                next_step="Check the rights of the folder",
            ) from None
        if spool is not None and not os.access(repository.object_store.path, os.W_OK):
            repository.close()
            raise VaultError(
                "the repository cannot be written", where=str(path), next_step="Check its rights"
            )
        vault = cls(path, GitObjects(path, repository), spool)
        if not create and spool is None and not vault._objects.branches():
            vault.close()
            raise _none_at(path)
        return vault

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of it; what was put and not sealed is found again by the next writer."""
        with self._lock:
            for each in (self._spool, self._index, self._objects):
                if each is not None:
                    each.close()

    def has(self, digest: str) -> bool:
        """Return whether the newest run of a workspace, or what was put since, has a blob."""
        with self._lock:
            return self._known().find(bytes.fromhex(digest)) is not None

    def put(self, data: bytes) -> str:
        """Keep a blob and return its digest; it is durable after the next `flush`.

        Raises:
            VaultError: there is no room for it.
        """
        digest = digest_of(data)
        if not self.has(digest):
            raw, member = bytes.fromhex(digest), pressed(data)
            with self._lock:
                if self._spool is None:
                    raise VaultError("was opened for reading", where=self.url)
                if not self.has(digest):
                    self._known().add("", [self._spool.add(raw, member, len(data))])
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
            VaultError: it is missing or damaged.
        """
        raw = bytes.fromhex(digest)
        with self._lock:
            spot = self._known().find(raw)
            older = iter(self._past.commits())
            while spot is None and (sealed := next(older, None)) is not None:
                self._note(sealed.tree)
                spot = self._known().find(raw)
            if spot is None:
                raise altered(f"the blob {digest} is missing", self.url)
            try:
                if not spot.pack and self._spool is not None:
                    return unpressed(self._spool.read(spot.offset, spot.length), raw)
                data = self._objects.data(spot.pack.encode())
                if spot.offset != _WHOLE:
                    data = document_of(data, self.url).inline[_PARTS[spot.offset]]
                if digest_of(data) == digest:
                    return data
            except (DamagedError, KeyError):
                pass
        raise altered(f"the blob {digest} is cut or altered", self.url)

    def blobs(self, runs: Iterable[Run] | None = None) -> Iterator[tuple[str, bytes | VaultError]]:
        """Yield what is kept for some runs, or for all; what is damaged comes as an error."""
        wanted = None if runs is None else {run.id for run in runs}
        with closing(Digests()) as seen:
            for sealed in self._past.commits():
                if isinstance(sealed.run, VaultError):
                    continue
                if wanted is not None and sealed.run.id not in wanted:
                    continue
                try:
                    yield from self._past.blobs_of(sealed.tree, seen)
                except VaultError as error:
                    yield "", error

    def runs(self, host: str | None = None) -> tuple[Run, ...]:
        """Return the runs that can be read, of one workspace or of all, the oldest first."""
        with self._lock:
            found = [sealed.run for sealed in self._past.commits() if isinstance(sealed.run, Run)]
        mine = [run for run in found if host is None or run.host == host]
        return tuple(sorted(mine, key=lambda run: (run.ended, run.id)))

    def damaged(self) -> tuple[VaultError, ...]:
        """Return why some runs cannot be read."""
        with self._lock:
            found = [sealed.run for sealed in self._past.commits()]
        return tuple(run for run in found if isinstance(run, VaultError))

    def manifest(self, run_id: str) -> Run:
        """Return a run by its id.

        Raises:
            UsageError: there is none.
        """
        with self._lock:
            return self._past.sealed(run_id)[0]

    def entries(self, run_id: str) -> Iterator[Entry]:
        """Yield what a run has, in order of kind and key.

        Raises:
            UsageError: there is no such run.
            VaultError: its files are damaged.
        """
        with self._lock:
            run, tree = self._past.sealed(run_id)
        with LineSorter(Path(tempfile.gettempdir())) as sorter:
            with self._lock:
                for document, _at, _files in self._past.documents(tree):
                    entry = document.entry
                    sorter.add(f"{entry.kind}\0{entry.key}", entry.line().decode().rstrip())
            every = hashlib.sha256()
            for line in sorter.sorted():
                every.update(f"{line}\n".encode())
            if every.hexdigest() != run.entries:
                raise altered(f"the files of the run {run_id} are not those it had", self.url)
            for line in sorter.sorted():
                yield Entry.of_line(line, self.url)

    def seal(self, run: Run, entries: Iterable[Entry], signer: Signer | None) -> Run:
        """Make a run visible, at once or not at all, and return it with its root and signature.

        Raises:
            VaultError: entries are not in order, a blob is not kept, or it cannot be written.
        """
        with self._lock:
            branch = branch_of(run.host)
            if self._objects.checked_out(branch):
                raise VaultError(
                    f"the branch {branch.removeprefix('refs/heads/')} is checked out",
                    where=self.url,
                    next_step="Check out another, or use a bare repository",
                )
            gathered = Gathered(entries, self._size)
            before = [each for each in self.runs(run.host) if each.id != run.id]
            previous = before[-1].id if before else ""
            whole = gathered.completed(run, gathered.lines, previous, signer)
            done = [each for each in self.runs(run.host) if each.id == run.id]
            if done and done[-1].root == whole.root:
                whole = done[-1]
            else:
                self._commit(branch, whole, gathered)
            if self._spool is not None:
                self._spool.clear()
            if self._index is not None:
                self._index.close()
            self._index, self._indexed = None, set()
            return whole

    def _commit(self, branch: str, run: Run, gathered: Gathered) -> None:
        """Write the files of a run, and move the branch to them."""
        tip = self._objects.branches().get(branch)
        names = Names({f for e in lines_of(gathered.data, self.url) for f in folders(e)})
        writing = self._objects.writing()
        for entry in lines_of(gathered.data, self.url):
            for path, data in files_of(entry, names, self.get):
                writing.file(path, data)
        writing.file(RUN, run.as_bytes())
        message = _message(run, self._changes(tip, writing.files))
        commit = writing.commit(tip, int(parse_time(run.ended).timestamp()), message)
        if not self._objects.advance(branch, tip, commit):
            raise VaultError(
                "somebody else committed meanwhile",
                where=f"{self.url} {branch}",
                next_step="Back up again; what was read is kept",
            )

    def _changes(self, tip: bytes | None, files: Mapping[str, bytes]) -> int:
        """Return how many files are other than in the run before."""
        if tip is None:
            return len(files)
        tree = next(self._objects.history(tip)).tree
        old = dict(self._objects.files(tree))
        return sum(path != RUN and old.get(path) != files.get(path) for path in {**old, **files})

    def _known(self) -> Index:
        """Return the index, made of the newest runs when it is first asked for."""
        if self._index is None:
            self._index = Index()
            for tip in self._objects.branches().values():
                with suppress(VaultError):  # what is damaged is not known, and put anew
                    self._note(next(self._objects.history(tip)).tree)
            if self._spool is not None:
                self._index.add("", self._spool.members)
        return self._index

    def _note(self, tree: bytes) -> None:
        """Note where the blobs of a commit are."""
        if tree in self._indexed:
            return
        self._indexed.add(tree)
        index = self._known()
        for document, at, files in self._past.documents(tree):
            for part, digest in document.entry.blobs():
                raw, path = bytes.fromhex(digest), document.files.get(part, "")
                if part in document.inline:
                    size = len(document.inline[part])
                    index.add(at.sha.decode(), [Member(raw, _INLINE[part], 0, size)])
                elif path in files:
                    size = len(self._objects.data(files[path]))
                    index.add(files[path].decode(), [Member(raw, _WHOLE, 0, size)])

    def _size(self, digest: str) -> int | None:
        spot = self._known().find(bytes.fromhex(digest))
        return spot.size if spot else None


def _message(run: Run, changes: int) -> str:
    counts = [f"{kind} {c.objects}" for kind, c in sorted(run.collections.items())]
    first = f"Back up {run.host}: {run.objects} assets, {changes} files changed"
    return "\n".join([first, "", *counts, "", f"Run: {run.id}", f"Root: {run.root}", ""])


def _none_at(path: Path) -> UsageError:
    return UsageError(
        "there is no vault", where=str(path), next_step="`lakewarden backup --to` makes one"
    )
