from __future__ import annotations

import pytest

from lakewarden.estate.vpc import GroupRef, PrefixListRef, Range, Range6, Rule
from lakewarden.semantics.security_groups import admits, describe, is_open


def rule(*cidrs, protocol="tcp", first=None, last=None, groups=(), v6=(), lists=()):
    return Rule(
        protocol,
        tuple(map(GroupRef, groups)),
        tuple(map(Range, cidrs)),
        tuple(map(Range6, v6)),
        tuple(map(PrefixListRef, lists)),
        first,
        last,
    )


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (rule("10.0.0.0/8", first=443, last=443), "tcp 443 for 10.0.0.0/8"),
        (rule(protocol="17", first=1, last=9, groups=["sg-1"]), "udp 1-9 for sg-1"),
        (rule(protocol="-1", v6=["::/0"], lists=["pl-1"]), "everything for ::/0, pl-1"),
        (rule(protocol="-1"), "everything for nobody"),
    ],
)
def test_a_rule_in_words(given, words):
    assert describe(given) == words


@pytest.mark.parametrize(
    ("given", "is_wide"),
    [
        (rule("0.0.0.0/0", protocol="-1"), True),
        (rule(protocol="-1", v6=["::/0"]), True),
        (rule("0.0.0.0/1", "128.0.0.0/1", protocol="-1"), True),
        (rule("0.0.0.0/1", protocol="-1"), True),
        (rule(protocol="-1", v6=["::/1", "8000::/1"]), True),
        (rule("10.0.0.0/8", protocol="-1"), False),
        (rule("0.0.0.0/0", first=0, last=65535), True),
        (rule("0.0.0.0/0", protocol="6", first=1, last=65535), True),
        (rule("0.0.0.0/0", first=2, last=65535), False),
        (rule("0.0.0.0/0", first=0, last=65534), False),
        (rule("0.0.0.0/0", protocol="icmp", first=-1, last=-1), False),
        (rule(protocol="-1", groups=["sg-1"]), False),
    ],
)
def test_what_is_open(given, is_wide):
    assert is_open(given) is is_wide


@pytest.mark.parametrize(
    ("rules", "port", "cidrs", "admitted"),
    [
        ([rule(first=443, last=443, groups=["sg-1"])], 443, [], True),
        ([rule(first=443, last=443, groups=["sg-1"])], 444, [], False),
        ([rule(first=443, last=443, groups=["sg-2"])], 443, ["10.0.0.0/24"], False),
        ([rule(protocol="udp", first=443, last=443, groups=["sg-1"])], 443, [], False),
        ([rule(protocol="-1", groups=["sg-1"])], 443, [], True),
        ([rule("10.0.0.0/24", first=1, last=999)], 443, ["10.0.0.0/24"], True),
        ([rule("10.0.0.0/25", first=1, last=999)], 443, ["10.0.0.0/24"], False),
        ([rule("10.0.0.0/25", "10.0.0.128/25", first=1, last=999)], 443, ["10.0.0.0/24"], True),
        ([rule("10.0.0.0/24", first=1, last=999)], 443, [], False),
    ],
)
def test_who_is_admitted(rules, port, cidrs, admitted):
    assert admits(rules, port, {"sg-1"}, cidrs) is admitted
