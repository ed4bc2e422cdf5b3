"""Packet sets and the oracle agree on every packet of many random networks."""

from __future__ import annotations

import ipaddress
import random

import pytest

from lakewarden.proofs.network.egress import egress
from lakewarden.proofs.network.flow import Kind
from lakewarden.proofs.network.graph import Graph
from lakewarden.proofs.network.inspection import (
    DomainList,
    Firewall,
    FirewallEndpoint,
    FirewallPolicy,
    HeaderRule,
    StatefulGroup,
    StatelessGroup,
    StatelessRule,
)
from lakewarden.proofs.network.scene import Scene
from lakewarden.proofs.network.topology import (
    Acl,
    AclEntry,
    Attachment,
    BlockPublicAccess,
    Endpoint,
    GroupRule,
    InternetGateway,
    NatGateway,
    Peering,
    PrefixList,
    Route,
    RouteTable,
    SecurityGroup,
    Subnet,
    Topology,
    TransitRoute,
    TransitTable,
    Vpc,
)
from lakewarden.proofs.network.walk import walk
from proofs.network.building import listed, network
from proofs.network.oracle import Oracle, Packet

CIDRS = {"vpc": "10.0.0.0/16", "hub": "10.9.0.0/16"}
V6 = {"dp": "2600:1f00:0:100::/64", "dp2": "2600:1f00:0:101::/64"}
WHERE = (
    "0.0.0.0/0",
    "0.0.0.0/1",
    "128.0.0.0/1",
    "52.0.0.0/8",
    "52.216.0.0/15",
    "52.217.0.0/17",
    "8.8.8.0/24",
)
WHERE_V6 = ("::/0", "2600::/12", "2a00::/16")
LIST = ("52.215.0.0/16", "52.216.0.0/16", "52.217.0.0/17", "9.9.9.0/24")
NAMES = ("a.example.com", "b.c.example.com", "example.org", "x.example.org")
UNLISTED = "elsewhere.test"
APPS = ("tls", "http", "ssh", "dns")


def routes(rng, vpc, targets):
    local = [Route(CIDRS[vpc], "local")]
    if vpc == "vpc":
        local.append(Route("2600:1f00:0:100::/56", "local"))
    chosen = rng.sample((*WHERE, *WHERE_V6, "pl-1"), rng.randint(1, 4))
    if rng.random() < 0.7 and WHERE[0] not in chosen:
        chosen.append(WHERE[0])
    return (
        *local,
        *(
            Route(where, rng.choice(targets), rng.random() < 0.06, rng.random() < 0.1)
            for where in chosen
        ),
    )


def entries(rng):
    made = []
    for number in range(rng.randint(0, 2)):
        protocol = rng.choice(("-1", "tcp", "udp"))
        first, last = rng.choice(((443, 443), (0, 1023), (1024, 65535)))
        ports = (None, None) if protocol == "-1" else (first, last)
        where = rng.choice((*WHERE, *WHERE_V6, *CIDRS.values()))
        made.append(AclEntry(number, rng.choice((False, True)), where, protocol, *ports))
    if rng.random() < 0.9:
        made += OPEN
    return tuple(made)


def group_rules(rng):
    if rng.random() < 0.5:
        return (GroupRule(v4=("0.0.0.0/0",), v6=("::/0",)),)
    made = []
    for _ in range(rng.randint(1, 4)):
        protocol = rng.choice(("tcp", "udp", "-1", "icmp", "47"))
        first = rng.choice((22, 53, 443, 8443))
        ports = (first, first + rng.choice((0, 0, 900))) if protocol in ("tcp", "udp") else ()
        v4 = tuple(rng.sample(WHERE, rng.randint(0, 2)))
        v6 = tuple(rng.sample(WHERE_V6, rng.randint(0, 1)))
        lists = ("pl-1",) if rng.random() < 0.3 else ()
        made.append(GroupRule(protocol, *(ports or (None, None)), v4, v6, lists))
    return tuple(made)


