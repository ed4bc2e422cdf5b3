"""Which addresses IP access lists admit, as sets of numbers that can be compared exactly."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any, Final

from lakewarden.estate.access import IP_LISTS
from lakewarden.estate.fact import Cause, UnreadError
from lakewarden.proofs.network.intervals import Spans, minus, spans

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_V6: Final = 1 << 33
"""Where the numbers of IPv6 begin: after all of IPv4, and not next to it."""
EVERYWHERE: Final[Spans] = ((0, (1 << 32) - 1), (_V6, _V6 + (1 << 128) - 1))
_UNROUTED: Final = tuple(
    ipaddress.ip_network(text)
    for text in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"),
        *("127.0.0.0/8", "169.254.0.0/16", "fc00::/7", "fe80::/10", "::1/128"),
    )
)
"""What the internet has no way to: a call from there came through PrivateLink."""


def network_of(text: str) -> Network:
    """Return the network that a text names; an address is the smallest one.

    Raises:
        UnreadError: it is neither.
    """
    try:
        return ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        detail = f"{text} is not an address or a network"
        raise UnreadError(IP_LISTS.gap(Cause.MALFORMED, detail)) from None


def unrouted(text: str) -> bool:
    """Return whether an address is a private one.

    Raises:
        UnreadError: it is none at all.
    """
    network = network_of(text)
    return any(
        network.version == wide.version and network.subnet_of(wide)  # type: ignore[arg-type]  # of one version
        for wide in _UNROUTED
    )


def spans_of(networks: Iterable[str]) -> Spans:
    """Return the addresses of some networks.

    Raises:
        UnreadError: one of them is none.
    """
    return spans(map(_ends, map(network_of, networks)))


def _ends(network: Network) -> tuple[int, int]:
    start = 0 if isinstance(network, ipaddress.IPv4Network) else _V6
    return start + int(network.network_address), start + int(network.broadcast_address)


def admitted(lists: Iterable[Mapping[str, Any]], *, switched_on: bool) -> Spans:
    """Return what may come in: what no block list names and, if there is one, an allow list does.

    Args:
        lists: documents of lists, as the API has them; one without `enabled` is.
        switched_on: whether lists count at all.

    Raises:
        UnreadError: a list does not say what it is, or names no network.
    """
    if not switched_on:
        return EVERYWHERE
    named: dict[str, list[str]] = {}
    for entry in lists:
        kind, addresses = entry.get("list_type"), entry.get("ip_addresses")
        if kind not in {"ALLOW", "BLOCK"} or not isinstance(addresses, list | tuple):
            name = entry.get("label", "without a label")
            detail = f"nothing says what the list {name} admits or blocks"
            raise UnreadError(IP_LISTS.gap(Cause.MISSING_FIELD, detail))
        if entry.get("enabled", True):
            named.setdefault(kind, []).extend(map(str, addresses))
    inside = spans_of(named["ALLOW"]) if "ALLOW" in named else EVERYWHERE
    return minus(inside, spans_of(named.get("BLOCK", ())))
