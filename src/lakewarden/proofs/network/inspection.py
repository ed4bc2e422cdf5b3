"""AWS Network Firewall and its policy, as plain values with the wire's words."""

from __future__ import annotations

from dataclasses import dataclass

from lakewarden.proofs.network.known import Known


@dataclass(frozen=True, slots=True)
class FirewallEndpoint:
    """Where a firewall stands: the `vpce-` that routes lead to, and its subnet."""

    id: str
    subnet: str


@dataclass(frozen=True, slots=True)
class StatelessRule:
    """A stateless rule: it matches what agrees with every attribute; an empty one is anything.

    `actions` are wire names: `aws:pass`, `aws:drop`, `aws:forward_to_sfe`, and custom ones beside.
    `flags` says that TCP flags narrow it.
    """

    priority: int
    actions: tuple[str, ...]
    sources: tuple[str, ...] = ()
    destinations: tuple[str, ...] = ()
    source_ports: tuple[tuple[int, int], ...] = ()
    destination_ports: tuple[tuple[int, int], ...] = ()
    protocols: tuple[int, ...] = ()
    flags: bool = False


@dataclass(frozen=True, slots=True)
class StatelessGroup:
    """Stateless rules, and the place of the group in its policy."""

    name: str
    priority: int
    rules: Known[tuple[StatelessRule, ...]]


@dataclass(frozen=True, slots=True)
class DomainList:
    """A domain list. A leading dot takes in all subdomains.

    Attributes:
        kind: ALLOWLIST, DENYLIST, REJECTLIST or ALERTLIST.
        targets: TLS_SNI, HTTP_HOST.
    """

    kind: str
    names: tuple[str, ...]
    targets: tuple[str, ...] = ("TLS_SNI", "HTTP_HOST")


@dataclass(frozen=True, slots=True)
class HeaderRule:
    """A stateful rule by header, with the wire's words.

    Attributes:
        action: PASS, DROP, REJECT or ALERT.
        protocol: IP, TCP, UDP, ICMP, TLS, HTTP, SSH, DNS and so on.
        source, destination: a CIDR, ANY, a variable like `$HOME_NET`, or `[a, b]`; `!` negates.
        source_port, destination_port: a port, `first:last`, ANY, a variable, or a list.
        direction: FORWARD or ANY.
        options: keywords with their settings, `tls.sni` or `content:"x"`; `sid` may be left out.
    """

    action: str
    protocol: str
    source: str = "ANY"
    source_port: str = "ANY"
    direction: str = "FORWARD"
    destination: str = "ANY"
    destination_port: str = "ANY"
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleText:
    """Stateful rules as Suricata text."""

    text: str


@dataclass(frozen=True, slots=True)
class StatefulGroup:
    """Stateful rules, and the place of the group in a policy in strict order.

    Attributes:
        addresses: IP set variables, without `$`, each with its CIDRs: `HOME_NET` among them.
        ports: port set variables, each with its ports in the wire's words.
        managed: AWS or a vendor keeps it. Such groups only take away, and are not read.
        alert_only: the policy overrides its drops by alerts.
    """

    name: str
    rules: Known[tuple[HeaderRule, ...] | DomainList | RuleText]
    priority: int = 0
    addresses: tuple[tuple[str, tuple[str, ...]], ...] = ()
    ports: tuple[tuple[str, tuple[str, ...]], ...] = ()
    managed: bool = False
    alert_only: bool = False


@dataclass(frozen=True, slots=True)
class FirewallPolicy:
    """A firewall policy, with the wire's words.

    Attributes:
        order: STRICT_ORDER or DEFAULT_ACTION_ORDER.
        stateful_default: like `aws:drop_strict`, `aws:drop_established`; strict order alone.
        stateless_default: `aws:pass`, `aws:drop` or `aws:forward_to_sfe`.
        fragment_default: likewise for UDP fragments; empty when it is the same.
        home_net: HOME_NET as the policy sets it for all groups; empty when it does not.
    """

    order: str
    stateful_default: tuple[str, ...] = ()
    stateless_default: tuple[str, ...] = ("aws:forward_to_sfe",)
    fragment_default: tuple[str, ...] = ()
    stateless: Known[tuple[StatelessGroup, ...]] = ()
    stateful: Known[tuple[StatefulGroup, ...]] = ()
    home_net: Known[tuple[str, ...]] = ()


@dataclass(frozen=True, slots=True)
class Firewall:
    """A Network Firewall."""

    id: str
    vpc: str
    endpoints: Known[tuple[FirewallEndpoint, ...]]
    policy: Known[FirewallPolicy]
