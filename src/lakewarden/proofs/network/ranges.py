"""Addresses as AWS writes them, as sets; and which addresses are public."""

from __future__ import annotations

import functools
import ipaddress
from collections.abc import Iterable
from typing import Final

from lakewarden.proofs.network import intervals
from lakewarden.proofs.network.packets import ALL_V4, Addresses

_NOT_PUBLIC_V4: Final = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "224.0.0.0/4",
    "240.0.0.0/4",
)
"""What no host on the internet is reached by: this network, private, shared (CGNAT), loopback,
link-local, multicast and reserved addresses (RFC 1122, 1918, 6598, 3927, 5771, 1112). Networks for
documentation and benchmarks count as public, because nothing keeps anybody from routing them."""
_PUBLIC_V6: Final = "2000::/3"
"""Global unicast (RFC 4291): all others are unique local, link-local, multicast or unassigned."""
NAT64: Final = "64:ff9b::/96"
"""What a NAT gateway translates to IPv4 (RFC 6052)."""


@functools.lru_cache(1 << 14)
def network(text: str) -> Addresses:
    """Return a network or an address as a set; host bits are cut off, as AWS does.

    Raises:
        ValueError: it is neither.
    """
    parsed = ipaddress.ip_network(text, strict=False)
    span = ((int(parsed.network_address), int(parsed.broadcast_address)),)
    return Addresses(v4=span) if parsed.version == 4 else Addresses(v6=span)  # noqa: PLR2004  # the IP version


def networks(texts: Iterable[str]) -> Addresses:
    """Return several networks as one set.

    Raises:
        ValueError: one is not a network.
    """
    found = [network(text) for text in texts]
    return Addresses(
        intervals.spans(pair for part in found for pair in part.v4),
        intervals.spans(pair for part in found for pair in part.v6),
    )


PUBLIC: Final = Addresses(
    intervals.minus(ALL_V4, networks(_NOT_PUBLIC_V4).v4), network(_PUBLIC_V6).v6
)
OUTSIDE: Final = PUBLIC.union(network(NAT64))
"""What a packet on its way to the internet may be for: a NAT gateway may yet translate it."""


def cidrs(addresses: Addresses) -> tuple[str, ...]:
    """Return addresses as the fewest networks."""
    v4 = (
        net
        for first, last in addresses.v4
        for net in ipaddress.summarize_address_range(
            ipaddress.IPv4Address(first), ipaddress.IPv4Address(last)
        )
    )
    v6 = (
        net
        for first, last in addresses.v6
        for net in ipaddress.summarize_address_range(
            ipaddress.IPv6Address(first), ipaddress.IPv6Address(last)
        )
    )
    return (*map(str, v4), *map(str, v6))
