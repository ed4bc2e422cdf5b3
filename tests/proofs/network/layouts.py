"""Layouts with their truth, written by hand from what AWS documents."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lakewarden.proofs.network.inspection import (
    RuleText,
    StatefulGroup,
    StatelessGroup,
    StatelessRule,
)
from lakewarden.proofs.network.known import Missing
from lakewarden.proofs.network.topology import (
    AclEntry,
    Attachment,
    BlockPublicAccess,
    EgressOnlyGateway,
    Endpoint,
    GroupRule,
    Inspected,
    Interface,
    Peering,
    PrefixList,
    Proxy,
    Route,
    RouteTable,
    Subnet,
    Topology,
    TransitRoute,
    TransitTable,
    Vpc,
    WorkspaceNetwork,
)
from proofs.network.building import (
    HTTPS,
    IGW,
    NAT,
    PUBLIC_V4,
    V6,
    VPC,
    acl,
    behind_firewall,
    behind_nat,
    changed,
    domains,
    firewall,
    group,
    listed,
    network,
    policy,
    rules,
    table,
    topology,
)

BY_NAT = "subnet dp -> r-dp 0.0.0.0/0 -> nat-1 -> r-nat 0.0.0.0/0 -> igw-1"
BY_FIREWALL = "subnet dp -> r-dp 0.0.0.0/0 -> nat-1 -> r-nat 0.0.0.0/0 -> fw-1"
OUT = " -> r-fw 0.0.0.0/0 -> igw-1"
NODES = network()
S3 = ("52.216.0.0/15",)


@dataclass(frozen=True)
class Layout:
    """A network and what is true of it. `v4` and `v6` count public addresses."""

    name: str
    topology: Topology
    outcome: str
    path: str = ""
    v4: int = 0
    v6: int = 0
    services: str = "nothing"
    names: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    network: WorkspaceNetwork = NODES


def _hub(spoke_routes, hub_routes, home=(), used=None):
    """Make a spoke and a hub with NAT behind a firewall, joined by a transit gateway."""
    used = used or policy(
        domains(".example.com"),
        StatefulGroup("closing", RuleText(CLOSING), 20),
        default=("aws:alert_established",),
        home_net=home,
    )
    hub = "10.9.0.0/16"
    return topology(
        table("dp", "0.0.0.0/0 > tgw-1"),
        table("land", "0.0.0.0/0 > vpce-fw", vpc="hub", cidrs=(hub,)),
        table("fw", "0.0.0.0/0 > nat-1", f"{VPC} > tgw-1", vpc="hub", cidrs=(hub,)),
        table("nat", "0.0.0.0/0 > igw-1", f"{VPC} > vpce-fw", vpc="hub", cidrs=(hub,)),
        vpcs=listed(Vpc("vpc", (VPC,)), Vpc("hub", (hub,))),
        subnets=(
            Subnet("land", "hub", "10.9.1.0/24", "a"),
            Subnet("nat", "hub", "10.9.2.0/24", "a"),
            Subnet("fw", "hub", "10.9.3.0/24", "a"),
        ),
        nat_gateways=listed(NAT),
        internet_gateways=listed(replace(IGW, vpc="hub")),
        firewalls=listed(firewall(used, vpc="hub")),
        attachments=listed(
            Attachment("att-spoke", "tgw-1", "vpc", "vpc", ("dp",), "t-spoke"),
            Attachment("att-hub", "tgw-1", "vpc", "hub", ("land",), "t-hub"),
        ),
        transit_tables=listed(
            TransitTable("t-spoke", "tgw-1", spoke_routes),
            TransitTable("t-hub", "tgw-1", hub_routes),
        ),
    )


CLOSING = """
# Everything that the organisation's own networks send, but for handshakes.
drop tcp $HOME_NET any -> $EXTERNAL_NET any (msg:"shut; all"; flow:established; sid:1;)
drop udp $HOME_NET any -> any any (sid:2;)
drop icmp $HOME_NET any -> any any (sid:3;)
"""
TO_HUB = (TransitRoute("0.0.0.0/0", ("att-hub",)),)
TO_SPOKE = (TransitRoute(VPC, ("att-spoke",)),)
BY_HUB = "subnet dp -> r-dp 0.0.0.0/0 -> tgw-1 -> t-spoke 0.0.0.0/0 -> subnet land"
DEEP = (
    f"{BY_HUB} -> r-land 0.0.0.0/0 -> fw-1 -> r-fw 0.0.0.0/0 -> nat-1 -> r-nat 0.0.0.0/0 -> igw-1"
)
SIX = Subnet("dp", "vpc", "10.0.1.0/24", "a", (V6,))
PASS_ALL = StatelessGroup("early", 1, (StatelessRule(1, ("aws:pass",), protocols=(6,)),))
SHUT = (AclEntry(100, allow=True, cidr=VPC),)
DIRECT = topology(table("dp", "0.0.0.0/0 > igw-1"), internet_gateways=listed(IGW))
ROUTES = Missing("routes of r-nat", "ec2:DescribeRouteTables")

LAYOUTS = (
    Layout("isolated", topology(table("dp")), "no internet"),
    Layout("NAT", behind_nat(), "arbitrary internet", BY_NAT, PUBLIC_V4, 0, "ICMP, TCP, UDP"),
    Layout(
        "two halves of the internet by NAT",
        behind_nat("0.0.0.0/1 > nat-1", "128.0.0.0/1 > nat-1"),
        "arbitrary internet",
        "subnet dp -> r-dp 0.0.0.0/1 -> nat-1 -> r-nat 0.0.0.0/0 -> igw-1",
        PUBLIC_V4,
        0,
        "ICMP, TCP, UDP",
    ),
    Layout("internet gateway without a public address", DIRECT, "no internet"),
    Layout(
        "internet gateway with public nodes",
        DIRECT,
        "arbitrary internet",
        "subnet dp -> r-dp 0.0.0.0/0 -> igw-1",
        PUBLIC_V4,
        0,
        "every protocol",
        network=network(public=True),
    ),
    Layout(
        "internet gateway with a public address that an interface has",
        replace(DIRECT, interfaces=listed(Interface("eni-7", "dp", (), "3.3.3.3"))),
        "arbitrary internet",
        "subnet dp -> r-dp 0.0.0.0/0 -> igw-1",
        PUBLIC_V4,
        0,
        "every protocol",
    ),
    Layout(
        "internet gateway and a subnet that hands out public addresses",
        replace(DIRECT, subnets=changed(DIRECT.subnets, "dp", maps_public=True)),
        "arbitrary internet",
        "subnet dp -> r-dp 0.0.0.0/0 -> igw-1",
        PUBLIC_V4,
        0,
        "every protocol",
    ),
    Layout(
        "firewall in strict order",
        behind_firewall(policy(domains(".example.com"), rules("DROP UDP", "DROP ICMP"))),
        "named destinations only",
        BY_FIREWALL + OUT,
        names=(".example.com",),
    ),
    Layout(
        "firewall in strict order that only drops what is established",
        behind_firewall(policy(domains(".example.com"))),
        "arbitrary internet",
        BY_FIREWALL + " until answered" + OUT,
        PUBLIC_V4,
        0,
        "ICMP, UDP",
        names=(".example.com",),
    ),
    Layout(
        "firewall in strict order that drops all",
        behind_firewall(
            policy(rules("PASS TCP ANY ANY 1.2.3.4/32 443"), default=("aws:drop_strict",))
        ),
        "arbitrary internet",
        BY_FIREWALL + OUT,
        1,
        0,
        "TCP 443",
    ),
    Layout(
        "firewall in strict order without any rule",
        behind_firewall(policy(default=("aws:drop_strict",))),
        "no internet",
    ),
    Layout(
        "firewall in strict order that only alerts",
        behind_firewall(policy(domains(".example.com"), default=("aws:alert_established",))),
        "arbitrary internet",
        BY_FIREWALL + OUT,
        PUBLIC_V4,
        0,
        "ICMP, TCP, UDP",
    ),
    Layout(
        "firewall in default order lets QUIC and SSH out",
        behind_firewall(
            policy(domains(".example.com"), order="DEFAULT_ACTION_ORDER"),
            groups=listed(
                group(
                    (
                        GroupRule("udp", 443, 443, v4=("0.0.0.0/0",)),
                        GroupRule("tcp", 22, 22, v4=("0.0.0.0/0",)),
                    )
                )
            ),
        ),
        "arbitrary internet",
        BY_FIREWALL + OUT,
        PUBLIC_V4,
        0,
        "TCP 22, UDP 443",
    ),
    Layout(
        "stateless rule that passes TCP before the list",
        behind_firewall(
            policy(domains(".example.com"), rules("DROP UDP", "DROP ICMP"), stateless=(PASS_ALL,))
        ),
        "arbitrary internet",
        BY_FIREWALL + OUT,
        PUBLIC_V4,
        0,
        "TCP",
    ),
    Layout(
        "stateless default that passes UDP fragments",
        behind_firewall(
            policy(
                domains(".example.com"),
                rules("DROP UDP", "DROP ICMP"),
                fragment_default=("aws:pass",),
            )
        ),
        "arbitrary internet",
        BY_FIREWALL + OUT,
        PUBLIC_V4,
        0,
        "UDP",
        names=(".example.com",),
    ),
    Layout(
        "firewall that does not see the answers",
        behind_firewall(policy(domains(".example.com"), rules("DROP UDP", "DROP ICMP")), edge=()),
        "unknown",
        BY_FIREWALL + OUT,
        names=(".example.com",),
        missing=("what the firewall at vpce-fw does without seeing the answers",),
    ),
    Layout(
        "spoke that HOME_NET does not cover",
        _hub(TO_HUB, TO_SPOKE),
        "arbitrary internet",
        DEEP,
        PUBLIC_V4,
        0,
        "ICMP, TCP, UDP",
    ),
    Layout(
        "spoke that HOME_NET covers",
        _hub(TO_HUB, TO_SPOKE, home=("10.0.0.0/8",)),
        "named destinations only",
        DEEP,
        names=(".example.com",),
    ),
    Layout(
        "transit gateway that swallows the internet",
        _hub((TransitRoute("0.0.0.0/0", blackhole=True),), TO_SPOKE),
        "no internet",
    ),
    Layout(
        "egress-only gateway, forgotten",
        topology(
            table("dp", "::/0 > eigw-1", cidrs=(VPC, V6)),
            subnets=(SIX,),
            egress_only_gateways=listed(EgressOnlyGateway("eigw-1", "vpc")),
        ),
        "arbitrary internet",
        "subnet dp -> r-dp ::/0 -> eigw-1",
        0,
        2**125 - 2**72,
        "every protocol",
    ),
    Layout(
        "IPv6 route without an IPv6 address",
        topology(table("dp", "::/0 > eigw-1")),
        "no internet",
    ),
    Layout(
        "peering does not lead through the other VPC",
        topology(
            table("dp", "0.0.0.0/0 > pcx-1"),
            table("nat", "0.0.0.0/0 > igw-1", vpc="far", cidrs=("10.7.0.0/16",)),
            vpcs=listed(Vpc("vpc", (VPC,)), Vpc("far", ("10.7.0.0/16",))),
            subnets=(Subnet("nat", "far", "10.7.0.0/24"),),
            nat_gateways=listed(NAT),
            internet_gateways=listed(replace(IGW, vpc="far")),
            peerings=listed(Peering("pcx-1", "vpc", "far", (VPC,), ("10.7.0.0/16",))),
        ),
        "no internet",
    ),
    Layout(
        "endpoints only",
        topology(
            table("dp", "pl-s3 > vpce-s3"),
            prefix_lists=listed(PrefixList("pl-s3", S3)),
            endpoints=listed(
                Endpoint("vpce-s3", "vpc", "Gateway", "com.amazonaws.us-east-1.s3"),
                Endpoint(
                    "vpce-sts", "vpc", "Interface", "com.amazonaws.us-east-1.sts", None, ("dp",)
                ),
            ),
        ),
        "no internet",
    ),
    Layout(
        "security group for HTTPS",
        behind_nat(groups=listed(group(HTTPS))),
        "arbitrary internet",
        BY_NAT,
        PUBLIC_V4,
        0,
        "TCP 443",
    ),
    Layout(
        "security group for the VPC alone",
        behind_nat(groups=listed(group((GroupRule(v4=(VPC,), groups=("sg-dp",)),)))),
        "no internet",
    ),
    Layout(
        "network ACL that lets no answer in",
        behind_nat(groups=listed(group(HTTPS)), acls=listed(acl("dp", "nat", ingress=SHUT))),
        "no internet",
    ),
    Layout(
        "network ACL that lets no answer in does not hold UDP",
        behind_nat(acls=listed(acl("dp", "nat", ingress=SHUT))),
        "arbitrary internet",
        BY_NAT,
        PUBLIC_V4,
        0,
        "ICMP, UDP",
    ),
    Layout(
        "a fact lacks on the path",
        behind_nat(
            tables=listed(
                table("dp", "0.0.0.0/0 > nat-1"), RouteTable("r-nat", "vpc", ROUTES, ("nat",))
            )
        ),
        "unknown",
        "subnet dp -> r-dp 0.0.0.0/0 -> nat-1",
        missing=("routes of r-nat (ec2:DescribeRouteTables)",),
    ),
    Layout(
        "a fact lacks beside the path",
        topology(table("dp"), RouteTable("r-nat", "vpc", ROUTES, ("nat",))),
        "no internet",
    ),
    Layout(
        "block public access",
        replace(behind_nat(), block_public_access=BlockPublicAccess("block-bidirectional")),
        "no internet",
    ),
    Layout(
        "block public access for what comes in leaves NAT open",
        replace(behind_nat(), block_public_access=BlockPublicAccess("block-ingress")),
        "arbitrary internet",
        BY_NAT,
        PUBLIC_V4,
        0,
        "ICMP, TCP, UDP",
    ),
    Layout(
        "block public access for what comes in closes public addresses",
        replace(DIRECT, block_public_access=BlockPublicAccess("block-ingress")),
        "no internet",
        network=network(public=True),
    ),
    Layout(
        "block public access that leaves the VPC out",
        replace(
            behind_nat(),
            block_public_access=BlockPublicAccess(
                "block-bidirectional", (("vpc", "allow-egress"),)
            ),
        ),
        "arbitrary internet",
        BY_NAT,
        PUBLIC_V4,
        0,
        "ICMP, TCP, UDP",
    ),
    Layout(
        "private NAT gateway",
        behind_nat(nat_gateways=listed(replace(NAT, public=False))),
        "no internet",
    ),
    Layout(
        "longer prefixes keep most of the internet away",
        behind_nat(
            "0.0.0.0/0 > nat-1", "0.0.0.0/1 > vgw-1", "128.0.0.0/2 > vgw-1", "192.0.0.0/2 > pcx-9"
        ),
        "unknown",
        "subnet dp -> r-dp 0.0.0.0/1 -> vgw-1",
        missing=("what vgw-1 lets out to the internet",),
    ),
    Layout(
        "another site that is declared closed",
        replace(topology(table("dp", "0.0.0.0/0 > vgw-1")), inspected=(Inspected("vgw-1"),)),
        "no internet",
    ),
    Layout(
        "an appliance that is declared to let some names out",
        topology(
            table("dp", "0.0.0.0/0 > vpce-gwlb"),
            endpoints=listed(Endpoint("vpce-gwlb", "vpc", "GatewayLoadBalancer", "svc")),
            inspected=(Inspected("vpce-gwlb", ("pypi.org",)),),
        ),
        "named destinations only",
        "subnet dp -> r-dp 0.0.0.0/0 -> vpce-gwlb",
        names=("pypi.org",),
    ),
    Layout(
        "an appliance that nobody knows",
        topology(
            table("dp", "0.0.0.0/0 > vpce-gwlb"),
            endpoints=listed(Endpoint("vpce-gwlb", "vpc", "GatewayLoadBalancer", "svc")),
        ),
        "unknown",
        "subnet dp -> r-dp 0.0.0.0/0 -> vpce-gwlb",
        missing=("what the appliance behind vpce-gwlb lets through",),
    ),
    Layout(
        "a proxy in the VPC",
        topology(table("dp"), proxies=(Proxy("squid", "10.0.9.9", 3128, ("a.example.com",)),)),
        "named destinations only",
        "subnet dp -> r-dp 10.0.0.0/16 -> squid",
        names=("a.example.com",),
    ),
    Layout(
        "a NAT instance passes everything on",
        behind_nat(
            "0.0.0.0/0 > eni-1",
            interfaces=listed(Interface("eni-1", "nat", ("10.0.2.7",), "3.3.3.3")),
        ),
        "arbitrary internet",
        "subnet dp -> r-dp 0.0.0.0/0 -> eni-1 -> r-nat 0.0.0.0/0 -> igw-1",
        PUBLIC_V4,
        0,
        "every protocol",
    ),
    Layout(
        "a dead route",
        topology(
            RouteTable(
                "r-dp",
                "vpc",
                (Route(VPC, "local"), Route("0.0.0.0/0", "nat-0", blackhole=True)),
                ("dp",),
            )
        ),
        "no internet",
    ),
    Layout(
        "NAT gateways that lead to each other",
        behind_nat(
            "0.0.0.0/0 > nat-1",
            tables=listed(table("dp", "0.0.0.0/0 > nat-1"), table("nat", "0.0.0.0/0 > nat-1")),
        ),
        "no internet",
    ),
)
