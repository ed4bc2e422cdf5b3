"""Firewalls become what the proofs know of them, or say why not."""

from __future__ import annotations

import pytest

from lakewarden.estate.given import refused
from lakewarden.proofs.network.egress import Outcome
from lakewarden.proofs.network.inspection import DomainList, RuleText
from lakewarden.proofs.network.known import Missing
from proofs.network.estates import BY_NAT, acl, by_nat, route, seen, subnet, table, verdict

ARN = "arn:aws:network-firewall:us-east-1:111111111111"
GROUP = f"{ARN}:stateful-rulegroup/names"
PACKETS = f"{ARN}:stateless-rulegroup/packets"
MANAGED = "arn:aws:network-firewall:us-east-1:aws-managed:stateful-rulegroup/Threats"

FIREWALL = {
    "FirewallArn": f"{ARN}:firewall/out",
    "FirewallName": "out",
    "VpcId": "vpc-spoke",
    "FirewallPolicyArn": f"{ARN}:firewall-policy/strict",
    "endpoints": [{"EndpointId": "vpce-fw", "SubnetId": "subnet-fw", "zone": "us-east-1a"}],
}
POLICY = {
    "arn": f"{ARN}:firewall-policy/strict",
    "StatefulEngineOptions": {"RuleOrder": "STRICT_ORDER"},
    "StatefulDefaultActions": ["aws:drop_strict"],
    "StatelessDefaultActions": ["aws:forward_to_sfe"],
    "StatelessFragmentDefaultActions": ["aws:forward_to_sfe"],
    "StatefulRuleGroupReferences": [{"ResourceArn": GROUP, "Priority": 1}],
}


def rules(source, arn=GROUP, kind="STATEFUL", **more):
    return {
        "arn": arn,
        "RuleGroupResponse": {"Type": kind},
        "RuleGroup": {"RulesSource": source} | more,
    }


NAMES = rules(
    {
        "RulesSourceList": {
            "Targets": [".example.com"],
            "TargetTypes": ["TLS_SNI"],
            "GeneratedRulesType": "ALLOWLIST",
        }
    }
)
ROUTED = {
    **BY_NAT,
    "region_subnets": [*BY_NAT["region_subnets"], subnet("fw", "10.1.3.0/24")],
    "region_route_tables": [
        table("dp", route("0.0.0.0/0", NatGatewayId="nat-1")),
        table("nat", route("0.0.0.0/0", GatewayId="vpce-fw")),
        table("fw", route("0.0.0.0/0", GatewayId="igw-1")),
        table("edge", route("10.1.2.0/24", GatewayId="vpce-fw"))
        | {"Associations": [{"Main": False, "GatewayId": "igw-1"}]},
    ],
    "network_acls": [acl("dp", "dp", "nat", "fw")],
    "region_endpoints": [
        {
            "VpcEndpointId": "vpce-fw",
            "VpcId": "vpc-spoke",
            "VpcEndpointType": "GatewayLoadBalancer",
            "State": "available",
        }
    ],
    "region_firewalls": [FIREWALL],
    "firewall_policies": [POLICY],
    "firewall_rule_groups": [NAMES],
}


def behind(**changes):
    return by_nat(**{**ROUTED, **changes})


def policy(**changes):
    return behind(firewall_policies=[{k: v for k, v in (POLICY | changes).items() if v}])


def only(found):
    return seen(found)[0].firewalls.items[0]


def test_a_strict_firewall_leaves_its_names():
    found = verdict(behind())
    assert found.outcome is Outcome.NAMED, str(found)
    assert [named.name for named in found.names] == [".example.com"]
    assert "out" in found.path


def test_the_order_that_nobody_set_passes_what_is_not_named():
    assert verdict(policy(StatefulEngineOptions=None)).outcome is Outcome.ARBITRARY


@pytest.mark.parametrize("name", ["region_firewalls", "firewall_policies", "firewall_rule_groups"])
def test_a_firewall_that_was_not_read_whole_makes_the_verdict_unknown(name):
    found = verdict(behind(**{name: refused()}))
    assert found.outcome is Outcome.UNKNOWN
    assert any("network-firewall:" in missing.grant for missing in found.missing)


@pytest.mark.parametrize(
    "change",
    [
        {"TLSInspectionConfigurationArn": f"{ARN}:tls-configuration/t"},
        {"StatefulEngineOptions": {"RuleOrder": "OTHER"}},
        {"StatelessDefaultActions": None},
        {"StatefulRuleGroupReferences": [{"ResourceArn": GROUP}]},
        {
            "StatefulRuleGroupReferences": [
                {"ResourceArn": GROUP, "Priority": 1, "Override": {"Action": "OTHER"}}
            ]
        },
        {"StatelessRuleGroupReferences": [{"ResourceArn": PACKETS, "Priority": 1}]},
        {"PolicyVariables": {"RuleVariables": {"HOME_NET": {"Definition": ["home"]}}}},
    ],
)
def test_what_is_not_understood_of_a_policy_makes_the_verdict_unknown(change):
    assert verdict(policy(**change)).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    "group",
    [
        {"arn": GROUP},
        rules({"StatefulRules": []}, kind="STATELESS"),
        rules({"StatefulRules": []}, RuleVariables={"IPSets": {"A": {"Definition": ["x"]}}}),
        rules({"StatefulRules": []}, RuleVariables={"PortSets": {"P": {"Definition": ["x"]}}}),
        rules({"StatefulRules": [{"Action": "PASS"}]}),
    ],
)
def test_a_group_that_makes_no_sense_makes_the_verdict_unknown(group):
    assert verdict(behind(firewall_rule_groups=[group])).outcome is Outcome.UNKNOWN


