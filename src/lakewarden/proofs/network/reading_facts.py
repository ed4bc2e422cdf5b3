"""From facts to values that were read or are missing, and from collections to listings."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeVar

from lakewarden.estate.fact import Cause, Gap, UnreadError
from lakewarden.estate.record import Record
from lakewarden.estate.snapshot import Collection
from lakewarden.proofs.network.known import Known, Listing, Missing
from lakewarden.proofs.network.ranges import networks

T = TypeVar("T")
R = TypeVar("R", bound=Record)

_NO_GRANT = frozenset({Cause.MALFORMED, Cause.MISSING_FIELD, Cause.UNSET, Cause.PLANNED})
"""Causes that no permission would do away with."""


def missing(what: str, gap: Gap) -> Missing:
    """Return a missing value for a gap, with the call that left it."""
    grant = "" if gap.cause in _NO_GRANT else gap.grant
    return Missing(f"{what}: {gap.source}: {gap.cause}", grant)


def tried(make: Callable[[], T], what: str) -> Known[T]:
    """Return what a function makes, or the fact that it lacked, or the nonsense that it met."""
    try:
        return make()
    except UnreadError as error:
        return missing(what, error.gap)
    except ValueError as error:
        return Missing(f"{what}: {error}")


def addresses(texts: Iterable[str]) -> tuple[str, ...]:
    """Return addresses as they are.

    Raises:
        ValueError: one is neither a network nor an address.
    """
    found = tuple(texts)
    networks(found)
    return found


def listing(collection: Collection[R], make: Callable[[R], T | None]) -> Listing[T]:
    """Return what becomes of a collection's records; what cannot be placed leaves a gap.

    Args:
        collection: the records.
        make: returns the thing, or None for what is no more. It raises UnreadError for a record
            of which nobody knows where it belongs.
    """
    items: list[T] = []
    kind = collection.header.kind.replace("_", " ")
    gap = None if collection.gap is None else missing(f"the list of {kind}", collection.gap)
    for record in collection.seen():
        item = tried(partial(make, record), f"{kind}, {record.identity()}")
        if isinstance(item, Missing):
            gap = gap or item
        elif item is not None:
            items.append(item)
    return Listing(tuple(items), gap)
