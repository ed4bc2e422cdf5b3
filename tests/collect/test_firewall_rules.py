"""Firewalls with every rule: over HTTP as they are served, then what a stub can break."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from collect.served import account, by_id, read
from collect.stubs import collected
from collect.tables import Cloud
from lakewarden.clients.failure import CallFailedError
from lakewarden.estate.fact import Cause
from lakewarden.estate.firewall_rules import (
    FIREWALL_POLICIES,
    FIREWALL_RULE_GROUPS,
    REGION_FIREWALLS,
    RuleGroup,
)
from lakewarden.estate.given import given
from lakewarden.estate.record import pack, unpack

KINDS = (REGION_FIREWALLS, FIREWALL_POLICIES, FIREWALL_RULE_GROUPS)

STATELESS = {
    "StatelessRules": [
        {
            "Priority": 5,
            "RuleDefinition": {
                "MatchAttributes": {
                    "Sources": [{"AddressDefinition": "10.0.0.0/8"}],
                    "DestinationPorts": [{"FromPort": 443, "ToPort": 444}],
                    "Protocols": [6],
                    "TCPFlags": [{"Flags": ["SYN"], "Masks": ["SYN", "ACK"]}],
                },
                "Actions": ["aws:pass"],
            },
        }
    ]
}
STATEFUL = [
    {
        "Action": "DROP",
        "Header": {
            "Protocol": "UDP",
            "Source": "$HOME_NET",
            "SourcePort": "ANY",
            "Direction": "FORWARD",
            "Destination": "ANY",
            "DestinationPort": "443",
        },
        "RuleOptions": [{"Keyword": "sid", "Settings": ["1"]}],
    }
]
DOMAINS = {
    "Targets": [".example.com"],
    "TargetTypes": ["TLS_SNI", "HTTP_HOST"],
    "GeneratedRulesType": "ALLOWLIST",
}
TEXT = "pass tls $HOME_NET any -> any 443 (tls.sni; sid:2;)"


def built(client):
    """Make a firewall whose policy has a group of each form; return the groups by name."""
    forms = {
        "packets": ("STATELESS", {"StatelessRulesAndCustomActions": STATELESS}),
        "flows": ("STATEFUL", {"StatefulRules": STATEFUL}),
        "names": ("STATEFUL", {"RulesSourceList": DOMAINS}),
    }
    arns = {}
    for name, (kind, source) in forms.items():
        group = {
            "RulesSource": source,
            "RuleVariables": {"IPSets": {"HOME_NET": {"Definition": ["10.0.0.0/8"]}}},
        }
        arns[name] = client.create_rule_group(
            RuleGroupName=name, Type=kind, Capacity=9, RuleGroup=group
        )["RuleGroupResponse"]["RuleGroupArn"]
    arns["text"] = client.create_rule_group(
        RuleGroupName="text", Type="STATEFUL", Capacity=9, Rules=TEXT
    )["RuleGroupResponse"]["RuleGroupArn"]
    override = {"Override": {"Action": "DROP_TO_ALERT"}}
    policy = {
        "StatelessDefaultActions": ["aws:forward_to_sfe"],
        "StatelessFragmentDefaultActions": ["aws:drop"],
        "StatelessRuleGroupReferences": [{"ResourceArn": arns["packets"], "Priority": 7}],
        "StatefulRuleGroupReferences": [
            {"ResourceArn": arns["flows"], "Priority": 1} | override,
            {"ResourceArn": arns["names"], "Priority": 2},
            {"ResourceArn": arns["text"], "Priority": 3},
        ],
        "StatefulDefaultActions": ["aws:drop_strict"],
        "StatefulEngineOptions": {"RuleOrder": "STRICT_ORDER"},
        "PolicyVariables": {"RuleVariables": {"HOME_NET": {"Definition": ["10.0.0.0/8"]}}},
    }
    made = client.create_firewall_policy(FirewallPolicyName="out", FirewallPolicy=policy)
    arns["policy"] = made["FirewallPolicyResponse"]["FirewallPolicyArn"]
    arns["firewall"] = client.create_firewall(
        FirewallName="out",
        FirewallPolicyArn=arns["policy"],
        VpcId="vpc-hub",
        SubnetMappings=[{"SubnetId": "subnet-1"}],
        Tags=[{"Key": "endpoint/subnet-1", "Value": "vpce-1"}],
    )["Firewall"]["FirewallArn"]
    return arns


@pytest.fixture(scope="module")
def served():
    with account() as aws:
        arns = built(aws.client("network-firewall", "us-east-1"))
        yield arns, read(aws, *KINDS)


def test_a_firewall_of_any_vpc_is_read_with_its_endpoints(served):
    arns, found = served
    firewall = by_id(found, REGION_FIREWALLS)[arns["firewall"]]
    (endpoint,) = firewall.endpoints.get()
    assert (endpoint.id, endpoint.subnet, endpoint.zone) == ("vpce-1", "subnet-1", "us-east-1a")
    assert (firewall.vpc_id.get(), firewall.policy_arn.get()) == ("vpc-hub", arns["policy"])


def test_a_policy_keeps_the_order_of_its_groups(served):
    arns, found = served
    policy = by_id(found, FIREWALL_POLICIES)[arns["policy"]]
    stateful = [(ref.arn, ref.priority) for ref in policy.stateful_groups.get()]
    assert stateful == [(arns["flows"], 1), (arns["names"], 2), (arns["text"], 3)]
    assert policy.stateful_groups.get()[0].override.action == "DROP_TO_ALERT"
    assert policy.stateful_groups.get()[1].override is None
    assert [ref.priority for ref in policy.stateless_groups.get()] == [7]
    assert (policy.order.get(), policy.stateful.get()) == ("STRICT_ORDER", ("aws:drop_strict",))
    assert policy.variables.get()["HOME_NET"].values == ("10.0.0.0/8",)
    assert policy.tls_inspection.get() is None


def test_stateless_rules_are_read_whole(served):
    arns, found = served
    group = by_id(found, FIREWALL_RULE_GROUPS)[arns["packets"]]
    (rule,) = group.stateless.get()
    match = rule.rule.match
    assert (group.type.get(), rule.priority, rule.rule.actions) == ("STATELESS", 5, ("aws:pass",))
    assert ([a.cidr for a in match.sources], match.destinations) == (["10.0.0.0/8"], ())
    assert [(p.first, p.last) for p in match.destination_ports] == [(443, 444)]
    assert (match.protocols, match.tcp_flags[0].masks) == ((6,), ("SYN", "ACK"))


def test_stateful_rules_are_read_in_every_form(served):
    arns, found = served
    groups = by_id(found, FIREWALL_RULE_GROUPS)
    (rule,) = groups[arns["flows"]].stateful.get()
    assert (rule.action, rule.header.protocol, rule.header.source) == ("DROP", "UDP", "$HOME_NET")
    assert (rule.options[0].keyword, rule.options[0].settings) == ("sid", ("1",))
    names = groups[arns["names"]].domains.get()
    assert (names.kind, names.targets) == ("ALLOWLIST", (".example.com",))
    assert groups[arns["names"]].addresses.get()["HOME_NET"].values == ("10.0.0.0/8",)
    assert groups[arns["text"]].text.get() == TEXT
    assert groups[arns["text"]].domains.get() is None
    assert groups[arns["text"]].order.get() == "DEFAULT_ACTION_ORDER"


def test_a_group_comes_back_from_paper_as_it_was(served):
    arns, found = served
    for name in ("packets", "flows", "names", "text"):
        group = by_id(found, FIREWALL_RULE_GROUPS)[arns[name]]
        text = json.dumps(pack(group))
        back = unpack(RuleGroup, json.loads(text), source="")
        assert json.dumps(pack(back)) == text
        assert back.addresses.get() == group.addresses.get()
        assert back.stateless.get() == group.stateless.get()


DENIED = ClientError(
    {"Error": {"Code": "AccessDeniedException"}, "ResponseMetadata": {"HTTPStatusCode": 400}}, "X"
)
POLICY = given(
    firewall_policies=[{"arn": "p", "StatefulRuleGroupReferences": [{"ResourceArn": "g"}]}]
)


def ask(kind, before=POLICY, **answers):
    return collected(kind, None, aws=Cloud(**answers), before=before)


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (DENIED, Cause.FORBIDDEN),
        ({}, Cause.MISSING_FIELD),
        ({"RuleGroup": {}}, Cause.MISSING_FIELD),
        ({"RuleGroup": {"RulesSource": {}}}, Cause.MISSING_FIELD),
        ({"RuleGroup": {"RulesSource": {"FirewallRules": []}}}, Cause.MISSING_FIELD),
        (
            {"RuleGroup": {"RulesSource": {"RulesString": "", "StatefulRules": []}}},
            Cause.MISSING_FIELD,
        ),
        (
            {"RuleGroup": {"RulesSource": {"StatelessRulesAndCustomActions": {}}}},
            Cause.MISSING_FIELD,
        ),
    ],
)
def test_a_group_that_is_not_whole_is_no_empty_group(answer, cause):
    group = ask(FIREWALL_RULE_GROUPS, describe_rule_group=answer)["g"]
    assert group.stateful.gap.cause is group.domains.gap.cause is cause


def test_firewalls_and_policies_that_were_not_read_are_gaps():
    with pytest.raises(CallFailedError):
        ask(REGION_FIREWALLS, list_firewalls={})
    listed = {"list_firewalls": {"Firewalls": [{"FirewallArn": "f"}]}}
    firewall = ask(REGION_FIREWALLS, **listed, describe_firewall=DENIED)["f"]
    assert firewall.policy_arn.gap.cause is Cause.FORBIDDEN
    known = given(region_firewalls=[{"FirewallArn": "f", "FirewallPolicyArn": "p"}])
    policy = ask(FIREWALL_POLICIES, known, describe_firewall_policy={})["p"]
    assert policy.stateful_groups.gap.cause is Cause.MISSING_FIELD
