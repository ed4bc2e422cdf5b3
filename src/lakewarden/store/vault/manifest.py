"""What a run says of itself: its manifest, its entries, and the root over them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Any, Final

from lakewarden.errors import VaultError

SCHEMA: Final = "lakewarden.backup/1"
_PARTS: Final = {"kinds": "only", "paths": "only in", "without": "without"}
"""What a run says of the part that it is of, and how people read it."""
_DIGEST: Final = 64
"""The hexadecimal digits of a SHA-256."""


class Status(StrEnum):
    """How the listing of a collection ended; only what is `COMPLETE` shows that a thing is gone."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    FORBIDDEN = "forbidden"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class Collection:
    """All assets of a kind, as far as they were seen.

    Attributes:
        status: how the listing ended.
        objects: how many assets it gave.
        errors: why it is not complete.
    """

    status: Status
    objects: int = 0
    errors: tuple[str, ...] = ()

    @property
    def seen(self) -> bool:
        """Return whether all was seen that there is; of what is disabled, there is nothing."""
        return self.status in {Status.COMPLETE, Status.DISABLED}


@dataclass(frozen=True, slots=True)
class Entry:
    """One asset in a run.

    Attributes:
        kind: of asset.
        key: its natural key.
        spec: digest of its definition.
        acl: digest of its direct permissions.
        content: digest of its bytes; of a secret, the keyed digest of its value.
        stamp: what tells cheaply whether it changed; no part of the root.
        cipher: digest of the encrypted value of a secret; no part of the root.
    """

    kind: str
    key: str
    spec: str | None = None
    acl: str | None = None
    content: str | None = None
    stamp: Mapping[str, Any] = field(default_factory=dict)
    cipher: str | None = None

    @property
    def order(self) -> tuple[str, str]:
        """Return what entries are sorted by."""
        return self.kind, self.key

    def blobs(self) -> Iterator[tuple[str, str]]:
        """Yield part and digest of each blob that the vault must have for it."""
        content = None if self.cipher else self.content
        parts = {"spec": self.spec, "acl": self.acl, "content": content, "cipher": self.cipher}
        for part, digest in parts.items():
            if digest:
                yield part, digest

    def line(self) -> bytes:
        """Return it as one line of JSON."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        named = {"kind": self.kind, "key": self.key}
        return canonical({name: value for name, value in values.items() if value} | named) + b"\n"

    @classmethod
    def of_line(cls, line: bytes | str, where: str) -> Entry:
        """Read a line of JSON.

        Raises:
            VaultError: it is no entry.
        """
        try:
            document = json.loads(line)
            entry = cls(**document)
        except (ValueError, TypeError, RecursionError):
            raise altered("an entry cannot be read", where) from None
        digests = (entry.spec, entry.acl, entry.content, entry.cipher)
        named = all(isinstance(document[name], str) for name in ("kind", "key"))
        if not named or not all(d is None or is_digest(d) for d in digests):
            raise altered("an entry cannot be read", where)
        return entry


@dataclass(frozen=True, slots=True)
class Run:
    """One backup of a workspace.

    Attributes:
        id: unique, and sortable by time.
        host: of the workspace.
        workspace: its id.
        tool: name and version of what made it.
        started: ISO 8601 in UTC.
        ended: likewise; the run says what was there until then.
        collections: how the listing of each kind ended.
        incomplete: `kind`, `key` and `what` of assets that are there in part only.
        errors: likewise of those that could not be read.
        notes: what else whoever made it wants to remember.
        objects: how many entries it has.
        size: of its distinct blobs, in bytes.
        root: over all its entries.
        entries: the digest of the file that holds them.
        previous: the run of this workspace before it.
        public_key: who signed it, empty when nobody did.
        signature: over all the others.
    """

    id: str
    host: str
    workspace: str
    tool: str
    started: str
    ended: str
    collections: Mapping[str, Collection] = field(default_factory=dict)
    incomplete: tuple[Mapping[str, str], ...] = ()
    errors: tuple[Mapping[str, str], ...] = ()
    notes: Mapping[str, Any] = field(default_factory=dict)
    objects: int = 0
    size: int = 0
    root: str = ""
    entries: str = ""
    previous: str = ""
    public_key: str = ""
    signature: str = ""

    @property
    def complete(self) -> bool:
        """Return whether everything that was asked for is there."""
        seen = all(collection.seen for collection in self.collections.values())
        return seen and not self.incomplete and not self.errors

    @property
    def asked(self) -> Mapping[str, Any]:
        """Return what was asked for, where it says so."""
        found = self.notes.get("selection")
        return found if isinstance(found, Mapping) else {}

    @property
    def part_of_tree(self) -> bool:
        """Return whether some of the workspace tree was not asked for."""
        without = (str(each) for each in self.asked.get("without") or ())
        return bool(self.asked.get("paths")) or any(each.startswith("/") for each in without)

    @property
    def part(self) -> str:
        """Return which part of a workspace it is of, empty for all of it."""
        named = ((word, self.asked.get(name)) for name, word in _PARTS.items())
        return "; ".join(f"{word} {', '.join(map(str, of))}" for word, of in named if of)

    def replaces(self, other: Run) -> bool:
        """Return whether all was asked for that another run was asked for."""
        mine, its = self.asked, other.asked
        more = not self.part and (mine.get("values") or not its.get("values"))
        return bool(mine == its or more)

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON.

        A field of a later version is left out while it has its default: what was signed before
        stays as it was.
        """
        document = {each.name: getattr(self, each.name) for each in fields(self)}
        document["collections"] = {
            kind: {"status": c.status.value, "objects": c.objects, "errors": list(c.errors)}
            for kind, c in self.collections.items()
        }
        return {"schema": SCHEMA, **document}

    def as_bytes(self) -> bytes:
        """Return it as the file that a vault keeps."""
        return json.dumps(self.as_json(), indent=1).encode() + b"\n"

    def signed_bytes(self) -> bytes:
        """Return what a signature is over."""
        return canonical(replace(self, signature="").as_json())

    @classmethod
    def of_bytes(cls, text: bytes, where: str) -> Run:
        """Read a manifest.

        Raises:
            VaultError: it is none, or of a later version.
        """
        try:
            document = json.loads(text)
            schema = document.pop("schema")
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise altered("the manifest cannot be read", where) from None
        if schema != SCHEMA:
            raise VaultError(
                f"the manifest is of another version ({str(schema)[:40]})",
                where=where,
                next_step="Use the version of lakewarden that made it",
            )
        try:
            collections = {
                kind: Collection(Status(c["status"]), int(c["objects"]), tuple(c["errors"]))
                for kind, c in document.pop("collections").items()
            }
            document |= {name: tuple(document[name]) for name in ("incomplete", "errors")}
            run = cls(collections=collections, **document)
        except (ValueError, TypeError, KeyError, AttributeError):
            raise altered("the manifest cannot be read", where) from None
        texts = (run.id, run.host, run.ended, run.root, run.entries, run.public_key, run.signature)
        records = (*run.incomplete, *run.errors)
        if not all(isinstance(each, str) for each in texts) or not all(
            isinstance(each, dict) for each in records
        ):
            raise altered("the manifest cannot be read", where)
        if run.as_bytes() != text:
            raise altered("the manifest is not as it was written", where)
        return run


