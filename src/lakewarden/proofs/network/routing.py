"""Routes: the longest prefix wins, and packets part where prefixes part."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from lakewarden.proofs.network.graph import Graph
from lakewarden.proofs.network.known import Missing
from lakewarden.proofs.network.packets import Addresses, Packets, Row, overlay, row
from lakewarden.proofs.network.ranges import network
from lakewarden.proofs.network.services import Services


class _Route(Protocol):
    @property
    def destination(self) -> str: ...


R = TypeVar("R", bound=_Route)
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Turn(Generic[R]):
    """Packets with the routes that they take.

    More than one route means that nobody can say which; none means that there is none. `missing`
    says that the route takes some of these packets, but nobody knows which.
    """

    routes: tuple[R, ...]
    packets: Packets
    missing: Missing | None = None


class Plan(Generic[R]):
    """A route table, ready to part packets."""

    def __init__(self, graph: Graph, routes: Iterable[R], rank: Callable[[R], int]) -> None:
        v4: dict[Span, list[R]] = {}
        v6: dict[Span, list[R]] = {}
        self._unread: list[tuple[R, Missing]] = []
        for route in routes:
            found = destinations_of(graph, route.destination)
            if isinstance(found, Missing):
                self._unread.append((route, found))
                continue
            for prefix in found:
                for half, spans in ((v4, prefix.v4), (v6, prefix.v6)):
                    for span in spans:
                        half.setdefault(span, []).append(route)
        self._v4 = list(_flat(_best(v4, rank)))
        self._v6 = list(_flat(_best(v6, rank)))

    def part(self, wanted: Packets) -> Iterator[Turn[R]]:
        """Yield packets by the routes that they take."""
        v4, v6 = _parted(wanted.v4, self._v4), _parted(wanted.v6, self._v6)
        for routes in {**v4, **v6}:
            yield Turn(routes, Packets(v4.get(routes, ()), v6.get(routes, ())))
        for route, missing in self._unread:
            yield Turn((route,), wanted, missing)


def destinations_of(graph: Graph, text: str) -> tuple[Addresses, ...] | Missing:
    """Return the prefixes of a route's destination, a network or a prefix list, one by one.

    Each has a length of its own, so that neighbours must not be joined.
    """
    if not text.startswith("pl-"):
        return (network(text),)
    listed = graph.prefix_lists.get(text)
    cidrs = listed if isinstance(listed, Missing) else listed.cidrs
    return cidrs if isinstance(cidrs, Missing) else tuple(network(cidr) for cidr in cidrs)


def _best(
    routes: dict[Span, list[R]], rank: Callable[[R], int]
) -> list[tuple[Span, tuple[R, ...]]]:
    """Return for each destination the routes that come first."""
    out = []
    for span, rivals in routes.items():
        first = min(map(rank, rivals))
        out.append((span, tuple(dict.fromkeys(r for r in rivals if rank(r) == first))))
    return out


def _flat(
    nested: Sequence[tuple[Span, tuple[R, ...]]],
) -> Iterator[tuple[int, int, tuple[R, ...]]]:
    """Yield prefixes, each without the longer ones inside it, in the order of addresses."""
    stack: list[tuple[Span, tuple[R, ...]]] = []
    at = 0
    for (first, last), routes in sorted(nested, key=lambda n: (n[0][0], -n[0][1])):
        while stack and stack[-1][0][1] < first:
            (_, end), owners = stack.pop()
            if at <= end:
                yield at, end, owners
                at = end + 1
        if stack and at < first:
            yield at, first - 1, stack[-1][1]
        at = first
        stack.append(((first, last), routes))
    while stack:
        (_, end), owners = stack.pop()
        if at <= end:
            yield at, end, owners
            at = end + 1


def _parted(
    wanted: Row, plan: Iterable[tuple[int, int, tuple[R, ...]]]
) -> dict[tuple[R, ...], Row]:
    found: dict[tuple[R, ...], list[tuple[int, int, Services]]] = {}
    for first, last, kinds, routes in overlay(wanted, plan):
        if kinds:
            found.setdefault(routes or (), []).append((first, last, kinds))
    return {routes: row(pieces) for routes, pieces in found.items()}
