"""`Contents`: the bytes that plans name by their digest."""

from __future__ import annotations

from typing import Protocol

from lakewarden.clients.failure import CallFailedError
from lakewarden.errors import LakewardenError, VaultError
from lakewarden.estate.fact import Cause
from lakewarden.store.kept import Kept
from lakewarden.store.vault.secrets import decrypt


class Blobs(Protocol):
    """The part of a vault that bytes are taken from."""

    def get(self, digest: str) -> bytes:
        """Return the bytes with a digest."""
        ...


class Contents:
    """Bytes by their digest, out of a vault, or out of what this machine kept of old ones."""

    def __init__(self, kept: Kept, vault: Blobs | None = None, identity: str = "") -> None:
        """Take bytes from where they are.

        Args:
            kept: what this machine kept of old ones.
            vault: the backup.
            identity: the age identity that opens values of secrets; empty for none.
        """
        self._kept = kept
        self._vault = vault
        self._identity = identity

    def get(self, digest: str) -> bytes:
        """Return bytes.

        Raises:
            CallFailedError: nobody has them, or the vault is damaged.
        """
        data = self._kept.get(digest)
        if data is not None:
            return data
        if self._vault is None:
            raise CallFailedError(Cause.NOT_FOUND, f"nobody kept the content {digest[:12]}")
        try:
            return self._vault.get(digest)
        except VaultError as error:
            raise CallFailedError(Cause.NOT_FOUND, f"the backup: {error.what}") from None

    def value(self, digest: str) -> bytes:
        """Return the value of a secret whose encrypted form has a digest.

        Raises:
            CallFailedError: nobody has it, or it cannot be opened.
        """
        try:
            return decrypt(self.get(digest), self._identity)
        except LakewardenError as error:
            raise CallFailedError(Cause.FORBIDDEN, f"its value: {error.what}") from None

    def keep(self, data: bytes) -> str:
        """Keep bytes that are about to be overwritten or removed; return their digest.

        Raises:
            StoreError: they cannot be written.
        """
        return self._kept.put(data)
