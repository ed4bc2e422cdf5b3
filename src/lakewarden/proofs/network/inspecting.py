"""What a firewall policy does with packets: stateless rules first, then stateful ones.

See the AWS Network Firewall guide, "How Network Firewall filters network traffic" and "Managing
evaluation order for Suricata compatible rules".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from lakewarden.proofs.network import intervals, suricata
from lakewarden.proofs.network import services as algebra
from lakewarden.proofs.network.domains import NameFilter
from lakewarden.proofs.network.inspection import (
    DomainList,
    FirewallPolicy,
    RuleText,
    StatefulGroup,
    StatelessGroup,
    StatelessRule,
)
from lakewarden.proofs.network.known import Missing
from lakewarden.proofs.network.packets import (
    EVERYWHERE,
    NO_PACKETS,
    Addresses,
    Packets,
    packets,
)
from lakewarden.proofs.network.ranges import networks
from lakewarden.proofs.network.services import EVERY, PORTS, TCP, UDP, Services, service
from lakewarden.proofs.network.suricata import Match, Variables

LETS: Final = "aws:pass"
DROPS: Final = "aws:drop"
HANDS_ON: Final = "aws:forward_to_sfe"
_KNOWN: Final = frozenset((LETS, DROPS, HANDS_ON))
WITHOUT_TCP: Final = algebra.minus(EVERY, service(TCP))


@dataclass(slots=True)
class Judged:
    """What became of packets.

    Attributes:
        passed: what goes on, whatever it carries.
        unanswered: what of it goes on only until an answer comes back.
        named: what goes on to some names.
        unknown: what goes on or not by a fact that lacks.
        blind: what is dropped only by rules that must see the answers too.
    """

    passed: Packets = NO_PACKETS
    unanswered: Packets = NO_PACKETS
    named: list[tuple[Packets, NameFilter]] = field(default_factory=list)
    unknown: list[tuple[Packets, Missing]] = field(default_factory=list)
    blind: Packets = NO_PACKETS


def pieces(source: Addresses, cuts: Iterable[Addresses]) -> Iterator[Addresses]:
    """Yield a source in parts that no cut divides."""
    parts = [source]
    for cut in dict.fromkeys(cuts):
        parts = [p for part in parts for p in (part.meet(cut), part.minus(cut)) if p]
    yield from parts


def stateless(
    policy: FirewallPolicy, groups: Iterable[StatelessGroup], wanted: Packets, source: Addresses
) -> tuple[Packets, Packets, list[tuple[Packets, Missing]]]:
    """Return what stateless rules pass, what they hand on, and what nobody knows.

    A rule that TCP flags or source ports narrow takes what it lets on, and leaves the rest as it
    was: the sender may choose. `source` must not be cut by any rule.
    """
    left, passed, forwarded = wanted, NO_PACKETS, NO_PACKETS
    for group in sorted(groups, key=lambda g: g.priority):
        if isinstance(group.rules, Missing):
            return passed, forwarded, [(left, group.rules)]
        for rule in sorted(group.rules, key=lambda r: r.priority):
            if not source.within(networks(rule.sources) if rule.sources else EVERYWHERE):
                continue
            hit = left.meet(region_of(rule))
            if hit and not _KNOWN & set(rule.actions):
                return passed, forwarded, [(left, Missing(f"what {rule.actions} does"))]
            passed = passed.union(hit) if LETS in rule.actions else passed
            forwarded = forwarded.union(hit) if HANDS_ON in rule.actions else forwarded
            left = left.minus(hit) if is_whole(rule) else left
    if left and not _KNOWN & set(policy.stateless_default):
        return passed, forwarded, [(left, Missing(f"what {policy.stateless_default} does"))]
    fragments = policy.fragment_default or policy.stateless_default
    udp = left.of(service(UDP))
    passed = passed.union(udp) if LETS in fragments else passed
    forwarded = forwarded.union(udp) if HANDS_ON in fragments else forwarded
    passed = passed.union(left) if LETS in policy.stateless_default else passed
    forwarded = forwarded.union(left) if HANDS_ON in policy.stateless_default else forwarded
    return passed, forwarded.minus(passed), []


def region_of(rule: StatelessRule) -> Packets:
    """Return what a stateless rule matches, whatever its sources."""
    where = networks(rule.destinations) if rule.destinations else EVERYWHERE
    kinds: Services = EVERY
    if rule.protocols:
        kinds = algebra.NOTHING
        for number in rule.protocols:
            kinds = algebra.union(kinds, service(number))
    ports = intervals.spans(rule.destination_ports) or PORTS
    if ports != PORTS:
        both = algebra.union(service(TCP, ports), service(UDP, ports))
        kinds = algebra.meet(kinds, both)
    return packets(where, kinds)


def is_whole(rule: StatelessRule) -> bool:
    """Return whether a rule matches whatever the sender does."""
    return not rule.flags and (intervals.spans(rule.source_ports) or PORTS) == PORTS


def matches_of(
    policy: FirewallPolicy, groups: Iterable[StatefulGroup], home: Addresses
) -> Iterator[Match | Missing]:
    """Yield the stateful rules of a policy in the order in which they decide.

    By action, all that pass come first; in strict order groups go by their priority.
    """
    strict = policy.order == "STRICT_ORDER"
    rows = sorted(groups, key=lambda g: g.priority) if strict else list(groups)
    found = [m for group in rows for m in _group(group, home)]
    if strict:
        yield from found
    else:
        yield from (m for m in found if isinstance(m, Missing) or m.action == "pass")
        yield from (m for m in found if not isinstance(m, Missing) and m.action == "drop")


def _group(group: StatefulGroup, home: Addresses) -> Iterator[Match | Missing]:
    if group.managed:
        return
    rules = group.rules
    if isinstance(rules, Missing):
        yield rules
        return
    sets = {name: networks(cidrs) for name, cidrs in group.addresses}
    sets.setdefault("HOME_NET", home)
    ports = {name: _port_set(words) for name, words in group.ports}
    variables = Variables(sets, ports)
    if isinstance(rules, DomainList):
        found = list(suricata.of_domains(rules, sets["HOME_NET"], group.name))
    elif isinstance(rules, RuleText):
        found = list(suricata.of_text(rules.text, variables, group.name))
    else:
        found = [m for r in rules for m in suricata.of_header(r, variables, group.name)]
    yield from (m for m in found if not (group.alert_only and m.action == "drop"))


def _port_set(words: Iterable[str]) -> intervals.Spans:
    return intervals.spans(pair for word in words for pair in suricata.port_span(word))


def stateful(policy: FirewallPolicy, rules: Iterable[Match | Missing], wanted: Packets) -> Judged:
    """Return what stateful rules may let through. None of them may cut the source."""
    known, out = [], Judged()
    for rule in rules:
        if isinstance(rule, Missing):
            return Judged(unknown=[(wanted, rule)])
        known.append(rule)
    apps = ["", *dict.fromkeys(rule.app for rule in known if rule.app and rule.action == "pass")]
    for app in apps:
        _one_app(policy, known, wanted, app, out)
    out.named = [(part.minus(out.passed), name) for part, name in _merged(out.named)]
    out.named = [(part, name) for part, name in out.named if part]
    out.blind = _blind(policy, known, wanted).minus(out.passed)
    return out


def _one_app(
    policy: FirewallPolicy, rules: Iterable[Match], wanted: Packets, app: str, out: Judged
) -> None:
    """Add what gets through of one application protocol; the empty one is none that they know."""
    left = wanted
    for rule in rules:
        hit = left.meet(rule.region) if rule.app in ("", app) else NO_PACKETS
        if rule.stage == "handshake" and rule.action == "pass":
            hit = hit.of(WITHOUT_TCP)
        elif rule.stage == "established" and rule.action == "drop":
            hit = hit.of(service(TCP))
        if not hit:
            continue
        if rule.action == "pass" and rule.names is not None:
            label = {"tls": "TLS_SNI", "http": "HTTP_HOST"}.get(app, app)
            out.named.append((hit, NameFilter(rule.names, (label,), rule.label)))
        elif rule.action == "pass" and not rule.exact:
            gap = Missing(f"what a rule of {rule.label} passes: it is not analysed")
            out.unknown.append((hit, gap))
        elif rule.names is None and rule.exact:
            out.passed = out.passed.union(hit) if rule.action == "pass" else out.passed
            left = left.minus(hit)
    _by_default(policy, left, app, out)


def _by_default(policy: FirewallPolicy, left: Packets, app: str, out: Judged) -> None:
    if app:
        return  # What no rule names is the same as what no rule recognises.
    actions = policy.stateful_default if policy.order == "STRICT_ORDER" else ()
    strange = [a for a in actions if not a.startswith(("aws:drop", "aws:alert"))]
    if strange and left:
        out.unknown.append((left, Missing(f"what the default action {strange[0]} does")))
    elif "aws:drop_strict" in actions:
        return
    elif any(action.startswith("aws:drop") for action in actions):
        # Nothing is established before an answer comes back.
        out.unanswered = left.of(WITHOUT_TCP)
        out.passed = out.passed.union(out.unanswered)
    else:
        out.passed = out.passed.union(left)


def _blind(policy: FirewallPolicy, rules: Iterable[Match], wanted: Packets) -> Packets:
    """Return what gets past rules that need no more than a packet by itself."""
    strict = policy.order == "STRICT_ORDER" and "aws:drop_strict" in policy.stateful_default
    left, passed = wanted, NO_PACKETS
    for rule in rules:
        if rule.app or rule.names is not None:
            continue
        hit = left.meet(rule.region)
        if rule.action == "pass":
            passed = passed.union(hit)
        elif rule.exact and rule.stage != "established":
            left = left.minus(hit)
    return passed if strict else left.union(passed)


def _merged(named: Iterable[tuple[Packets, NameFilter]]) -> list[tuple[Packets, NameFilter]]:
    """Return one filter for the same packets, if it does not matter where a name is looked for."""
    protocols: dict[tuple[Packets, tuple[str, ...], str], tuple[str, ...]] = {}
    for part, name in named:
        key = (part, name.names, name.by)
        protocols[key] = _joined(protocols.get(key, ()), name.protocols)
    names: dict[tuple[Packets, tuple[str, ...], str], tuple[str, ...]] = {}
    for (part, listed, by), where in protocols.items():
        wider = (part, where, by)
        names[wider] = _joined(names.get(wider, ()), listed)
    return [(part, NameFilter(listed, where, by)) for (part, where, by), listed in names.items()]


def _joined(a: tuple[str, ...], b: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*a, *b)))
