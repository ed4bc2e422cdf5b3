"""From an estate to the network that a workspace's packets meet.

Everything that was read of the regions goes in: which VPCs matter is known only by following the
routes. What nobody could read, what another account keeps to itself, and what makes no sense is a
`Missing`; it makes a verdict unknown where a path needs it, and nowhere else.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from lakewarden.estate.account import NETWORKS, Network, Workspace
from lakewarden.estate.estate import Estate
from lakewarden.estate.firewall_rules import (
    FIREWALL_POLICIES,
    FIREWALL_RULE_GROUPS,
    REGION_FIREWALLS,
)
from lakewarden.estate.kind import Kind
from lakewarden.estate.region import (
    EGRESS_ONLY_GATEWAYS,
    INTERNET_GATEWAYS,
    NETWORK_ACLS,
    PEERINGS,
    PREFIX_LISTS,
    REGION_ENDPOINTS,
    REGION_INTERFACES,
    REGION_NATS,
    REGION_ROUTE_TABLES,
    REGION_SECURITY_GROUPS,
    REGION_SUBNETS,
    REGION_VPCS,
    VPC_BLOCK_EXCLUSIONS,
    VPC_BLOCKS,
)
from lakewarden.estate.resolving import DHCP_OPTIONS, DNS_FIREWALLS, VPC_DNS
from lakewarden.estate.transit import TRANSIT_ATTACHMENTS, TRANSIT_ROUTE_TABLES, TRANSIT_VPCS
from lakewarden.estate.vpc import INSTANCES
from lakewarden.proofs.network import reading_firewalls, reading_paths, reading_vpcs
from lakewarden.proofs.network.known import Known, Missing
from lakewarden.proofs.network.reading_facts import missing, tried
from lakewarden.proofs.network.topology import (
    BlockPublicAccess,
    Inspected,
    Proxy,
    Topology,
    WorkspaceNetwork,
)

NEEDS: Final[tuple[Kind[Any], ...]] = (
    *(NETWORKS, REGION_VPCS, VPC_DNS, DHCP_OPTIONS, DNS_FIREWALLS),
    *(REGION_SUBNETS, REGION_ROUTE_TABLES, REGION_SECURITY_GROUPS, NETWORK_ACLS),
    *(REGION_ENDPOINTS, REGION_NATS, REGION_INTERFACES, INSTANCES, PREFIX_LISTS),
    *(INTERNET_GATEWAYS, EGRESS_ONLY_GATEWAYS, PEERINGS, VPC_BLOCKS, VPC_BLOCK_EXCLUSIONS),
    *(TRANSIT_ATTACHMENTS, TRANSIT_VPCS, TRANSIT_ROUTE_TABLES),
    *(REGION_FIREWALLS, FIREWALL_POLICIES, FIREWALL_RULE_GROUPS),
)
"""What has to be collected for a topology to be whole."""

_SETTLED: Final = frozenset({"default-state", "update-complete"})
_LEFT_OUT: Final = frozenset({"create-complete", "update-complete", "update-failed"})
_GONE: Final = frozenset({"delete-complete", "create-failed"})


def topology_of(
    estate: Estate,
    network: Network,
    proxies: tuple[Proxy, ...] = (),
    inspected: tuple[Inspected, ...] = (),
) -> Topology:
    """Return the network that a registered network is part of.

    Args:
        estate: what was read.
        network: the registered network; its region is the one whose block counts.
        proxies: what the organisation declares of proxies.
        inspected: what it declares of targets that nobody can look into.
    """
    vpcs = reading_vpcs.vpcs(estate)
    return Topology(
        vpcs=vpcs,
        subnets=reading_vpcs.subnets(estate),
        groups=reading_vpcs.groups(estate),
        acls=reading_vpcs.acls(estate),
        tables=reading_paths.tables(estate),
        internet_gateways=reading_paths.internet_gateways(estate),
        egress_only_gateways=reading_paths.egress_only_gateways(estate),
        nat_gateways=reading_paths.nats(estate),
        peerings=reading_paths.peerings(estate, vpcs),
        attachments=reading_paths.attachments(estate),
        transit_tables=reading_paths.transit_tables(estate),
        endpoints=reading_vpcs.endpoints(estate),
        prefix_lists=reading_vpcs.prefix_lists(estate),
        firewalls=reading_firewalls.firewalls(estate),
        interfaces=reading_vpcs.interfaces(estate),
        block_public_access=tried(lambda: _block(estate, network), "VPC block public access"),
        proxies=proxies,
        inspected=inspected,
    )


def network_of(estate: Estate, workspace: Workspace, network: Network) -> WorkspaceNetwork:
    """Return where the nodes of a workspace run."""
    name = str(workspace.id) if workspace.name.gap else workspace.name.get()
    vpc = tried(network.vpc_id.get, f"VPC of {network.id}")
    if isinstance(vpc, Missing):
        return WorkspaceNetwork(name, "", vpc, vpc)
    subnets = tried(network.subnet_ids.get, f"subnets of {network.id}")
    public: Known[bool] = subnets if isinstance(subnets, Missing) else _public(estate, subnets)
    groups = tried(network.security_group_ids.get, f"security groups of {network.id}")
    return WorkspaceNetwork(name, vpc, subnets, groups, public)


def _public(estate: Estate, subnets: tuple[str, ...]) -> Known[bool]:
    """Return whether nodes get public addresses, as the nodes that run there show it.

    The account does not say whether secure cluster connectivity is on. Where no node runs, or some
    have a public address and some do not, nobody knows.
    """
    what = "whether nodes get public addresses"
    for collection in (estate.of(INSTANCES), estate.of(REGION_INTERFACES)):
        if collection.gap is not None:
            return missing(what, collection.gap)
    nodes = {instance.id for instance in estate.of(INSTANCES).seen()}
    shown = set()
    for interface in estate.of(REGION_INTERFACES).seen():
        facts = (interface.subnet_id, interface.instance_id, interface.addresses)
        lost = next((fact.gap for fact in facts if fact.gap is not None), None)
        if lost is not None:
            return missing(what, lost)
        if interface.subnet_id.get() in subnets and interface.instance_id.get() in nodes:
            public = tried(partial(reading_vpcs.public_of, interface), what)
            if isinstance(public, Missing):
                return public
            shown.add(bool(public))
    return shown.pop() if len(shown) == 1 else Missing(f"{what}: no running node shows it")


def _block(estate: Estate, network: Network) -> BlockPublicAccess:
    """Return how the region of a network keeps its VPCs from the internet.

    Raises:
        UnreadError: it was not read.
        ValueError: it is about to change.
    """
    region = estate.need(REGION_VPCS, network.vpc_id.get()).region.get()
    block = estate.need(VPC_BLOCKS, region)
    if block.state.get() not in _SETTLED:
        raise ValueError(f"it is in state {block.state.get()}")
    exclusions = []
    for one in estate.of(VPC_BLOCK_EXCLUSIONS).each():
        state = one.state.get()
        if state in _GONE:
            continue
        if state not in _LEFT_OUT:
            raise ValueError(f"the exclusion {one.id} is in state {state}")
        exclusions.append((one.resource.get().rpartition("/")[2], one.mode.get()))
    return BlockPublicAccess(block.mode.get(), tuple(exclusions))
