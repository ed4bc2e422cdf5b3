"""What rules ask of a site: declared once, with values that are what they say they are."""

from __future__ import annotations

import math

import pytest

from lakewarden.policyfile.policy import Policy
from lakewarden.policyfile.watching import declared, example_values, mistake, values_of


@pytest.mark.parametrize("name", sorted(declared()))
def test_a_declared_value_is_of_its_own_type(name):
    one = declared()[name]
    assert mistake(name, one.default) is None
    assert mistake(name, one.example) is None


@pytest.mark.parametrize(
    ("name", "value", "wrong"),
    [
        ("working_hours", [0, 23], None),
        ("working_hours", [24], "[24] is no list of hours, from 0 to 23"),
        ("working_hours", [True], "[True] is no list of hours, from 0 to 23"),
        ("working_hours", 8, "8 is no list of hours, from 0 to 23"),
        ("denied_countries", "KP", "'KP' is no list of texts"),
        ("denied_countrys", [], "is no value that a rule asks for"),
        (
            "unusual_machines",
            ["a++"],
            "'a++' is no regular expression: ++: RE2 does not know possessive counts",
        ),
        ("most_exports", math.inf, "inf is no number from 0 on"),
        ("most_exports", math.nan, "nan is no number from 0 on"),
    ],
)
def test_a_value_that_is_something_else_is_a_mistake(name, value, wrong):
    found = mistake(name, value)
    assert (found and found[0]) == wrong


def test_a_token_may_live_as_long_as_the_limit_and_a_little_longer():
    month = Policy(thresholds={"token_days": 30})
    assert values_of(month)["token_life"] == "721h"
    assert example_values()["token_life"] == "2161h"


def test_examples_and_deployments_have_the_same_values():
    assert example_values().keys() == values_of(Policy()).keys()
