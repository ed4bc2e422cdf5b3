"""What to admit first: networks and service principals that a plan would shut out, by use."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from lakewarden.impact.tally import Origin, Tally

_WIDEST: Final = {4: 24, 6: 64}
"""The widest network that is ever suggested, by version: what one office or VPN mostly has."""
_SMALL: Final = 28
"""The prefix from which on a network of IPv4 is small enough for any two addresses of it."""
_SPARSE: Final = 16
"""One of so many addresses of a wider network must have come."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something to admit.

    Attributes:
        scope: where.
        what: a network, or the name of a service principal.
        requests: how many requests it would save.
        share: of all requests that are refused there, with those suggested before it, 0 to 1.
        people: who they are, some of them.
        addresses: how many addresses were seen in the network.
    """

    scope: str
    what: str
    requests: int
    share: float
    people: tuple[str, ...]
    addresses: int = 0


def networks(tally: Tally, blocked: Mapping[str, Iterable[Any]]) -> list[Suggestion]:
    """Return the networks to admit, by scope, those with the most requests first.

    Args:
        tally: what would be refused.
        blocked: networks that block lists name, by scope; what they block is never suggested.
    """
    scopes = dict.fromkeys(scope for scope, _ in tally.origins)
    return [
        suggestion
        for scope in scopes
        for suggestion in _of_scope(scope, tally, list(blocked.get(scope, ())))
    ]


def service_principals(tally: Tally, labels: Mapping[str, str]) -> list[Suggestion]:
    """Return the service principals that would be refused, those with the most requests first.

    Args:
        tally: what would be refused.
        labels: display names by application id.
    """
    counts: dict[tuple[str, str], int] = {}
    for key, row in tally.rows.items():
        if key.who in labels:
            place = (key.scope, key.who)
            counts[place] = counts.get(place, 0) + row.span.count
    made = []
    for scope in dict.fromkeys(scope for scope, _ in counts):
        mine = sorted(
            ((who, n) for (s, who), n in counts.items() if s == scope), key=lambda p: (-p[1], p[0])
        )
        whole, so_far = sum(n for _, n in mine), 0
        for who, count in mine:
            so_far += count
            made.append(Suggestion(scope, who, count, so_far / whole, (labels[who],)))
    return made


def _of_scope(scope: str, tally: Tally, blocked: list[Any]) -> Iterator[Suggestion]:
    origins = {
        ipaddress.ip_address(address): origin
        for (place, address), origin in tally.origins.items()
        if place == scope
    }
    whole = sum(origin.span.count for origin in origins.values())
    admissible = {a: o for a, o in origins.items() if not any(a in n for n in blocked)}
    found = []
    for network, inside in _joined(admissible, blocked):
        people = dict.fromkeys(name for address in inside for name in admissible[address].people)
        count = sum(admissible[address].span.count for address in inside)
        found.append((network, count, tuple(people), len(inside)))
    found.sort(key=lambda entry: (-entry[1], str(entry[0])))
    so_far = 0
    for network, count, names, addresses in found:
        so_far += count
        yield Suggestion(scope, _shown(network), count, so_far / whole, names, addresses)


def _joined(
    origins: Mapping[Any, Origin], blocked: list[Any]
) -> Iterator[tuple[Network, list[Any]]]:
    """Yield the narrowest network around the addresses of each neighbourhood, and these."""
    near: dict[Network, list[Any]] = {}
    for address in sorted(origins, key=lambda a: (a.version, int(a))):
        wide = ipaddress.ip_network(f"{address}/{_WIDEST[address.version]}", strict=False)
        near.setdefault(wide, []).append(address)
    for inside in near.values():
        yield from _parted(inside, blocked)


def _parted(addresses: list[Any], blocked: list[Any]) -> Iterator[tuple[Network, list[Any]]]:
    """Yield a network around addresses, or those around each half where they are far apart."""
    around = _around(addresses)
    if len(addresses) == 1 or (_dense(around, len(addresses)) and not _meets(around, blocked)):
        yield around, addresses
        return
    for half in around.subnets():
        inside = [address for address in addresses if address in half]
        if inside:
            yield from _parted(inside, blocked)


def _dense(network: Network, seen: int) -> bool:
    """Return whether so many addresses speak for a network; those of IPv6 change all the time."""
    small = network.version == 6 or network.prefixlen >= _SMALL  # noqa: PLR2004  # the IP version
    return small or seen * _SPARSE >= network.num_addresses


def _meets(network: Network, blocked: list[Any]) -> bool:
    return any(network.version == n.version and network.overlaps(n) for n in blocked)


def _around(addresses: list[Any]) -> Network:
    network: Network = ipaddress.ip_network(addresses[0])
    while addresses[-1] not in network:
        network = network.supernet()
    return network


def _shown(network: Network) -> str:
    alone = network.prefixlen == network.max_prefixlen
    return str(network.network_address) if alone else str(network)
