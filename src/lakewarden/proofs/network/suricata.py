"""Stateful firewall rules as matches: by header, as domain lists, or as simple Suricata text.

Only what is understood wholly counts as `exact`. The rest matches part of what its header names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

from lakewarden.proofs.network import intervals
from lakewarden.proofs.network import services as algebra
from lakewarden.proofs.network.inspection import DomainList, HeaderRule
from lakewarden.proofs.network.intervals import Spans
from lakewarden.proofs.network.packets import EVERYWHERE, Addresses, Packets, packets
from lakewarden.proofs.network.ranges import network
from lakewarden.proofs.network.rule_options import Options, options_of
from lakewarden.proofs.network.services import (
    EVERY,
    ICMP,
    ICMPV6,
    PORTS,
    TCP,
    UDP,
    Services,
    service,
)

S = TypeVar("S")

_RULE: Final = re.compile(
    r"(?P<action>\w+)\s+(?P<protocol>[\w-]+)\s+(?P<source>!?\[[^\]]*\]|\S+)\s+"
    r"(?P<source_port>!?\[[^\]]*\]|\S+)\s+(?P<direction>->|<>)\s+"
    r"(?P<destination>!?\[[^\]]*\]|\S+)\s+(?P<destination_port>!?\[[^\]]*\]|\S+)\s*\((?P<options>.*)\)"
)
_ANY: Final = "ANY"
_APPS: Final = {"TLS_SNI": "tls", "HTTP_HOST": "http"}
_UDP_APPS: Final = ("tftp", "ntp", "dhcp", "ikev2", "snmp", "quic")
_TCP_APPS: Final = ("tls", "http", "http1", "http2", "ssh", "smb", "smtp", "ftp", "imap", "rdp")
_UNANALYSED: Final = "?"


@dataclass(frozen=True, slots=True)
class Match:
    """What a stateful rule matches, and what it does with it.

    Attributes:
        action: `pass` or `drop`. Alerts decide nothing.
        region: by destination, protocol and destination port.
        source: by source.
        app: the application protocol that it recognises; empty for any.
        names: the names that it is about, if it is about names.
        stage: `established` or `handshake` when it sees only such packets; else empty.
        exact: whether it matches all of that.
        label: the group, and the rule in it.
    """

    action: str
    region: Packets
    source: Addresses
    app: str = ""
    names: tuple[str, ...] | None = None
    stage: str = ""
    exact: bool = True
    label: str = ""


@dataclass(frozen=True, slots=True)
class Variables:
    """What `$NAME` stands for in a rule group."""

    addresses: Mapping[str, Addresses] = field(default_factory=dict)
    ports: Mapping[str, Spans] = field(default_factory=dict)


def of_domains(listed: DomainList, home: Addresses, label: str) -> Iterator[Match]:
    """Yield what a domain list does with the protocols that it is for.

    An ALLOWLIST passes its names and denies the rest of the same protocols, nothing else. All of it
    holds for connections from HOME_NET to elsewhere (AWS Network Firewall guide, domain lists).
    """
    abroad = packets(EVERYWHERE.minus(home), service(TCP))
    names = tuple(name.lower() for name in listed.names)
    for target in listed.targets:
        base = Match("pass", abroad, home, _APPS.get(target, target.lower()), names, label=label)
        if listed.kind == "ALLOWLIST":
            yield base
            yield replace(base, action="drop", names=None)
        elif listed.kind in ("DENYLIST", "REJECTLIST"):
            yield replace(base, action="drop")
        elif listed.kind != "ALERTLIST":
            yield replace(base, names=None, exact=False)


def of_text(text: str, variables: Variables, label: str) -> Iterator[Match]:
    """Yield what Suricata text does. A line that cannot be read might pass anything."""
    for line in text.replace("\\\n", " ").splitlines():
        bare = line.strip()
        if not bare or bare.startswith("#"):
            continue
        found = _RULE.fullmatch(bare)
        if not found:
            yield Match("pass", packets(EVERYWHERE), EVERYWHERE, exact=False, label=label)
            continue
        rule = HeaderRule(
            found["action"].upper(),
            found["protocol"],
            found["source"],
            found["source_port"],
            "ANY" if found["direction"] == "<>" else "FORWARD",
            found["destination"],
            found["destination_port"],
            tuple(_split(found["options"])),
        )
        yield from of_header(rule, variables, label)


def _split(options: str) -> Iterator[str]:
    """Yield options: what stands between semicolons outside of quotes."""
    for part in re.findall(r'(?:"(?:\\.|[^"\\])*"|\\.|[^;"\\])+', options):
        if part.strip():
            yield part.strip()


def of_header(rule: HeaderRule, variables: Variables, label: str) -> Iterator[Match]:
    """Yield what a rule by header does: once, or in both directions."""
    action = {"PASS": "pass", "DROP": "drop", "REJECT": "drop", "ALERT": ""}.get(
        rule.action.upper(), _UNANALYSED
    )
    if not action:
        return
    app, kinds = _protocol(rule.protocol)
    read = options_of(rule.options)
    one = (rule.source, rule.source_port, rule.destination, rule.destination_port)
    both = (one, (*one[2:], *one[:2])) if rule.direction == "ANY" else (one,)
    for source, source_port, destination, port in both:
        match = _directed((source, source_port), (destination, port), kinds, variables)
        yield _narrowed(replace(match, app=app, label=label), action, read)


def _narrowed(match: Match, action: str, read: Options) -> Match:
    known = action != _UNANALYSED
    app = match.app or read.app
    return replace(
        match,
        action=action if known else "pass",
        app=app,
        names=read.names,
        stage=read.stage,
        exact=match.exact and read.exact and known and read.app in ("", app),
    )


def _directed(
    source: tuple[str, str], destination: tuple[str, str], kinds: Services, variables: Variables
) -> Match:
    sources, known_source = _addresses(source[0], variables)
    targets, known_target = _addresses(destination[0], variables)
    from_ports, known_from = _ports(source[1], variables)
    ports, known_ports = _ports(destination[1], variables)
    # A client chooses the port that it comes from.
    exact = known_source and known_target and known_from and known_ports and from_ports == PORTS
    if ports != PORTS:
        kinds = algebra.meet(kinds, algebra.union(service(TCP, ports), service(UDP, ports)))
    return Match("", packets(targets, kinds), sources, exact=exact)


def _protocol(text: str) -> tuple[str, Services]:
    """Return an application protocol, if it is one, and what carries it."""
    word = text.lower()
    if word in ("ip", "any", "ipv4", "ipv6", "ip4", "ip6"):
        return "", EVERY
    if word in ("tcp", "udp"):
        return "", service(TCP if word == "tcp" else UDP)
    if word == "icmp":
        return "", algebra.union(service(ICMP), service(ICMPV6))
    carried = algebra.union(service(TCP), service(UDP))
    if word in _UDP_APPS:
        carried = service(UDP)
    elif word in _TCP_APPS:
        carried = service(TCP)
    return {"ssl": "tls"}.get(word, word), carried


def _addresses(text: str, variables: Variables) -> tuple[Addresses, bool]:
    """Return addresses, and whether these are all that the text names."""

    def one(word: str) -> Addresses | None:
        if word.startswith("$"):
            home = variables.addresses.get("HOME_NET")
            if word == "$EXTERNAL_NET" and "EXTERNAL_NET" not in variables.addresses:
                return None if home is None else EVERYWHERE.minus(home)
            return variables.addresses.get(word[1:])
        return network(word)

    found = _evaluated(text, EVERYWHERE, one, Addresses.union, Addresses.minus)
    return (EVERYWHERE, False) if found is None else (found, True)


def _ports(text: str, variables: Variables) -> tuple[Spans, bool]:
    def one(word: str) -> Spans | None:
        return variables.ports.get(word[1:]) if word.startswith("$") else port_span(word)

    found = _evaluated(text, PORTS, one, intervals.union, intervals.minus)
    return (PORTS, False) if found is None else (found, True)


def port_span(word: str) -> Spans:
    """Return the ports that a word names: `443`, `1024:` or `8000:8100`.

    Raises:
        ValueError: it is neither.
    """
    first, colon, last = word.partition(":")
    if not colon:
        return ((int(word), int(word)),)
    return ((int(first or 0), int(last or PORTS[0][1])),)


def _evaluated(
    text: str,
    everything: S,
    one: Callable[[str], S | None],
    union: Callable[[S, S], S],
    minus: Callable[[S, S], S],
) -> S | None:
    """Return what a word or a list of words names; None when one is not understood."""
    bare = text.strip()
    if bare.startswith("!"):
        inner = _evaluated(bare[1:], everything, one, union, minus)
        return None if inner is None else minus(everything, inner)
    if not bare.startswith("["):
        try:
            return everything if bare.upper() == _ANY else one(bare)
        except ValueError:
            return None
    words = [word.strip() for word in bare.strip("[]").split(",") if word.strip()]
    kept = [w for w in words if not w.startswith("!")]
    parts = [_evaluated(w.lstrip("!"), everything, one, union, minus) for w in words]
    out = minus(everything, everything) if kept else everything
    for negative in (False, True):
        for word, part in zip(words, parts, strict=True):
            if part is None:
                return None
            if word.startswith("!") == negative:
                out = minus(out, part) if negative else union(out, part)
    return out
