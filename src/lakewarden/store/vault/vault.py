"""What a vault can do, wherever it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, Self

from lakewarden.errors import VaultError
from lakewarden.store.vault.manifest import Entry, Run
from lakewarden.store.vault.signing import Signer


class Vault(Protocol):
    """Blobs and runs. Threads may share it; whatever fails is a VaultError that names the place.

    Attributes:
        url: where it is, as a reader writes it.
    """

    url: str

    def has(self, digest: str) -> bool:
        """Return whether a blob is kept, without reading it."""

    def put(self, data: bytes) -> str:
        """Keep a blob and return its digest; it is durable after the next `flush`."""

    def flush(self) -> None:
        """Make all that was put durable, whatever happens to this process or machine."""

    def get(self, digest: str) -> bytes:
        """Return a blob, whose digest is checked."""

    def blobs(self, _runs: Iterable[Run] | None = None) -> Iterator[tuple[str, bytes | VaultError]]:
        """Yield what is kept for some runs, or for all, in the order that is read fastest.

        What cannot be read comes as an error, beside the digest, empty where that is not known.
        """

    def runs(self, host: str | None = None) -> tuple[Run, ...]:
        """Return the runs that can be read, of one workspace or of all, the oldest first."""

    def damaged(self) -> tuple[VaultError, ...]:
        """Return why some runs cannot be read."""

    def manifest(self, run_id: str) -> Run:
        """Return a run by its id; a UsageError where there is none."""

    def entries(self, run_id: str) -> Iterator[Entry]:
        """Yield what a run has, in order of kind and key."""

    def seal(self, run: Run, entries: Iterable[Entry], signer: Signer | None) -> Run:
        """Make a run visible, at once or not at all, and return it with its root and signature.

        The entries come in order of kind and key, and all of their blobs are kept.
        """

    def close(self) -> None:
        """Let go of it; what was put and not sealed is found again by the next writer."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...
