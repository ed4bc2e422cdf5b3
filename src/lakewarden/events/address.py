"""What stands for an address in a log: canonical, of which kind, and in a form that sorts."""

from __future__ import annotations

import ipaddress
import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final, NamedTuple

_PORT: Final = re.compile(r"(\d+\.\d+\.\d+\.\d+):\d+|\[([0-9a-fA-F:.]+)\](?::\d+)?")
_SHARED: Final = ipaddress.ip_network("100.64.0.0/10")
_WRITTEN: Final = tuple(
    ipaddress.ip_network(text)
    for text in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
)
"""Networks that documents and examples use in the place of public ones."""


class Address(NamedTuple):
    """One address of a log.

    Attributes:
        text: without a port; what is no address as it stands; None where nothing stands.
        kind: public, private, special (loopback, unspecified, link-local, multicast, reserved),
            service (a name such as `ec2.amazonaws.com`), or none.
        key: `4:` and 8, or `6:` and 32 hexadecimal digits, which sort as the addresses do; None
            for no address.
    """

    text: str | None
    kind: str
    key: str | None


NOWHERE: Final = Address(None, "none", None)


def read(text: str | None) -> Address:
    """Read what a log has in the place of an address."""
    text = (text or "").strip()
    if text in {"", "-"}:
        return NOWHERE
    found = _PORT.fullmatch(text)
    bare = (found[1] or found[2]) if found else text
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        return Address(text, "service", None)
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return Address(str(address), _kind(address), _key(address))


def span(network: IPv4Network | IPv6Network) -> tuple[str, str]:
    """Return the keys of the first and of the last address of a network."""
    return _key(network[0]), _key(network[-1])


def _kind(address: IPv4Address | IPv6Address) -> str:
    odd = ("is_unspecified", "is_loopback", "is_link_local", "is_multicast", "is_reserved")
    if any(getattr(address, name) for name in odd):
        return "special"
    if address.version == _SHARED.version and address in _SHARED:
        return "private"
    if address.is_global or any(address in network for network in _WRITTEN):
        return "public"
    return "special" if address in ipaddress.ip_network("0.0.0.0/8") else "private"


def _key(address: IPv4Address | IPv6Address) -> str:
    digits = 8 if isinstance(address, IPv4Address) else 32
    return f"{address.version}:{int(address):0{digits}x}"
