"""The algebra of packet sets, against brute force in a tiny universe."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakewarden.proofs.network import intervals
from lakewarden.proofs.network import services as algebra
from lakewarden.proofs.network.packets import (
    ALL,
    EVERYWHERE,
    NO_PACKETS,
    Addresses,
    overlay,
    packets,
    together,
)
from lakewarden.proofs.network.ranges import PUBLIC, cidrs, network, networks
from lakewarden.proofs.network.services import EVERY, NOTHING, of_rule, service

QUIET = settings(deadline=None, max_examples=60)
SMALL = 7
NUMBERS = st.integers(0, SMALL - 1)
SPANS = st.lists(st.tuples(NUMBERS, NUMBERS), max_size=4).map(intervals.spans)
PROTOCOLS = (6, 17, 1, 47)
SERVICES = st.builds(
    algebra.services,
    SPANS,
    st.dictionaries(st.sampled_from((6, 17)), SPANS).map(lambda d: d.items()),
)
BOXES = st.builds(packets, st.builds(Addresses, SPANS, SPANS), SERVICES)
SETS = st.lists(BOXES, max_size=4).map(together)
UNIVERSE = tuple(itertools.product((4, 6), range(SMALL), PROTOCOLS, range(SMALL)))


def numbers(found):
    return {n for first, last in found for n in range(first, last + 1)}


def members(found):
    return {packet for packet in UNIVERSE if found.has(*packet)}


@QUIET
@given(SPANS, SPANS)
def test_spans_are_sets(a, b):
    assert numbers(intervals.union(a, b)) == numbers(a) | numbers(b)
    assert numbers(intervals.meet(a, b)) == numbers(a) & numbers(b)
    assert numbers(intervals.minus(a, b)) == numbers(a) - numbers(b)
    assert intervals.within(a, b) == (numbers(a) <= numbers(b))
    assert intervals.size(a) == len(numbers(a))


@QUIET
@given(SPANS, SPANS)
def test_equal_spans_are_equal(a, b):
    assert (a == b) == (numbers(a) == numbers(b))
    assert intervals.spans([(3, 2)]) == ()
    assert intervals.spans([(0, 1), (2, 3)]) == ((0, 3),)


@QUIET
@given(SETS, SETS)
def test_packet_sets_are_sets(a, b):
    assert members(a.union(b)) == members(a) | members(b)
    assert members(a.meet(b)) == members(a) & members(b)
    assert members(a.minus(b)) == members(a) - members(b)
    assert a.within(b) == (members(a) <= members(b))


@QUIET
@given(SETS, SETS)
def test_equal_packet_sets_are_equal(a, b):
    """Other protocols than those tried have the ports of the rest, as 47 has."""
    assert (a == b) == (members(a) == members(b))
    assert bool(a) == bool(members(a))


@QUIET
@given(SETS, SERVICES, SPANS)
def test_parts_of_a_packet_set(a, kinds, where):
    assert members(a.of(kinds)) == {p for p in members(a) if p[3] in numbers(kinds.ports(p[2]))}
    some = Addresses(where, where)
    assert members(a.to(some)) == {p for p in members(a) if p[1] in numbers(where)}
    assert numbers(a.addresses().v4) == {n for v, n, _, _ in members(a) if v == 4}
    assert {(p, port) for _, _, p, port in members(a)} == {
        (p, port) for p in PROTOCOLS for port in numbers(a.services().ports(p)) if port < SMALL
    }


@QUIET
@given(SETS)
def test_packets_are_counted(a):
    rest = sum(1 for _, _, protocol, _ in members(a) if protocol == 47)
    named = sum(1 for _, _, protocol, _ in members(a) if protocol in (6, 17))
    assert a.count() == named + 254 * rest


@QUIET
@given(SPANS, SPANS)
def test_overlay_cuts_two_rows_into_pieces(a, b):
    left = [(first, last, "a") for first, last in a]
    right = [(first, last, "b") for first, last in b]
    found = list(overlay(left, right))
    assert [p[0] for p in found] == sorted(p[0] for p in found)
    pieces = {n: (x, y) for first, last, x, y in found for n in range(first, last + 1)}
    assert sum(last - first + 1 for first, last, _, _ in found) == len(pieces)
    assert {n for n, (x, _) in pieces.items() if x} == numbers(a)
    assert {n for n, (_, y) in pieces.items() if y} == numbers(b)


def test_the_whole_and_nothing():
    assert ALL.minus(ALL) == NO_PACKETS
    assert ALL.count() == (2**32 + 2**128) * 256 * 65536
    low = network("::/96")
    assert ALL.meet(packets(low)).addresses() == low
    assert packets(EVERYWHERE).minus(packets(low)).addresses().v6[0][0] == 2**32


@pytest.mark.parametrize(
    ("rule", "found", "exact"),
    [
        (("tcp", 443, 443), service(6, ((443, 443),)), True),
        (("6", 443, 445), service(6, ((443, 445),)), True),
        (("udp", None, None), service(17), True),
        (("udp", 0, 65535), service(17), True),
        (("tcp", -1, -1), service(6), True),
        (("-1", None, None), EVERY, True),
        (("icmp", 8, -1), service(1, ((8, 8),)), True),
        (("icmp", 3, 4), service(1, ((3, 3),)), False),
        (("icmpv6", -1, -1), service(58), True),
        (("47", 5, 5), service(47), True),
        (("gre", None, None), EVERY, False),
    ],
)
def test_rules_name_services(rule, found, exact):
    assert of_rule(*rule) == (found, exact)


def test_services_read_as_people_write_them():
    both = algebra.union(service(6, ((443, 443), (8443, 8451))), service(17))
    assert str(both) == "TCP 443, 8443-8451, UDP"
    assert str(EVERY) == "every protocol"
    assert str(NOTHING) == "nothing"
    assert str(algebra.minus(EVERY, service(6))) == "every other protocol"
    assert str(service(47)) == "protocol 47"


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("10.1.2.3", False),
        ("100.64.0.1", False),
        ("100.128.0.1", True),
        ("127.0.0.1", False),
        ("169.254.169.254", False),
        ("172.31.255.255", False),
        ("172.32.0.0", True),
        ("192.168.0.1", False),
        ("192.0.2.1", True),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("0.0.0.1", False),
        ("2600::1", True),
        ("fd00::1", False),
        ("fe80::1", False),
        ("ff02::1", False),
        ("64:ff9b::808:808", False),
    ],
)
def test_public_addresses(address, public):
    assert bool(network(address).meet(PUBLIC)) == public


def test_networks_are_read_and_written():
    both = networks(["10.0.0.0/9", "10.128.0.0/9", "fd00::/8", "10.0.0.7/32"])
    assert cidrs(both) == ("10.0.0.0/8", "fd00::/8")
    assert network("10.0.0.7/24") == network("10.0.0.0/24")
    with pytest.raises(ValueError, match="does not appear to be"):
        network("pl-1")
