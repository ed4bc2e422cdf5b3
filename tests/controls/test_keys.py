"""Registered keys as subjects, and quotas by their names."""

from __future__ import annotations

import pytest

from lakewarden.clock import parse_time
from lakewarden.controls.kit.control import Context
from lakewarden.controls.kit.keys import ARN, KEY, registered
from lakewarden.controls.kit.quotas import every_quota, is_graphics
from lakewarden.estate.estate import Estate
from lakewarden.estate.fact import UnreadError
from lakewarden.estate.given import given, refused
from lakewarden.policyfile.policy import Policy


def found(keys):
    return [entry.ref for entry in KEY.find(Estate(given(encryption_keys=keys)))]


def test_a_key_is_judged_once_and_goes_by_its_alias():
    twice = [registered(), {**registered(), "customer_managed_key_id": "k2"}]
    (ref,) = found(twice)
    assert (ref.id, ref.name) == (ARN, "lake")


def test_a_key_without_an_alias_goes_by_its_id():
    (ref,) = found([registered(key_alias=None)])
    assert ref.name == ARN.rsplit("/", 1)[-1]


@pytest.mark.parametrize("keys", [[registered(key_arn=None)], refused()])
def test_keys_that_were_not_read_may_be_anywhere(keys):
    (ref,) = found(keys)
    assert ref.id == "*"


def quotas(*names):
    entries = [
        {"region": "us-east-1", "QuotaCode": f"L-{n}", "QuotaName": name, "Value": 1}
        for n, name in enumerate(names)
    ]
    estate = Estate(given(quotas=entries))
    return Context(estate, Policy(), parse_time(estate.meta.taken))


@pytest.mark.parametrize(
    ("name", "graphics"),
    [
        ("Running On-Demand G and VT instances", True),
        ("Running On-Demand P instances", True),
        ("All P4, P3 and P2 Spot Instance Requests", True),
        ("Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", False),
        ("Running On-Demand High Memory instances", False),
    ],
)
def test_graphics_machines_are_known_by_their_letters(name, graphics):
    standard = ("All Standard Spot Instance Requests", "Running On-Demand Standard instances")
    last = list(every_quota(quotas(*standard, name)))[-1]
    assert is_graphics(last) is graphics


@pytest.mark.parametrize("names", [(), ("All Standard Spot Instance Requests",)])
def test_a_list_without_the_quotas_that_always_exist_is_not_whole(names):
    with pytest.raises(UnreadError):
        list(every_quota(quotas(*names)))
