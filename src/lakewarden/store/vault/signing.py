"""Who made a run: Ed25519 signatures with a key of this machine."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lakewarden.errors import UsageError, VaultError
from lakewarden.store.home import state_folder
from lakewarden.store.vault.manifest import Run

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_PRIVATE: Final = "signing.key"
_PUBLIC: Final = "signing.pub"
_RAW: Final = 32
"""Bytes of a public key."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that signatures are checked with.

    Attributes:
        text: its 32 bytes in hexadecimal, as manifests have it.
    """

    text: str

    @classmethod
    def read(cls, file: Path) -> PublicKey:
        """Read a PEM file, or one that has the hexadecimal digits.

        Raises:
            UsageError: it is no Ed25519 public key.
        """
        try:
            raw = _raw(file.read_bytes().strip())
        except OSError as error:
            raise UsageError(
                f"cannot be read ({error.strerror})",
                where=str(file),
                next_step="Name the public key that runs were signed with",
            ) from None
        if len(raw) != _RAW:
            raise UsageError(
                "is no Ed25519 public key",
                where=str(file),
                next_step=f"Name {_PUBLIC} of the machine that makes the backups",
            )
        return cls(raw.hex())

    @classmethod
    def of_this_machine(cls) -> PublicKey | None:
        """Return the key that this machine signs with; None while it has none."""
        file = _folder() / _PUBLIC
        return cls.read(file) if file.exists() else None


class Signer:
    """Signs runs."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = PublicKey(key.public_key().public_bytes_raw().hex())

    @classmethod
    def of_this_machine(cls) -> Signer:
        """Return the signer of this machine; its key is made the first time.

        Raises:
            VaultError: the key cannot be read or kept.
        """
        file = _folder() / _PRIVATE
        try:
            if not file.exists():
                keep_secret(file, _new_key())
            key = _private(file.read_bytes())
            if key is not None and not file.with_name(_PUBLIC).exists():
                keep_secret(file.with_name(_PUBLIC), _pem(key))
        except OSError as error:
            raise VaultError(
                f"the key that signs runs cannot be kept ({error.strerror})",
                where=str(file),
                next_step="Check the folder's rights",
            ) from None
        if key is None:
            raise VaultError(
                "is no key that runs can be signed with",
                where=str(file),
                next_step="Restore the file from a copy, or move it away for a new one",
            )
        return cls(key)

    def signed(self, run: Run) -> Run:
        """Return a run with the signature."""
        mine = replace(run, public_key=self.public.text, signature="")
        return replace(mine, signature=self._key.sign(mine.signed_bytes()).hex())


def signature_problem(run: Run, key: PublicKey | None) -> str:
    """Return what is wrong about the signature of a run; empty when it is right.

    Args:
        run: with its signature.
        key: whose signature is wanted; any when None.
    """
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415  # only where signatures are
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415  # likewise
        Ed25519PublicKey,
    )

    if not run.signature:
        return "is not signed"
    if key is not None and run.public_key != key.text:
        return f"is signed by another key ({run.public_key[:16]} instead of {key.text[:16]})"
    try:
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(run.public_key))
        public.verify(bytes.fromhex(run.signature), run.signed_bytes())
    except (ValueError, InvalidSignature):
        return "is not what was signed"
    return ""


def keep_secret(file: Path, content: bytes) -> None:
    """Write a file that only its owner may read, unless it is there.

    Raises:
        OSError: it cannot be written.
    """
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        os.link(part, file)
    except FileExistsError:
        pass  # another process was first: its file counts
    finally:
        part.unlink(missing_ok=True)


def _raw(data: bytes) -> bytes:
    """Return the bytes of a public key, or none."""
    from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415  # only where signatures are
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415  # likewise

    try:
        if not data.startswith(b"-----"):
            return bytes.fromhex(data.decode("ascii"))
        key = load_pem_public_key(data)
    except ValueError:
        return b""
    return key.public_bytes_raw() if isinstance(key, ed25519.Ed25519PublicKey) else b""


def _private(pem: bytes) -> Ed25519PrivateKey | None:
    from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415  # only where signatures are
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415  # likewise

    try:
        key = load_pem_private_key(pem, None)
    except (ValueError, TypeError):
        return None
    return key if isinstance(key, ed25519.Ed25519PrivateKey) else None


def _new_key() -> bytes:
    from cryptography.hazmat.primitives import serialization as form  # noqa: PLC0415  # only where signatures are
    from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415  # likewise

    kind = form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()
    return ed25519.Ed25519PrivateKey.generate().private_bytes(*kind)


def _pem(key: Ed25519PrivateKey) -> bytes:
    from cryptography.hazmat.primitives import serialization as form  # noqa: PLC0415  # only where signatures are

    kind = form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(*kind)


def _folder() -> Path:
    return state_folder() / "backup"
