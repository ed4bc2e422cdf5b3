"""AWS Network Firewalls in the VPCs of workspaces."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lakewarden.collect.aws_calls import call, need, one_each, pages, region_of, regions
from lakewarden.collect.task import Task, collects
from lakewarden.estate.account import NETWORKS
from lakewarden.estate.firewall import FIREWALLS


@collects(FIREWALLS)
def firewalls(task: Task) -> Iterator[Any]:
    """Read every firewall in the VPC of a registered network, with its policy and domain lists."""
    networks = task.before(NETWORKS).seen()
    vpcs = sorted({n.vpc_id.get() for n in networks if n.vpc_id.gap is None})
    if not vpcs:
        return
    arns = []
    for region in regions(task):
        client = task.cloud.client("network-firewall", region)
        for page in pages(client, "list_firewalls", VpcIds=vpcs):
            arns += [entry["FirewallArn"] for entry in need(page, "Firewalls")]

    def ask(arn: str) -> Mapping[str, Any]:
        return _whole(task.cloud.client("network-firewall", region_of(arn)), arn)

    yield from one_each(task, "arn", arns, ask)


def _whole(client: Any, arn: str) -> Mapping[str, Any]:
    answer = call(client.describe_firewall, FirewallArn=arn)
    firewall, status = need(answer, "Firewall"), need(answer, "FirewallStatus")
    attached = [need(zone, "Attachment") for zone in need(status, "SyncStates").values()]
    named = call(
        client.describe_firewall_policy, FirewallPolicyArn=need(firewall, "FirewallPolicyArn")
    )
    policy = need(named, "FirewallPolicy")
    groups = [entry["ResourceArn"] for entry in policy.get("StatefulRuleGroupReferences", [])]
    return {
        "arn": arn,
        "name": firewall.get("FirewallName"),
        "endpoints": [need(entry, "EndpointId") for entry in attached],
        "policy": policy,
        "lists": [kind for group in groups for kind in _lists(client, group)],
    }


def _lists(client: Any, arn: str) -> Iterator[str]:
    """Yield the kind of a rule group's domain list, if it has one."""
    answer = call(client.describe_rule_group, RuleGroupArn=arn, Type="STATEFUL")
    source = need(need(answer, "RuleGroup"), "RulesSource").get("RulesSourceList")
    if source is not None:
        yield need(source, "GeneratedRulesType")
