from __future__ import annotations

import pytest

from lakewarden.estate.fact import UnreadError
from lakewarden.estate.perimeter import Authentication, IngressRule, Origin, Ranges
from lakewarden.semantics.drop_sites import drop_site
from lakewarden.semantics.ingress import any_workspace, open_rules

SELECTED = Authentication("IDENTITY_TYPE_SELECTED_IDENTITIES")


def networks(*cidrs):
    return IngressRule("x", Origin(included_ip_ranges=Ranges(cidrs)))


@pytest.mark.parametrize(
    ("rules", "wide"),
    [
        ([], []),
        ([networks("198.51.100.0/24")], []),
        ([networks("0.0.0.0/1"), networks("128.0.0.0/1")], ["0.0.0.0/0"]),
        ([IngressRule("x", Origin(all_ip_ranges=True))], ["x: all addresses"]),
        ([IngressRule("", Origin(excluded_ip_ranges=Ranges()))], ["a rule: all addresses"]),
        ([IngressRule("x", Origin(all_ip_ranges=True), SELECTED)], []),
    ],
)
def test_rules_that_admit_anybody(rules, wide):
    assert open_rules(rules) == wide


@pytest.mark.parametrize("rule", [IngressRule("x"), IngressRule("x", Origin())])
def test_a_rule_without_addresses_is_unread(rule):
    with pytest.raises(UnreadError, match="rule x lacks"):
        open_rules([rule])


def test_rules_that_admit_any_workspace():
    named, everyone = (
        IngressRule("a", Origin()),
        IngressRule("b", Origin(all_source_workspaces=True)),
    )
    assert any_workspace([named, everyone]) == ["b"]
    with pytest.raises(UnreadError):
        any_workspace([IngressRule()])


@pytest.mark.parametrize(
    ("domain", "known"),
    [
        ("pastebin.com", True),
        ("EU.Pastebin.com.", True),
        ("notpastebin.com", False),
        ("gist.github.com", True),
        ("github.com", False),
    ],
)
def test_drop_sites_and_what_belongs_to_them(domain, known):
    assert bool(drop_site(domain)) is known
