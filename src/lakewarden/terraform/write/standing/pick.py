"""`Pick`: which records of a snapshot become things, and of which kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lakewarden.estate.kind import Kind
from lakewarden.terraform.write.records import Places, document_of
from lakewarden.terraform.write.shapes import value_of
from lakewarden.terraform.write.thing import Thing

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Seen:
    """One record with what is known around it.

    Attributes:
        record: the record.
        scope: what its collection belongs to.
        document: the record in the words of the API.
        known: the places of which all is known.
        around: what records of other kinds say: names by id, and more.
    """

    record: Any
    scope: str
    document: dict[str, Any]
    known: Places
    around: Mapping[str, Any]

    @property
    def identity(self) -> str:
        """Return the identity of the record."""
        found: str = self.record.identity()
        return found

    def thing(self, kind: str, key: str = "", name: str = "", **changes: Any) -> Thing:
        """Return a thing of it; `changes` are fields of the document that are known as well."""
        document = {**self.document, **changes}
        known = self.known | {(field,) for field in changes}
        return Thing(kind, self.scope, key or self.identity, name, document, known)


@dataclass(frozen=True, slots=True)
class Pick:
    """How the records of one kind become things.

    Attributes:
        kind: the kind of the records.
        things: returns the things of one record; none for a record that nobody writes.
    """

    kind: Kind[Any]
    things: Callable[[Seen], Iterator[Thing]]


def as_is(kind: str, name: str = "", *, when: Callable[[Seen], bool] | None = None) -> Any:
    """Return what makes one thing of a record, with the record's own document.

    Args:
        kind: the kind of the thing.
        name: the field of the document that people call it by; empty for its identity.
        when: says of which records.
    """

    def things(seen: Seen) -> Iterator[Thing]:
        if when is None or when(seen):
            called = value_of(seen.document, tuple(name.split("."))) if name else None
            yield seen.thing(kind, name=str(called or ""))

    return things


def seen(record: Any, scope: str, around: Mapping[str, Any]) -> Seen:
    """Return a record with its document."""
    return Seen(record, scope, *document_of(record), around)
