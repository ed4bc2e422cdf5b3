"""AWS Network Firewall; the key of each target is the ARN of a policy or of a rule group.

A write shows the token of what was read, so that somebody else's change in between is noticed by
the service and not overwritten.
"""

from __future__ import annotations

from typing import Any

from lakewarden.apply.aws import asked
from lakewarden.apply.doors import Doors
from lakewarden.apply.hand import Hand, Json
from lakewarden.collect.aws_calls import region_of
from lakewarden.plan.change import Target


def _firewall(doors: Doors, target: Target, operation: str, **arguments: Any) -> Any:
    region = region_of(target.key)
    return asked(doors, "network-firewall", operation, region, **arguments)


def _without_token(document: Json) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != "UpdateToken"}


class FirewallPolicy(Hand):
    """A firewall policy: what happens to packets that no rule names, and which rules there are."""

    kind = "firewall_policy"
    calls = (
        "network-firewall:DescribeFirewallPolicy",
        "network-firewall:UpdateFirewallPolicy",
    )

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return the policy, with its token."""
        found = {"FirewallPolicyArn": target.key}
        answer = _firewall(doors, target, "describe_firewall_policy", **found)
        return {**answer["FirewallPolicy"], "UpdateToken": answer["UpdateToken"]}

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:
        """Write the whole policy."""
        _firewall(
            doors,
            target,
            "update_firewall_policy",
            FirewallPolicyArn=target.key,
            UpdateToken=found["UpdateToken"],
            FirewallPolicy=_without_token(wanted),
        )


class FirewallRuleGroup(Hand):
    """A group of stateful rules: `/RulesSource/RulesSourceList/Targets` and the like."""

    kind = "firewall_rule_group"
    calls = ("network-firewall:DescribeRuleGroup", "network-firewall:UpdateRuleGroup")

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return the group, with its token."""
        found = {"RuleGroupArn": target.key, "Type": "STATEFUL"}
        answer = _firewall(doors, target, "describe_rule_group", **found)
        return {**answer["RuleGroup"], "UpdateToken": answer["UpdateToken"]}

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:
        """Write the whole group."""
        _firewall(
            doors,
            target,
            "update_rule_group",
            RuleGroupArn=target.key,
            Type="STATEFUL",
            UpdateToken=found["UpdateToken"],
            RuleGroup=_without_token(wanted),
        )


HANDS = (FirewallPolicy(), FirewallRuleGroup())
