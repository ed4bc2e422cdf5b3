"""A network firewall in a subnet of its own, and what it lets through."""

from __future__ import annotations

from lakewarden.simulate.aws.builder import Builder, Table, tags


def firewall(builder: Builder, network: Table) -> str:
    """Create the firewall `<network>` in the subnet `<network>-firewall`; return its endpoint.

    It passes the domains of the network's `firewall_domains` and drops all else.
    """
    name = network["name"]
    subnet = builder.ids[f"subnet.{name}-firewall"]
    vpc = builder.ids[f"vpc.{name}"]
    endpoint = builder.client("ec2").create_vpc_endpoint(
        VpcId=vpc,
        ServiceName=f"com.amazonaws.vpce.{builder.region}.vpce-svc-0f1e2d3c4b5a69788",
        VpcEndpointType="GatewayLoadBalancer",
        SubnetIds=[subnet],
        TagSpecifications=[
            {"ResourceType": "vpc-endpoint", "Tags": tags(f"{name} (firewall)")},
        ],
    )["VpcEndpoint"]["VpcEndpointId"]
    made = builder.client("network-firewall").create_firewall(
        FirewallName=name,
        FirewallPolicyArn=_policy(builder, name, network["firewall_domains"]),
        VpcId=vpc,
        SubnetMappings=[{"SubnetId": subnet}],
        Tags=[{"Key": f"endpoint/{subnet}", "Value": endpoint}],
    )["Firewall"]
    builder.ids[f"firewall.{name}"] = made["FirewallArn"]
    identifier: str = endpoint
    return identifier


def _policy(builder: Builder, name: str, domains: list[str]) -> str:
    client = builder.client("network-firewall")
    source = {
        "Targets": domains,
        "TargetTypes": ["TLS_SNI"],
        "GeneratedRulesType": "ALLOWLIST",
    }
    group = client.create_rule_group(
        RuleGroupName=f"{name}-domains",
        Type="STATEFUL",
        Capacity=100,
        RuleGroup={
            "RulesSource": {"RulesSourceList": source},
            "StatefulRuleOptions": {"RuleOrder": "STRICT_ORDER"},
        },
    )["RuleGroupResponse"]["RuleGroupArn"]
    policy = {
        "StatelessDefaultActions": ["aws:forward_to_sfe"],
        "StatelessFragmentDefaultActions": ["aws:forward_to_sfe"],
        "StatefulDefaultActions": ["aws:drop_established"],
        "StatefulEngineOptions": {"RuleOrder": "STRICT_ORDER"},
        "StatefulRuleGroupReferences": [{"ResourceArn": group, "Priority": 1}],
    }
    made = client.create_firewall_policy(FirewallPolicyName=name, FirewallPolicy=policy)
    arn: str = made["FirewallPolicyResponse"]["FirewallPolicyArn"]
    return arn
