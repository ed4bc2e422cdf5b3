"""Sets of packets: destination address, protocol, destination port. IPv4 and IPv6 stand apart.

A set is a row of address spans, each with its services: sorted, disjoint, neighbours different. So
equal sets are equal, and every operation is one pass over two rows, and exact.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias, TypeVar

from lakewarden.proofs.network import intervals
from lakewarden.proofs.network import services as algebra
from lakewarden.proofs.network.intervals import Spans
from lakewarden.proofs.network.services import EVERY, NOTHING, Services

V = TypeVar("V")
W = TypeVar("W")
Row: TypeAlias = tuple[tuple[int, int, Services], ...]

ALL_V4: Final[Spans] = ((0, 2**32 - 1),)
ALL_V6: Final[Spans] = ((0, 2**128 - 1),)


@dataclass(frozen=True, slots=True)
class Addresses:
    """A set of addresses, IPv4 and IPv6 apart."""

    v4: Spans = ()
    v6: Spans = ()

    def __bool__(self) -> bool:
        return bool(self.v4 or self.v6)

    def union(self, other: Addresses) -> Addresses:
        """Return the addresses of either."""
        return Addresses(intervals.union(self.v4, other.v4), intervals.union(self.v6, other.v6))

    def meet(self, other: Addresses) -> Addresses:
        """Return the addresses of both."""
        return Addresses(intervals.meet(self.v4, other.v4), intervals.meet(self.v6, other.v6))

    def minus(self, other: Addresses) -> Addresses:
        """Return the addresses of the first alone."""
        return Addresses(intervals.minus(self.v4, other.v4), intervals.minus(self.v6, other.v6))

    def within(self, other: Addresses) -> bool:
        """Return whether the other has all of these."""
        return not self.minus(other)


EVERYWHERE: Final = Addresses(ALL_V4, ALL_V6)
NOWHERE: Final = Addresses()


def overlay(
    a: Iterable[tuple[int, int, V]], b: Iterable[tuple[int, int, W]]
) -> Iterator[tuple[int, int, V | None, W | None]]:
    """Yield the pieces that two sorted rows cut each other into, each with what both have there."""
    left, right = iter(a), iter(b)
    x, y = next(left, None), next(right, None)
    at = 0
    while x is not None and y is not None:
        (first, last, mine), (start, end, yours) = x, y
        first, start = max(first, at), max(start, at)
        if first < start:
            at = min(last, start - 1) + 1
            yield first, at - 1, mine, None
        elif start < first:
            at = min(end, first - 1) + 1
            yield start, at - 1, None, yours
        else:
            at = min(last, end) + 1
            yield first, at - 1, mine, yours
        x = x if last >= at else next(left, None)
        y = y if end >= at else next(right, None)
    while x is not None:
        yield max(x[0], at), x[1], x[2], None
        x = next(left, None)
    while y is not None:
        yield max(y[0], at), y[1], None, y[2]
        y = next(right, None)


def row(pieces: Iterable[tuple[int, int, Services]]) -> Row:
    """Return sorted, disjoint pieces as a row: none empty, equal neighbours joined."""
    out: list[tuple[int, int, Services]] = []
    for first, last, value in pieces:
        if not value:
            continue
        if out and out[-1][1] + 1 == first and out[-1][2] == value:
            out[-1] = (out[-1][0], last, value)
        else:
            out.append((first, last, value))
    return tuple(out)


def _meet(a: Row, b: Row) -> Row:
    """Return what two rows share: only pieces in both are looked at."""
    if a == b or _holds_all(b, a):
        return a
    out, j = [], 0
    for first, last, mine in a:
        while j < len(b) and b[j][1] < first:
            j += 1
        at = j
        while at < len(b) and b[at][0] <= last:
            low, high, yours = b[at]
            shared = mine if mine is yours or yours is EVERY else algebra.meet(mine, yours)
            out.append((max(first, low), min(last, high), shared))
            at += 1
    return row(out)


def _holds_all(wide: Row, narrow: Row) -> bool:
    """Return whether one piece of a row, at a glance, holds all of another row."""
    return bool(
        len(wide) == 1
        and narrow
        and wide[0][2] == EVERY
        and wide[0][0] <= narrow[0][0]
        and narrow[-1][1] <= wide[0][1]
    )


def _minus(a: Row, b: Row) -> Row:
    if not a or not b:
        return a
    if _holds_all(b, a):
        return ()
    cut = overlay(a, b)
    return row((i, k, algebra.minus(x, y) if y else x) for i, k, x, y in cut if x)


def _union(a: Row, b: Row) -> Row:
    if not a or not b or a == b:
        return a or b
    cut = overlay(a, b)
    return row((i, k, algebra.union(x, y) if x and y else x or y or NOTHING) for i, k, x, y in cut)


@dataclass(frozen=True, slots=True)
class Packets:
    """A set of packets."""

    v4: Row = ()
    v6: Row = ()

    def __bool__(self) -> bool:
        return bool(self.v4 or self.v6)

    def union(self, other: Packets) -> Packets:
        """Return the packets of either."""
        return Packets(_union(self.v4, other.v4), _union(self.v6, other.v6))

    def meet(self, other: Packets) -> Packets:
        """Return the packets of both."""
        return Packets(_meet(self.v4, other.v4), _meet(self.v6, other.v6))

    def minus(self, other: Packets) -> Packets:
        """Return the packets of the first alone."""
        return Packets(_minus(self.v4, other.v4), _minus(self.v6, other.v6))

    def within(self, other: Packets) -> bool:
        """Return whether the other has all of these."""
        return not self.minus(other)

    def to(self, addresses: Addresses) -> Packets:
        """Return those to some addresses."""
        return self.meet(packets(addresses))

    def of(self, kinds: Services) -> Packets:
        """Return those of some services."""
        if kinds == EVERY:
            return self
        return Packets(
            row((a, b, algebra.meet(value, kinds)) for a, b, value in self.v4),
            row((a, b, algebra.meet(value, kinds)) for a, b, value in self.v6),
        )

    def addresses(self) -> Addresses:
        """Return where they go."""
        return Addresses(
            intervals.spans((a, b) for a, b, _ in self.v4),
            intervals.spans((a, b) for a, b, _ in self.v6),
        )

    def services(self) -> Services:
        """Return what they are, whatever their addresses."""
        out = NOTHING
        for _, _, value in (*self.v4, *self.v6):
            out = algebra.union(out, value)
        return out

    def count(self) -> int:
        """Return how many there are: triples of address, protocol and port."""
        return sum((b - a + 1) * value.count() for a, b, value in (*self.v4, *self.v6))

    def has(self, version: int, address: int, protocol: int, port: int) -> bool:
        """Return whether a packet belongs to the set."""
        half = self.v4 if version == 4 else self.v6  # noqa: PLR2004  # the IP version
        kinds = next((value for a, b, value in half if a <= address <= b), NOTHING)
        return any(a <= port <= b for a, b in kinds.ports(protocol))


def packets(addresses: Addresses, kinds: Services = EVERY) -> Packets:
    """Return the packets of some services to some addresses."""
    return Packets(
        row((a, b, kinds) for a, b in addresses.v4), row((a, b, kinds) for a, b in addresses.v6)
    )


def together(sets: Iterable[Packets]) -> Packets:
    """Return the packets of any of the sets; halving keeps many of them cheap."""
    left = list(sets)
    while len(left) > 1:
        pairs = itertools.zip_longest(left[::2], left[1::2], fillvalue=NO_PACKETS)
        left = [a.union(b) for a, b in pairs]
    return left[0] if left else NO_PACKETS


ALL: Final = packets(EVERYWHERE)
NO_PACKETS: Final = Packets()
