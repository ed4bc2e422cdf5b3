from __future__ import annotations

import ipaddress
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakewarden.proofs.words.ranges import (
    EVERYWHERE,
    Ranges,
    above,
    address,
    address_span,
    address_text,
    below,
    between,
    moment_of,
    moment_text,
    number_of,
    number_text,
)

NETWORKS = st.builds(
    lambda n, size: str(ipaddress.ip_network((n << 24, size), strict=False)),
    st.integers(0, 255),
    st.integers(0, 12),
)


def spans(*texts: str) -> Ranges:
    return Ranges(tuple(map(address_span, texts)))


@given(st.lists(NETWORKS, min_size=1, max_size=3), st.lists(NETWORKS, max_size=4))
@settings(max_examples=200, deadline=None)
def test_an_address_is_found_where_there_is_one(inside, outside):
    found = address([spans(*inside)], [spans(text) for text in outside])
    room = [ipaddress.ip_network(text) for text in inside]
    for text in outside:
        taken = ipaddress.ip_network(text)
        room = [part for network in room for part in _without(network, taken)]
    assert (found is not None) is bool(room)
    if found is not None:
        there = ipaddress.ip_address(address_text(found))
        assert any(there in network for network in room)


def _without(network, taken):
    if network.subnet_of(taken):
        return []
    return network.address_exclude(taken) if taken.subnet_of(network) else [network]


def test_families_are_kept_apart():
    assert address([spans("0.0.0.0/0")], [spans("0.0.0.0/1"), spans("128.0.0.0/1")]) is None
    found = address([EVERYWHERE], [spans("0.0.0.0/0")])
    assert found is not None
    assert ":" in address_text(found)
    assert address([EVERYWHERE], [spans("0.0.0.0/0", "::/0")]) is None


def test_public_addresses_of_documentation_come_first():
    found = address([EVERYWHERE], [spans("10.0.0.0/8")])
    assert found is not None
    assert address_text(found) == "203.0.113.7"


@pytest.mark.parametrize(
    ("inside", "outside", "there"),
    [
        ([(None, Fraction(5))], [], True),
        ([(Fraction(5), None)], [(None, Fraction(5))], True),
        ([(Fraction(5), Fraction(5))], [(Fraction(5), Fraction(5))], False),
        ([(above(Fraction(5)), below(Fraction(6)))], [], True),
        ([(None, below(Fraction(5)))], [(None, Fraction(5))], False),
        ([(Fraction(1), Fraction(9))], [(Fraction(1), Fraction(3)), (Fraction(4), None)], True),
        ([(Fraction(1), Fraction(9))], [(None, None)], False),
    ],
)
def test_a_number_is_found_where_there_is_one(inside, outside, there):
    within = [Ranges((span,)) for span in inside]
    without = [Ranges((span,)) for span in outside]
    found = between(within, without)
    assert (found is not None) is there
    if found is not None:
        assert all(found in one for one in within)
        assert not any(found in one for one in without)


def test_numbers_and_times_are_read_and_written():
    assert number_text(number_of("3600")) == "3600"
    assert number_of("2.5") == Fraction(5, 2)
    assert moment_of("2026-01-01T00:00:00Z") == moment_of("2026-01-01T01:00:00+01:00")
    assert moment_of("2026-01-01T00:00:00") == moment_of("1767225600")
    assert moment_text(moment_of("1767225600")) == "2026-01-01T00:00:00Z"


@pytest.mark.parametrize("text", ["", "abc", "1/0"])
def test_what_is_no_number_is_refused(text):
    with pytest.raises(ValueError, match="is no number"):
        number_of(text)


@pytest.mark.parametrize("text", ["10.0.0.0/33", "10.0.0", "::g/1", ""])
def test_what_is_no_network_is_refused(text):
    with pytest.raises(ValueError, match=r"\S"):
        address_span(text)
