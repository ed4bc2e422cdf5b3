"""Ways out that no packet on a route shows. They are reported beside the verdict, never in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from lakewarden.proofs.network.flow import Kind
from lakewarden.proofs.network.graph import Graph
from lakewarden.proofs.network.known import Missing
from lakewarden.proofs.network.topology import Topology, Vpc, WorkspaceNetwork
from lakewarden.proofs.network.verdict import Egress


class State(Enum):
    """What is known of a channel."""

    OPEN = "open"
    NARROWED = "narrowed"
    CLOSED = "closed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Channel:
    """A way out beside the packets.

    Attributes:
        id: `dns`, `metadata`, `control-plane`, `server-name`, `s3-endpoint`, `endpoint`,
            `serverless`.
        state: what is known of it.
        detail: why.
        decided_by: where it is closed or judged instead.
    """

    id: str
    state: State
    detail: str
    decided_by: str


def channels(topology: Topology, network: WorkspaceNetwork, found: Egress) -> tuple[Channel, ...]:
    """Return the channels that a workspace has, whatever the verdict on its packets.

    See the Amazon VPC guide (DNS attributes, instance metadata), and AWS Network Firewall on server
    names, which a client writes as it likes.
    """
    graph = Graph(topology)
    return (
        _dns(graph, network.vpc),
        Channel(
            "metadata",
            State.OPEN,
            "nodes reach their instance metadata whatever groups, ACLs and routes say",
            "instance profiles: their roles may be used from anywhere once read",
        ),
        Channel(
            "control-plane",
            State.OPEN,
            "whoever reaches a control plane reaches every workspace on it: notebooks, DBFS, REST",
            "private access settings, IP access lists, and who may log in elsewhere",
        ),
        *_server_names(found),
        *_endpoints(graph, found),
        Channel(
            "serverless",
            State.UNKNOWN,
            "serverless compute, model serving, Delta Sharing and external locations never pass "
            "this VPC",
            "serverless network policies, network connectivity configurations, Unity Catalog",
        ),
    )


def _dns(graph: Graph, name: str) -> Channel:
    """Return what is known of the resolver at the VPC's second address."""
    decided = "Route 53 Resolver DNS Firewall on the VPC, or resolvers that know private names only"
    vpc = graph.vpcs.get(name)
    missing = next(iter(_unread(vpc)), None)
    if isinstance(vpc, Missing) or missing:
        detail = str(vpc if isinstance(vpc, Missing) else missing)
        return Channel("dns", State.UNKNOWN, detail, decided)
    if vpc.dns_support is False:
        return Channel("dns", State.CLOSED, "the VPC has no resolver", decided)
    if vpc.dns_firewall is True:
        detail = "DNS Firewall rules apply to it; what they let through is not analysed"
        return Channel("dns", State.NARROWED, detail, decided)
    detail = "the resolver at the VPC's second address asks name servers of any owner"
    return Channel("dns", State.OPEN, detail, decided)


def _unread(vpc: Vpc | Missing) -> Iterator[Missing]:
    facts = () if isinstance(vpc, Missing) else (vpc.dns_support, vpc.dns_firewall)
    yield from (fact for fact in facts if isinstance(fact, Missing))


def _server_names(found: Egress) -> Iterator[Channel]:
    """Yield the spoofing of names, where names are all that narrows what gets out."""
    sought = {protocol for named in found.names for protocol in named.protocols}
    if sought & {"TLS_SNI", "HTTP_HOST"}:
        yield Channel(
            "server-name",
            State.OPEN,
            "a client may name an allowed host and connect to any address: the firewall compares "
            "the name alone, and the control plane's TLS must not be broken open",
            "address rules beside the names, or a proxy that resolves names itself",
        )


def _endpoints(graph: Graph, found: Egress) -> Iterator[Channel]:
    """Yield the endpoints that packets arrive at, each with what is known of its policy."""
    arrived = (leaf for leaf in found.leaves if leaf.kind is Kind.SERVICE)
    for name, service in _unique((leaf.endpoint, leaf.detail) for leaf in arrived):
        endpoint = graph.endpoints.get(name)
        policy = endpoint if isinstance(endpoint, Missing) else endpoint.policy
        kind = "s3-endpoint" if service.endswith(".s3") else "endpoint"
        decided = f"the policy of {name}: whose resources it admits is a question of its own"
        if isinstance(policy, Missing):
            yield Channel(kind, State.UNKNOWN, f"{service} by {name}: {policy}", decided)
        elif policy is None:
            detail = f"{service} by {name}, without a policy"
            yield Channel(kind, State.OPEN, detail, decided)
        else:
            detail = f"{service} by {name}, under its policy"
            yield Channel(kind, State.NARROWED, detail, decided)


def _unique(pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    yield from sorted(set(pairs))
