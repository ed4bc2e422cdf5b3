from __future__ import annotations

from datetime import date

import pytest

from lakewarden.errors import PolicyFileError
from lakewarden.policyfile.parse import parse


def read(text):
    return parse(text, file="lakewarden.toml", today=date(2026, 3, 1), controls=())


def test_what_is_wanted_of_networks():
    found = read('[network]\ninspected_gateways = ["tgw-1"]\nallowed_destinations = ["a.example"]')
    assert found.inspected_gateways == ("tgw-1",)
    assert found.allowed_destinations == ("a.example",)
    assert read("").inspected_gateways == read("").allowed_destinations == ()


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('[network]\ninspected_gateways = "tgw-1"', "network.inspected_gateways"),
        ("[network]\nallowed_destination = []", "network"),
        ("network = 1", "network"),
        ('[network]\nadmitted_networks = ["office"]', "network.admitted_networks"),
        ('[network]\nadmitted_networks = ["203.0.113.7/24"]', "network.admitted_networks"),
        ("[costs]\nmonthly = 0", "costs.monthly"),
        ("[aws]\nversion_days = 0", "aws.version_days"),
        ("[aws]\ntrail_key = 1", "aws.trail_key"),
        ('[costs]\nmonthly = "15000"', "costs.monthly"),
    ],
)
def test_mistakes_name_their_place(text, where):
    with pytest.raises(PolicyFileError) as caught:
        read(text)
    assert caught.value.where == f"lakewarden.toml: {where}"


def test_who_may_come_in_and_who_is_told_of_costs():
    found = read(
        '[network]\nadmitted_networks = ["203.0.113.0/24", "198.51.100.7"]\n'
        '[costs]\nalert = ["finops@example.com"]\nmonthly = 15000'
    )
    assert found.admitted_networks == ("203.0.113.0/24", "198.51.100.7")
    assert (found.cost_alerts, found.monthly_cost) == (("finops@example.com",), 15000)
    assert (read("").admitted_networks, read("").monthly_cost) == ((), 0)


def test_what_is_wanted_of_aws():
    found = read('[aws]\nguardians = ["arn:aws:iam::111122223333:role/g"]\nwritten_buckets = ["x"]')
    assert found.guardians == ("arn:aws:iam::111122223333:role/g",)
    assert found.written_buckets == ("x",)
    made = read('[aws]\nflow_log_bucket = "flows"\ntrail_key = "arn:k"\nversion_days = 30')
    assert (made.flow_log_bucket, made.trail_key, made.version_days) == ("flows", "arn:k", 30)
    assert read("").trusted_networks == read("").passed_roles == read("").key_users == ()
