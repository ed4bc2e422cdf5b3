"""The objects of a git repository, as a vault needs them."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from dulwich.file import FileLocked
from dulwich.index import commit_tree
from dulwich.object_store import iter_tree_contents
from dulwich.objects import Blob, Commit, ObjectID, ShaFile
from dulwich.repo import Repo

from lakewarden.errors import LakewardenError, VaultError
from lakewarden.store.vault.manifest import altered
from lakewarden.store.vault.places import sync_folder

T = TypeVar("T")

BRANCHES: Final = "refs/heads/lakewarden/"
_AUTHOR: Final = b"lakewarden <lakewarden@localhost>"
_FILE: Final = 0o100644
_UNFINISHED: Final = "tmp????????.pack"
"""What the library calls a pack that it is at."""
_STALE: Final = 600
"""Seconds after which nobody is at a file any more that is there for a moment only."""
_BATCH: Final = 16 << 20
_MANY: Final = 10_000
"""GitObjects, and bytes of them, that are written as one pack."""


def branch_of(host: str) -> str:
    """Return the branch of a workspace."""
    name = re.sub(r"[^A-Za-z0-9-]+", "-", urlsplit(host).hostname or host).strip("-")
    return f"{BRANCHES}{name.lower() or 'workspace'}"


class GitObjects:
    """Reads and writes objects; what a damaged repository raises is a VaultError."""

    def __init__(self, path: Path, repository: Repo) -> None:
        self._path = path
        self._repository: Any = repository
        self._store: Any = repository.object_store
        self._store.fsync_object_files = True

    def close(self) -> None:
        """Let go of the files."""
        self._repository.close()

    def branches(self) -> dict[str, bytes]:
        """Return the commits that the branches of workspaces are at."""
        refs = self._guarded(lambda: self._repository.refs.as_dict(BRANCHES.encode()))
        return {f"{BRANCHES}{name.decode()}": sha for name, sha in sorted(refs.items())}

    def history(self, commit: bytes) -> Iterator[Commit]:
        """Yield a commit and those before it."""
        waiting: bytes | None = commit
        while waiting is not None:
            found: Commit = self._guarded(partial(self._store.__getitem__, waiting))
            yield found
            waiting = next(iter(found.parents), None)

    def tree(self, sha: bytes) -> dict[str, bytes]:
        """Return names and objects of one folder."""
        found = self._guarded(lambda: [(e.path, e.sha) for e in self._store[sha].iteritems()])
        return {name.decode("utf-8", "replace"): each for name, each in found}

    def files(self, sha: bytes) -> Iterator[tuple[str, bytes]]:
        """Yield paths and objects of all files in a folder, and in the folders in it."""
        entries = self._guarded(lambda: iter(iter_tree_contents(self._store, ObjectID(sha))))
        while (entry := self._guarded(lambda: next(entries, None))) is not None:
            yield entry.path.decode("utf-8", "replace"), entry.sha

    def data(self, sha: bytes) -> bytes:
        """Return the bytes of a file."""
        return bytes(self._guarded(lambda: self._store[sha].data))

    def checked_out(self, branch: str) -> bool:
        """Return whether somebody works on a branch."""
        head = self._guarded(lambda: self._repository.refs.get_symrefs().get(b"HEAD"))
        return head == branch.encode() and not self._repository.bare

    def writing(self) -> Writing:
        """Begin a commit; what one that was killed left behind is deleted."""
        for file in Path(self._store.pack_dir).glob(_UNFINISHED):
            if _is_stale(file):
                file.unlink(missing_ok=True)
        return Writing(self._store, self._refused)

    def advance(self, branch: str, before: bytes | None, after: bytes) -> bool:
        """Move a branch, if nobody else did meanwhile; return whether it was moved.

        Raises:
            VaultError: it cannot be written, or somebody else is at it.
        """
        try:
            try:
                return self._moved(branch.encode(), before, after)
            except FileLocked as lock:
                file = Path(os.fsdecode(lock.lockfilename))
                if not _is_stale(file):
                    raise
                file.unlink()  # of a process that was killed
                return self._moved(branch.encode(), before, after)
        except FileLocked as lock:
            raise VaultError(
                "another process is at the branch",
                where=os.fsdecode(lock.lockfilename),
                next_step="Back up again, what was read is kept; if no process is, delete the file",
            ) from None
        except OSError as error:
            raise self._refused(error) from None

    def _moved(self, name: bytes, before: bytes | None, after: bytes) -> bool:
        refs = self._repository.refs
        if before is None:
            moved = refs.add_if_new(name, after)
        else:
            moved = refs.set_if_equals(name, before, after)
        head = refs.get_symrefs().get(b"HEAD")
        if moved and self._repository.bare and head is not None and head not in refs:
            refs.set_symbolic_ref(b"HEAD", name)
        return bool(moved)

    def _guarded(self, call: Callable[[], T]) -> T:
        try:
            return call()
        except LakewardenError:
            raise
        except Exception as error:  # noqa: BLE001  # what is damaged raises anything
            what = f"the repository is damaged ({type(error).__name__})"
            raise altered(what, str(self._path)) from None

    def _refused(self, error: OSError) -> VaultError:
        return VaultError(
            f"the repository cannot be written ({error.strerror})",
            where=str(self._path),
            next_step="Check its rights, and the room on the disk",
        )


def _is_stale(file: Path) -> bool:
    return time.time() - file.stat().st_mtime > _STALE


class Writing:
    """Writes files as packs, and a commit of them."""

    def __init__(self, store: Any, refused: Callable[[OSError], VaultError]) -> None:
        """Take the store, and what makes an error of one of the system."""
        self._store = store
        self._refused = refused
        self._waiting: dict[bytes, ShaFile] = {}
        self._size = 0
        self.files: dict[str, bytes] = {}

    def file(self, path: str, data: bytes) -> None:
        """Add a file.

        Raises:
            VaultError: it cannot be written.
        """
        blob = Blob.from_string(data)
        self.add_object(blob)
        self.files[path] = blob.id

    def add_object(self, thing: ShaFile) -> None:
        """Add an object that is not there yet; git calls trees so."""
        if thing.id in self._waiting or thing.id in self._store:
            return
        self._waiting[thing.id] = thing
        self._size += thing.raw_length()
        if len(self._waiting) >= _MANY or self._size >= _BATCH:
            self._flush()

    def commit(self, parent: bytes | None, seconds: int, message: str) -> bytes:
        """Write a commit of all files, and return it.

        Raises:
            VaultError: it cannot be written.
        """
        blobs = [(path.encode(), sha, _FILE) for path, sha in sorted(self.files.items())]
        commit: Any = Commit()
        commit.tree = commit_tree(self, blobs)  # type: ignore[arg-type]  # only adds objects
        commit.parents = [parent] if parent else []
        commit.author = commit.committer = _AUTHOR
        commit.author_time = commit.commit_time = seconds
        commit.author_timezone = commit.commit_timezone = 0
        commit.encoding = b"UTF-8"
        commit.message = message.encode("utf-8", "replace")
        self.add_object(commit)
        self._flush()
        return bytes(commit.id)

    def _flush(self) -> None:
        folder = Path(self._store.pack_dir)
        before = set(folder.glob(_UNFINISHED))
        try:
            self._store.add_objects([(thing, None) for thing in self._waiting.values()])
            sync_folder(folder)
        except OSError as error:
            for file in set(folder.glob(_UNFINISHED)) - before:
                file.unlink(missing_ok=True)
            raise self._refused(error) from None
        self._waiting, self._size = {}, 0
