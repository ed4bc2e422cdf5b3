"""What the policy file says of code, tags and production."""

from __future__ import annotations

from datetime import date

import pytest

from lakewarden.errors import PolicyFileError
from lakewarden.policyfile.parse import parse


def read(text):
    return parse(text, file="lakewarden.toml", today=date(2026, 3, 1), controls=())


def test_everything_that_can_be_said_of_code():
    policy = read("""
[libraries]
repositories = ["https://packages.example.com/"]
init_scripts = ["9f86"]
containers = true

[tags]
required = ["CostCenter", "Owner"]
values = { CostCenter = ["7", "8"] }
defaults = { "prod-*" = { Owner = "sales" } }

[code]
production_tags = { Environment = "production" }
app_scopes = ["sql"]
""")
    assert policy.repositories == ("https://packages.example.com/",)
    assert policy.init_scripts == ("9f86",)
    assert policy.containers
    assert policy.required_tags == ("CostCenter", "Owner")
    assert policy.tag_values == {"CostCenter": ("7", "8")}
    assert policy.tag_defaults == {"prod-*": {"Owner": "sales"}}
    assert policy.production_tags == {"Environment": "production"}
    assert policy.app_scopes == ("sql",)


def test_nothing_is_said_by_default():
    policy = read("")
    assert not policy.containers
    assert not policy.required_tags
    assert not policy.production_tags


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('[libraries]\nrepositories = "https://packages.example.com"', "libraries.repositories"),
        ("[libraries]\ncontainers = 1", "libraries.containers"),
        ("[libraries]\nrepos = []", "libraries"),
        ('[tags]\nrequired = [""]', "tags.required"),
        ('[tags]\nrequired = ["Owner"]\nvalues = { Owner = "ann" }', "tags.values.Owner"),
        ('[tags]\nvalues = { Owner = ["ann"] }', "tags.values"),
        ("[tags]\nvalues = []", "tags.values"),
        ("[tags]\ndefaults = []", "tags.defaults"),
        ('[tags]\nrequired = ["Owner"]\ndefaults = { a = { Owner = 7 } }', "tags.defaults.a"),
        ('[tags]\nrequired = ["Owner"]\ndefaults = { a = { Team = "x" } }', "tags.defaults.a"),
        ('[code]\nproduction_tags = ["production"]', "code.production_tags"),
        ("[code]\nproduction_tags = { Environment = 1 }", "code.production_tags"),
        ("[code]\napp_scopes = [1]", "code.app_scopes"),
    ],
)
def test_a_mistake_is_named_with_its_place(text, place):
    with pytest.raises(PolicyFileError) as caught:
        read(text)
    assert caught.value.where == f"lakewarden.toml: {place}"
    assert caught.value.next_step