def header(rng):
    action = rng.choice(("PASS", "DROP", "DROP", "REJECT"))
    protocol = rng.choice(("IP", "TCP", "UDP", "ICMP", "TLS", "HTTP", "SSH", "DNS"))
    port = rng.choice(("ANY", "ANY", "443", "53")) if protocol != "ICMP" else "ANY"
    source = rng.choice(("ANY", "$HOME_NET", "10.0.0.0/16", "10.9.2.0/24"))
    to = rng.choice(("ANY", "ANY", "$EXTERNAL_NET", "52.0.0.0/8"))
    options = ("flow:established",) if action != "PASS" and rng.random() < 0.3 else ()
    return HeaderRule(action, protocol, source, "ANY", "FORWARD", to, port, options)


def policy(rng):
    groups = []
    for number in range(rng.randint(0, 3)):
        if rng.random() < 0.5:
            names = rng.choice(((".example.com",), ("example.org", "a.example.com")))
            kind, listed_names = rng.choice(
                (("ALLOWLIST", names), ("ALLOWLIST", names), ("DENYLIST", ("evil.test",)))
            )
            targets = rng.choice((("TLS_SNI",), ("TLS_SNI", "HTTP_HOST")))
            made = DomainList(kind, listed_names, targets)
        else:
            made = tuple(header(rng) for _ in range(rng.randint(1, 3)))
        groups.append(StatefulGroup(f"g{number}", made, rng.randint(1, 5) * 10 + number))
    default = rng.choice(
        (("aws:drop_established",), ("aws:drop_strict",), (), ("aws:alert_strict",))
    )
    order = rng.choice(("STRICT_ORDER", "DEFAULT_ACTION_ORDER"))
    actions = (("aws:pass",), ("aws:drop",), ("aws:forward_to_sfe",))
    early = tuple(
        StatelessRule(
            n,
            rng.choice(actions),
            rng.choice(((), ("10.0.0.0/16",))),
            rng.choice(((), ("52.0.0.0/8",))),
            destination_ports=rng.choice(((), ((443, 443),))),
            protocols=rng.choice(((), (6,), (17,))),
        )
        for n in range(rng.choice((0, 0, 1, 2)))
    )
    return FirewallPolicy(
        order,
        default,
        rng.choice((actions[2], actions[2], actions[2], actions[0], actions[1])),
        (),
        (StatelessGroup("early", 1, early),),
        tuple(groups),
        rng.choice(((), ("10.0.0.0/8",), ("10.9.0.0/16",))),
    )


def usual_policy(rng):
    """Make a list of names that may be all that gets out, with more rules around it."""
    names = rng.choice(((".example.com",), ("example.org", "a.example.com")))
    groups = [StatefulGroup("names", DomainList("ALLOWLIST", names), 50)]
    for number in range(rng.randint(0, 2)):
        made = tuple(header(rng) for _ in range(rng.randint(1, 2)))
        groups.append(StatefulGroup(f"g{number}", made, rng.randint(1, 9) * 10 + 1 + number))
    default = rng.choice((("aws:drop_established",), ("aws:drop_strict",)))
    home = rng.choice(((), ("10.0.0.0/8",)))
    return FirewallPolicy("STRICT_ORDER", default, stateful=tuple(groups), home_net=home)


