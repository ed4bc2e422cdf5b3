"""Once code runs on a cluster, the network decides where data can go. Each rule of it may look
right, and a packet may still find a way: two halves of the internet instead of a default route, a
firewall that looks at TCP alone, IPv6 beside it, a hub that nobody thought of. So every packet that
a node can send is followed to its end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from lakewarden.controls.kit.condition import Condition, Judgement, observe, violated
from lakewarden.controls.kit.control import (
    HIGH,
    Context,
    Control,
    Example,
    exempt,
    fails,
    passes,
    unclear,
)
from lakewarden.controls.kit.egress_examples import (
    GATEWAY,
    by_endpoint,
    by_firewall,
    by_hub,
    by_nat,
    by_route,
    by_six,
    closed,
    group,
    node,
    peered,
    route,
    table,
    to_list,
)
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.networks import in_own_network
from lakewarden.controls.kit.networks import network_of as registered
from lakewarden.controls.kit.route_mending import (
    insist_alive,
    is_wide,
    without_names,
    without_route,
)
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.estate.account import Network, Workspace
from lakewarden.estate.fact import Cause, Gap
from lakewarden.estate.given import given, refused
from lakewarden.estate.region import PEERINGS, REGION_ROUTE_TABLES
from lakewarden.estate.resolving import DHCP_OPTIONS, DNS_FIREWALLS, VPC_DNS
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.wish import Step, Wish
from lakewarden.policyfile.policy import Policy
from lakewarden.proofs.facts.regions import Region, region
from lakewarden.proofs.network.closing import closings
from lakewarden.proofs.network.domains import covers
from lakewarden.proofs.network.edits import Edit, RemoveRoute
from lakewarden.proofs.network.egress import Egress, Outcome, egress
from lakewarden.proofs.network.known import Missing
from lakewarden.proofs.network.liveness import Host, required
from lakewarden.proofs.network.reading import NEEDS, network_of, topology_of
from lakewarden.proofs.network.topology import Inspected, Topology
from lakewarden.proofs.network.verdict import Named

_BESIDE: Final = (VPC_DNS, DHCP_OPTIONS, DNS_FIREWALLS, PEERINGS)
"""What decides about names, and about peers, behind which AWS lets nothing through."""

CONTROL = Control(
    id="egress-closed",
    title="Packets from the workspace's network reach no internet but named destinations",
    paper=("P11",),
    severity=Severity.HIGH,
    postures=HIGH,
    subject=WORKSPACE,
    needs=tuple(kind.need() for kind in NEEDS if kind not in _BESIDE),
    fix=Fix(
        "Make one of the edits that the finding names, or let what has to leave through a firewall "
        "that drops whatever it does not know; name the destinations that it passes in "
        "lakewarden.toml under network.allowed_destinations.",
        console="VPC console > Route tables, Security groups, Network Firewall, as the path of the "
        "finding shows.",
        api="lakewarden prove egress shows the path, the edits and what each would cut off.",
        terraform="aws_route, aws_security_group, aws_networkfirewall_firewall_policy and "
        "aws_networkfirewall_rule_group.",
        breaks="Package indexes, Git hosts and other addresses that no rule passes are unreachable "
        "from clusters.",
    ),
    maps=also(
        "shows by proof where packets of the clusters can go",
        Relation.SUBSET,
        nist="AC-4 SC-7 SC-7(5)",
        soc2="CC6.6 CC6.7",
        pci="1.3.2 1.4.1",
        hipaa="164.312(e)(1)",
        iso="A.8.12 A.8.20 A.8.23",
        ccm="IVS-03 IVS-09",
        dasf="DASF-65",
        attack="T1048 T1537",
    ),
)

_SOURCE: Final = REGION_ROUTE_TABLES.source
_WANTED: Final = "no internet, or named destinations only"
_EDITS: Final = 2
"""So many ways to close it are named."""


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """No packet reaches an arbitrary address, and no name that nobody allowed."""
    return in_own_network(workspace, at, lambda n: _closed(n, workspace, at), demanded=False)


def _closed(network: Network, workspace: Workspace, at: Context) -> Condition:
    place = region(workspace.region.get())
    private = workspace.private_access_id.get() is not None
    hosts = required(place, private_link=private) if place else ()
    inspected = tuple(Inspected(target) for target in at.policy.inspected_gateways)
    topology = topology_of(at.estate, network, inspected=inspected)
    nodes = network_of(at.estate, workspace, network)
    known = tuple(text for host in hosts for text in host.addresses)
    try:
        found = egress(topology, nodes, known)
        gaps = _unsure(topology, found, at)
        if found.outcome is Outcome.ARBITRARY and not gaps:
            edits = tuple(map(str, islice(closings(topology, nodes, hosts), _EDITS)))
            return _open(found, edits)
    except ValueError as error:
        return _unknown((Gap(Cause.MALFORMED, _SOURCE, str(error), ""),))
    if gaps:
        return _unknown(gaps)
    return _named(found, place, hosts, at)


@CONTROL.mends
def mend(workspace: Workspace, at: Context) -> Iterable[Wish | Step]:
    """Take away the routes or the names that nobody allowed; what has to be built is for people."""
    network = registered(workspace, at)
    place = region(workspace.region.get())
    private = workspace.private_access_id.get() is not None
    hosts = required(place, private_link=private) if place else ()
    inspected = tuple(Inspected(target) for target in at.policy.inspected_gateways)
    topology = topology_of(at.estate, network, inspected=inspected)
    nodes = network_of(at.estate, workspace, network)
    found = egress(topology, nodes, tuple(text for host in hosts for text in host.addresses))
    verify = "`lakewarden assess --control egress-closed` passes"
    if found.outcome is Outcome.ARBITRARY:
        ways = [closing for closing in closings(topology, nodes, hosts) if not closing.kills]
        best = next((c for c in ways if all(isinstance(e, RemoveRoute) for e in c.edits)), None)
        if best is None:
            told = " or: ".join(map(str, ways[:_EDITS])) or "lead the traffic through a firewall"
            yield Step(f"Close the way {found.path}: {told}.", verify)
            return
        wide = any(
            is_wide(edit.destination) for edit in best.edits if isinstance(edit, RemoveRoute)
        )
        insist_alive(best.edits, network, workspace, at, wide=wide)
        for edit in best.edits:
            yield from _removed(edit, workspace, at)
        return
    strange = {
        n.name for n in found.names if not _is_allowed(n, _names_in(place, hosts), at.policy)
    }
    wishes = list(without_names(strange, at))
    yield from wishes
    if not wishes:
        yield Step(f"Let nothing through to {', '.join(sorted(strange))} by {found.path}.", verify)


def _removed(edit: Edit, workspace: Workspace, at: Context) -> Iterator[Wish]:
    for found in at.estate.of(REGION_ROUTE_TABLES).each():
        for way in found.routes.get():
            if edit == RemoveRoute(found.id, way.destination, way.target):
                yield without_route(workspace.region.get(), found.id, way)


def _unsure(topology: Topology, found: Egress, at: Context) -> tuple[Gap, ...]:
    """Return why a verdict is not known; a gateway that nobody saw may be attached to nothing.

    Where no grant would show a fact, the lists that were not read to their end are named as well.
    """
    lost = found.missing if found.outcome is Outcome.UNKNOWN else ()
    if found.outcome is Outcome.ARBITRARY:
        gateways = (topology.internet_gateways.gap, topology.egress_only_gateways.gap)
        lost = tuple(gap for gap in gateways if gap is not None)
    gaps = [_gap(missing) for missing in lost]
    if not all(gap.grant for gap in gaps):
        lists = (at.estate.of(kind).gap for kind in NEEDS if kind not in _BESIDE)
        gaps += [gap for gap in lists if gap is not None]
    return tuple(gaps)


def _gap(missing: Missing) -> Gap:
    """Return a missing fact as a gap, with the grant of the call that it names."""
    if missing.grant:
        return Gap(Cause.NOT_READ, missing.grant, missing.what, missing.grant)
    kind = next((kind for kind in NEEDS if f"{kind.source}:" in missing.what), None)
    if kind is None:
        return Gap(Cause.NOT_READ, _SOURCE, missing.what, "")
    return Gap(Cause.NOT_READ, kind.source, missing.what, kind.grant)


def _unknown(gaps: tuple[Gap, ...]) -> Condition:
    shown = [str(gap) for gap in gaps]
    return Condition(None, (Evidence(_SOURCE, "egress", shown, _WANTED),), (), gaps)


def _open(found: Egress, edits: tuple[str, ...]) -> Condition:
    mended = f"; closed by: {' or: '.join(edits)}" if edits else ""
    return violated(f"{found}{mended}", Evidence(_SOURCE, "egress", str(found), _WANTED))


def _named(found: Egress, place: Region | None, hosts: Iterable[Host], at: Context) -> Condition:
    """Require of whatever gets out by its name that somebody allowed it, or Databricks needs it."""
    needed = _names_in(place, hosts)
    strange = [n.name for n in found.names if not _is_allowed(n, needed, at.policy)]
    evidence = Evidence(_SOURCE, "egress", str(found), _WANTED)
    otherwise = f"nobody allowed {', '.join(strange)}, by {found.path}"
    return observe(not strange, evidence, otherwise=otherwise)


def _names_in(place: Region | None, hosts: Iterable[Host]) -> set[str]:
    """Return the names that Databricks needs."""
    needed = {host.name for host in hosts}
    if place is not None:
        own = place.hosts
        needed |= {
            name for name in (own.webapp, own.relay, own.relay_private, own.metastore) if name
        }
    return needed


def _is_allowed(found: Named, needed: Iterable[str], policy: Policy) -> bool:
    """Return whether a destination is allowed.

    What Databricks needs counts by itself, unless others can take data there by the same name.
    """
    if any(_within(found.name, allowed) for allowed in policy.allowed_destinations):
        return True
    by_address = found.protocols == ("address",)
    return by_address or (found.name in needed and not found.weakness)


def _within(pattern: str, allowed: str) -> bool:
    """Return whether all names of a pattern are allowed; a leading dot means all below as well."""
    if pattern.lower() == allowed.lower():
        return True
    below = allowed.startswith(".") and "*" not in pattern
    return below and covers(allowed, pattern.removeprefix("."))


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, not followed, unread and out of scope."""
    yield passes("no way out", closed())
    yield passes("an endpoint for S3 is no way to the internet", closed(**by_endpoint()))
    yield passes("a peer that leads no further", closed(**peered()))
    yield from _by_name()
    yield from _by_gateway()
    yield fails("through a hub", by_hub())
    yield passes("the hub is vouched for", by_hub(), Policy(inspected_gateways=("tgw-1",)))
    yield fails("to a list of public addresses", by_nat(**to_list("198.51.100.0/24")))
    yield passes("to a list of our own addresses", by_nat(**to_list("10.9.0.0/16")))
    yield unclear("route tables may not be read", closed(region_route_tables=refused()))
    made = given(networks=[], region_route_tables=[])
    yield exempt("a network that Databricks makes", made)
    yield exempt("serverless", given(workspace={"compute_mode": "SERVERLESS"}))


