"""Bytes that were overwritten or removed, kept so that this can be taken back."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from lakewarden.errors import StoreError


class Kept:
    """Bytes by their SHA-256, each in a file of its own that this user alone may read."""

    def __init__(self, folder: Path) -> None:
        """Stand before a folder; it is made when something is put into it."""
        self._folder = folder

    def put(self, data: bytes) -> str:
        """Keep bytes, for certain; return their digest in hexadecimal.

        Raises:
            StoreError: they cannot be written.
        """
        digest = hashlib.sha256(data).hexdigest()
        file = self._file(digest)
        try:
            if not file.exists():
                file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                handle, name = tempfile.mkstemp(dir=file.parent, prefix=".new-")
                with os.fdopen(handle, "wb") as out:
                    out.write(data)
                    out.flush()
                    os.fsync(out.fileno())
                Path(name).replace(file)
        except OSError as error:
            raise StoreError(
                f"cannot be written ({error.strerror})",
                where=str(self._folder),
                next_step="Make room, or see to the folder's rights; nothing was overwritten",
            ) from None
        return digest

    def get(self, digest: str) -> bytes | None:
        """Return bytes; None where they are not kept, or not whole."""
        try:
            data = self._file(digest).read_bytes()
        except OSError:
            return None
        return data if hashlib.sha256(data).hexdigest() == digest else None

    def _file(self, digest: str) -> Path:
        return self._folder / digest[:2] / digest
