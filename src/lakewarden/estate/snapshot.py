"""A snapshot: a whole estate read at one moment.

A snapshot is a set of collections. Each belongs to a scope (`account`, `workspace/3001`, `aws`,
`events`), says how much of it was read, and yields its records lazily, in order of identity.
`Snapshot` is what judging sees; `store` keeps one on disk and `MemorySnapshot` keeps one in
memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, Protocol, TypeVar

from lakewarden.estate.fact import Cause, Gap, UnreadError
from lakewarden.estate.kind import Kind, Status
from lakewarden.estate.record import Record

R_co = TypeVar("R_co", bound=Record, covariant=True)
R = TypeVar("R", bound=Record)

FORMAT: Final = "lakewarden.snapshot/1"


@dataclass(frozen=True, slots=True)
class Header:
    """What a snapshot says of one collection apart from its records.

    Attributes:
        kind: the name of its kind.
        scope: what it belongs to.
        status: how much was read.
        gap: why it is not complete, None when it is.
        count: number of records, or None while it is not known.
    """

    kind: str
    scope: str
    status: Status
    gap: Gap | None = None
    count: int | None = None


class Collection(Generic[R_co]):
    """The records of one kind in one scope, with the honesty that iteration needs."""

    def __init__(self, header: Header, records: Iterable[R_co]) -> None:
        self.header = header
        self._records = records

    @property
    def gap(self) -> Gap | None:
        """Return why the collection is not complete, or None when it is."""
        return self.header.gap

    def seen(self) -> Iterator[R_co]:
        """Yield what was read, and claim nothing about the rest."""
        return iter(self._records)

    def each(self) -> Iterator[R_co]:
        """Yield every record, then fail unless that was all of them.

        A loop over `each` may leave early on what it found. To reach its end, and so to conclude
        from an absence, is possible for complete collections only.

        Raises:
            UnreadError: at the end, when the collection is not complete.
        """
        yield from self._records
        if self.header.gap is not None:
            raise UnreadError(self.header.gap)


class Snapshot(Protocol):
    """What judging needs of a snapshot."""

    @property
    def meta(self) -> Meta:
        """Return what the snapshot says of itself."""
        ...

    def headers(self) -> Iterable[Header]:
        """Return the header of every collection in it."""
        ...

    def collection(self, kind: Kind[R], scope: str) -> Collection[R]:
        """Return one collection; an unread one, with a gap, when it is not there."""
        ...


@dataclass(frozen=True, slots=True)
class Meta:
    """What a snapshot says of itself.

    Attributes:
        taken: when collecting began, ISO 8601 in UTC.
        account_id: the Databricks account, empty when it was not read.
        doors: by scope, why nothing of it could be read; absent for open doors.
    """

    taken: str
    account_id: str = ""
    doors: Mapping[str, Gap] = field(default_factory=dict)


def unread(kind: Kind[R], scope: str, meta: Meta) -> Collection[R]:
    """Return the collection that stands for one that is not in a snapshot."""
    shut = meta.doors.get(scope)
    if shut is not None:
        gap = Gap(shut.cause, kind.source, shut.detail, kind.grant)
    else:
        gap = kind.gap(Cause.NOT_READ, "not part of this snapshot")
    return Collection(Header(kind.name, scope, Status.PARTIAL, gap), ())


class MemorySnapshot:
    """A snapshot in memory: examples, small tests, plans that were never applied."""

    def __init__(
        self,
        meta: Meta,
        collections: Mapping[tuple[str, str], tuple[Header, tuple[Any, ...]]],
    ) -> None:
        self.meta = meta
        self._collections = collections

    def headers(self) -> Iterable[Header]:
        """Return the header of every collection."""
        return [header for header, _ in self._collections.values()]

    def collection(self, kind: Kind[R], scope: str) -> Collection[R]:
        """Return one collection; an unread one when it is not there."""
        found = self._collections.get((kind.name, scope))
        if found is None:
            return unread(kind, scope, self.meta)
        return Collection(*found)
