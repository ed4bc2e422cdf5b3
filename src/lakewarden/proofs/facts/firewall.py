"""What the domain lists of AWS Network Firewall do not see, from a dated data file."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from lakewarden.proofs.facts.tables import table


@dataclass(frozen=True, slots=True)
class Leak:
    """Traffic that a list of allowed names lets pass in default order.

    Args:
        name: the protocol's.
        transport: `tcp`, `udp` or `icmp`.
        ports: first and last port; None where the transport has none.
        carries: what goes out by it, as a phrase.
    """

    name: str
    transport: str
    ports: tuple[int, int] | None
    carries: str


@dataclass(frozen=True, slots=True)
class Trap:
    """A setting that lets out more than it seems to.

    Args:
        id: `default-order`, `home-net`, `stateless-pass`, `alert-only`, `server-name-unbound`.
        when: what has to be so, as a clause.
        effect: what comes of it, as a clause.
        remedy: what to set instead, as a phrase.
    """

    id: str
    when: str
    effect: str
    remedy: str


@functools.cache
def leaks() -> tuple[Leak, ...]:
    """Return what passes a list of allowed names in default order; named protocols come first."""
    return tuple(
        Leak(row["name"], row["transport"], _ports(row.get("ports")), row["carries"])
        for row in table("firewall")["leaks"]
    )


@functools.cache
def traps() -> tuple[Trap, ...]:
    """Return the settings that let out more than they seem to."""
    return tuple(Trap(**row) for row in table("firewall")["traps"])


@functools.cache
def protocols_seen(target_types: frozenset[str]) -> frozenset[str]:
    """Return the protocols that a domain list reads: `tls`, `http`.

    Args:
        target_types: of the list: `TLS_SNI`, `HTTP_HOST`.

    Raises:
        KeyError: AWS knows a target type that this table does not.
    """
    seen = {row["name"]: row["protocol"] for row in table("firewall")["targets"]}
    return frozenset(seen[name] for name in target_types)


def _ports(pair: list[int] | None) -> tuple[int, int] | None:
    return None if pair is None else (pair[0], pair[1])
