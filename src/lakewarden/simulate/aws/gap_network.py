"""Network Firewall's rule groups and policies, and Route 53 Resolver's DNS firewall."""

from __future__ import annotations

import uuid
from typing import Any

from lakewarden.simulate.aws.gap import GapError, Handler, Record, Request, State, found, page
from lakewarden.simulate.aws.wire import ACCOUNT_ID

_NOT_A_RECORD = {"Tags", "CreatorRequestId"}


def _firewall_arn(request: Request, kind: str, name: str) -> str:
    return f"arn:aws:network-firewall:{request.region}:{ACCOUNT_ID}:{kind}/{name}"


def _create_rule_group(state: State, request: Request) -> Record:
    given = request.parameters
    name, kind = given["RuleGroupName"], given["Type"]
    arn = _firewall_arn(request, f"{kind.lower()}-rulegroup", name)
    response = {
        "RuleGroupArn": arn,
        "RuleGroupName": name,
        "RuleGroupId": str(uuid.uuid4()),
        "Type": kind,
        "Capacity": given["Capacity"],
        "RuleGroupStatus": "ACTIVE",
        "Tags": given.get("Tags", []),
    }
    body = given.get("RuleGroup") or {"RulesSource": {"RulesString": given.get("Rules", "")}}
    record = {
        "UpdateToken": str(uuid.uuid4()),
        "RuleGroup": body,
        "RuleGroupResponse": response,
    }
    state.table("rule-groups", request.region)[arn] = record
    return {key: value for key, value in record.items() if key != "RuleGroup"}


def _describe_rule_group(state: State, request: Request) -> Record:
    return _by_arn_or_name(state, request, "RuleGroup", "rule-groups")


def _update_rule_group(state: State, request: Request) -> Record:
    record, given = _describe_rule_group(state, request), request.parameters
    record["RuleGroup"] = given.get("RuleGroup") or {
        "RulesSource": {"RulesString": given.get("Rules", "")}
    }
    return {key: value for key, value in record.items() if key != "RuleGroup"}


def _list_rule_groups(state: State, request: Request) -> Record:
    return _arns_and_names(state, request, "RuleGroup", "rule-groups", "RuleGroups")


def _create_policy(state: State, request: Request) -> Record:
    given = request.parameters
    name = given["FirewallPolicyName"]
    arn = _firewall_arn(request, "firewall-policy", name)
    record = {
        "UpdateToken": str(uuid.uuid4()),
        "FirewallPolicy": given["FirewallPolicy"],
        "FirewallPolicyResponse": {
            "FirewallPolicyName": name,
            "FirewallPolicyArn": arn,
            "FirewallPolicyId": str(uuid.uuid4()),
            "FirewallPolicyStatus": "ACTIVE",
            "Tags": given.get("Tags", []),
        },
    }
    state.table("firewall-policies", request.region)[arn] = record
    return {key: value for key, value in record.items() if key != "FirewallPolicy"}


def _describe_policy(state: State, request: Request) -> Record:
    return _by_arn_or_name(state, request, "FirewallPolicy", "firewall-policies")


def _update_policy(state: State, request: Request) -> Record:
    record = _describe_policy(state, request)
    record["FirewallPolicy"] = request.parameters["FirewallPolicy"]
    return {key: value for key, value in record.items() if key != "FirewallPolicy"}


def _list_policies(state: State, request: Request) -> Record:
    return _arns_and_names(
        state, request, "FirewallPolicy", "firewall-policies", "FirewallPolicies"
    )


def _by_arn_or_name(state: State, request: Request, kind: str, table: str) -> Record:
    arn, name = request.parameters.get(f"{kind}Arn"), request.parameters.get(f"{kind}Name")
    for record in state.table(table, request.region).values():
        response = record[f"{kind}Response"]
        if arn == response[f"{kind}Arn"] or (arn is None and name == response[f"{kind}Name"]):
            return record
    raise GapError("ResourceNotFoundException", f"There is no {kind} {arn or name}.")


def _arns_and_names(state: State, request: Request, kind: str, table: str, key: str) -> Record:
    responses = [one[f"{kind}Response"] for one in state.table(table, request.region).values()]
    pairs = [{"Name": one[f"{kind}Name"], "Arn": one[f"{kind}Arn"]} for one in responses]
    return page(key, pairs, request)


