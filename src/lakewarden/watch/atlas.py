"""Where public addresses are, from what is on this machine: nothing is asked of the network.

    places of the policy file ─ ranges of AWS ─ a database of yours ─ the registries' countries

The first that knows an address has the word. Registries say where the owner of an address is
registered, so that all of AWS would be in the US; therefore its own list comes before them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_network
from typing import Any, Final

from lakewarden.events.address import Address, read
from lakewarden.events.catalog import load

_UNSURE_KM: Final = 100
"""The radius around a place whose source gives none."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an address is.

    Attributes:
        country: by its ISO code.
        lat: the latitude in degrees.
        lon: the longitude.
        radius_km: how far from there it may be.
    """

    country: str
    lat: float
    lon: float
    radius_km: float


class Unplaced:
    """An address that is in many places at once: whoever comes after in the atlas is not asked."""


ANYWHERE: Final = Unplaced()
Source = Callable[[Address], Place | Unplaced | None]


class Gazetteer:
    """Asks its sources in their order; the `Atlas` of a run."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = sources

    def places(self, addresses: Iterable[str]) -> list[Mapping[str, Any]]:
        """Return a row for each public address whose place is known."""
        return list(self._rows(addresses))

    def _rows(self, addresses: Iterable[str]) -> Iterator[Mapping[str, Any]]:
        for text in addresses:
            known = read(text)
            if known.kind != "public":
                continue
            found = next((p for p in (ask(known) for ask in self._sources) if p), None)
            if isinstance(found, Place):
                where = {"country": found.country, "lat": found.lat, "lon": found.lon}
                yield {"ip": text, **where, "radius_km": found.radius_km}


class Networks:
    """Places of networks; the narrowest network that has an address counts."""

    def __init__(self, places: Mapping[str, Place | Unplaced]) -> None:
        """Take the place of each network, as `203.0.113.0/24`."""
        self._by_size: dict[str, dict[int, dict[int, Place | Unplaced]]] = {"4": {}, "6": {}}
        for network, place in sorted(
            ((ip_network(text), place) for text, place in places.items()),
            key=lambda pair: -pair[0].prefixlen,
        ):
            spare = network.max_prefixlen - network.prefixlen
            sizes = self._by_size[str(network.version)]
            sizes.setdefault(spare, {})[int(network.network_address) >> spare] = place

    def __call__(self, one: Address) -> Place | Unplaced | None:
        """Return the place of an address, None where no network has it."""
        version, _colon, digits = (one.key or "4:0").partition(":")
        number = int(digits, 16)
        for spare, places in self._by_size[version].items():
            found = places.get(number >> spare)
            if found:
                return found
        return None


def own_networks(entries: Iterable[Mapping[str, Any]]) -> Networks:
    """Return the places that the policy file gives networks."""
    return Networks(
        {
            entry["network"]: Place(
                entry["country"],
                float(entry["lat"]),
                float(entry["lon"]),
                float(entry.get("radius_km", _UNSURE_KM)),
            )
            for entry in entries
        }
    )


def aws_networks(regions: Mapping[str, str]) -> Networks:
    """Return the places of the networks of AWS; what serves the whole world has none."""
    table = load("aws_regions")
    known = {
        region: Place(country, lat, lon, table["radius_km"])
        for region, (country, lat, lon) in table["regions"].items()
    }
    return Networks({net: known.get(region, ANYWHERE) for net, region in regions.items()})


def database(look_up: Callable[[str], Mapping[str, Any] | None]) -> Source:
    """Return the places of a database with the records of GeoIP."""

    def ask(one: Address) -> Place | Unplaced | None:
        record = look_up(one.text or "") or {}
        if record.get("traits", {}).get("is_anycast"):
            return ANYWHERE
        country = record.get("country", {}).get("iso_code")
        spot = record.get("location", {})
        if not country:
            return None
        if "latitude" not in spot or "longitude" not in spot:
            return centre(country)
        radius = float(spot.get("accuracy_radius", _UNSURE_KM))
        return Place(country, float(spot["latitude"]), float(spot["longitude"]), radius)

    return ask


def registries(country_of: Callable[[str], str | None]) -> Source:
    """Return the places of addresses by the country that they are registered in."""

    def ask(one: Address) -> Place | None:
        country = country_of(one.text or "")
        return centre(country) if country else None

    return ask


def centre(country: str) -> Place | None:
    """Return the middle of a country; None for one that is not on the map."""
    found = _countries().get(country)
    return Place(country, *map(float, found)) if found else None


@cache
def _countries() -> Mapping[str, Sequence[float]]:
    table: Mapping[str, Sequence[float]] = load("countries")["countries"]
    return table
