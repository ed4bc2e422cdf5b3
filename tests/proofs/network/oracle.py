"""One packet at a time, by hand: a second opinion that shares nothing with the packet sets.

It reads the same records as the product, but decides with loops over single addresses. A packet is
what an open connection carries: its application and, for TLS and HTTP, the name that it says.
"""

from __future__ import annotations

import functools
import ipaddress
from dataclasses import dataclass, replace

from lakewarden.proofs.network.inspection import DomainList

NUMBERS = {"icmp": 1, "tcp": 6, "udp": 17, "icmpv6": 58}
TRANSPORT = {"tls": (6,), "http": (6,), "ssh": (6,), "dns": (6, 17)}
PRIVATE = [
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "224.0.0.0/3",
    )
]

WELL_KNOWN = ipaddress.ip_network("64:ff9b::/96")


@dataclass(frozen=True)
class Packet:
    """One packet. `app` is empty for what no firewall recognises."""

    to: object
    protocol: int
    port: int
    app: str = ""
    name: str = ""


@functools.cache
def parsed(text):
    return ipaddress.ip_network(text, strict=False)


def inside(address, text):
    net = parsed(text)
    return net.version == address.version and address in net


def is_public(address):
    if address.version == 6:
        return inside(address, "2000::/3")
    return not any(address in net for net in PRIVATE)


def by_id(listing, name):
    return next(item for item in listing.items if item.id == name)


def fits(protocol, first, last, packet):
    if protocol == "-1":
        return True
    if (NUMBERS[protocol] if protocol in NUMBERS else int(protocol)) != packet.protocol:
        return False
    return packet.protocol not in (6, 17) or first is None or first <= packet.port <= last


