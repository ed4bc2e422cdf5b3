"""AWS Network Firewalls in the VPCs of workspaces, each with its policy."""

from __future__ import annotations

from typing import Any, Final

from lakewarden.estate.fact import Fact
from lakewarden.estate.kind import Kind, Scope
from lakewarden.estate.record import Record, fact, key, record


@record
class Firewall(Record):
    """A firewall, the policy that it has, and what kind of domain lists that policy refers to.

    Attributes:
        endpoints: the VPC endpoints that routes lead to.
        order: STRICT_ORDER or DEFAULT_ACTION_ORDER, which is what leaving it out means.
        stateful: what happens to traffic that no stateful rule names, in strict order.
        stateless: what happens to packets that no stateless rule names; so with fragments.
        stateless_groups: stateless rules, which come before all others.
        lists: ALLOWLIST, DENYLIST and so on, of each domain list.
    """

    arn: str = key("arn")
    name: Fact[str] = fact("name")
    endpoints: Fact[tuple[str, ...]] = fact("endpoints")
    order: Fact[str] = fact("policy.StatefulEngineOptions.RuleOrder", absent="DEFAULT_ACTION_ORDER")
    stateful: Fact[tuple[str, ...]] = fact("policy.StatefulDefaultActions", absent=())
    stateless: Fact[tuple[str, ...]] = fact("policy.StatelessDefaultActions")
    fragments: Fact[tuple[str, ...]] = fact("policy.StatelessFragmentDefaultActions")
    stateless_groups: Fact[tuple[Any, ...]] = fact("policy.StatelessRuleGroupReferences", absent=())
    lists: Fact[tuple[str, ...]] = fact("lists")


FIREWALLS: Final = Kind(
    "firewalls",
    Firewall,
    Scope.AWS,
    "network-firewall:DescribeFirewallPolicy",
    "network-firewall:ListFirewalls, network-firewall:DescribeFirewall, "
    "network-firewall:DescribeFirewallPolicy, network-firewall:DescribeRuleGroup",
    ("networks",),
)
