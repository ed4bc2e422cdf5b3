"""AWS Network Firewalls of a region with all that they go by: policies, groups and rules.

`firewalls` says of those in the VPCs of workspaces what a control needs. Here is everything, and of
every VPC, for a route may lead to a firewall anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from lakewarden.estate.fact import Fact
from lakewarden.estate.kind import Kind, Scope
from lakewarden.estate.record import Record, fact, key, record


def _wire(name: str, **default: Any) -> Any:
    return field(metadata={"wire": name}, **default)


@dataclass(frozen=True, slots=True)
class FirewallEndpoint:
    """Where a firewall is entered in one zone."""

    zone: str
    id: str = _wire("EndpointId")
    subnet: str = _wire("SubnetId")


@record
class RegionFirewall(Record):
    """A firewall: its endpoints and its policy. One on a transit gateway names that."""

    arn: str = key("FirewallArn")
    name: Fact[str] = fact("FirewallName")
    vpc_id: Fact[str] = fact("VpcId")
    policy_arn: Fact[str] = fact("FirewallPolicyArn")
    endpoints: Fact[tuple[FirewallEndpoint, ...]] = fact("endpoints")
    transit_gateway: Fact[str | None] = fact("TransitGatewayId", absent=None)


@dataclass(frozen=True, slots=True)
class StatelessRef:
    """A group of stateless rules in a policy; the lowest priority comes first."""

    arn: str = _wire("ResourceArn")
    priority: int = _wire("Priority")


@dataclass(frozen=True, slots=True)
class Override:
    """What a policy makes of a group's rules; `DROP_TO_ALERT` lets pass what they drop."""

    action: str = _wire("Action", default="")


@dataclass(frozen=True, slots=True)
class StatefulRef:
    """A group of stateful rules in a policy; only strict order has priorities."""

    arn: str = _wire("ResourceArn")
    priority: int | None = _wire("Priority", default=None)
    override: Override | None = field(default=None, metadata={"wire": "Override"})


@dataclass(frozen=True, slots=True)
class Definition:
    """What a variable of rules stands for: addresses, or ports."""

    values: tuple[str, ...] = _wire("Definition", default=())


@record
class FirewallPolicy(Record):
    """A firewall policy.

    Attributes:
        order: STRICT_ORDER or DEFAULT_ACTION_ORDER, which is what leaving it out means.
        stateful: what happens to traffic that no stateful rule names, in strict order.
        stateless: what happens to packets that no stateless rule names; so with fragments.
        variables: what the policy sets for the rules, `HOME_NET` above all.
        tls_inspection: the configuration by which TLS is opened, None where it is not.
    """

    arn: str = key("arn")
    order: Fact[str] = fact("StatefulEngineOptions.RuleOrder", absent="DEFAULT_ACTION_ORDER")
    stateful: Fact[tuple[str, ...]] = fact("StatefulDefaultActions", absent=())
    stateless: Fact[tuple[str, ...]] = fact("StatelessDefaultActions")
    fragments: Fact[tuple[str, ...]] = fact("StatelessFragmentDefaultActions")
    stateless_groups: Fact[tuple[StatelessRef, ...]] = fact(
        "StatelessRuleGroupReferences", absent=()
    )
    stateful_groups: Fact[tuple[StatefulRef, ...]] = fact("StatefulRuleGroupReferences", absent=())
    variables: Fact[Mapping[str, Definition]] = fact("PolicyVariables.RuleVariables", absent={})
    tls_inspection: Fact[str | None] = fact("TLSInspectionConfigurationArn", absent=None)


@dataclass(frozen=True, slots=True)
class Addresses:
    """A range of addresses that a stateless rule names."""

    cidr: str = _wire("AddressDefinition")


@dataclass(frozen=True, slots=True)
class PortRange:
    """Ports that a stateless rule names, both ends included."""

    first: int = _wire("FromPort")
    last: int = _wire("ToPort")


@dataclass(frozen=True, slots=True)
class TcpFlags:
    """Which TCP flags must be set among those that are looked at; no mask is all of them."""

    flags: tuple[str, ...] = _wire("Flags")
    masks: tuple[str, ...] = _wire("Masks", default=())


@dataclass(frozen=True, slots=True)
class Match:
    """What a stateless rule is about; a part that is empty is about everything.

    Attributes:
        protocols: IANA numbers.
    """

    sources: tuple[Addresses, ...] = _wire("Sources", default=())
    destinations: tuple[Addresses, ...] = _wire("Destinations", default=())
    source_ports: tuple[PortRange, ...] = _wire("SourcePorts", default=())
    destination_ports: tuple[PortRange, ...] = _wire("DestinationPorts", default=())
    protocols: tuple[int, ...] = _wire("Protocols", default=())
    tcp_flags: tuple[TcpFlags, ...] = _wire("TCPFlags", default=())


