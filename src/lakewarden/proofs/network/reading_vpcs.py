"""What is in VPCs: subnets, groups, ACLs, endpoints, interfaces."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lakewarden.estate.estate import Estate
from lakewarden.estate.fact import UnreadError
from lakewarden.estate.region import (
    NETWORK_ACLS,
    PREFIX_LISTS,
    REGION_ENDPOINTS,
    REGION_INTERFACES,
    REGION_SECURITY_GROUPS,
    REGION_SUBNETS,
    REGION_VPCS,
    Block,
    Block6,
    NetworkAcl,
    RegionEndpoint,
    RegionInterface,
    RegionSubnet,
)
from lakewarden.estate.region import PrefixList as ReadList
from lakewarden.estate.region import Vpc as ReadVpc
from lakewarden.estate.resolving import DHCP_OPTIONS, DNS_FIREWALLS, VPC_DNS
from lakewarden.estate.vpc import Rule
from lakewarden.estate.vpc import SecurityGroup as ReadGroup
from lakewarden.proofs.network.known import Listing, Missing
from lakewarden.proofs.network.reading_facts import addresses, listing, tried
from lakewarden.proofs.network.topology import (
    Acl,
    AclEntry,
    Endpoint,
    GroupRule,
    Interface,
    PrefixList,
    SecurityGroup,
    Subnet,
    Vpc,
)

_SERVERS: Final = "domain-name-servers"
_WITH_PORTS: Final = frozenset({"tcp", "udp", "6", "17"})
"""Protocols of which EC2 tells the ports even when these are all."""
_WITH_TYPES: Final = frozenset({"1", "58"})
"""Protocols of which entries of network ACLs tell the types even when these are all."""
_COMING_AND_GOING: Final = frozenset({"associating", "disassociating"})


def vpcs(estate: Estate) -> Listing[Vpc]:
    """Return every VPC that is known."""
    return listing(estate.of(REGION_VPCS), lambda vpc: _vpc(estate, vpc))


def _vpc(estate: Estate, vpc: ReadVpc) -> Vpc:
    what = f"of {vpc.id}"
    return Vpc(
        vpc.id,
        tried(lambda: _in_use(vpc.blocks.get()), f"addresses {what}"),
        tried(lambda: _in_use(vpc.blocks6.get()), f"IPv6 addresses {what}"),
        tried(lambda: _supported(estate, vpc.id), f"DNS support {what}"),
        tried(lambda: _named(estate, vpc.id), f"DNS host names {what}"),
        tried(lambda: _resolvers(estate, vpc), f"DNS servers {what}"),
        tried(lambda: _guarded(estate, vpc.id), f"DNS Firewall {what}"),
    )


def _in_use(blocks: Iterable[Block | Block6]) -> tuple[str, ...]:
    """Return the blocks that are in use.

    Raises:
        ValueError: one is on its way in or out, or is no network.
    """
    found = tuple(blocks)
    moving = [block.cidr for block in found if block.state.state in _COMING_AND_GOING]
    if moving:
        raise ValueError(f"{moving[0]} is on its way in or out")
    return addresses(block.cidr for block in found if block.state.state == "associated")


def _supported(estate: Estate, vpc: str) -> bool:
    return estate.need(VPC_DNS, vpc).support.get()


def _named(estate: Estate, vpc: str) -> bool:
    return estate.need(VPC_DNS, vpc).hostnames.get()


def _resolvers(estate: Estate, vpc: ReadVpc) -> tuple[str, ...]:
    """Return the DNS servers that a VPC's hosts are told; a VPC without options tells none."""
    name = vpc.dhcp_options.get()
    if name == "default":
        return ()
    options = estate.need(DHCP_OPTIONS, name).options.get()
    return tuple(v.value for option in options if option.name == _SERVERS for v in option.values)


def _guarded(estate: Estate, vpc: str) -> bool:
    """Return whether a VPC has DNS Firewall rules in force."""
    return any(
        association.vpc_id.get() == vpc and association.status.get() == "COMPLETE"
        for association in estate.of(DNS_FIREWALLS).each()
    )


def subnets(estate: Estate) -> Listing[Subnet]:
    """Return every subnet that is known."""
    return listing(estate.of(REGION_SUBNETS), _subnet)


def _subnet(subnet: RegionSubnet) -> Subnet:
    what = f"of {subnet.id}"
    return Subnet(
        subnet.id,
        subnet.vpc_id.get(),
        tried(lambda: _v4(subnet), f"addresses {what}"),
        tried(subnet.zone.get, f"zone {what}"),
        tried(lambda: _in_use(subnet.blocks6.get()), f"IPv6 addresses {what}"),
        tried(subnet.maps_public_addresses.get, f"MapPublicIpOnLaunch {what}"),
    )


def _v4(subnet: RegionSubnet) -> str:
    """Return the IPv4 block of a subnet; only one for IPv6 alone has none.

    Raises:
        UnreadError: it was not read.
        ValueError: it lacks, or is no network.
    """
    cidr = subnet.cidr.get()
    if cidr is None and not subnet.v6_only.get():
        raise ValueError("there is no IPv4 block")
    return addresses([cidr])[0] if cidr else ""


def groups(estate: Estate) -> Listing[SecurityGroup]:
    """Return every security group that is known."""
    return listing(estate.of(REGION_SECURITY_GROUPS), _group)


