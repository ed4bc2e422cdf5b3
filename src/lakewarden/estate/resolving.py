"""How the hosts of a VPC resolve names: Amazon's resolver and its firewall, or other servers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from lakewarden.estate.fact import Fact
from lakewarden.estate.kind import Kind, Scope
from lakewarden.estate.record import Record, fact, key, record


def _wire(name: str, **default: Any) -> Any:
    return field(metadata={"wire": name}, **default)


@record
class VpcDns(Record):
    """Whether a VPC of a registered network has Amazon's resolver, and names for its hosts."""

    vpc_id: str = key("vpc")
    support: Fact[bool] = fact("EnableDnsSupport.Value")
    hostnames: Fact[bool] = fact("EnableDnsHostnames.Value")


@dataclass(frozen=True, slots=True)
class DhcpValue:
    """One value of a DHCP option."""

    value: str = _wire("Value")


@dataclass(frozen=True, slots=True)
class DhcpOption:
    """A DHCP option: `domain-name-servers` are addresses, or `AmazonProvidedDNS`."""

    name: str = _wire("Key")
    values: tuple[DhcpValue, ...] = _wire("Values")


@record
class DhcpOptions(Record):
    """What a VPC tells its hosts, their DNS servers among it."""

    id: str = key("DhcpOptionsId")
    options: Fact[tuple[DhcpOption, ...]] = fact("DhcpConfigurations")


@dataclass(frozen=True, slots=True)
class DnsRule:
    """A rule of the DNS firewall: the lowest priority that fits decides.

    Attributes:
        priority: its place.
        action: ALLOW, ALERT or BLOCK.
        domains: the names that it is about; None where it names a list of AWS's own.
        query_type: the one type of query that it is about; empty for every one.
    """

    priority: int
    action: str
    domains: tuple[str, ...] | None = None
    query_type: str = ""


@record
class DnsFirewall(Record):
    """A group of DNS firewall rules that a VPC's resolver goes by."""

    id: str = key("Id")
    vpc_id: Fact[str] = fact("VpcId")
    priority: Fact[int] = fact("Priority")
    status: Fact[str] = fact("Status")
    rules: Fact[tuple[DnsRule, ...]] = fact("rules")


VPC_DNS: Final = Kind(
    "vpc_dns",
    VpcDns,
    Scope.AWS,
    "ec2:DescribeVpcAttribute",
    "ec2:DescribeVpcAttribute",
    ("networks", "region_vpcs"),
)
DHCP_OPTIONS: Final = Kind(
    "dhcp_options",
    DhcpOptions,
    Scope.AWS,
    "ec2:DescribeDhcpOptions",
    "ec2:DescribeDhcpOptions",
)
DNS_FIREWALLS: Final = Kind(
    "dns_firewalls",
    DnsFirewall,
    Scope.AWS,
    "route53resolver:ListFirewallRuleGroupAssociations",
    "route53resolver:ListFirewallRuleGroupAssociations, route53resolver:ListFirewallRules, "
    "route53resolver:ListFirewallDomains",
)
