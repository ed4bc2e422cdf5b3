"""Network Firewalls with their policies and rules, from what was read of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lakewarden.estate.estate import Estate
from lakewarden.estate.firewall_rules import (
    FIREWALL_POLICIES,
    FIREWALL_RULE_GROUPS,
    REGION_FIREWALLS,
    Definition,
    PortRange,
    RegionFirewall,
    RuleGroup,
    RuleOption,
    StatefulRef,
    StatefulRule,
    StatelessRef,
)
from lakewarden.estate.firewall_rules import FirewallPolicy as ReadPolicy
from lakewarden.estate.firewall_rules import StatelessRule as ReadRule
from lakewarden.proofs.network.inspection import (
    DomainList,
    Firewall,
    FirewallEndpoint,
    FirewallPolicy,
    HeaderRule,
    RuleText,
    StatefulGroup,
    StatelessGroup,
    StatelessRule,
)
from lakewarden.proofs.network.known import Listing
from lakewarden.proofs.network.reading_facts import addresses, listing, tried
from lakewarden.proofs.network.suricata import port_span

_MANAGED: Final = ":aws-managed:"
_ORDERS: Final = frozenset({"STRICT_ORDER", "DEFAULT_ACTION_ORDER"})

Rules = tuple[HeaderRule, ...] | DomainList | RuleText


def firewalls(estate: Estate) -> Listing[Firewall]:
    """Return every firewall that is known."""
    return listing(estate.of(REGION_FIREWALLS), lambda one: _firewall(estate, one))


def _firewall(estate: Estate, firewall: RegionFirewall) -> Firewall:
    name = firewall.arn.rpartition("/")[2]
    return Firewall(
        name,
        firewall.vpc_id.get(),
        tried(
            lambda: tuple(FirewallEndpoint(e.id, e.subnet) for e in firewall.endpoints.get()),
            f"endpoints of {name}",
        ),
        tried(
            lambda: _policy(estate, estate.need(FIREWALL_POLICIES, firewall.policy_arn.get())),
            f"policy of {name}",
        ),
    )


def _policy(estate: Estate, policy: ReadPolicy) -> FirewallPolicy:
    """Return a policy.

    Raises:
        UnreadError: what it does by default is not known.
        ValueError: it does something that we do not know.
    """
    name = policy.arn.rpartition("/")[2]
    order = policy.order.get()
    if order not in _ORDERS:
        raise ValueError(f"no such order as {order}")
    if policy.tls_inspection.get() is not None:
        raise ValueError("it opens TLS, and what it finds there is not analysed")
    return FirewallPolicy(
        order,
        policy.stateful.get(),
        policy.stateless.get(),
        policy.fragments.get(),
        tried(
            lambda: tuple(_stateless_group(estate, ref) for ref in policy.stateless_groups.get()),
            f"stateless groups of {name}",
        ),
        tried(
            lambda: tuple(
                _stateful_group(estate, ref, order) for ref in policy.stateful_groups.get()
            ),
            f"stateful groups of {name}",
        ),
        tried(lambda: _home(policy.variables.get()), f"HOME_NET of {name}"),
    )


def _home(variables: Mapping[str, Definition]) -> tuple[str, ...]:
    return addresses(variables["HOME_NET"].values) if "HOME_NET" in variables else ()


def _stateless_group(estate: Estate, ref: StatelessRef) -> StatelessGroup:
    name = ref.arn.rpartition("/")[2]
    rules = tried(
        lambda: tuple(map(_stateless, _group(estate, ref.arn, "STATELESS").stateless.get())),
        f"rules of {name}",
    )
    return StatelessGroup(name, ref.priority, rules)


def _group(estate: Estate, arn: str, kind: str) -> RuleGroup:
    """Return a group of rules of a kind.

    Raises:
        UnreadError: it was not read.
        ValueError: it is of another kind.
    """
    group = estate.need(FIREWALL_RULE_GROUPS, arn)
    if group.type.get() != kind:
        raise ValueError(f"it is {group.type.get()}")
    return group


def _stateless(rule: ReadRule) -> StatelessRule:
    match = rule.rule.match
    return StatelessRule(
        rule.priority,
        rule.rule.actions,
        addresses(one.cidr for one in match.sources),
        addresses(one.cidr for one in match.destinations),
        tuple(map(_span, match.source_ports)),
        tuple(map(_span, match.destination_ports)),
        match.protocols,
        bool(match.tcp_flags),
    )


def _span(ports: PortRange) -> tuple[int, int]:
    return ports.first, ports.last


def _stateful_group(estate: Estate, ref: StatefulRef, order: str) -> StatefulGroup:
    """Return a group of stateful rules.

    Raises:
        ValueError: in strict order it has no place, or the policy turns it into something unknown.
    """
    name = ref.arn.rpartition("/")[2]
    action = ref.override.action if ref.override else ""
    if ref.priority is None and order == "STRICT_ORDER":
        raise ValueError(f"{name} has no priority")
    if action not in {"", "DROP_TO_ALERT"}:
        raise ValueError(f"{name} is overridden by {action}")
    priority, alert_only = ref.priority or 0, bool(action)
    if _MANAGED in ref.arn:
        return StatefulGroup(name, (), priority, managed=True, alert_only=alert_only)
    words = tried(lambda: _words(_group(estate, ref.arn, "STATEFUL")), f"rules of {name}")
    if not isinstance(words, tuple):
        return StatefulGroup(name, words, priority, alert_only=alert_only)
    rules, sets, ports = words
    return StatefulGroup(name, rules, priority, sets, ports, alert_only=alert_only)


Sets = tuple[tuple[str, tuple[str, ...]], ...]


def _words(group: RuleGroup) -> tuple[Rules, Sets, Sets]:
    """Return the rules of a group with its variables for addresses and ports.

    Raises:
        UnreadError: some were not read.
        ValueError: a variable makes no sense.
    """
    sets = tuple((n, addresses(d.values)) for n, d in sorted(group.addresses.get().items()))
    ports = tuple((n, d.values) for n, d in sorted(group.ports.get().items()))
    for _, words in ports:
        for word in words:
            port_span(word)
    return _rules(group), sets, ports


def _rules(group: RuleGroup) -> Rules:
    domains, text = group.domains.get(), group.text.get()
    if domains is not None:
        return DomainList(domains.kind, domains.targets, domains.types)
    if text is not None:
        return RuleText(text)
    return tuple(map(_header, group.stateful.get()))


def _header(rule: StatefulRule) -> HeaderRule:
    header = rule.header
    return HeaderRule(
        rule.action,
        header.protocol,
        header.source,
        header.source_port,
        header.direction,
        header.destination,
        header.destination_port,
        tuple(map(_option, rule.options)),
    )


def _option(option: RuleOption) -> str:
    settings = ",".join(option.settings)
    return f"{option.keyword}:{settings}" if settings else option.keyword
