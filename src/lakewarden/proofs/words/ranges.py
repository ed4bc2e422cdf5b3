"""Ranges of numbers, times and addresses: everything that can be put in order.

What a test says of ordered values changes at the ends of its ranges alone. So a value that meets
several tests is found, or proved not to exist, by trying the ends and one value between each two.
"""

from __future__ import annotations

import ipaddress
import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from typing import Final

_V6: Final = 1 << 32
"""Where the addresses of IPv6 begin when both families are laid on one line."""
_END: Final = _V6 + (1 << 128)
_WELL_KNOWN: Final = ("203.0.113.7", "198.51.100.7", "192.0.2.7", "2001:db8::7")
"""Addresses for documentation (RFC 5737, RFC 3849): nobody's, and public in form."""


@dataclass(frozen=True, slots=True)
class Ranges:
    """Values between pairs of ends, both of which belong to it; None leaves a side open.

    Attributes:
        spans: the pairs.
    """

    spans: tuple[tuple[Fraction | None, Fraction | None], ...]

    def __contains__(self, value: Fraction) -> bool:
        return any(
            (low is None or low <= value) and (high is None or value <= high)
            for low, high in self.spans
        )


EVERYWHERE: Final = Ranges(((Fraction(0), Fraction(_END - 1)),))
"""All addresses."""


def between(inside: Iterable[Ranges], outside: Iterable[Ranges]) -> Fraction | None:
    """Return a value of all ranges of one group and of none of another; None when there is none."""
    within, without = tuple(inside), tuple(outside)
    for value in _candidates((*within, *without)):
        if all(value in one for one in within) and not any(value in one for one in without):
            return value
    return None


def _candidates(ranges: Iterable[Ranges]) -> Iterable[Fraction]:
    ends = sorted({e for one in ranges for span in one.spans for e in span if e is not None})
    if not ends:
        return (Fraction(0),)
    middles = [(a + b) / 2 for a, b in itertools.pairwise(ends)]
    every = (*ends, ends[0] - 1, ends[-1] + 1, *middles)
    # Whole numbers first: a value next to an end is lost when it is written down.
    return sorted((*every, *(Fraction(round(m)) for m in middles)), key=lambda v: v.denominator)


def below(value: Fraction) -> Fraction:
    """Return an end that stands for "less than": no test can tell a value in between."""
    return value - Fraction(1, 10**9)


def above(value: Fraction) -> Fraction:
    """Return an end that stands for "greater than"."""
    return value + Fraction(1, 10**9)


def number_of(text: str) -> Fraction:
    """Read a number.

    Raises:
        ValueError: it is none.
    """
    try:
        return Fraction(text.strip())
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"{text!r} is no number") from None


def number_text(value: Fraction) -> str:
    """Write a number as policies do."""
    return str(value.numerator) if value.denominator == 1 else str(float(value))


def moment_of(text: str) -> Fraction:
    """Read a time, ISO 8601 or seconds since 1970; without a zone it is UTC.

    Raises:
        ValueError: it is neither.
    """
    if text.strip().lstrip("-").replace(".", "", 1).isdigit() and len(text.strip()) != len("2026"):
        return Fraction(text.strip())
    when = datetime.fromisoformat(text.strip())
    return Fraction((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp())


def moment_text(value: Fraction) -> str:
    """Write a time."""
    return datetime.fromtimestamp(float(value), UTC).isoformat().replace("+00:00", "Z")


def address_span(text: str) -> tuple[Fraction, Fraction]:
    """Return the first and last address of a network, or of one address.

    Raises:
        ValueError: it is no network.
    """
    network = ipaddress.ip_network(text.strip(), strict=False)
    offset = _V6 if network.version == 6 else 0  # noqa: PLR2004  # IPv6
    first = int(network.network_address) + offset
    return Fraction(first), Fraction(first + network.num_addresses - 1)


def address_text(value: Fraction) -> str:
    """Write an address."""
    number = int(value)
    if number < _V6:
        return str(ipaddress.IPv4Address(number))
    return str(ipaddress.IPv6Address(number - _V6))


def address(inside: Iterable[Ranges], outside: Iterable[Ranges]) -> Fraction | None:
    """Return an address of all networks of one group and of none of another; None for none."""
    within, without = tuple(inside), tuple(outside)
    known = (address_span(text)[0] for text in _WELL_KNOWN)
    spans = [span for one in (*within, *without) for span in one.spans]
    firsts = [low for low, _ in spans if low is not None]
    beyond = [high + 1 for _, high in spans if high is not None]
    for value in (*known, *firsts, *beyond, Fraction(0), Fraction(_V6)):
        if not 0 <= value < _END:
            continue
        if all(value in one for one in within) and not any(value in one for one in without):
            return value
    return None