class Oracle:
    """Walks one packet at a time through a network in which nothing is missing."""

    def __init__(self, topology):
        self.net = topology

    def escapes(self, network, packet):
        """Say whether a packet gets to the internet, by IPv4 or by way of its NAT64 address."""
        if self.escapes_as_it_is(network, packet):
            return True
        if packet.to.version == 6:
            return False
        six = ipaddress.IPv6Address(int(WELL_KNOWN[0]) + int(packet.to))
        protocol = {1: 58, 58: 0}.get(packet.protocol, packet.protocol)
        return self.escapes_as_it_is(network, replace(packet, to=six, protocol=protocol))

    def escapes_as_it_is(self, network, packet):
        for name in network.subnets:
            subnet = by_id(self.net.subnets, name)
            six = packet.to.version == 6
            if six and not subnet.v6:
                continue
            block = parsed(subnet.v6[0] if six else subnet.cidr)
            source = block.network_address + 20
            if self.group_allows(network, packet) and self.leaves(
                packet, source, subnet, network.public_nodes, frozenset()
            ):
                return True
        return False

    def group_allows(self, network, packet):
        for name in network.groups:
            for rule in by_id(self.net.groups, name).egress:
                lists = [by_id(self.net.prefix_lists, p).cidrs for p in rule.prefix_lists]
                where = [*rule.v4, *rule.v6, *(cidr for cidrs in lists for cidr in cidrs)]
                if fits(rule.protocol, rule.first, rule.last, packet) and any(
                    inside(packet.to, cidr) for cidr in where
                ):
                    return True
        return False

    def acl(self, subnet):
        return next(a for a in self.net.acls.items if subnet.id in a.subnets)

    def admitted(self, entries, remote, packet):
        for entry in sorted(entries, key=lambda e: e.number):
            if inside(remote, entry.cidr) and fits(entry.protocol, entry.first, entry.last, packet):
                return entry.allow
        return False

    def crosses(self, there, back, remote, packet):
        """Say whether two lists let a packet through, and by TCP the answer to some port."""
        if not self.admitted(there, remote, packet):
            return False
        if packet.protocol != 6:
            return True
        ports = {1, 65535} | {p for e in back for p in (e.first, e.last) if p is not None}
        return any(self.admitted(back, remote, replace(packet, port=p)) for p in ports)

    def leaves(self, packet, source, subnet, public, seen, *, nat=False, inspected=False):
        if (subnet.id, source) in seen:
            return False
        seen |= {(subnet.id, source)}
        own = [subnet.cidr, *subnet.v6]
        if not inspected and not any(inside(packet.to, cidr) for cidr in own):
            acl = self.acl(subnet)
            if not self.crosses(acl.egress, acl.ingress, packet.to, packet):
                return False
        routes = self.longest(self.table(subnet).routes, packet.to)
        return any(
            self.follows(route, packet, source, subnet, public, seen, nat)
            for route in routes
            if not route.blackhole
        )

    def table(self, subnet):
        own = [t for t in self.net.tables.items if subnet.id in t.subnets]
        return own[0] if own else next(t for t in self.net.tables.items if t.main)

    def longest(self, routes, to):
        best = []
        for route in routes:
            text = route.destination
            cidrs = by_id(self.net.prefix_lists, text).cidrs if text.startswith("pl-") else (text,)
            for cidr in cidrs:
                if inside(to, cidr):
                    rank = 0 if getattr(route, "target", "") == "local" else 1 + route.propagated
                    best.append((-parsed(cidr).prefixlen, rank, route))
        first = min(((length, rank) for length, rank, _ in best), default=None)
        return [route for length, rank, route in best if (length, rank) == first]

    def enters(self, packet, source, old, new):
        if old.id == new.id:
            return True
        acl = self.acl(new)
        return self.crosses(acl.ingress, acl.egress, source, packet)

    def follows(self, route, packet, source, subnet, public, seen, nat):
        target = route.target
        if target.startswith("igw-"):
            return self.goes_out(packet, source, subnet, public, nat)
        if target.startswith("eigw-"):
            open_ = self.net.block_public_access.mode != "block-bidirectional"
            return open_ and source.version == 6 and is_public(packet.to)
        if target.startswith("nat-"):
            return self.translates(
                by_id(self.net.nat_gateways, target), packet, source, subnet, seen
            )
        if target.startswith("tgw-"):
            return self.travels(target, packet, source, subnet, seen)
        for firewall in self.net.firewalls.items:
            for endpoint in firewall.endpoints:
                if endpoint.id == target and self.passes(firewall, packet, source):
                    there = by_id(self.net.subnets, endpoint.subnet)
                    return self.leaves(packet, source, there, public, seen, nat=nat, inspected=True)
        return False

    def goes_out(self, packet, source, subnet, public, nat):
        mode = self.net.block_public_access.mode
        if mode == "block-bidirectional" or (mode == "block-ingress" and not nat):
            return False
        return is_public(packet.to) and bool(is_public(source) if source.version == 6 else public)

    def translates(self, gateway, packet, source, subnet, seen):
        there = by_id(self.net.subnets, gateway.subnet)
        if not self.enters(packet, source, subnet, there):
            return False
        if packet.to.version == 6:
            # NAT64 takes the last 32 bits for the address, and turns ICMPv6 into ICMP.
            if packet.to not in WELL_KNOWN:
                return False
            four = ipaddress.IPv4Address(int(packet.to) % 2**32)
            protocol = {58: 1, 1: 0}.get(packet.protocol, packet.protocol)
            packet = replace(packet, to=four, protocol=protocol)
        if packet.protocol not in (1, 6, 17):
            return False
        own = parsed(there.cidr).network_address + 9
        return self.leaves(packet, own, there, gateway.public, seen, nat=True)

    def travels(self, gateway, packet, source, subnet, seen):
        attachments = self.net.attachments
        mine = next(
            a for a in attachments.items if (a.gateway, a.resource) == (gateway, subnet.vpc)
        )
        table = by_id(self.net.transit_tables, mine.table)
        for landing in mine.subnets:
            if not self.enters(packet, source, subnet, by_id(self.net.subnets, landing)):
                continue
            for route in self.longest(table.routes, packet.to):
                for name in () if route.blackhole else route.attachments:
                    for there in by_id(attachments, name).subnets:
                        on = by_id(self.net.subnets, there)
                        if self.leaves(packet, source, on, None, seen):
                            return True
        return False

    def passes(self, firewall, packet, source):
        policy = firewall.policy
        verdict = self.stateless(policy, packet, source)
        if verdict != "forward":
            return verdict == "pass"
        home = policy.home_net or by_id(self.net.vpcs, firewall.vpc).cidrs
        lines = []
        strict = policy.order == "STRICT_ORDER"
        groups = sorted(policy.stateful, key=lambda g: g.priority) if strict else policy.stateful
        for group in groups:
            lines += list(self.decisions(group.rules, home, packet, source))
        if not strict:
            lines.sort(key=lambda action: action != "pass")
        if lines:
            return lines[0] == "pass"
        actions = policy.stateful_default if strict else ()
        if "aws:drop_strict" in actions:
            return False
        # The first packet of anything but TCP comes before there is a connection.
        return "aws:drop_established" not in actions or packet.protocol != 6

    def stateless(self, policy, packet, source):
        words = {"aws:pass": "pass", "aws:drop": "drop", "aws:forward_to_sfe": "forward"}
        for group in sorted(policy.stateless, key=lambda g: g.priority):
            for rule in sorted(group.rules, key=lambda r: r.priority):
                ports = rule.destination_ports
                if (
                    (not rule.sources or any(inside(source, c) for c in rule.sources))
                    and (
                        not rule.destinations
                        or any(inside(packet.to, c) for c in rule.destinations)
                    )
                    and (not rule.protocols or packet.protocol in rule.protocols)
                    and (not ports or any(a <= packet.port <= b for a, b in ports))
                    and (not ports or packet.protocol in (6, 17))
                ):
                    return words[rule.actions[0]]
        return words[policy.stateless_default[0]]

    def decisions(self, rules, home, packet, source):
        """Yield the actions of the rules that match, in order."""
        if isinstance(rules, DomainList):
            apps = {"TLS_SNI": "tls", "HTTP_HOST": "http"}
            from_home = any(inside(source, c) for c in home)
            to_home = any(inside(packet.to, c) for c in home)
            if not from_home or to_home or packet.app not in [apps[t] for t in rules.targets]:
                return
            known = any(
                packet.name == n.lstrip(".") or (n[0] == "." and packet.name.endswith(n))
                for n in rules.names
            )
            if rules.kind == "ALLOWLIST":
                yield "pass" if known else "drop"
            elif known:
                yield "drop"
            return
        for rule in rules:
            if self.header_matches(rule, home, packet, source):
                yield "pass" if rule.action == "PASS" else "drop"

    def header_matches(self, rule, home, packet, source):
        word = rule.protocol.lower()
        if word in TRANSPORT:
            if packet.app != word or packet.protocol not in TRANSPORT[word]:
                return False
        elif word != "ip" and packet.protocol not in {"icmp": (1, 58)}.get(word, (NUMBERS[word],)):
            return False
        if "flow:established" in rule.options and packet.protocol != 6:
            return False
        if rule.destination_port != "ANY" and (
            packet.protocol not in (6, 17) or int(rule.destination_port) != packet.port
        ):
            return False
        return self.named(rule.source, home, source) and self.named(
            rule.destination, home, packet.to
        )

    def named(self, text, home, address):
        at_home = any(inside(address, c) for c in home)
        return {"ANY": True, "$HOME_NET": at_home, "$EXTERNAL_NET": not at_home}.get(text) or (
            text[0].isdigit() and inside(address, text)
        )