def random_network(rng, *, usual=False):
    """Make a spoke and a hub, with whatever leads to whatever.

    In a usual one, NAT and a firewall with a list of names stand before the internet.
    """
    subnets = (
        Subnet("dp", "vpc", "10.0.1.0/24", "", (V6["dp"],)),
        Subnet("dp2", "vpc", "10.0.2.0/24", "", rng.choice(((), (V6["dp2"],)))),
        Subnet("nat", "vpc", "10.0.3.0/24"),
        Subnet("fw", "vpc", "10.0.4.0/24"),
        Subnet("land", "hub", "10.9.1.0/24"),
        Subnet("hnat", "hub", "10.9.2.0/24"),
        Subnet("hfw", "hub", "10.9.3.0/24"),
    )
    spoke = ("igw-1", "nat-1", "eigw-1", "tgw-1", "vpce-fw", "pcx-1", "vpce-s3", "nat-1")
    hub = ("igw-2", "nat-2", "vpce-hfw", "tgw-1")
    out = {"vpc": ("igw-1", "igw-1", "vpce-fw"), "hub": ("igw-2", "igw-2", "vpce-hfw")}
    tables = [RouteTable("r-main", "vpc", routes(rng, "vpc", spoke), main=True)]
    for subnet in subnets:
        targets = spoke if subnet.vpc == "vpc" else hub
        if "nat" in subnet.id or "fw" in subnet.id:
            targets = out[subnet.vpc] if rng.random() < 0.8 else targets
        if subnet.id != "dp2" or rng.random() < 0.5:
            made = routes(rng, subnet.vpc, targets)
            tables.append(RouteTable(f"r-{subnet.id}", subnet.vpc, made, (subnet.id,)))
    acls = [
        Acl(f"acl-{s.id}", s.vpc, (s.id,), entries(rng), entries(rng))
        if rng.random() < 0.25
        else Acl(f"acl-{s.id}", s.vpc, (s.id,), OPEN, OPEN)
        for s in subnets
    ]
    used = usual_policy(rng) if usual else policy(rng)
    if usual:
        tables = [t for t in tables if "dp" not in t.subnets]
        tables.append(RouteTable("r-dp", "vpc", routes(rng, "vpc", ("nat-1",)), ("dp",)))
    if usual or rng.random() < 0.5:
        tables = [t for t in tables if not {"nat", "fw"} & set(t.subnets)] + list(inspected(rng))
    return Topology(
        vpcs=listed(Vpc("vpc", (CIDRS["vpc"],)), Vpc("hub", (CIDRS["hub"],))),
        subnets=listed(*subnets),
        groups=listed(SecurityGroup("sg-dp", "vpc", group_rules(rng))),
        acls=listed(*acls),
        tables=listed(*tables),
        internet_gateways=listed(InternetGateway("igw-1", "vpc"), InternetGateway("igw-2", "hub")),
        nat_gateways=listed(
            NatGateway("nat-1", "nat"), NatGateway("nat-2", "hnat", rng.random() < 0.9)
        ),
        peerings=listed(Peering("pcx-1", "vpc", "hub", (CIDRS["vpc"],), (CIDRS["hub"],))),
        attachments=listed(
            Attachment("att-spoke", "tgw-1", "vpc", "vpc", ("dp",), "t-spoke"),
            Attachment("att-hub", "tgw-1", "vpc", "hub", ("land",), "t-hub"),
        ),
        transit_tables=listed(
            TransitTable("t-spoke", "tgw-1", transit_routes(rng, "att-hub")),
            TransitTable("t-hub", "tgw-1", transit_routes(rng, "att-spoke")),
        ),
        endpoints=listed(Endpoint("vpce-s3", "vpc", "Gateway", "com.amazonaws.us-east-1.s3")),
        prefix_lists=listed(PrefixList("pl-1", LIST)),
        firewalls=listed(
            Firewall("fw-1", "vpc", (FirewallEndpoint("vpce-fw", "fw"),), used),
            Firewall("fw-2", "hub", (FirewallEndpoint("vpce-hfw", "hfw"),), policy(rng)),
        ),
        block_public_access=BlockPublicAccess(
            rng.choice(("off",) * 8 + ("block-ingress", "block-bidirectional"))
        ),
    )


def inspected(rng):
    """Yield the tables of a firewall between NAT and the internet; answers come back by it."""
    local = Route(CIDRS["vpc"], "local")
    yield RouteTable("r-nat", "vpc", (local, Route("0.0.0.0/0", "vpce-fw")), ("nat",))
    yield RouteTable("r-fw", "vpc", routes(rng, "vpc", ("igw-1",)), ("fw",))
    edge = [local, *(Route(f"10.0.{n}.0/24", "vpce-fw") for n in (1, 2, 3))]
    yield RouteTable("r-edge", "vpc", tuple(edge), (), gateways=("igw-1",))


OPEN = (AclEntry(90, allow=True, cidr="0.0.0.0/0"), AclEntry(91, allow=True, cidr="::/0"))