class Root:
    """The root of a run, made of its entries one after the other."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._last: tuple[str, str] | None = None

    def add(self, entry: Entry) -> None:
        """Add the next entry.

        Raises:
            VaultError: it does not come after the one before it.
        """
        if self._last is not None and entry.order <= self._last:
            twice = entry.order == self._last
            what = "is there twice" if twice else f"comes after {self._last[0]} {self._last[1]}"
            raise VaultError(
                f"the entry {entry.kind} {entry.key} {what}", next_step="Back up again, from anew"
            )
        self._last = entry.order
        parts = [entry.kind, entry.key, entry.spec, entry.acl, entry.content]
        self._hash.update(canonical(parts) + b"\n")

    def hexdigest(self) -> str:
        """Return the root of the entries so far."""
        return self._hash.hexdigest()


def root_of(entries: Iterable[Entry]) -> str:
    """Return the root of entries that come in order of kind and key.

    Raises:
        VaultError: they do not.
    """
    root = Root()
    for entry in entries:
        root.add(entry)
    return root.hexdigest()


def canonical(value: Any) -> bytes:
    """Return JSON that is the same for the same value: sorted, without spaces, in ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def digest_of(data: bytes) -> str:
    """Return the SHA-256 of bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def is_digest(text: object) -> bool:
    """Return whether something is a SHA-256 in hexadecimal."""
    return (
        isinstance(text, str) and len(text) == _DIGEST and not set(text) - set("0123456789abcdef")
    )


def altered(what: str, where: str) -> VaultError:
    """Return the error of something that is not as it was written."""
    return VaultError(
        what, where=where, next_step="`lakewarden verify` names all that is damaged in the vault"
    )
