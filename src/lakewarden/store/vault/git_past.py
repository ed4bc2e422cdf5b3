"""The runs that a git repository has, and the files of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from lakewarden.errors import UsageError, VaultError
from lakewarden.store.vault.git_objects import GitObjects
from lakewarden.store.vault.index import Digests
from lakewarden.store.vault.manifest import Run, altered, digest_of
from lakewarden.store.vault.readable import CONTENT, RUN, WORKSPACE, Document, document_of


class Sealed(NamedTuple):
    """A run, and where its files are.

    Attributes:
        run: its manifest, or why it cannot be read.
        tree: the folder of its commit.
        branch: that the commit is on.
    """

    run: Run | VaultError
    tree: bytes
    branch: str


class At(NamedTuple):
    """A file of a commit.

    Attributes:
        path: in the commit.
        sha: its object.
    """

    path: str
    sha: bytes


class Past:
    """What was committed. It is not safe to share: whoever holds it locks."""

    def __init__(self, url: str, objects: GitObjects) -> None:
        self._url = url
        self._objects = objects

    def commits(self) -> Iterator[Sealed]:
        """Yield all runs of all branches, each branch from the newest on."""
        for branch, tip in self._objects.branches().items():
            later: tuple[bytes, bytes] | None = None
            for commit in self._objects.history(tip):
                manifest = self._objects.tree(commit.tree).get(RUN)
                if later is not None and later[0] != manifest:
                    yield self._read(*later, branch)
                later = (manifest, commit.tree) if manifest is not None else None
            if later is not None:
                yield self._read(*later, branch)

    def _read(self, manifest: bytes, tree: bytes, branch: str) -> Sealed:
        try:
            run = Run.of_bytes(self._objects.data(manifest), f"{self._url} {branch}")
        except VaultError as error:
            return Sealed(error, tree, branch)
        return Sealed(run, tree, branch)

    def sealed(self, run_id: str) -> tuple[Run, bytes]:
        """Return a run by its id, and the folder of its commit.

        Raises:
            UsageError: there is none.
        """
        for sealed in self.commits():
            if isinstance(sealed.run, Run) and sealed.run.id == run_id:
                return sealed.run, sealed.tree
        raise UsageError(
            f"there is no run {run_id[:80]}",
            where=self._url,
            next_step="Name another, or none for the newest",
        )

    def documents(self, tree: bytes) -> Iterator[tuple[Document, At, Mapping[str, bytes]]]:
        """Yield the documents of a commit, where each is, and the objects of all other files."""
        top = self._objects.tree(tree)
        beside = {
            f"{name}/{path}": sha
            for name in (WORKSPACE, CONTENT)
            if name in top
            for path, sha in self._objects.files(top[name])
        }
        for name, folder in top.items():
            if name in {WORKSPACE, CONTENT, RUN}:
                continue
            for path, sha in self._objects.files(folder):
                at = At(f"{name}/{path}", sha)
                data = self._objects.data(sha)
                yield document_of(data, f"{self._url} {at.path}"), at, beside

    def blobs_of(self, tree: bytes, seen: Digests) -> Iterator[tuple[str, bytes | VaultError]]:
        """Yield the blobs of a commit that were not seen before; what is damaged as an error."""
        for document, at, files in self.documents(tree):
            for part, digest in document.entry.blobs():
                path = document.files.get(part, at.path)
                sha = files.get(path, at.sha) if part not in document.inline else at.sha
                if not seen.add(f"{digest} {sha.decode()}"):
                    continue
                data = document.inline.get(part)
                if data is None and path in files:
                    data = self._objects.data(sha)
                if data is not None and digest_of(data) == digest:
                    yield digest, data
                    continue
                error = altered("a file is altered" if data else "a file is missing", path)
                yield digest, error
                yield "", error