def _by_name() -> Iterable[Example]:
    named = Policy(allowed_destinations=("packages.example.com", ".git.example.com"))
    walled = by_firewall("packages.example.com")
    yield passes("a firewall that passes what is named", walled, named)
    git = by_firewall(".git.example.com", "lfs.git.example.com")
    yield passes("and names below", git, named)
    yield fails("a name that nobody allowed", walled)
    both = by_firewall("packages.example.com", ".example.com")
    yield fails("all names of a domain", both, named)
    yield fails("names that end alike", by_firewall("*git.example.com"), named)
    yield passes("what Databricks needs", by_firewall("tunnel.us-east-1.cloud.databricks.com"))
    yield fails("S3, where anybody has buckets", by_firewall("s3.us-east-1.amazonaws.com"))
    yield unclear("the firewall may not be read", by_firewall("a.b", region_firewalls=refused()))


def _by_gateway() -> Iterable[Example]:
    yield fails("straight through NAT", by_nat())
    through = {"NatGatewayId": "nat-1"}
    halves = table("nodes", route("0.0.0.0/1", **through), route("128.0.0.0/1", **through))
    out = table("nat", route("0.0.0.0/0", GatewayId="igw-1"))
    yield fails("two halves of the internet", by_nat(region_route_tables=[halves, out]))
    inside = [group("10.0.0.0/8")]
    yield passes("no group lets it out", by_nat(region_security_groups=inside))
    yield fails("IPv6 alone", closed(**by_six()))
    hidden = closed(**by_six() | {"egress_only_gateways": refused()})
    yield unclear("gateways of IPv6 may not be read", hidden)
    gate = {
        "region_route_tables": by_route("0.0.0.0/0", GatewayId="igw-1"),
        "internet_gateways": [GATEWAY],
    }
    yield fails("a public address", closed(**gate, region_interfaces=[node("198.51.100.7")]))
    yield passes("a gateway, and no public address", closed(**gate))
    yield unclear("nobody knows whether nodes have one", closed(**gate, instances=[]))
    block = {"State": "update-complete", "InternetGatewayBlockMode": "block-bidirectional"}
    shut = by_nat(vpc_blocks=[{"region": "us-east-1", **block}])
    yield passes("the region blocks its gateways", shut)
    detached = {**GATEWAY, "Attachments": []}
    yield passes("the gateway is attached to nothing", by_nat(internet_gateways=[detached]))
    yield unclear("gateways may not be read", by_nat(internet_gateways=refused()))
    yield unclear("NAT gateways may not be read", by_nat(region_nats=refused()))
