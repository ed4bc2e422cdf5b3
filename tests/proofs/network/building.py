"""Small networks, from few words: one data-plane subnet `dp` in `vpc`, and what a test adds."""

from __future__ import annotations

from dataclasses import replace

from lakewarden.proofs.network.inspection import (
    DomainList,
    Firewall,
    FirewallEndpoint,
    FirewallPolicy,
    HeaderRule,
    StatefulGroup,
)
from lakewarden.proofs.network.known import Listing
from lakewarden.proofs.network.topology import (
    Acl,
    AclEntry,
    GroupRule,
    InternetGateway,
    NatGateway,
    Route,
    RouteTable,
    SecurityGroup,
    Subnet,
    Topology,
    Vpc,
    WorkspaceNetwork,
)

VPC = "10.0.0.0/16"
V6 = "2600:1f00:0:100::/56"
PUBLIC_V4 = 2**32 - sum(2**n for n in (24, 24, 22, 24, 16, 20, 16, 28, 28))
"""All but 0/8, 10/8, 100.64/10, 127/8, 169.254/16, 172.16/12, 192.168/16, 224/4 and 240/4."""
ANYWHERE = (GroupRule(v4=("0.0.0.0/0",), v6=("::/0",)),)
HTTPS = (GroupRule("tcp", 443, 443, v4=("0.0.0.0/0",)),)
OPEN = tuple(AclEntry(n, allow=True, cidr=c) for n, c in ((100, "0.0.0.0/0"), (101, "::/0")))
IGW = InternetGateway("igw-1", "vpc")
NAT = NatGateway("nat-1", "nat")


def listed(*items, gap=None):
    return Listing(tuple(items), gap)


def route(text):
    """Read `0.0.0.0/0 > nat-1`."""
    destination, _, target = text.partition(" > ")
    return Route(destination, target)


def table(name, *routes, vpc="vpc", cidrs=(VPC,), main=False, gateways=()):
    """Make the table `r-NAME` of the subnet NAME, with its local routes."""
    local = tuple(Route(cidr, "local") for cidr in cidrs)
    return RouteTable(
        f"r-{name}",
        vpc,
        (*local, *map(route, routes)),
        () if main or gateways else (name,),
        main,
        tuple(gateways),
    )


def acl(*subnets, egress=OPEN, ingress=OPEN, vpc="vpc", name="acl-1"):
    return Acl(name, vpc, subnets, egress, ingress)


def group(egress=ANYWHERE, ingress=(), name="sg-dp", vpc="vpc"):
    return SecurityGroup(name, vpc, egress, ingress)


def network(subnets=("dp",), groups=("sg-dp",), *, public=False):
    return WorkspaceNetwork("ws", "vpc", tuple(subnets), tuple(groups), public)


def topology(*tables, subnets=(), **more):
    """Make a network around the subnet `dp`; every subnet has the same open ACL."""
    dp = Subnet("dp", "vpc", "10.0.1.0/24", "a")
    every = (*subnets,) if any(s.id == "dp" for s in subnets) else (dp, *subnets)
    made = {
        "vpcs": listed(Vpc("vpc", (VPC,))),
        "subnets": listed(*every),
        "groups": listed(group()),
        "acls": listed(acl(*(s.id for s in every))),
        "tables": listed(*tables),
    }
    return Topology(**{**made, **more})


NAT_SUBNET = Subnet("nat", "vpc", "10.0.2.0/24", "a")
FW_SUBNET = Subnet("fw", "vpc", "10.0.3.0/24", "a")


def behind_nat(*routes, **more):
    """Make the ordinary layout: nodes, a NAT gateway, an internet gateway."""
    made = {
        "subnets": (NAT_SUBNET,),
        "nat_gateways": listed(NAT),
        "internet_gateways": listed(IGW),
    }
    way = routes or ("0.0.0.0/0 > nat-1",)
    return topology(table("dp", *way), table("nat", "0.0.0.0/0 > igw-1"), **{**made, **more})


def domains(*names, kind="ALLOWLIST", targets=("TLS_SNI", "HTTP_HOST"), priority=10, **more):
    return StatefulGroup("allowed", DomainList(kind, names, targets), priority, **more)


def rules(*written, name="rules", priority=20, **more):
    """Make a group of rules from `DROP UDP` or `PASS TCP 10.0.0.0/8 ANY 1.2.3.4/32 443`."""
    made = []
    for text in written:
        action, protocol, *rest = text.split()
        words = rest or ["ANY", "ANY", "ANY", "ANY"]
        made.append(HeaderRule(action, protocol, words[0], words[1], "FORWARD", *words[2:4]))
    return StatefulGroup(name, tuple(made), priority, **more)


def policy(*groups, default=("aws:drop_established",), order="STRICT_ORDER", **more):
    return FirewallPolicy(
        order, default if order == "STRICT_ORDER" else (), stateful=groups, **more
    )


def behind_firewall(used, edge=("10.0.2.0/24 > vpce-fw",), **more):
    """Make nodes, a NAT gateway, a firewall with a policy between it and the internet."""
    made = {
        "subnets": (NAT_SUBNET, FW_SUBNET),
        "nat_gateways": listed(NAT),
        "internet_gateways": listed(IGW),
        "firewalls": listed(firewall(used)),
    }
    return topology(
        table("dp", "0.0.0.0/0 > nat-1"),
        table("nat", "0.0.0.0/0 > vpce-fw"),
        table("fw", "0.0.0.0/0 > igw-1"),
        table("edge", *edge, gateways=("igw-1",)),
        **{**made, **more},
    )


def firewall(used, vpc="vpc", subnet="fw"):
    return Firewall("fw-1", vpc, (FirewallEndpoint("vpce-fw", subnet),), used)


def changed(items, name, **values):
    """Return a listing with other values for one thing."""
    return replace(
        items, items=tuple(replace(i, **values) if i.id == name else i for i in items.items)
    )
