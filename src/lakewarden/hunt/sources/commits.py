"""What commits of a git repository brought, and what of them is missing or damaged."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from lakewarden.hunt.document import Unread

if TYPE_CHECKING:
    from dulwich.repo import Repo

SHORT: Final = 12
"""How many digits of a commit are shown."""
_STASH: Final = b"refs/stash"

Brought = tuple[str, str, bytes]
"""The commit, shortened, that brought a file, its path, and the hash of its content."""


def brought(repo: Repo) -> Iterator[Brought | Unread]:
    """Yield what commits brought that a branch, tag or stash leads to, the oldest first."""
    from dulwich.walk import Walker  # noqa: PLC0415  # slow to load

    heads = []
    for name, sha in _leads(repo):
        target = _target(repo, sha)
        if target is None:
            what = _short(sha) or "what it names"
            yield Unread(f"the history of {text(name)}", f"{what} is missing or damaged")
        elif target.type_name == b"commit":
            heads.append(target.id)
        elif target.type_name == b"tree":
            for file in _Trees(repo).files(target.id, ""):
                yield file if isinstance(file, Unread) else (text(name), *file)
        else:
            yield text(name), text(name), target.id
    ancestry = _Ancestry(repo)
    trees = _Trees(repo)
    walker = Walker(repo.object_store, heads, get_parents=ancestry.parents, reverse=True)
    for entry in walker if heads else ():
        for file in _changed(entry, trees):
            yield file if isinstance(file, Unread) else (_short(entry.commit.id), *file)
    for parent, child in ancestry.missing.items():
        where = f"the history before commit {_short(child)}"
        yield Unread(where, f"{_short(parent)} is missing or damaged")
    for commit in sorted(repo.get_shallow()):
        where = f"the history before commit {_short(commit)}"
        yield Unread(where, "is not in this clone, which is shallow")


def text(path: bytes) -> str:
    """Return a path of a repository as text, as that of a file is."""
    return path.decode("utf-8", "surrogateescape")


def _short(sha: bytes) -> str:
    return sha[:SHORT].decode("ascii", "replace")


def _leads(repo: Repo) -> Iterator[tuple[bytes, Any]]:
    """Yield names and hashes that history begins at; stashes but the last are in a log alone."""
    refs = repo.get_refs()
    for name in sorted(repo.refs.allkeys()):
        if name in refs:
            yield name, refs[name]
        elif not (repo.refs.read_ref(name) or b"").startswith(b"ref:"):
            yield name, b""
    try:
        yield from ((_STASH, entry.new_sha) for entry in repo.read_reflog(_STASH))
    except (OSError, ValueError):
        yield b"stashes but the last", b""


def _target(repo: Repo, sha: Any) -> Any:
    """Return the object that a hash names, or that a tag names in turn; None if it is missing."""
    try:
        found: Any = repo.object_store[sha]
        while found.type_name == b"tag":
            found = repo.object_store[found.object[1]]
        if found.type_name == b"commit":
            found.parents, found.tree, found.commit_time  # noqa: B018  # they are read late
    except Exception:  # noqa: BLE001  # whatever a damaged repository raises
        return None
    return found


class _Ancestry:
    """The parents of commits that are there, and of those that are not a child that names them."""

    def __init__(self, repo: Repo) -> None:
        self._repo = repo
        self._known: dict[bytes, list[Any]] = {}
        self.missing: dict[bytes, bytes] = {}

    def parents(self, commit: Any) -> list[Any]:
        """Return the parents of a commit that are in the repository."""
        known = self._known.get(commit.id)
        if known is None:
            named = self._repo.get_parents(commit.id, commit)
            known = [parent for parent in named if _target(self._repo, parent) is not None]
            self._known[commit.id] = known
            self.missing |= {parent: commit.id for parent in named if parent not in known}
        return known


def _changed(entry: Any, trees: _Trees) -> Iterator[tuple[str, bytes] | Unread]:
    """Yield what a commit changed; all that it has where its parents' folders are missing."""
    try:
        changes = list(_flat(entry.changes()))
    except Exception:  # noqa: BLE001  # whatever a damaged repository raises
        yield from trees.files(entry.commit.tree, "")
        return
    for change in changes:
        new = change.new
        if new is not None and new.sha and stat.S_ISREG(new.mode or 0):
            yield text(new.path), new.sha


class _Trees:
    """Folders of a repository, of which some are missing: each of those is told once."""

    def __init__(self, repo: Repo) -> None:
        self._store = repo.object_store
        self._told: set[bytes] = set()

    def files(self, tree: Any, folder: str) -> Iterator[tuple[str, bytes] | Unread]:
        """Yield path and hash of each file of a folder and those below it."""
        try:
            held: Any = self._store[tree]
            entries = list(held.items())
        except Exception:  # noqa: BLE001  # whatever a damaged repository raises
            if tree not in self._told:
                self._told.add(tree)
                where = f"{folder or 'all files'} in tree {_short(tree)}"
                yield Unread(where, "is missing from the repository, or damaged")
            return
        for entry in entries:
            path = f"{folder}{text(entry.path)}"
            if stat.S_ISDIR(entry.mode):
                yield from self.files(entry.sha, f"{path}/")
            elif stat.S_ISREG(entry.mode):
                yield path, entry.sha


def _flat(changes: list[Any]) -> Iterator[Any]:
    """Yield changes; those of a merge come in a list for each of its parents."""
    for change in changes:
        if isinstance(change, list):
            yield from change
        else:
            yield change
