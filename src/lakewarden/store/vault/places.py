"""Files by name, in a folder; a bucket has the same."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, Protocol

from lakewarden.errors import VaultError

_FRESH: Final = ".new-"


class Objects(Protocol):
    """Where a vault keeps its files. Whatever is refused is a LakewardenError that names the place.

    Attributes:
        ahead: how many of them are best read at a time.
    """

    ahead: int

    def close(self) -> None:
        """Let go of it."""

    def put(self, name: str, data: bytes) -> None:
        """Write a file at once or not at all; it is durable afterwards."""

    def read(self, name: str, offset: int = 0, length: int | None = None) -> bytes | None:
        """Return a part of a file, all from `offset` on without a length; None where it is not."""

    def tail(self, name: str, length: int) -> bytes | None:
        """Return the last bytes of a file; None where it is not there."""

    def names(self, prefix: str) -> Iterator[str]:
        """Yield the names of files that begin with a prefix, in order."""

    def remove(self, names: Iterable[str]) -> None:
        """Delete files."""

    def keep(self, names: Iterable[str]) -> None:
        """Have files kept as long as those that are written now, where that is asked for."""

    def where(self, name: str) -> str:
        """Return how a reader finds a file."""


class Folder:
    """A folder that only its owner may enter."""

    ahead = 1

    def __init__(self, root: Path) -> None:
        self._root = root

    def close(self) -> None:
        """Do nothing: no file is open."""

    def put(self, name: str, data: bytes) -> None:
        """Write a file.

        Raises:
            VaultError: it cannot be written; nothing is left of it then.
        """
        target = self._root / name
        part: Path | None = None
        try:
            self._make(target.parent)
            handle, made = tempfile.mkstemp(dir=target.parent, prefix=_FRESH)
            part = Path(made)
            with os.fdopen(handle, "wb") as out:
                out.write(data)
                out.flush()
                os.fsync(out.fileno())
            os.replace(part, target)  # noqa: PTH105  # one step, or none
            sync_folder(target.parent)
        except OSError as error:
            raise _refused("written", target, error) from None
        finally:
            if part is not None:
                part.unlink(missing_ok=True)

    def read(self, name: str, offset: int = 0, length: int | None = None) -> bytes | None:
        """Return a part of a file.

        Raises:
            VaultError: it cannot be read.
        """
        try:
            with (self._root / name).open("rb") as file:
                file.seek(offset)
                return file.read(-1 if length is None else length)
        except FileNotFoundError:
            return None
        except (OSError, OverflowError, MemoryError) as error:
            raise _refused("read", self._root / name, error) from None

    def tail(self, name: str, length: int) -> bytes | None:
        """Return the last bytes of a file.

        Raises:
            VaultError: it cannot be read.
        """
        try:
            size = (self._root / name).stat().st_size
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _refused("read", self._root / name, error) from None
        return self.read(name, max(0, size - length))

    def names(self, prefix: str) -> Iterator[str]:
        """Yield the names of files under a prefix that ends a folder.

        Raises:
            VaultError: the folder cannot be listed.
        """
        found: list[str] = []
        for folder, _folders, files in os.walk(self._root / prefix, onerror=_cannot_list):
            own = Path(folder).relative_to(self._root)
            found += [str(own / file) for file in files if not file.startswith(_FRESH)]
        yield from sorted(found)

    def remove(self, names: Iterable[str]) -> None:
        """Delete files; one that is not there is as good as deleted.

        Raises:
            VaultError: one cannot be deleted.
        """
        for name in names:
            try:
                (self._root / name).unlink(missing_ok=True)
            except OSError as error:
                raise _refused("deleted", self._root / name, error) from None

    def keep(self, names: Iterable[str]) -> None:
        """Do nothing: a folder locks no files."""

    def where(self, name: str) -> str:
        """Return the path of a file."""
        return str(self._root / name)

    def _make(self, folder: Path) -> None:
        """Make a folder, and those above it within the vault, each durable."""
        if folder.is_dir():
            return
        if folder != self._root:
            self._make(folder.parent)
        folder.mkdir(mode=0o700, parents=folder == self._root, exist_ok=True)
        sync_folder(folder.parent)


def _cannot_list(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise _refused("listed", Path(error.filename), error)


def sync_folder(folder: Path) -> None:
    """Make what a folder lists durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno != errno.EINVAL:  # a network file system that knows no such thing
            raise
    finally:
        os.close(handle)


def _refused(verb: str, path: Path, error: Exception) -> VaultError:
    why = getattr(error, "strerror", None) or type(error).__name__
    step = "Check the rights of the folder, and the room on the disk"
    return VaultError(f"cannot be {verb} ({why})", where=str(path), next_step=step)
