from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakewarden.estate.access import IpAccessList
from lakewarden.estate.fact import Cause, UnreadError
from lakewarden.estate.record import read
from lakewarden.semantics.ip_lists import allowed_networks, too_wide


def ip_list(kind="ALLOW", *addresses, enabled=True, **changes):
    item = {
        "list_id": "1",
        "label": "x",
        "list_type": kind,
        "ip_addresses": list(addresses),
        "enabled": enabled,
        **changes,
    }
    return read(IpAccessList, item, source="test")


@pytest.mark.parametrize(
    ("lists", "networks"),
    [
        ([], []),
        ([ip_list()], []),
        ([ip_list("ALLOW", "198.51.100.0/24", "192.0.2.7")], ["192.0.2.7", "198.51.100.0/24"]),
        ([ip_list("BLOCK", "198.51.100.0/24")], []),
        ([ip_list("ALLOW", "198.51.100.0/24", enabled=False)], []),
        ([ip_list("ALLOW", "192.0.2.7"), ip_list("ALLOW", "192.0.2.7")], ["192.0.2.7"]),
        (
            [ip_list("ALLOW", "192.0.2.7"), ip_list("BLOCK", "192.0.2.7"), ip_list("ALLOW", "::1")],
            ["192.0.2.7", "::1"],
        ),
        ([ip_list("ALLOW", ip_addresses=None)], []),
    ],
)
def test_enabled_allow_lists_admit(lists, networks):
    assert allowed_networks(lists) == networks


@pytest.mark.parametrize("field", ["list_type", "enabled"])
def test_a_list_of_unknown_type_or_state_is_not_read(field):
    with pytest.raises(UnreadError) as caught:
        allowed_networks([ip_list("ALLOW", "192.0.2.7", **{field: None})])
    assert caught.value.gap.cause is Cause.MISSING_FIELD


def test_the_addresses_of_a_list_that_does_not_count_are_not_asked_for():
    broken = ip_list("ALLOW", enabled=False, ip_addresses="all of them")
    assert broken.addresses.gap is not None
    assert allowed_networks([broken]) == []


@pytest.mark.parametrize(
    ("networks", "wide"),
    [
        ([], []),
        (["198.51.100.0/24", "192.0.2.7", "2001:db8::/32"], []),
        (["0.0.0.0/0"], ["0.0.0.0/0"]),
        (["::/0"], ["::/0"]),
        (["0.0.0.0/1"], ["0.0.0.0/1"]),
        (["128.0.0.0/1", "0.0.0.0/1"], ["0.0.0.0/0"]),
        (["198.0.0.0/8"], ["198.0.0.0/8"]),
        (["198.0.0.0/9"], []),
        (["198.0.0.0/9", "198.128.0.0/9"], ["198.0.0.0/8"]),
        (["198.51.100.7/8"], ["198.0.0.0/8"]),
        (["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"], []),
        (["10.0.0.0/7"], ["10.0.0.0/7"]),
        (["10.0.0.0/8", "11.0.0.0/8"], ["10.0.0.0/7"]),
        (["fd00::/8"], []),
        (["2000::/16"], ["2000::/16"]),
        (["2000::/17"], []),
        (["2000::/17", "2000:8000::/17"], ["2000::/16"]),
    ],
)
def test_what_is_too_wide_to_be_anybodys_own(networks, wide):
    assert too_wide(networks) == wide


@pytest.mark.parametrize("text", ["office", "10.0.0.0/33", "300.1.1.1", "", "1.2.3.4-1.2.3.9"])
def test_text_that_is_no_network_cannot_be_judged(text):
    with pytest.raises(UnreadError) as caught:
        too_wide(["198.51.100.0/24", text])
    assert caught.value.gap.cause is Cause.MALFORMED


@st.composite
def pieces(draw):
    """Return a network cut into equal parts, one of them perhaps left out."""
    start, prefix = draw(st.integers(0, 2**32 - 1)), draw(st.integers(5, 10))
    network = ipaddress.ip_network((start, prefix), strict=False)
    parts = list(network.subnets(prefixlen_diff=draw(st.integers(0, 4))))
    if draw(st.booleans()):
        parts.pop(draw(st.integers(0, len(parts) - 1)))
    return [str(part) for part in parts]


def covers_a_public_eighth(networks):
    """Return whether some public /8 is admitted whole, found by walking through its addresses."""
    spans = sorted(
        (int(n.network_address), int(n.broadcast_address))
        for n in map(ipaddress.ip_network, networks)
    )
    for block in range(256):
        at, last = block << 24, (block << 24) + 0xFFFFFF
        for start, end in spans:
            if start <= at <= end:
                at = end + 1
        if at > last and not ipaddress.ip_network((block << 24, 8)).is_private:
            return True
    return False


@settings(max_examples=150)
@given(st.lists(pieces(), max_size=4))
def test_wide_means_that_some_public_eighth_is_admitted_whole(parts):
    networks = [network for part in parts for network in part]
    assert bool(too_wide(networks)) == covers_a_public_eighth(networks)


@given(st.lists(pieces(), max_size=3), st.randoms())
def test_the_order_of_networks_does_not_matter(parts, random):
    networks = [network for part in parts for network in part]
    shuffled = random.sample(networks, len(networks))
    assert too_wide(shuffled) == too_wide(networks)
