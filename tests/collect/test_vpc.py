from __future__ import annotations

import pytest

from collect.stubs import collected
from lakewarden.clients.failure import CallFailedError
from lakewarden.estate.fact import Cause, UnreadError
from lakewarden.estate.firewall import FIREWALLS
from lakewarden.estate.given import given
from lakewarden.estate.vpc import (
    FLOW_LOGS,
    INSTANCES,
    NAT_GATEWAYS,
    ROUTE_TABLES,
    SECURITY_GROUPS,
    SUBNETS,
    VPC_ENDPOINTS,
)

NETWORKS = [
    {"network_id": "n1", "vpc_id": "vpc-1", "subnet_ids": ["s1", "s2"]},
    {"network_id": "n2", "vpc_id": "vpc-2", "subnet_ids": ["s3"]},
    {"network_id": "n3"},
]
DEPLOYMENT = given(networks=NETWORKS)


class Cloud:
    """An AWS account that answers by operation and keeps what it was asked."""

    region = ""

    def __init__(self, **answers):
        self.answers, self.asked = answers, []

    def client(self, service, region):
        assert (service, region) in {("ec2", "us-east-1"), ("network-firewall", "us-east-1")}
        return self

    def get_paginator(self, operation):
        self.operation = operation
        return self

    def paginate(self, **arguments):
        self.asked.append((self.operation, arguments))
        yield self.answers[self.operation]

    def __getattr__(self, operation):
        def call(**arguments):
            self.asked.append((operation, arguments))
            return self.answers[operation]

        return call


def ask(kind, before=DEPLOYMENT, **answers):
    cloud = Cloud(**answers)
    return collected(kind, None, aws=cloud, before=before), cloud.asked


@pytest.mark.parametrize(
    ("kind", "operation", "envelope", "item", "filters"),
    [
        (ROUTE_TABLES, "describe_route_tables", "RouteTables", "RouteTableId", "Filters"),
        (SECURITY_GROUPS, "describe_security_groups", "SecurityGroups", "GroupId", "Filters"),
        (NAT_GATEWAYS, "describe_nat_gateways", "NatGateways", "NatGatewayId", "Filter"),
        (VPC_ENDPOINTS, "describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId", "Filters"),
    ],
)
def test_what_stands_in_a_vpc_is_asked_for_by_vpc(kind, operation, envelope, item, filters):
    found, asked = ask(kind, **{operation: {envelope: [{item: "x"}]}})
    assert list(found) == ["x"]
    wanted = [{"Name": "vpc-id", "Values": ["vpc-1", "vpc-2"]}]
    assert asked == [(operation, {filters: wanted})]


def test_subnets_and_flow_logs_are_asked_for_by_name():
    found, asked = ask(SUBNETS, describe_subnets={"Subnets": [{"SubnetId": "s1"}]})
    assert list(found) == ["s1"]
    assert asked[0][1]["Filters"] == [{"Name": "subnet-id", "Values": ["s1", "s2", "s3"]}]
    _, asked = ask(FLOW_LOGS, describe_flow_logs={"FlowLogs": []})
    values = ["s1", "s2", "s3", "vpc-1", "vpc-2"]
    assert asked[0][1]["Filter"] == [{"Name": "resource-id", "Values": values}]


def test_many_names_are_asked_for_in_parts():
    names = [f"s{n:03}" for n in range(201)]
    many = given(networks=[{"network_id": "n1", "vpc_id": "v", "subnet_ids": names}])
    _, asked = ask(SUBNETS, many, describe_subnets={"Subnets": []})
    assert [len(a["Filters"][0]["Values"]) for _, a in asked] == [200, 1]


def test_instances_come_in_reservations():
    answer = {"Reservations": [{"Instances": [{"InstanceId": "i-1"}, {"InstanceId": "i-2"}]}]}
    found, asked = ask(INSTANCES, describe_instances=answer)
    assert list(found) == ["i-1", "i-2"]
    assert {"Name": "tag:Vendor", "Values": ["Databricks"]} in asked[0][1]["Filters"]


@pytest.mark.parametrize(
    ("kind", "answers"),
    [
        (ROUTE_TABLES, {"describe_route_tables": {}}),
        (INSTANCES, {"describe_instances": {"Reservations": [{}]}}),
        (FIREWALLS, {"list_firewalls": {}}),
    ],
)
def test_an_answer_without_its_list_is_no_empty_list(kind, answers):
    with pytest.raises(CallFailedError) as caught:
        ask(kind, **answers)
    assert caught.value.cause is Cause.MISSING_FIELD


@pytest.mark.parametrize("kind", [ROUTE_TABLES, SUBNETS, FLOW_LOGS, INSTANCES, FIREWALLS])
def test_nothing_is_asked_without_networks(kind):
    assert ask(kind, given(networks=[])) == ({}, [])


ARN = "arn:aws:network-firewall:us-east-1:123456789012:firewall/f"
FIREWALL = {
    "list_firewalls": {"Firewalls": [{"FirewallArn": ARN}]},
    "describe_firewall": {
        "Firewall": {"FirewallName": "f", "FirewallPolicyArn": "arn:p"},
        "FirewallStatus": {"SyncStates": {"us-east-1a": {"Attachment": {"EndpointId": "vpce-1"}}}},
    },
    "describe_firewall_policy": {
        "FirewallPolicy": {
            "StatelessDefaultActions": ["aws:drop"],
            "StatefulRuleGroupReferences": [{"ResourceArn": "arn:g"}],
        }
    },
    "describe_rule_group": {
        "RuleGroup": {"RulesSource": {"RulesSourceList": {"GeneratedRulesType": "ALLOWLIST"}}}
    },
}


def test_a_firewall_is_read_with_its_policy_and_lists():
    found, asked = ask(FIREWALLS, **FIREWALL)
    firewall = found[ARN]
    assert (firewall.endpoints.get(), firewall.lists.get()) == (("vpce-1",), ("ALLOWLIST",))
    assert firewall.stateless.get() == ("aws:drop",)
    assert firewall.order.get() == "DEFAULT_ACTION_ORDER"
    assert asked[-1] == ("describe_rule_group", {"RuleGroupArn": "arn:g", "Type": "STATEFUL"})


def test_rules_in_words_are_no_domain_list():
    rules = {"RuleGroup": {"RulesSource": {"RulesString": "drop ip any any -> any any"}}}
    found, _ = ask(FIREWALLS, **{**FIREWALL, "describe_rule_group": rules})
    assert found[ARN].lists.get() == ()


@pytest.mark.parametrize("gone", ["describe_firewall", "describe_firewall_policy"])
def test_a_firewall_that_is_not_whole_is_known_by_name_alone(gone):
    found, _ = ask(FIREWALLS, **{**FIREWALL, gone: {}})
    with pytest.raises(UnreadError):
        found[ARN].endpoints.get()
