"""What is not in the vault yet: blobs in a file of this machine, found again after a crash."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from lakewarden.errors import VaultError
from lakewarden.store.vault.packs import MAGIC, RECORD, Member, finished, scanned
from lakewarden.store.vault.places import sync_folder

_NAME: Final = "spool.pack"


class Spool:
    """A pack that is still growing. It is not safe to share: whoever holds it locks."""

    def __init__(self, folder: Path) -> None:
        """Take up what a run that was cut off left, as far as it is whole.

        Raises:
            VaultError: it cannot be opened.
        """
        self._path = folder / _NAME
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._file = os.fdopen(handle, "r+b", buffering=0)
            with self._path.open("rb") as found:
                self.members = list(scanned(found))
            self.size = self.members[-1].offset + self.members[-1].length if self.members else 0
            self._file.truncate(self.size)
            if not self.members:
                self._write(0, MAGIC)
                self.size = len(MAGIC)
            sync_folder(folder)
            self._synced = False
        except OSError as error:
            raise self._refused(error) from None

    def close(self) -> None:
        """Let go of the file; what is in it is kept."""
        self._file.close()

    def add(self, digest: bytes, member: bytes, size: int) -> Member:
        """Add a blob, as it is in a pack.

        Raises:
            VaultError: there is no room for it; the file is as it was then.
        """
        record = RECORD.pack(digest, len(member)) + member
        try:
            self._write(self.size, record)
        except OSError as error:
            self._cut()
            raise self._refused(error) from None
        added = Member(digest, self.size + RECORD.size, len(member), size)
        self.members.append(added)
        self.size += len(record)
        self._synced = False
        return added

    def read(self, offset: int, length: int) -> bytes:
        """Return a part of the file.

        Raises:
            VaultError: it cannot be read.
        """
        try:
            return os.pread(self._file.fileno(), length, offset)
        except OSError as error:
            raise self._refused(error) from None

    def sync(self) -> None:
        """Make all that was added durable.

        Raises:
            VaultError: it cannot be.
        """
        if not self._synced:
            try:
                os.fsync(self._file.fileno())
            except OSError as error:
                raise self._refused(error) from None
            self._synced = True

    def pack(self) -> bytes:
        """Return all that was added as a pack."""
        return finished(self.read(0, self.size), self.members)

    def clear(self) -> None:
        """Begin anew.

        Raises:
            VaultError: the file cannot be cut.
        """
        self.members = []
        self.size = len(MAGIC)
        try:
            self._file.truncate(self.size)
        except OSError as error:
            raise self._refused(error) from None

    def _write(self, offset: int, data: bytes) -> None:
        view = memoryview(data)
        while view:
            written = os.pwrite(self._file.fileno(), view, offset)
            view, offset = view[written:], offset + written

    def _cut(self) -> None:
        """Take away what was written of a record that did not fit."""
        with suppress(OSError):  # the next record is written over it
            self._file.truncate(self.size)

    def _refused(self, error: OSError) -> VaultError:
        return VaultError(
            f"cannot be written ({error.strerror})",
            where=str(self._path),
            next_step="Check the rights of the folder, and the room on the disk",
        )