@dataclass(frozen=True, slots=True)
class StatelessRuleDefinition:
    """What a stateless rule does: one of `aws:pass`, `aws:drop`, `aws:forward_to_sfe`, and more."""

    match: Match = field(metadata={"wire": "MatchAttributes"})
    actions: tuple[str, ...] = _wire("Actions")


@dataclass(frozen=True, slots=True)
class StatelessRule:
    """A stateless rule; the lowest priority that fits decides."""

    rule: StatelessRuleDefinition = field(metadata={"wire": "RuleDefinition"})
    priority: int = _wire("Priority")


@dataclass(frozen=True, slots=True)
class FlowHeader:
    """What a stateful rule is about, in Suricata's words: `any`, lists, variables, negations."""

    protocol: str = _wire("Protocol")
    source: str = _wire("Source")
    source_port: str = _wire("SourcePort")
    direction: str = _wire("Direction")
    destination: str = _wire("Destination")
    destination_port: str = _wire("DestinationPort")


@dataclass(frozen=True, slots=True)
class RuleOption:
    """A further condition of a stateful rule, or its `sid`."""

    keyword: str = _wire("Keyword")
    settings: tuple[str, ...] = _wire("Settings", default=())


@dataclass(frozen=True, slots=True)
class StatefulRule:
    """A stateful rule in parts: PASS, DROP, REJECT or ALERT."""

    header: FlowHeader = field(metadata={"wire": "Header"})
    action: str = _wire("Action")
    options: tuple[RuleOption, ...] = _wire("RuleOptions", default=())


@dataclass(frozen=True, slots=True)
class DomainList:
    """A list of names.

    Attributes:
        targets: names; one that begins with a dot has all below it, and itself.
        types: TLS_SNI, HTTP_HOST.
        kind: ALLOWLIST, DENYLIST, REJECTLIST or ALERTLIST.
    """

    targets: tuple[str, ...] = _wire("Targets")
    types: tuple[str, ...] = _wire("TargetTypes")
    kind: str = _wire("GeneratedRulesType")


@dataclass(frozen=True, slots=True)
class Reference:
    """What a variable of rules takes its addresses from: a prefix list or a group of resources."""

    arn: str = _wire("ReferenceArn")


_SOURCE: Final = "RuleGroup.RulesSource"


@record
class RuleGroup(Record):
    """A group of rules: stateless ones, stateful ones, a list of names, or text for Suricata.

    Exactly one of the four is there; a group of another form was not read.

    Attributes:
        type: STATELESS or STATEFUL.
        order: the order that the group was made for.
        addresses: variables that stand for addresses, without `$`.
        ports: variables that stand for ports.
        references: variables, with `@` in rules, whose addresses are kept elsewhere.
    """

    arn: str = key("arn")
    type: Fact[str] = fact("RuleGroupResponse.Type")
    order: Fact[str] = fact(
        "RuleGroup.StatefulRuleOptions.RuleOrder", absent="DEFAULT_ACTION_ORDER"
    )
    addresses: Fact[Mapping[str, Definition]] = fact("RuleGroup.RuleVariables.IPSets", absent={})
    ports: Fact[Mapping[str, Definition]] = fact("RuleGroup.RuleVariables.PortSets", absent={})
    references: Fact[Mapping[str, Reference]] = fact(
        "RuleGroup.ReferenceSets.IPSetReferences", absent={}
    )
    stateless: Fact[tuple[StatelessRule, ...]] = fact(
        f"{_SOURCE}.StatelessRulesAndCustomActions.StatelessRules", absent=()
    )
    stateful: Fact[tuple[StatefulRule, ...]] = fact(f"{_SOURCE}.StatefulRules", absent=())
    domains: Fact[DomainList | None] = fact(f"{_SOURCE}.RulesSourceList", absent=None)
    text: Fact[str | None] = fact(f"{_SOURCE}.RulesString", absent=None)


REGION_FIREWALLS: Final = Kind(
    "region_firewalls",
    RegionFirewall,
    Scope.AWS,
    "network-firewall:DescribeFirewall",
    "network-firewall:ListFirewalls, network-firewall:DescribeFirewall",
)
FIREWALL_POLICIES: Final = Kind(
    "firewall_policies",
    FirewallPolicy,
    Scope.AWS,
    "network-firewall:DescribeFirewallPolicy",
    "network-firewall:DescribeFirewallPolicy",
    ("region_firewalls",),
)
FIREWALL_RULE_GROUPS: Final = Kind(
    "firewall_rule_groups",
    RuleGroup,
    Scope.AWS,
    "network-firewall:DescribeRuleGroup",
    "network-firewall:DescribeRuleGroup",
    ("firewall_policies",),
)
