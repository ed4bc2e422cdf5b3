"""Addresses in the SQL of Spark: what SQL can read of them, and what has to be read beforehand.

IPv4, with or without a port, is read by SQL, since there are many such addresses. All others are
few: their texts are asked for, read by `events.address`, and joined.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Final

from lakewarden.clients.tables import ADDRESSES
from lakewarden.events import address

_OCTET: Final = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4: Final = f"^({_OCTET}(?:[.]{_OCTET}){{3}})(?::[0-9]+)?$"
_END: Final = 2**32
_APART: Final = (
    *("0.0.0.0/32", "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
    *("172.16.0.0/12", "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24"),
    *("203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "255.255.255.255/32"),
    *(f"192.0.0.{n}/32" for n in range(256)),
)
"""The networks of IPv4 with a purpose of their own, at whose edges the kind may change."""


def ipv4(raw: str) -> str:
    """Return SQL of an IPv4 address without its port; empty for any other text."""
    return f"regexp_extract(trim({raw}), '{_IPV4}', 1)"


def key(bare: str) -> str:
    """Return SQL of the form of an address of `ipv4` that sorts; null for an empty one."""
    digits = (
        f"lpad(lower(hex(TRY_CAST(split_part({bare}, '.', {n}) AS BIGINT))), 2, '0')"
        for n in range(1, 5)
    )
    return f"CASE WHEN {bare} <> '' THEN '4:' || {' || '.join(digits)} END"


def columns(raw: str, bare: str, sorting: str) -> Mapping[str, str]:
    """Return SQL of the text, the kind and the key of an address.

    Args:
        raw: SQL of what stands in the log; the table of addresses is joined by it.
        bare: what `ipv4` makes of it.
        sorting: what `key` makes of that.
    """
    other = f"NULLIF(NULLIF(trim({raw}), ''), '-')"
    kind = f"COALESCE({ADDRESSES}.kind, CASE WHEN {other} IS NULL THEN 'none' ELSE 'service' END)"
    return {
        "text": f"COALESCE(NULLIF({bare}, ''), {ADDRESSES}.text, {other})",
        "kind": f"CASE {_kinds(sorting)} WHEN {bare} <> '' THEN 'public' ELSE {kind} END",
        "key": f"COALESCE({sorting}, {ADDRESSES}.key)",
    }


def others(raw: str, relation: str) -> str:
    """Return the query of the texts that SQL cannot read, from a relation with addresses."""
    return (
        f"SELECT DISTINCT {raw} AS raw FROM {relation} "
        f"WHERE trim({raw}) NOT IN ('', '-') AND {ipv4(raw)} = ''"
    )


def rows(texts: Iterable[str]) -> Iterator[Mapping[str, str | None]]:
    """Yield the rows of the table of addresses for these texts."""
    for text in texts:
        yield {"raw": text, **address.read(text)._asdict()}


def _kinds(sorting: str) -> str:
    """Return the cases of the kinds of addresses, but for the public ones."""
    cases = (
        f"WHEN {sorting} BETWEEN '4:{first:08x}' AND '4:{last:08x}' THEN '{kind}'"
        for first, last, kind in _spans()
        if kind != "public"
    )
    return " ".join(cases)


def _spans() -> Iterator[tuple[int, int, str]]:
    """Yield the first and the last address of each kind, one span after the other."""
    networks = [ipaddress.IPv4Network(text) for text in _APART]
    edges = {int(n[0]) for n in networks} | {int(n[-1]) + 1 for n in networks}
    starts = sorted(edge for edge in edges if edge < _END)
    kinds = ((address.read(str(ipaddress.IPv4Address(start))).kind, start) for start in starts)
    first = [next(same) for _, same in groupby(kinds, lambda pair: pair[0])]
    ends = [start - 1 for _, start in first[1:]]
    for (kind, start), end in zip(first, [*ends, _END - 1], strict=True):
        yield start, end, kind
