"""Where addresses are, by each source and by all of them in their order."""

from __future__ import annotations

import json
import math

import pytest
from iptocc import country_code

from lakewarden.errors import UsageError
from lakewarden.events.address import read
from lakewarden.events.catalog import load
from lakewarden.policyfile.watching import mistake
from lakewarden.store.atlas import open_mmdb, read_aws_ranges
from lakewarden.watch import atlas
from lakewarden.watch.atlas import ANYWHERE, Gazetteer, Place
from watch.mmdb import write

OFFICE = {"network": "203.0.113.0/24", "country": "DE", "lat": 52.5, "lon": 13.4, "radius_km": 20}
RANGES = {
    "prefixes": [
        {"ip_prefix": "198.51.100.0/24", "region": "us-east-1", "service": "AMAZON"},
        {"ip_prefix": "198.51.100.128/25", "region": "eu-central-1", "service": "EC2"},
        {"ip_prefix": "192.0.2.0/24", "region": "GLOBAL", "service": "CLOUDFRONT"},
    ],
    "ipv6_prefixes": [{"ipv6_prefix": "2001:db8:1::/48", "region": "eu-west-1", "service": "EC2"}],
}
FRANKFURT = Place("DE", 50.1, 8.7, 100)


def test_the_narrowest_network_has_the_word(tmp_path):
    file = tmp_path / "ip-ranges.json"
    file.write_text(json.dumps(RANGES))
    where = atlas.aws_networks(read_aws_ranges(file))
    assert where(read("198.51.100.200")) == FRANKFURT
    assert where(read("198.51.100.127")).country == "US"
    assert where(read("2001:db8:1:ffff::1")).country == "IE"
    assert where(read("192.0.2.9")) is ANYWHERE
    assert where(read("198.51.101.0")) is None
    assert where(read("2001:db8:2::1")) is None


def test_a_region_that_nobody_noted_is_anywhere():
    assert atlas.aws_networks({"192.0.2.0/24": "xx-new-1"})(read("192.0.2.1")) is ANYWHERE


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"prefixes": [{"ip_prefix": "x", "region": "y"}]}',
        '{"prefixes": [{}]}',
        '{"prefixes": 1}',
        '"x"',
        "{}",
        "\xff",
    ],
)
def test_a_file_that_is_not_that_of_aws_is_an_error(tmp_path, text):
    file = tmp_path / "x.json"
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises(UsageError, match=r"x\.json: cannot be read \(it is not the file of AWS\)"):
        read_aws_ranges(file)


def test_a_file_that_is_not_there_is_an_error(tmp_path):
    for reader in (read_aws_ranges, open_mmdb):
        with pytest.raises(UsageError, match="No such file"):
            reader(tmp_path / "none")


def test_a_database_says_city_country_or_that_nobody_knows(tmp_path):
    city = {"latitude": 48.2, "longitude": 16.4, "accuracy_radius": 5}
    file = write(
        tmp_path / "city.mmdb",
        "GeoLite2-City",
        {
            "198.51.100.0/24": {"country": {"iso_code": "AT"}, "location": city},
            "203.0.113.0/24": {"country": {"iso_code": "DE"}},
            "192.0.2.0/25": {"country": {"iso_code": "US"}, "traits": {"is_anycast": True}},
            "192.0.2.128/25": {"location": {}},
        },
    )
    where = atlas.database(open_mmdb(file))
    assert where(read("198.51.100.7")) == Place("AT", 48.2, 16.4, 5)
    assert where(read("203.0.113.7")) == atlas.centre("DE")
    assert where(read("192.0.2.7")) is ANYWHERE
    assert where(read("192.0.2.200")) is None
    assert where(read("8.8.8.8")) is None
    assert where(read("2001:db8::1")) is None


def test_a_database_of_something_else_is_an_error(tmp_path):
    with pytest.raises(UsageError, match="says nothing of places: it is a database of the type"):
        open_mmdb(write(tmp_path / "asn.mmdb", "GeoLite2-ASN", {}))
    (tmp_path / "text.mmdb").write_text("no database")
    with pytest.raises(UsageError, match="it is no MaxMind database"):
        open_mmdb(tmp_path / "text.mmdb")


