"""The verdict on a workspace's way out: one of four, and what it rests on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum

from lakewarden.proofs.facts.names import weakness_of
from lakewarden.proofs.network import intervals
from lakewarden.proofs.network import services as algebra
from lakewarden.proofs.network.domains import common_names
from lakewarden.proofs.network.flow import Kind, Leaf
from lakewarden.proofs.network.known import Missing
from lakewarden.proofs.network.packets import NOWHERE, Addresses, packets, together
from lakewarden.proofs.network.ranges import OUTSIDE, network, networks
from lakewarden.proofs.network.services import NOTHING, Services


class Outcome(Enum):
    """What can be said of a workspace."""

    NO_INTERNET = "no internet"
    NAMED = "named destinations only"
    ARBITRARY = "arbitrary internet"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Named:
    """A destination that gets data by its name, and why that may be too much.

    `protocols` say where the name is looked for: TLS_SNI, HTTP_HOST, or `declared`. A network that
    was given as a destination counts as a name, looked for in the `address`.
    """

    name: str
    protocols: tuple[str, ...]
    weakness: str = ""


@dataclass(frozen=True, slots=True)
class Egress:
    """Where the packets of a workspace's nodes can go.

    Attributes:
        workspace: its network's name.
        outcome: the verdict.
        leaves: every class of packets, with the path that it took.
        v4: how many public IPv4 addresses any data can be sent to. v6: of IPv6 likewise.
        services: by which protocols and ports.
        path: the shortest path that the verdict rests on, as text; empty for no internet.
        names: what gets out by name.
        missing: the facts without which nobody can say more.
    """

    workspace: str
    outcome: Outcome
    leaves: tuple[Leaf, ...]
    v4: int = 0
    v6: int = 0
    services: Services = NOTHING
    path: str = ""
    names: tuple[Named, ...] = ()
    missing: tuple[Missing, ...] = ()

    def __str__(self) -> str:
        """Return the verdict as one line."""
        if self.outcome is Outcome.ARBITRARY:
            counted = [f"{self.v4:,} public IPv4 addresses"] if self.v4 else []
            counted += [f"{self.v6:,} public IPv6 addresses"] if self.v6 else []
            where = " and ".join(counted)
            return f"{self.outcome.value}: {where} on {self.services} by {self.path}"
        if self.outcome is Outcome.NAMED:
            names = ", ".join(named.name for named in self.names)
            return f"{self.outcome.value}: {names} by {self.path}"
        if self.outcome is Outcome.UNKNOWN:
            return f"{self.outcome.value}: {'; '.join(map(str, self.missing))}"
        return str(self.outcome.value)


def leaks(leaves: Iterable[Leaf], known: Addresses = NOWHERE) -> list[Leaf]:
    """Return what gets to the internet, to any name, but for known destinations."""
    found = (leaf for leaf in leaves if leaf.kind is Kind.INTERNET and not leaf.filters)
    rest = (replace(leaf, packets=leaf.packets.minus(packets(known))) for leaf in found)
    return [leaf for leaf in rest if leaf.packets]


def doubts(leaves: Iterable[Leaf]) -> list[Leaf]:
    """Return what may get to the internet, for all that is known."""
    return [leaf for leaf in leaves if leaf.kind is Kind.UNKNOWN and leaf.packets.to(OUTSIDE)]


def by_name(leaves: Iterable[Leaf]) -> list[Leaf]:
    """Return what gets to the internet by some name."""
    found = [leaf for leaf in leaves if leaf.kind is Kind.INTERNET and leaf.filters]
    return [leaf for leaf in found if common_names(leaf.filters)]


def judge(workspace: str, leaves: Iterable[Leaf], destinations: Iterable[str] = ()) -> Egress:
    """Return the verdict on the ends of all paths.

    `destinations` are networks that belong to somebody named, like the control plane.
    What surely gets out to anywhere wins over what is not known, which wins over names. Only when
    every end is known and none is on the internet, there is no internet.
    """
    ends = tuple(leaves)
    missing = tuple(dict.fromkeys(leaf.missing for leaf in doubts(ends) if leaf.missing))
    listed = tuple(destinations)
    by_address = _addressed(ends, listed)
    names = (*_names(by_name(ends)), *by_address)
    open_ends = tuple(leaks(ends, networks(listed)))
    if open_ends:
        return replace(_arbitrary(workspace, open_ends, names, missing), leaves=ends)
    if missing:
        path = _shortest(doubts(ends))
        return Egress(workspace, Outcome.UNKNOWN, ends, path=path, names=names, missing=missing)
    if names:
        found = [*by_name(ends), *(leaks(ends) if by_address else ())]
        return Egress(workspace, Outcome.NAMED, ends, path=_shortest(found), names=names)
    return Egress(workspace, Outcome.NO_INTERNET, ends)


def _arbitrary(
    workspace: str, ends: tuple[Leaf, ...], names: tuple[Named, ...], missing: tuple[Missing, ...]
) -> Egress:
    where, kinds = NOWHERE, NOTHING
    for leaf in ends:
        where = where.union(leaf.packets.addresses())
        kinds = algebra.union(kinds, leaf.packets.services())
    return Egress(
        workspace,
        Outcome.ARBITRARY,
        ends,
        intervals.size(where.v4),
        intervals.size(where.v6),
        kinds,
        _shortest(ends),
        names,
        missing,
    )


def _shortest(leaves: Iterable[Leaf]) -> str:
    return min(leaves, key=lambda leaf: (len(leaf.steps), leaf.path)).path


def _names(leaves: Iterable[Leaf]) -> tuple[Named, ...]:
    """Return the names that get out, in order, each with all protocols that it gets out by."""
    found: dict[str, dict[str, None]] = {}
    for leaf in leaves:
        for name in common_names(leaf.filters):
            protocols = (p for filtered in leaf.filters for p in filtered.protocols)
            found.setdefault(name, {}).update(dict.fromkeys(protocols))
    return tuple(
        Named(name, tuple(protocols), _weak(name)) for name, protocols in sorted(found.items())
    )


def _addressed(leaves: Iterable[Leaf], listed: Iterable[str]) -> tuple[Named, ...]:
    """Return the listed networks that data gets to, whatever it carries."""
    found = together(leaf.packets for leaf in leaks(leaves))
    return tuple(Named(text, ("address",)) for text in listed if found.to(network(text)))


def _weak(name: str) -> str:
    if name.startswith("*"):
        return "names of other owners match as well"
    if "." not in name.strip("."):
        return "a whole top-level domain"
    found = weakness_of(name)
    return f"{found.reason}; rather {found.instead}" if found else ""