def test_groups_that_aws_keeps_take_only_away():
    refs = [{"ResourceArn": MANAGED, "Priority": 2}, {"ResourceArn": GROUP, "Priority": 1}]
    found = policy(StatefulRuleGroupReferences=refs)
    assert [(g.managed, g.priority) for g in only(found).policy.stateful] == [(True, 2), (False, 1)]
    assert verdict(found).outcome is Outcome.NAMED


def test_drops_that_a_policy_turns_into_alerts_are_none():
    refs = [{"ResourceArn": GROUP, "Priority": 1, "Override": {"Action": "DROP_TO_ALERT"}}]
    (group,) = only(policy(StatefulRuleGroupReferences=refs)).policy.stateful
    assert group.alert_only is True


def test_home_is_what_the_policy_says():
    variables = {"RuleVariables": {"HOME_NET": {"Definition": ["10.0.0.0/8"]}}}
    assert only(policy(PolicyVariables=variables)).policy.home_net == ("10.0.0.0/8",)
    assert only(behind()).policy.home_net == ()


def test_rules_keep_their_words():
    header = {
        "Protocol": "TCP",
        "Source": "$HOME_NET",
        "SourcePort": "ANY",
        "Direction": "FORWARD",
        "Destination": "192.0.2.0/24",
        "DestinationPort": "$PORTS",
    }
    options = [{"Keyword": "sid", "Settings": ["1"]}, {"Keyword": "nocase"}]
    rule = {"Action": "PASS", "Header": header, "RuleOptions": options}
    variables = {
        "IPSets": {"HOME_NET": {"Definition": ["10.1.0.0/16"]}},
        "PortSets": {"PORTS": {"Definition": ["443", "8443:8451"]}},
    }
    made = rules({"StatefulRules": [rule]}, RuleVariables=variables)
    (group,) = only(behind(firewall_rule_groups=[made])).policy.stateful
    (one,) = group.rules
    assert (one.action, one.source, one.destination_port) == ("PASS", "$HOME_NET", "$PORTS")
    assert one.options == ("sid:1", "nocase")
    assert group.addresses == (("HOME_NET", ("10.1.0.0/16",)),)
    assert group.ports == (("PORTS", ("443", "8443:8451")),)


def test_names_and_text_stay_what_they_are():
    (group,) = only(behind()).policy.stateful
    assert group.rules == DomainList("ALLOWLIST", (".example.com",), ("TLS_SNI",))
    made = rules({"RulesString": "drop ip any any -> any any (sid:1;)"})
    (group,) = only(behind(firewall_rule_groups=[made])).policy.stateful
    assert group.rules == RuleText("drop ip any any -> any any (sid:1;)")


def test_stateless_rules_are_read_whole():
    match = {
        "Sources": [{"AddressDefinition": "10.1.0.0/16"}],
        "Destinations": [{"AddressDefinition": "192.0.2.0/24"}],
        "SourcePorts": [{"FromPort": 1, "ToPort": 2}],
        "DestinationPorts": [{"FromPort": 443, "ToPort": 444}],
        "Protocols": [6],
        "TCPFlags": [{"Flags": ["SYN"]}],
    }
    rule = {
        "Priority": 5,
        "RuleDefinition": {"MatchAttributes": match, "Actions": ["aws:pass", "count"]},
    }
    source = {"StatelessRulesAndCustomActions": {"StatelessRules": [rule]}}
    groups = [NAMES, rules(source, PACKETS, "STATELESS")]
    refs = [{"ResourceArn": PACKETS, "Priority": 9}]
    found = behind(
        firewall_policies=[POLICY | {"StatelessRuleGroupReferences": refs}],
        firewall_rule_groups=groups,
    )
    (group,) = only(found).policy.stateless
    (one,) = group.rules
    assert (group.priority, one.priority, one.actions) == (9, 5, ("aws:pass", "count"))
    assert (one.sources, one.destinations) == (("10.1.0.0/16",), ("192.0.2.0/24",))
    assert (one.source_ports, one.destination_ports) == (((1, 2),), ((443, 444),))
    assert (one.protocols, one.flags) == ((6,), True)


def test_a_firewall_without_its_endpoints_may_be_anywhere():
    lost = {**FIREWALL, "endpoints": None}
    assert isinstance(only(behind(region_firewalls=[lost])).endpoints, Missing)
    assert verdict(behind(region_firewalls=[lost])).outcome is Outcome.UNKNOWN
