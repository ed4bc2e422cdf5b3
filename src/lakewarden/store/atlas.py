"""Files that say where addresses are: a database of MaxMind's format, and the ranges of AWS."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Final

from lakewarden.errors import UsageError

Lookup = Callable[[str], Mapping[str, Any] | None]
_OF_PLACES: Final = ("City", "Country", "Enterprise", "Insights")


def open_mmdb(file: Path) -> Lookup:
    """Return what looks an address up in a database of places.

    Raises:
        UsageError: it cannot be read, or it says something else of addresses.
    """
    try:
        import maxminddb  # noqa: PLC0415  # an extra
    except ImportError:
        raise UsageError(
            "reading it needs a library", where=str(file), next_step="Install lakewarden[geo]"
        ) from None
    try:
        reader = maxminddb.open_database(file)
    except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
        what = error.strerror if isinstance(error, OSError) else None
        raise UsageError(
            f"cannot be read ({what or 'it is no MaxMind database'})",
            where=str(file),
            next_step="Give an MMDB file of cities or countries",
        ) from None
    kind = reader.metadata().database_type
    if not any(word in kind for word in _OF_PLACES):
        raise UsageError(
            f"says nothing of places: it is a database of the type {kind}",
            where=str(file),
            next_step="Give one of cities or countries, like GeoLite2-City",
        )

    def look_up(address: str) -> Mapping[str, Any] | None:
        try:
            found = reader.get(address)
        except (ValueError, maxminddb.InvalidDatabaseError):
            return None  # an IPv6 address in a database of IPv4, or a damaged record
        return found if isinstance(found, dict) else None

    return look_up


def read_aws_ranges(file: Path) -> Mapping[str, str]:
    """Return the region of each network of AWS, from its `ip-ranges.json`.

    Raises:
        UsageError: it cannot be read, or it is another file.
    """
    try:
        document = json.loads(file.read_text("utf-8"))
        entries = [
            *((entry["ip_prefix"], entry) for entry in document["prefixes"]),
            *((entry["ipv6_prefix"], entry) for entry in document.get("ipv6_prefixes", ())),
        ]
        return {str(ip_network(network)): str(entry["region"]) for network, entry in entries}
    except OSError as error:
        what = str(error.strerror)
    except (ValueError, KeyError, TypeError, AttributeError):
        what = "it is not the file of AWS"
    raise UsageError(
        f"cannot be read ({what})",
        where=str(file),
        next_step="Get it from https://ip-ranges.amazonaws.com/ip-ranges.json",
    )
