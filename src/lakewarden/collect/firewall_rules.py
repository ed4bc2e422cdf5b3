"""AWS Network Firewalls of a region with their policies and every rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from lakewarden.clients.failure import CallFailedError
from lakewarden.collect.aws_calls import call, need, one_each, pages, region_of, regions
from lakewarden.collect.task import Task, collects
from lakewarden.estate.fact import Cause
from lakewarden.estate.firewall_rules import (
    FIREWALL_POLICIES,
    FIREWALL_RULE_GROUPS,
    REGION_FIREWALLS,
)

_FORMS: Final = {
    "RulesString",
    "RulesSourceList",
    "StatefulRules",
    "StatelessRulesAndCustomActions",
}
"""What a group's rules may be written in."""


@collects(REGION_FIREWALLS)
def region_firewalls(task: Task) -> Iterator[Any]:
    """Read every firewall of every region that has a workspace, with its endpoints."""
    arns = []
    source = "network-firewall:ListFirewalls"
    for region in regions(task):
        client = task.cloud.client("network-firewall", region)
        for page in pages(client, "list_firewalls", source=source):
            arns += [need(entry, "FirewallArn") for entry in need(page, "Firewalls")]

    def ask(arn: str) -> Mapping[str, Any]:
        client = task.cloud.client("network-firewall", region_of(arn))
        answer = call(client.describe_firewall, FirewallArn=arn)
        states = need(need(answer, "FirewallStatus"), "SyncStates")
        endpoints = [
            {**need(state, "Attachment"), "zone": zone} for zone, state in sorted(states.items())
        ]
        return {**need(answer, "Firewall"), "FirewallArn": arn, "endpoints": endpoints}

    yield from one_each(task, "arn", arns, ask)


@collects(FIREWALL_POLICIES)
def firewall_policies(task: Task) -> Iterator[Any]:
    """Read the policy of every firewall."""
    firewalls = task.before(REGION_FIREWALLS).seen()
    arns = [f.policy_arn.get() for f in firewalls if f.policy_arn.gap is None]

    def ask(arn: str) -> Mapping[str, Any]:
        client = task.cloud.client("network-firewall", region_of(arn))
        answer = call(client.describe_firewall_policy, FirewallPolicyArn=arn)
        return {**need(answer, "FirewallPolicy"), "arn": arn}

    yield from one_each(task, "arn", arns, ask)


@collects(FIREWALL_RULE_GROUPS)
def firewall_rule_groups(task: Task) -> Iterator[Any]:
    """Read every group of rules that a policy names."""
    kinds: dict[str, str] = {}
    for policy in task.before(FIREWALL_POLICIES).seen():
        if policy.stateless_groups.gap is None:
            kinds |= {ref.arn: "STATELESS" for ref in policy.stateless_groups.get()}
        if policy.stateful_groups.gap is None:
            kinds |= {ref.arn: "STATEFUL" for ref in policy.stateful_groups.get()}

    def ask(arn: str) -> Mapping[str, Any]:
        client = task.cloud.client("network-firewall", region_of(arn))
        answer = call(client.describe_rule_group, RuleGroupArn=arn, Type=kinds[arn])
        _whole(need(need(answer, "RuleGroup"), "RulesSource"))
        return {**answer, "arn": arn}

    yield from one_each(task, "arn", kinds, ask)


def _whole(source: Mapping[str, Any]) -> None:
    """Fail unless a group's rules are in the one form that we can read whole.

    Raises:
        CallFailedError: they are in none, in several, or in a new one.
    """
    forms = {name for name, value in source.items() if value is not None}
    if len(forms) != 1 or not forms <= _FORMS:
        said = ", ".join(sorted(forms)) or "nothing"
        raise CallFailedError(Cause.MISSING_FIELD, f"RulesSource with {said} in the answer")
    if "StatelessRulesAndCustomActions" in forms:
        need(source["StatelessRulesAndCustomActions"], "StatelessRules")