def _create(state: State, request: Request, kind: str, prefix: str, **more: Any) -> Record:
    """Keep a DNS firewall record made of the call's input; `kind` is its name in the API."""
    identifier = f"{prefix}-{uuid.uuid4().hex[:16]}"
    given = {k: v for k, v in request.parameters.items() if k not in _NOT_A_RECORD}
    arn = f"arn:aws:route53resolver:{request.region}:{ACCOUNT_ID}"
    record = given | {"Id": identifier, "Arn": f"{arn}:{_hyphenated(kind)}/{identifier}"} | more
    state.table(kind, request.region)[identifier] = record
    return {kind: record}


def _hyphenated(kind: str) -> str:
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in kind).strip("-")


def _create_domain_list(state: State, request: Request) -> Record:
    return _create(state, request, "FirewallDomainList", "rslvr-fdl", Status="COMPLETE")


def _update_domains(state: State, request: Request) -> Record:
    given = request.parameters
    identifier = given["FirewallDomainListId"]
    record = found(state.table("FirewallDomainList", request.region), identifier)
    domains = state.table("FirewallDomains", request.region).setdefault(identifier, {})
    if given["Operation"] == "REPLACE":
        domains.clear()
    for domain in given["Domains"]:
        if given["Operation"] == "REMOVE":
            domains.pop(domain, None)
        else:
            domains[domain] = True
    return {"Id": identifier, "Name": record["Name"], "Status": "COMPLETE"}


def _list_domains(state: State, request: Request) -> Record:
    identifier = request.parameters["FirewallDomainListId"]
    found(state.table("FirewallDomainList", request.region), identifier)
    domains: list[Any] = list(state.table("FirewallDomains", request.region).get(identifier, {}))
    return page("Domains", domains, request)


def _create_dns_rule_group(state: State, request: Request) -> Record:
    return _create(
        state,
        request,
        "FirewallRuleGroup",
        "rslvr-frg",
        OwnerId=ACCOUNT_ID,
        ShareStatus="NOT_SHARED",
        Status="COMPLETE",
    )


def _create_dns_rule(state: State, request: Request) -> Record:
    group = request.parameters["FirewallRuleGroupId"]
    found(state.table("FirewallRuleGroup", request.region), group)
    return _create(state, request, "FirewallRule", "rslvr-fr")


def _associate_dns_rule_group(state: State, request: Request) -> Record:
    group = request.parameters["FirewallRuleGroupId"]
    found(state.table("FirewallRuleGroup", request.region), group)
    return _create(
        state, request, "FirewallRuleGroupAssociation", "rslvr-frgassoc", Status="COMPLETE"
    )


def _lister(kind: str, *filters: str) -> Handler:
    """Make the operation that lists the records of a kind, by these parameters if given."""

    def handler(state: State, request: Request) -> Record:
        wanted = {name: request.parameters[name] for name in filters if name in request.parameters}
        records = [
            record
            for record in state.table(kind, request.region).values()
            if wanted.items() <= record.items()
        ]
        return page(f"{kind}s", records, request)

    return handler


HANDLERS: dict[str, Handler] = {
    "network-firewall:CreateRuleGroup": _create_rule_group,
    "network-firewall:DescribeRuleGroup": _describe_rule_group,
    "network-firewall:UpdateRuleGroup": _update_rule_group,
    "network-firewall:ListRuleGroups": _list_rule_groups,
    "network-firewall:CreateFirewallPolicy": _create_policy,
    "network-firewall:DescribeFirewallPolicy": _describe_policy,
    "network-firewall:ListFirewallPolicies": _list_policies,
    "network-firewall:UpdateFirewallPolicy": _update_policy,
    "route53resolver:CreateFirewallDomainList": _create_domain_list,
    "route53resolver:UpdateFirewallDomains": _update_domains,
    "route53resolver:ListFirewallDomains": _list_domains,
    "route53resolver:ListFirewallDomainLists": _lister("FirewallDomainList"),
    "route53resolver:CreateFirewallRuleGroup": _create_dns_rule_group,
    "route53resolver:ListFirewallRuleGroups": _lister("FirewallRuleGroup"),
    "route53resolver:CreateFirewallRule": _create_dns_rule,
    "route53resolver:ListFirewallRules": _lister("FirewallRule", "FirewallRuleGroupId"),
    "route53resolver:AssociateFirewallRuleGroup": _associate_dns_rule_group,
    "route53resolver:ListFirewallRuleGroupAssociations": _lister(
        "FirewallRuleGroupAssociation", "FirewallRuleGroupId", "VpcId"
    ),
}