def test_the_first_that_knows_has_the_word_and_private_addresses_have_no_place():
    one = Gazetteer(
        [
            atlas.own_networks([OFFICE]),
            atlas.aws_networks({"198.51.100.0/24": "eu-central-1", "192.0.2.0/24": "GLOBAL"}),
            atlas.registries(lambda _: "US"),
        ]
    )
    asked = ["203.0.113.7", "198.51.100.7", "192.0.2.7", "8.8.8.8", "2001:db8::1"]
    nowhere = ["10.0.0.1", "127.0.0.1", "100.64.0.1", "169.254.169.254", "ec2.amazonaws.com", "-"]
    found = {row["ip"]: row for row in one.places([*asked, *nowhere])}
    assert {ip: row["country"] for ip, row in found.items()} == {
        "203.0.113.7": "DE",
        "198.51.100.7": "DE",
        "8.8.8.8": "US",
        "2001:db8::1": "US",
    }
    assert found["203.0.113.7"]["radius_km"] == 20
    assert found["8.8.8.8"].keys() == {"ip", "country", "lat", "lon", "radius_km"}


def test_registries_know_an_address_of_each_part_of_the_world():
    where = atlas.registries(country_code)
    known = {"193.0.6.139": "NL", "8.8.8.8": "US", "202.12.29.1": "AU", "200.160.2.3": "BR"}
    assert {ip: where(read(ip)).country for ip in known} == known
    assert where(read("203.0.113.1")) is None


TOWNS = {
    "DE": (52.5, 13.4),
    "FR": (48.9, 2.4),
    "US": (40.7, -74.0),
    "RU": (43.1, 131.9),
    "CN": (31.2, 121.5),
    "IN": (19.1, 72.9),
    "BR": (-23.6, -46.6),
    "AU": (-33.9, 151.2),
    "NZ": (-36.8, 174.8),
    "FJ": (-18.1, 178.4),
    "CL": (-33.4, -70.7),
    "NO": (69.6, 18.9),
    "JP": (35.7, 139.7),
    "GB": (51.5, -0.1),
    "ZA": (-33.9, 18.4),
    "SG": (1.3, 103.8),
    "CA": (49.3, -123.1),
    "ES": (40.4, -3.7),
    "IL": (32.1, 34.8),
    "RE": (-20.9, 55.5),
}


def test_countries_take_in_their_towns():
    for country, (lat, lon) in TOWNS.items():
        centre = atlas.centre(country)
        assert _km(centre.lat, centre.lon, lat, lon) <= centre.radius_km, country


def test_regions_of_aws_are_in_their_countries():
    for region, (country, lat, lon) in load("aws_regions")["regions"].items():
        centre = atlas.centre(country)
        assert _km(centre.lat, centre.lon, lat, lon) <= centre.radius_km + 100, region


def _km(lat, lon, other_lat, other_lon):
    one, other = math.radians(lat), math.radians(other_lat)
    flat = math.cos(one) * math.cos(other) * math.cos(math.radians(lon - other_lon))
    return 6371 * math.acos(min(1, math.sin(one) * math.sin(other) + flat))


def test_countries_have_a_place_on_the_earth():
    table = load("countries")["countries"]
    assert len(table) > 240
    for country, (lat, lon, radius) in table.items():
        assert len(country) == 2
        assert -90 <= lat <= 90
        assert -180 <= lon <= 180
        assert 0 < radius < 4000


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({}, None),
        ({"radius_km": None}, None),
        ({"network": "203.0.113.1/24"}, "'203.0.113.1/24' is no network"),
        ({"network": ["a"]}, "[['a']] is no list of texts"),
        ({"country": "Germany"}, "'Germany' is no country, as DE"),
        ({"lat": 91}, "91 is no number of degrees, from -90 to 90"),
        ({"lon": True}, "True is no number of degrees, from -180 to 180"),
        ({"radius_km": -1}, "-1 is no number from 0 on"),
        ({"lat": None}, "lat is missing"),
        ({"town": "Berlin"}, "town is no part of a place"),
    ],
)
def test_a_place_of_ones_own_says_where_it_is(change, wrong):
    given = {**OFFICE, **change}
    found = mistake("places", [{name: value for name, value in given.items() if value is not None}])
    assert (found and found[0]) == wrong


@pytest.mark.parametrize("value", [1, ["203.0.113.0/24"], {"a": 1}])
def test_places_are_tables(value):
    assert "write each as [[watch.places]]" in mistake("places", value)[0]
