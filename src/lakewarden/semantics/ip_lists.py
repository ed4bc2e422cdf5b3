"""How IP access lists decide: block lists first, then allow lists, enabled lists only."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Final

from lakewarden.estate.access import IP_LISTS, IpAccessList
from lakewarden.estate.fact import Cause, UnreadError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_WIDEST: Final = 8
"""A public IPv4 network with this prefix or a shorter one is nobody's own."""
_WIDEST_V6: Final = 16


def allowed_networks(lists: Iterable[IpAccessList]) -> list[str]:
    """Return what the enabled ALLOW lists admit, in order.

    What is too wide already stays so, whatever else there may be.

    Raises:
        UnreadError: lists are missing, or the type, state or addresses of one are not known.
    """
    found: set[str] = set()
    try:
        for entry in lists:
            if entry.type.get() == "ALLOW" and entry.enabled.get():
                found.update(entry.addresses.get())
    except UnreadError:
        if not too_wide(found):
            raise
    return sorted(found)


def too_wide(networks: Iterable[str]) -> list[str]:
    """Return the networks that are too wide to be anybody's own.

    Neighbours are joined first, so that two halves of the internet count as the whole. Private
    networks may be as wide as they are.

    Raises:
        UnreadError: one is not a network.
    """
    parsed = [_parse(network) for network in networks]
    v4 = [n for n in parsed if isinstance(n, ipaddress.IPv4Network)]
    v6 = [n for n in parsed if isinstance(n, ipaddress.IPv6Network)]
    joined: list[Network] = [*ipaddress.collapse_addresses(v4), *ipaddress.collapse_addresses(v6)]
    return [str(n) for n in joined if is_wide(n)]


def _parse(text: str) -> Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        detail = f"{text} is not an address or a network"
        raise UnreadError(IP_LISTS.gap(Cause.MALFORMED, detail)) from None


def is_wide(network: Network) -> bool:
    """Return whether a network is too wide to be anybody's own; private ones never are."""
    if network.is_private and network.prefixlen:
        return False
    return network.prefixlen <= (_WIDEST if network.version == 4 else _WIDEST_V6)  # noqa: PLR2004  # the IP version
