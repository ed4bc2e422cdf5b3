"""The entries of a run on their way into a vault: checked, counted, and in a file."""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import Final

from lakewarden.errors import VaultError
from lakewarden.store.vault.index import Digests
from lakewarden.store.vault.manifest import Entry, Root, Run, altered
from lakewarden.store.vault.signing import Signer

_LEVEL: Final = 6


class Gathered:
    """The entries of a run.

    Attributes:
        data: lines of JSON, compressed.
        lines: the digest of the lines.
        root: over the entries.
        objects: how many there are.
        size: of their distinct blobs, in bytes.
    """

    def __init__(self, entries: Iterable[Entry], size_of: Callable[[str], int | None]) -> None:
        """Go through all entries.

        Args:
            entries: in order of kind and key.
            size_of: the size of a blob by its digest; None where it is not kept.

        Raises:
            VaultError: they are not in order, or a blob is not kept.
        """
        root, out, every = Root(), io.BytesIO(), hashlib.sha256()
        self.objects = self.size = 0
        with closing(Digests()) as seen, _compressor(out) as lines:
            for entry in entries:
                root.add(entry)
                line = entry.line()
                lines.write(line)
                every.update(line)
                self.objects += 1
                for part, digest in entry.blobs():
                    if seen.add(digest):
                        self.size += _insisted(entry, part, size_of(digest))
        self.root = root.hexdigest()
        self.data = out.getvalue()
        self.lines = every.hexdigest()

    def completed(self, run: Run, entries: str, previous: str, signer: Signer | None) -> Run:
        """Return a run with what only its entries tell, signed.

        Args:
            run: as whoever made it knows it.
            entries: the digest of what has them.
            previous: the run of this workspace before it.
            signer: who signs it.
        """
        whole = replace(
            run,
            root=self.root,
            objects=self.objects,
            size=self.size,
            entries=entries,
            previous=previous,
            public_key="",
            signature="",
        )
        return signer.signed(whole) if signer else whole


def lines_of(data: bytes, where: str) -> Iterator[Entry]:
    """Yield the entries of a file.

    Raises:
        VaultError: it cannot be read.
    """
    try:
        with gzip.open(io.BytesIO(data)) as lines:
            for line in lines:
                yield Entry.of_line(line, where)
    except (EOFError, OSError, zlib.error):
        raise altered("the entries cannot be read", where) from None


def _compressor(out: io.BytesIO) -> gzip.GzipFile:
    return gzip.GzipFile(filename="", mode="wb", fileobj=out, compresslevel=_LEVEL, mtime=0)


def _insisted(entry: Entry, part: str, size: int | None) -> int:
    if size is None:
        raise VaultError(
            f"the {part} of {entry.kind} {entry.key} is not in the vault",
            next_step="Back up again, from anew",
        )
    return size
