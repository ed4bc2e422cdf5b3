"""How the hosts of workspaces' VPCs resolve names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lakewarden.collect.aws_calls import call, need, one_each, pages, regions
from lakewarden.collect.task import Task, collects
from lakewarden.estate.account import NETWORKS
from lakewarden.estate.region import REGION_VPCS
from lakewarden.estate.resolving import DNS_FIREWALLS, VPC_DNS

_ATTRIBUTES = {"enableDnsSupport": "EnableDnsSupport", "enableDnsHostnames": "EnableDnsHostnames"}


@collects(VPC_DNS)
def vpc_dns(task: Task) -> Iterator[Any]:
    """Read the DNS attributes of the VPC of every registered network."""
    networks = task.before(NETWORKS).seen()
    wanted = {n.vpc_id.get() for n in networks if n.vpc_id.gap is None}
    places = {
        vpc.id: vpc.region.get()
        for vpc in task.before(REGION_VPCS).seen()
        if vpc.id in wanted and vpc.region.gap is None
    }

    def ask(vpc: str) -> Mapping[str, Any]:
        client = task.cloud.client("ec2", places[vpc])
        item: dict[str, Any] = {"vpc": vpc}
        for name, envelope in _ATTRIBUTES.items():
            answer = call(client.describe_vpc_attribute, VpcId=vpc, Attribute=name)
            item[envelope] = need(answer, envelope)
        return item

    yield from one_each(task, "vpc_id", places, ask)


@collects(DNS_FIREWALLS)
def dns_firewalls(task: Task) -> Iterator[Any]:
    """Read the groups of DNS firewall rules that VPCs have, each with its rules and names."""
    for region in regions(task):
        client = task.cloud.client("route53resolver", region)
        associations: dict[str, Mapping[str, Any]] = {}
        for page in pages(client, "list_firewall_rule_group_associations"):
            for item in need(page, "FirewallRuleGroupAssociations"):
                associations[item["Id"]] = item

        def ask(
            identity: str,
            client: Any = client,
            associations: Mapping[str, Mapping[str, Any]] = associations,
        ) -> Mapping[str, Any]:
            item = associations[identity]
            return {**item, "rules": list(_rules(client, need(item, "FirewallRuleGroupId")))}

        yield from one_each(task, "id", associations, ask)


def _rules(client: Any, group: str) -> Iterator[Mapping[str, Any]]:
    source = "route53resolver:ListFirewallRules"
    for page in pages(client, "list_firewall_rules", source=source, FirewallRuleGroupId=group):
        for rule in need(page, "FirewallRules"):
            yield {
                "priority": rule.get("Priority"),
                "action": rule.get("Action"),
                "query_type": rule.get("Qtype", ""),
                "domains": _domains(client, rule.get("FirewallDomainListId")),
            }


def _domains(client: Any, identity: str | None) -> list[str] | None:
    """Return the names of a list; None where AWS keeps them to itself."""
    if identity is None:
        return None
    found: list[str] = []
    source = "route53resolver:ListFirewallDomains"
    for page in pages(
        client, "list_firewall_domains", source=source, FirewallDomainListId=identity
    ):
        found += need(page, "Domains")
    return found
