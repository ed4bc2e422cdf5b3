"""Files of a git repository: every one that any commit brought, or those staged for the next."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakewarden.errors import UsageError
from lakewarden.hunt.document import LARGEST, Document, Unread, too_large
from lakewarden.hunt.sources.commits import brought, text
from lakewarden.hunt.sources.folder import is_folder, is_left_out

if TYPE_CHECKING:
    from dulwich.repo import Repo


def documents(
    path: Path, *, exclude: Sequence[str] = (), largest: int = LARGEST
) -> Iterator[Document | Unread]:
    """Yield every file of every commit that a branch, tag or stash leads to, each content once.

    Args:
        path: the repository, or a folder or file in it.
        exclude: patterns of paths that are left out.
        largest: the most bytes of a file that is read.

    Raises:
        UsageError: there is no repository, or nothing at the path.
    """
    with _opened(path) as (repo, named):
        seen: set[bytes] = set()
        for found in brought(repo):
            if isinstance(found, Unread):
                yield found
                continue
            commit, where, sha = found
            name = named(where)
            if name and sha not in seen and not is_left_out(name, exclude):
                seen.add(sha)
                yield _blob(repo, sha, name, commit, largest)


def staged(
    path: Path, *, exclude: Sequence[str] = (), largest: int = LARGEST
) -> Iterator[Document | Unread]:
    """Yield the files that the next commit would bring or change, as they are staged.

    Raises:
        UsageError: there is no repository, or nothing at the path.
    """
    with _opened(path) as (repo, named):
        try:
            changes = _staged(repo)
        except Exception as error:  # noqa: BLE001  # whatever a damaged index raises
            yield Unread("what is staged", f"the index is damaged ({type(error).__name__})")
            return
        for (_, new), (_, mode), (_, sha) in changes:
            name = named(text(new or b""))
            if not sha or not stat.S_ISREG(mode or 0) or not name:
                continue
            if not is_left_out(name, exclude):
                yield _blob(repo, sha, name, "", largest)


def is_bare(path: Path) -> bool:
    """Return whether a folder is a repository without files beside it.

    Raises:
        UsageError: there is no repository, or nothing at the path.
    """
    with _opened(path) as (repo, _):
        return bool(repo.bare)


class _opened:  # noqa: N801  # used as a function is
    """Opens the repository that a file or folder lies in, for the length of a block."""

    def __init__(self, path: Path) -> None:
        from dulwich.errors import NotGitRepository  # noqa: PLC0415  # slow to load
        from dulwich.repo import Repo  # noqa: PLC0415  # likewise

        self._file = "" if is_folder(path) else str(path)
        try:
            self._repo = Repo.discover(str(path.absolute()))
        except NotGitRepository:
            raise UsageError(
                "is not in a git repository",
                where=str(path),
                next_step="Name one, or leave --history and --staged out",
            ) from None
        except Exception as error:  # noqa: BLE001  # whatever a damaged repository raises
            raise UsageError(
                f"its git repository cannot be opened ({type(error).__name__})",
                where=str(path),
                next_step="Check it: git fsck",
            ) from None
        top = Path(self._repo.path).resolve()
        below = path.resolve()
        inside = not self._repo.bare and below.is_relative_to(top) and below != top
        self._at = below.relative_to(top).as_posix() if inside else ""

    def __enter__(self) -> tuple[Repo, Callable[[str], str]]:
        return self._repo, self._named

    def _named(self, where: str) -> str:
        """Return what a path of the repository is called here, empty for one that is elsewhere."""
        if self._file:
            return self._file if where == self._at else ""
        prefix = f"{self._at}/" if self._at else ""
        return where.removeprefix(prefix) if where.startswith(prefix) else ""

    def __exit__(self, *_: object) -> None:
        self._repo.close()


def _staged(repo: Repo) -> list[Any]:
    """Return what is staged and was not so in the last commit; all where that one is damaged."""
    index = _index(repo)
    try:
        changes = list(index.changes_from_tree(repo.object_store, _tree(repo)))
    except Exception:  # noqa: BLE001  # whatever a damaged repository raises
        changes = list(index.changes_from_tree(repo.object_store, None))
    return sorted(changes, key=lambda change: change[0][1] or b"")


def _index(repo: Repo) -> Any:
    """Return the index that is to be committed: git names another one for `commit -a` and paths."""
    from dulwich.index import Index  # noqa: PLC0415  # slow to load

    named = os.environ.get("GIT_INDEX_FILE")
    return Index(Path(repo.path, named)) if named else repo.open_index()


def _tree(repo: Repo) -> Any:
    """Return the tree of the commit that is checked out, None before the first."""
    try:
        head: Any = repo[repo.head()]
    except KeyError:
        return None
    return head.tree


def _blob(repo: Repo, sha: Any, where: str, commit: str, largest: int) -> Document | Unread:
    try:
        data = repo.object_store[sha].as_raw_string()
    except Exception as error:  # noqa: BLE001  # whatever a damaged repository raises
        return Unread(where, f"its content is not in the repository ({type(error).__name__})")
    if len(data) > largest:
        return too_large(where, largest)
    return Document(where, data, commit)
