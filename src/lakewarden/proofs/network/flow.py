"""Packets on their way, the steps that they took, and where they ended."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from lakewarden.proofs.network.domains import NameFilter
from lakewarden.proofs.network.known import Known, Missing
from lakewarden.proofs.network.packets import Addresses, Packets
from lakewarden.proofs.network.topology import Subnet


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that packets went through.

    Attributes:
        id: of the thing: a subnet, a route table, a gateway, a firewall.
        detail: the route's destination, for a route table.
        target: the route's target, for a route table.
        kind: `route`, `transit route` or `firewall`; empty for anything else.
    """

    id: str
    detail: str = ""
    target: str = ""
    kind: str = ""

    def __str__(self) -> str:
        return f"{self.id} {self.detail}" if self.detail else self.id


class Kind(Enum):
    """Where packets can end."""

    INTERNET = "internet"
    SERVICE = "service"
    PEER = "peer"
    ON_PREMISES = "on-premises"
    LOCAL = "local"
    DROPPED = "dropped"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Leaf:
    """Packets that ended in one place, by one path.

    Attributes:
        kind: what the place is.
        packets: which packets; only their first destination counts.
        steps: the path.
        detail: the reason of a drop, the service and the endpoint, the peer.
        filters: what narrows them to names; none when they may go to any.
        missing: the fact that lacks.
        endpoint: the VPC endpoint that took them.
    """

    kind: Kind
    packets: Packets
    steps: tuple[Step, ...]
    detail: str = ""
    filters: tuple[NameFilter, ...] = ()
    missing: Missing | None = None
    endpoint: str = ""

    @property
    def path(self) -> str:
        """Return the path as text, from the subnet on."""
        return " -> ".join(map(str, self.steps))


@dataclass(frozen=True, slots=True)
class Flow:
    """Packets that are about to leave a subnet by its route table.

    Attributes:
        packets: which packets.
        source: the addresses that they come from, as they look here.
        subnet: where they are.
        steps: what they went through.
        public: whether the source has a public IPv4 address at an internet gateway of this VPC.
        origin: the subnet of the nodes.
        groups: the security groups of the source, while it is still the node itself.
        filters: what firewalls narrowed them to.
        doubt: a fact without which it is not known whether these packets come here at all.
        awaited: firewall endpoints that must see the answers too.
        blind: the firewall endpoint that drops them, unless the answers pass it by.
        seen: where they were before, with the source that they had there.
        translated: whether a NAT gateway put its address in place of the source's.
        inspected: whether they leave the subnet from a firewall's endpoint.
    """

    packets: Packets
    source: Addresses
    subnet: Subnet
    steps: tuple[Step, ...]
    public: Known[bool] = False
    origin: Subnet | None = None
    groups: tuple[str, ...] = ()
    filters: tuple[NameFilter, ...] = ()
    doubt: Missing | None = None
    awaited: tuple[str, ...] = ()
    blind: str = ""
    seen: frozenset[tuple[str, Addresses]] = frozenset()
    translated: bool = False
    inspected: bool = False

    def with_packets(self, packets: Packets) -> Flow:
        """Return the flow with other packets."""
        return replace(self, packets=packets)

    def past(self, *steps: Step) -> Flow:
        """Return the flow after more steps."""
        return replace(self, steps=(*self.steps, *steps))

    def leaf(self, kind: Kind, detail: str = "", packets: Packets | None = None) -> Leaf:
        """Return where these packets, or some of them, end, as far as that is beyond doubt."""
        ended = self.packets if packets is None else packets
        if self.blind and kind is not Kind.DROPPED:
            return self.dropped(f"dropped behind {self.blind}", ended)
        if self.doubt and kind is Kind.INTERNET:
            return self.unknown(self.doubt, ended)
        return Leaf(kind, ended, self.steps, detail, self.filters)

    def dropped(self, reason: str, packets: Packets | None = None) -> Leaf:
        """Return that these packets, or some of them, go nowhere."""
        ended = self.packets if packets is None else packets
        return Leaf(Kind.DROPPED, ended, self.steps, reason, self.filters)

    def unknown(self, missing: Missing, packets: Packets | None = None) -> Leaf:
        """Return that nobody knows where these packets, or some of them, go."""
        ended = self.packets if packets is None else packets
        return Leaf(Kind.UNKNOWN, ended, self.steps, str(missing), self.filters, missing)

    def service(self, detail: str, endpoint: str, packets: Packets | None = None) -> Leaf:
        """Return that an endpoint takes these packets, or some of them."""
        return replace(self.leaf(Kind.SERVICE, detail, packets), endpoint=endpoint)
