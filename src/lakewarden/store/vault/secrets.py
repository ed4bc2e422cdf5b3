"""Values of secrets: encrypted to whom the user names, and told apart without being known.

A value is encrypted with age, which gives other bytes each time. So that the same values give the
same root, a run has the HMAC of the value instead, under a key that this machine keeps: whoever has
the vault alone can neither read a value nor try out guesses. The encrypted blob is named beside it
and covered by the signature, not by the root. Machines whose roots are to be equal share the key.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Sequence
from typing import Any, Final

from lakewarden.errors import UsageError, VaultError
from lakewarden.store.home import state_folder
from lakewarden.store.vault.signing import keep_secret

_NAME: Final = "secrets.key"
_BYTES: Final = 32


class ValueKey:
    """Tells values apart."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    @classmethod
    def of_this_machine(cls) -> ValueKey:
        """Return the key of this machine, which is made the first time.

        Raises:
            VaultError: it cannot be read or kept.
        """
        file = state_folder() / "backup" / _NAME
        try:
            if not file.exists():
                keep_secret(file, os.urandom(_BYTES))
            key = file.read_bytes()
        except OSError as error:
            raise VaultError(
                f"the key that tells secrets apart cannot be kept ({error.strerror})",
                where=str(file),
                next_step="Check the folder's rights",
            ) from None
        if len(key) != _BYTES:
            raise VaultError(
                "is no key that tells secrets apart",
                where=str(file),
                next_step="Restore the file from a copy, or move it away for a new one",
            )
        return cls(key)

    def digest(self, kind: str, key: str, value: bytes) -> str:
        """Return the keyed digest of the value of one secret; equal values elsewhere differ."""
        name = f"{len(kind)}:{kind}{len(key)}:{key}".encode("utf-8", "surrogatepass")
        return hmac.new(self._key, name + b"\0" + value, hashlib.sha256).hexdigest()


def encrypt(value: bytes, recipients: Sequence[str]) -> bytes:
    """Return a value that only the recipients can read.

    Args:
        value: the secret.
        recipients: age public keys, `age1…`, or SSH public keys.

    Raises:
        UsageError: there is none, or one is no public key.
    """
    if not recipients:
        raise UsageError("nobody is named who may read secrets", next_step="Give --recipient age1…")
    sealed: bytes = _age().encrypt(value, [_recipient(text) for text in recipients])
    return sealed


def insist_recipients(recipients: Sequence[str]) -> None:
    """Refuse what are no recipients, before anything is read for them.

    Raises:
        UsageError: there is none, or one is no public key.
    """
    encrypt(b"", recipients)


def decrypt(sealed: bytes, identity: str) -> bytes:
    """Return the value that was encrypted.

    Args:
        sealed: as `encrypt` gave it.
        identity: the text of an age identity file, or of an SSH private key.

    Raises:
        UsageError: the text is no identity.
        VaultError: it was encrypted to others, or is damaged.
    """
    age = _age()
    try:
        value: bytes = age.decrypt(sealed, _identities(identity))
    except age.DecryptError:
        raise VaultError(
            "the value of a secret cannot be decrypted with this identity",
            next_step="Name the identity of a recipient that the backup was made for",
        ) from None
    return value


def _age() -> Any:
    """Load the library of age only where secrets are read or restored."""
    import pyrage  # type: ignore[import-untyped]  # noqa: PLC0415  # ships no types; see above

    return pyrage


def _recipient(text: str) -> object:
    age = _age()
    form = age.ssh.Recipient if text.startswith("ssh-") else age.x25519.Recipient
    try:
        recipient: object = form.from_str(text.strip())
    except age.RecipientError:
        raise UsageError(
            "is no age public key",
            where=text[:12] + "…",
            next_step="Give one that begins with age1, as `age-keygen` prints it",
        ) from None
    return recipient


def _identities(text: str) -> list[object]:
    age = _age()
    try:
        if "PRIVATE KEY-----" in text:
            return [age.ssh.Identity.from_buffer(text.encode())]
        lines = [line.strip() for line in text.splitlines()]
        keys = [line for line in lines if line and not line.startswith("#")]
        found: list[object] = [age.x25519.Identity.from_str(key) for key in keys]
    except (age.IdentityError, ValueError):
        found = []
    if not found:
        raise UsageError(
            "there is no age identity in the file",
            next_step="Name the file that `age-keygen` wrote",
        )
    return found