def _group(group: ReadGroup) -> SecurityGroup:
    return SecurityGroup(
        group.id,
        group.vpc_id.get(),
        tried(lambda: tuple(map(_rule, group.egress.get())), f"egress of {group.id}"),
        tried(lambda: tuple(map(_rule, group.ingress.get())), f"ingress of {group.id}"),
    )


def _rule(rule: Rule) -> GroupRule:
    """Return a rule of a security group.

    Raises:
        ValueError: it lacks the ports that its protocol has, or names no network.
    """
    if rule.protocol in _WITH_PORTS and None in (rule.first, rule.last):
        raise ValueError(f"a rule for {rule.protocol} has no ports")
    return GroupRule(
        rule.protocol,
        rule.first,
        rule.last,
        addresses(one.cidr for one in rule.ranges),
        addresses(one.cidr for one in rule.ranges_v6),
        tuple(one.id for one in rule.prefix_lists),
        tuple(one.id for one in rule.groups),
    )


def acls(estate: Estate) -> Listing[Acl]:
    """Return every network ACL that is known."""
    return listing(estate.of(NETWORK_ACLS), _acl)


def _acl(acl: NetworkAcl) -> Acl:
    return Acl(
        acl.id,
        acl.vpc_id.get(),
        tuple(one.subnet for one in acl.associations.get()),
        tried(lambda: _entries(acl, egress=True), f"outbound entries of {acl.id}"),
        tried(lambda: _entries(acl, egress=False), f"inbound entries of {acl.id}"),
    )


def _entries(acl: NetworkAcl, *, egress: bool) -> tuple[AclEntry, ...]:
    """Return the entries of one direction in the order in which they decide.

    Raises:
        ValueError: one lacks its addresses, ports or types, or does neither of the two things.
    """
    found = []
    for entry in sorted(acl.entries.get(), key=lambda one: one.number):
        if entry.egress is not egress:
            continue
        if entry.action not in {"allow", "deny"}:
            raise ValueError(f"entry {entry.number} does {entry.action}")
        if entry.ports is None and entry.protocol in _WITH_PORTS:
            raise ValueError(f"entry {entry.number} has no ports")
        if entry.icmp is None and entry.protocol in _WITH_TYPES:
            raise ValueError(f"entry {entry.number} has no types")
        (cidr,) = addresses([entry.v4 or entry.v6])
        first = entry.ports.first if entry.ports else entry.icmp.type if entry.icmp else None
        last = entry.ports.last if entry.ports else entry.icmp.code if entry.icmp else None
        allows = entry.action == "allow"
        found.append(AclEntry(entry.number, allows, cidr, entry.protocol, first, last))
    return tuple(found)


def prefix_lists(estate: Estate) -> Listing[PrefixList]:
    """Return every prefix list that something names."""
    return listing(estate.of(PREFIX_LISTS), _prefix_list)


def _prefix_list(one: ReadList) -> PrefixList:
    ranges = tried(lambda: addresses(e.cidr for e in one.entries.get()), f"ranges of {one.id}")
    return PrefixList(one.id, ranges, "" if one.name.gap else one.name.get())


def endpoints(estate: Estate) -> Listing[Endpoint]:
    """Return every VPC endpoint that carries packets."""
    return listing(estate.of(REGION_ENDPOINTS), lambda endpoint: _endpoint(estate, endpoint))


def _endpoint(estate: Estate, endpoint: RegionEndpoint) -> Endpoint | None:
    if endpoint.state.get().lower() != "available":
        return None
    what = f"of {endpoint.id}"
    return Endpoint(
        endpoint.id,
        endpoint.vpc_id.get(),
        endpoint.type.get(),
        tried(endpoint.service.get, f"service {what}"),
        tried(endpoint.policy.get, f"policy {what}"),
        tried(endpoint.subnet_ids.get, f"subnets {what}"),
        tried(lambda: tuple(g.id for g in endpoint.groups.get()), f"security groups {what}"),
        tried(endpoint.private_dns.get, f"private DNS {what}"),
        _homes(estate, endpoint),
    )


def _homes(estate: Estate, endpoint: RegionEndpoint) -> tuple[str, ...]:
    """Return the addresses of an endpoint's interfaces; none unless all are known."""
    try:
        ids = endpoint.interface_ids.get()
        interfaces_of = [estate.need(REGION_INTERFACES, name) for name in ids]
        return tuple(a for one in interfaces_of for a in _private(one))
    except (UnreadError, ValueError):
        return ()


def _private(interface: RegionInterface) -> tuple[str, ...]:
    four = [one.address for one in interface.addresses.get()]
    return addresses([*four, *(one.address for one in interface.addresses6.get())])


def interfaces(estate: Estate) -> Listing[Interface]:
    """Return every network interface that is known."""
    return listing(estate.of(REGION_INTERFACES), _interface)


def _interface(interface: RegionInterface) -> Interface:
    what = f"of {interface.id}"
    checked = tried(interface.checked.get, f"source/destination check {what}")
    return Interface(
        interface.id,
        interface.subnet_id.get(),
        _private(interface),
        tried(lambda: public_of(interface), f"public address {what}"),
        checked if isinstance(checked, Missing) else not checked,
    )


def public_of(interface: RegionInterface) -> str:
    """Return a public IPv4 address of an interface, or nothing.

    Raises:
        UnreadError: its addresses are not known.
        ValueError: one of them has another for outside, and that is not known.
    """
    found = [one.public.address for one in interface.addresses.get() if one.public]
    if not all(found):
        raise ValueError("an address has another for outside that is not known")
    return found[0] if found else ""
