"""Bytes that were overwritten or removed, kept so that this can be taken back."""

from __future__ import annotations

import hashlib
from pathlib import Path

from lakewarden.errors import StoreError, VaultError
from lakewarden.store.vault.places import Folder


class Kept:
    """Bytes by their SHA-256, each in a file of its own that this user alone may read."""

    def __init__(self, folder: Path) -> None:
        """Stand before a folder; it is made when something is put into it."""
        self._files = Folder(folder)

    def put(self, data: bytes) -> str:
        """Keep bytes, for certain; return their digest in hexadecimal.

        Raises:
            StoreError: they cannot be written.
        """
        digest = hashlib.sha256(data).hexdigest()
        try:
            if self.get(digest) is None:
                self._files.put(_name(digest), data)
        except VaultError as error:
            raise StoreError(
                error.what,
                where=error.where,
                next_step="Make room, or see to the folder's rights; nothing was overwritten",
            ) from None
        return digest

    def get(self, digest: str) -> bytes | None:
        """Return bytes; None where they are not kept, or not whole."""
        try:
            data = self._files.read(_name(digest))
        except VaultError:
            return None
        return data if data is not None and hashlib.sha256(data).hexdigest() == digest else None


def _name(digest: str) -> str:
    return f"{digest[:2]}/{digest}"
