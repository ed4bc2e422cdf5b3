"""Sets of protocols with ports, which is what a rule says beside its addresses.

A protocol is its number, a port a destination port; of ICMP it is the type. Every operation is
exact, and equal sets are equal.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from lakewarden.proofs.network import intervals
from lakewarden.proofs.network.intervals import Spans

ICMP: Final = 1
TCP: Final = 6
UDP: Final = 17
ICMPV6: Final = 58
NUMBERS: Final = {"icmp": ICMP, "tcp": TCP, "udp": UDP, "icmpv6": ICMPV6}
NAMES: Final = {ICMP: "ICMP", TCP: "TCP", UDP: "UDP", ICMPV6: "ICMPv6"}
PORTS: Final[Spans] = ((0, 65535),)
PROTOCOLS: Final = 256
_CACHED: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Services:
    """For each protocol its ports: `named` for some, in order, and `rest` for all the others."""

    rest: Spans = ()
    named: tuple[tuple[int, Spans], ...] = ()

    def ports(self, protocol: int) -> Spans:
        """Return the ports of a protocol."""
        return next((ports for number, ports in self.named if number == protocol), self.rest)

    def __bool__(self) -> bool:
        # A protocol that is named has other ports than the rest, so some if the rest has none.
        return bool(self.rest) or bool(self.named)

    def __str__(self) -> str:
        if self == EVERY:
            return "every protocol"
        parts = [
            f"{NAMES.get(number, f'protocol {number}')}{_ports_text(ports)}"
            for number, ports in self.named
            if ports
        ]
        if self.rest:
            parts.append(f"every other protocol{_ports_text(self.rest)}")
        return ", ".join(parts) or "nothing"

    def count(self) -> int:
        """Return how many pairs of a protocol and a port there are."""
        others = (PROTOCOLS - len(self.named)) * intervals.size(self.rest)
        return others + sum(intervals.size(ports) for _, ports in self.named)


def _ports_text(ports: Spans) -> str:
    if ports == PORTS:
        return ""
    return " " + ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in ports)


EVERY: Final = Services(PORTS)
NOTHING: Final = Services()


def services(rest: Spans, named: Iterable[tuple[int, Spans]]) -> Services:
    """Return the set, in its one form."""
    return Services(rest, tuple(sorted((n, ports) for n, ports in named if ports != rest)))


@functools.lru_cache(_CACHED)
def service(protocol: int | None, ports: Spans = PORTS) -> Services:
    """Return one protocol's ports, or those of every protocol."""
    if protocol is None:
        return Services(ports)
    return services((), [(protocol, ports)])


def _pairwise(a: Services, b: Services, join: Callable[[Spans, Spans], Spans]) -> Services:
    numbers = {number for number, _ in (*a.named, *b.named)}
    return services(
        join(a.rest, b.rest), [(n, join(a.ports(n), b.ports(n))) for n in sorted(numbers)]
    )


@functools.lru_cache(_CACHED)
def union(a: Services, b: Services) -> Services:
    """Return what is in either."""
    return _pairwise(a, b, intervals.union)


@functools.lru_cache(_CACHED)
def meet(a: Services, b: Services) -> Services:
    """Return what is in both."""
    return _pairwise(a, b, intervals.meet)


@functools.lru_cache(_CACHED)
def minus(a: Services, b: Services) -> Services:
    """Return what is in the first alone."""
    return _pairwise(a, b, intervals.minus)


def of_rule(protocol: str, first: int | None, last: int | None) -> tuple[Services, bool]:
    """Return what a rule of a group or an ACL names, and whether the rule names all of it.

    Of ICMP the port stands for the type; a rule that names a code, too, names less than its type.
    A protocol that nobody knows is taken for any.
    """
    number = NUMBERS.get(protocol.lower(), int(protocol) if protocol.isdigit() else None)
    if number is None:
        return EVERY, protocol in ("-1", "all")
    whole = first is None or first < 0
    if number in (ICMP, ICMPV6):
        ports = PORTS if whole or first is None else ((first, first),)
        return service(number, ports), whole or last is None or last < 0
    if number not in (TCP, UDP) or whole or first is None:
        return service(number), True
    return service(number, intervals.spans([(first, first if last is None else last)])), True