def transit_routes(rng, attachment):
    return tuple(
        TransitRoute(where, (attachment,), rng.random() < 0.1, rng.random() < 0.3)
        for where in rng.sample((*WHERE[:4], *CIDRS.values()), rng.randint(1, 4))
    )


def packets(rng, count):
    """Yield packets to the edges of what networks name, and beside them."""
    edges = [ipaddress.ip_network(text) for text in (*WHERE, *WHERE_V6, *LIST, *CIDRS.values())]
    for _ in range(count):
        net = rng.choice(edges)
        inner = net.network_address + rng.randrange(min(net.num_addresses, 2**64))
        limit = 2 ** (32 if net.version == 4 else 128)
        raw = rng.choice((int(net[0]), int(net[-1]), int(net[-1]) + 1, int(inner)))
        kind = ipaddress.IPv4Address if net.version == 4 else ipaddress.IPv6Address
        protocol = rng.choice((6, 6, 6, 17, 17, 1, 58, 47))
        port = rng.choice((22, 53, 443, 444, 1023, 1024, 1343, 8443, 40000, 65535))
        yield Packet(kind(raw % limit), protocol, port if protocol in (6, 17) else 8)


def variants(packet, name):
    """Yield a packet as each application that its transport carries."""
    yield packet
    for app in APPS:
        if packet.protocol in ((6, 17) if app == "dns" else (6,)):
            yield Packet(packet.to, packet.protocol, packet.port, app, name)


def has(leaf, packet):
    return leaf.packets.has(packet.to.version, int(packet.to), packet.protocol, packet.port)


@pytest.mark.parametrize(("seed", "usual"), [(n, n >= 11) for n in range(17)])
def test_packet_sets_agree_with_single_packets(seed, usual):
    rng = random.Random(seed)
    escaped = named = compared = 0
    for _ in range(12):
        net = random_network(rng, usual=usual)
        workspace = network(("dp", "dp2"), public=rng.random() < 0.3)
        found = egress(net, workspace)
        oracle = Oracle(net)
        doubtful = [leaf for leaf in found.leaves if leaf.kind is Kind.UNKNOWN]
        out = [leaf for leaf in found.leaves if leaf.kind is Kind.INTERNET]
        for packet in packets(rng, 30):
            if any(has(leaf, packet) for leaf in doubtful):
                continue
            compared += 1
            anything = any(has(leaf, packet) for leaf in out if not leaf.filters)
            truth = any(oracle.escapes(workspace, p) for p in variants(packet, UNLISTED))
            assert anything == truth, packet
            escaped += anything
            for name in () if anything else rng.sample(NAMES, 2):
                admitted = any(
                    has(leaf, packet) and all(f.admits(name) for f in leaf.filters) for leaf in out
                )
                truth = any(oracle.escapes(workspace, p) for p in variants(packet, name))
                assert admitted == truth, (packet, name)
                named += admitted
    assert compared > 150
    assert 0 < escaped < compared
    assert named or not usual


@pytest.mark.parametrize("seed", range(100, 108))
def test_what_surely_arrives_gets_out_packet_by_packet(seed):
    rng = random.Random(seed)
    sure = 0
    for _ in range(12):
        net = random_network(rng, usual=rng.random() < 0.5)
        workspace = network(("dp",), public=rng.random() < 0.5)
        oracle = Oracle(net)
        for name in ("", "a.example.com"):
            leaves = walk(Scene(Graph(net), certain=True, name=name), workspace)
            arrived = [leaf for leaf in leaves if leaf.kind is Kind.INTERNET]
            lost = [leaf for leaf in leaves if leaf.kind in (Kind.DROPPED, Kind.UNKNOWN)]
            for packet in packets(rng, 40):
                if packet.protocol != 6 or any(has(leaf, packet) for leaf in lost):
                    continue
                if any(has(leaf, packet) for leaf in arrived):
                    carried = Packet(packet.to, 6, packet.port, "tls" if name else "", name)
                    assert oracle.escapes(workspace, carried), packet
                    sure += 1
    assert sure
