"""What a backup has of each asset, as far as it was asked for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from lakewarden.assets.registry import kinds
from lakewarden.errors import UsageError, VaultError
from lakewarden.store.vault.manifest import Entry, Run
from lakewarden.store.vault.vault import Vault

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """One asset as a backup has it.

    Attributes:
        kind: of asset.
        key: its natural key.
        spec: its definition, with typed references.
        acl: its direct permissions; None where the backup does not have them.
        content: the digest of its bytes; None for none.
        cipher: the digest of the encrypted value of a secret.
        around: it is wanted only because something that was asked for stands in it.
        digest: of definition and content, as the backup has them.
    """

    kind: str
    key: str
    spec: Json
    acl: list[dict[str, str]] | None = None
    content: str | None = None
    cipher: str | None = None
    around: bool = False
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """What was asked for.

    Attributes:
        kinds: nothing but these; empty for all.
        paths: patterns, of which those with a path must match one; empty for all.
    """

    kinds: frozenset[str] = field(default_factory=frozenset)
    paths: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse kinds that nobody knows.

        Raises:
            UsageError: there is one.
        """
        for name in sorted(self.kinds - kinds().keys()):
            raise UsageError(f"there is no kind {name}", next_step=f"Kinds: {', '.join(kinds())}")

    def has(self, kind: str, key: str) -> bool:
        """Return whether an asset was asked for."""
        if self.kinds and kind not in self.kinds:
            return False
        return not self.paths or any(_within(key, pattern) for pattern in self.paths)


def wanted(vault: Vault, run: Run, choice: Choice) -> Iterator[Wanted]:
    """Yield what was asked for of a run, and the folders around it.

    Raises:
        VaultError: a part of it is missing or damaged.
        UsageError: nothing of it was asked for.
    """
    entries = [entry for entry in vault.entries(run.id) if entry.spec is not None or entry.acl]
    asked = [entry for entry in entries if choice.has(entry.kind, entry.key)]
    if entries and not asked:
        raise UsageError(
            "the backup has nothing of what was asked for",
            where=f"{vault.url} {run.id}",
            next_step="See --kinds and --paths",
        )
    folders = set(_folders(entry.key for entry in asked))
    mine = {(entry.kind, entry.key) for entry in asked}
    for entry in entries:
        if (entry.kind, entry.key) in mine:
            yield _read(vault, entry, around=False)
        elif entry.kind == "directory" and entry.key in folders:
            yield _read(vault, entry, around=True)


def _within(key: str, pattern: str) -> bool:
    plain = pattern.rstrip("/")
    return fnmatchcase(key, pattern) or fnmatchcase(key, f"{plain}/*") or key == plain


def _folders(keys: Iterable[str]) -> Iterator[str]:
    """Yield the folders in which paths lie."""
    for key in keys:
        while key.startswith("/"):
            key = key.rpartition("/")[0]  # noqa: PLW2901  # up, one folder after the other
            if key:
                yield key


def _read(vault: Vault, entry: Entry, *, around: bool) -> Wanted:
    spec = json.loads(vault.get(entry.spec)) if entry.spec else {}
    acl = json.loads(vault.get(entry.acl)) if entry.acl else None
    if not isinstance(spec, dict) or not isinstance(acl, list | None):
        raise VaultError(
            f"the {entry.kind} {entry.key} is not of the form that is known",
            where=vault.url,
            next_step="Use the version of lakewarden that made the backup",
        )
    digest = f"{entry.spec or ''}{entry.content or ''}"
    return Wanted(*(entry.kind, entry.key, spec, acl, entry.content, entry.cipher, around, digest))
