"""From what a user calls a vault to the vault."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from lakewarden.errors import UsageError, VaultError
from lakewarden.store.home import expanded
from lakewarden.store.vault.nearby import Nearby
from lakewarden.store.vault.packed import MARK, MARKED, PackedVault
from lakewarden.store.vault.places import Folder, Objects
from lakewarden.store.vault.vault import Vault

S3: Final = "s3://"
_GIT: Final = "git+"
_NAMED: Final = "Name a folder, git+PATH, or s3://bucket/prefix"


def opened(
    url: str, *, spool: Path | None = None, bucket: Objects | None = None, create: bool = False
) -> Vault:
    """Open a vault.

    Args:
        url: a folder, `git+PATH` or a folder that is a git repository, or `s3://bucket/prefix`.
        spool: the folder of this machine for what is not sealed yet; None for reading only.
        bucket: the door to the bucket, where it is one.
        create: whether to make one where there is none.

    Raises:
        UsageError: there is none, or something else is there.
        VaultError: it cannot be read or made.
    """
    if bucket is not None:
        return _packed(url, Nearby(bucket), spool, create=create)
    if not url.removeprefix(_GIT):
        raise UsageError("no vault is named", next_step=_NAMED)
    path = expanded(url.removeprefix(_GIT)).absolute()
    if url.startswith(_GIT) or _is_repository(path):
        from lakewarden.store.vault.git import GitVault  # noqa: PLC0415  # only where it is one

        return GitVault.open(path, spool, create=create)
    if "://" in url:
        raise UsageError("is no vault", where=url, next_step=_NAMED)
    if not create and not path.is_dir():
        raise _none_at(url)
    if create and path.exists() and not (path / MARK).exists():
        _insist_empty(path)
    return _packed(str(path), Folder(path), spool, create=create)


def _packed(url: str, objects: Objects, spool: Path | None, *, create: bool) -> PackedVault:
    try:
        _insist_marked(url, objects, create=create, writing=spool is not None)
        return PackedVault(url, objects, spool)
    except BaseException:
        objects.close()
        raise


def _insist_marked(url: str, objects: Objects, *, create: bool, writing: bool) -> None:
    """Refuse what is no vault; whoever cannot write learns it here, before all is read."""
    mark = objects.read(MARK)
    if mark is None and not create:
        raise _none_at(url)
    if mark not in {None, MARKED}:
        raise VaultError(
            "is not as it was written, or is of a later version",
            where=objects.where(MARK),
            next_step="Use the version of lakewarden that made the vault",
        )
    if mark is None or writing:
        objects.put(MARK, MARKED)


def _is_repository(path: Path) -> bool:
    bare = path / "HEAD", path / "objects", path / "refs"
    return (path / ".git").exists() or all(each.exists() for each in bare)


def _insist_empty(path: Path) -> None:
    try:
        other = next(path.iterdir(), None)
    except OSError as error:
        raise UsageError(
            f"cannot be used as a vault ({error.strerror})",
            where=str(path),
            next_step="Name a folder",
        ) from None
    if other is not None:
        raise UsageError(
            "is no vault, and there are other files in it",
            where=str(path),
            next_step="Name an empty folder, or one that is not there yet",
        )


def _none_at(url: str) -> UsageError:
    return UsageError(
        "there is no vault", where=url, next_step="`lakewarden backup --to` makes one"
    )
