"""What mends ways out of a network, unless something that Databricks needs would be cut off."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from lakewarden.controls.kit.control import Context
from lakewarden.controls.kit.policy_wishes import AWS
from lakewarden.estate.account import Network, Workspace
from lakewarden.estate.firewall_rules import FIREWALL_RULE_GROUPS
from lakewarden.estate.vpc import Route
from lakewarden.plan.change import Target
from lakewarden.plan.wish import CannotPlanError, Wish
from lakewarden.proofs.facts.regions import region
from lakewarden.proofs.network.edits import Edit, RemoveRoute
from lakewarden.proofs.network.inspection import Firewall
from lakewarden.proofs.network.known import Missing
from lakewarden.proofs.network.liveness import Reach, reachable, required
from lakewarden.proofs.network.reading import NEEDS, network_of, topology_of
from lakewarden.proofs.network.topology import Inspected, Topology

PLANS_WITH: Final = tuple(kind.need() for kind in NEEDS)
"""What must be collected to follow packets."""
_TARGETS: Final = {
    "/GatewayId": "gateway",
    "/NatGatewayId": "nat_gateway",
    "/TransitGatewayId": "transit_gateway",
    "/EgressOnlyInternetGatewayId": "egress_only",
    "/NetworkInterfaceId": "interface",
    "/VpcPeeringConnectionId": "peering",
    "/LocalGatewayId": "local_gateway",
    "/CarrierGatewayId": "carrier",
    "/CoreNetworkArn": "core",
}


def without_route(region_name: str, table: str, route: Route) -> Wish:
    """Wish that a route goes."""
    key = f"{region_name}/{table}/{route.destination}"
    kinds = {"/DestinationCidrBlock": route.v4, "/DestinationIpv6CidrBlock": route.v6}
    kinds["/DestinationPrefixListId"] = route.prefix_list
    now = {place: value for place, value in kinds.items() if value}
    now |= {place: getattr(route, name) for place, name in _TARGETS.items() if getattr(route, name)}
    return Wish(Target("route", AWS, key), f"{route.destination} of {table}", now, None)


def without_names(names: Collection[str], at: Context) -> Iterator[Wish]:
    """Wish that lists of allowed names do without some.

    Raises:
        UnreadError: a rule group was not read.
        CannotPlanError: nothing would be left of a list, which no list may be without.
    """
    place = "/RulesSource/RulesSourceList/Targets"
    for group in at.estate.of(FIREWALL_RULE_GROUPS).each():
        listed = group.domains.get()
        if listed is None or listed.kind != "ALLOWLIST":
            continue
        left = [target for target in listed.targets if target not in names]
        if not left:
            name = group.arn.rpartition("/")[2]
            raise CannotPlanError(f"nothing is left of the list {name}: take it off its policy")
        if len(left) < len(listed.targets):
            target = Target("firewall_rule_group", AWS, group.arn)
            now = {place: list(listed.targets)}
            yield Wish(target, group.arn.rpartition("/")[2], now, {place: left})


def removal(table: str, route: Route) -> Edit:
    """Return the removal of a route, to be tried before it is proposed."""
    return RemoveRoute(table, route.destination, route.target)


@dataclass(frozen=True, slots=True)
class Dropping:
    """Let a firewall, by its ARN and its name, drop what no rule names."""

    names: tuple[str, ...]
    actions: tuple[str, ...]

    def apply(self, topology: Topology) -> Topology:
        """Return the network with the stricter policy."""
        items = tuple(map(self._dropping, topology.firewalls.items))
        return replace(topology, firewalls=replace(topology.firewalls, items=items))

    def _dropping(self, firewall: Firewall) -> Firewall:
        policy = firewall.policy
        if firewall.id not in self.names or isinstance(policy, Missing):
            return firewall
        forward = ("aws:forward_to_sfe",)
        strict = replace(policy, stateful_default=self.actions, stateless_default=forward)
        return replace(firewall, policy=replace(strict, fragment_default=forward))

    def __str__(self) -> str:
        return f"let {self.names[0]} drop what no rule names"


def insist_alive(
    edits: Iterable[Edit], network: Network, workspace: Workspace, at: Context, *, wide: bool
) -> None:
    """Refuse edits of the network that cut off what Databricks needs.

    Args:
        edits: all of them are made.
        network: of the workspace.
        workspace: whose clusters have to go on.
        at: the context.
        wide: the edits are about so much that what is not known may be cut off too, unless the
            clusters reach the control plane by private connections.

    Raises:
        UnreadError: the workspace was not read.
        CannotPlanError: naming what would be cut off, or that nobody knows.
    """
    private = bool(network.rest_endpoints.get() and network.relay_endpoints.get())
    place = region(workspace.region.get())
    hosts = required(place, private_link=private) if place else ()
    trusted = tuple(Inspected(target) for target in at.policy.inspected_gateways)
    before = topology_of(at.estate, network, inspected=trusted)
    nodes = network_of(at.estate, workspace, network)
    after = before
    for edit in edits:
        after = edit.apply(after)
    was = {reached.host.name: reached.reach for reached in reachable(before, nodes, hosts)}
    now = {reached.host.name: reached.reach for reached in reachable(after, nodes, hosts)}
    lost = sorted(name for name in was if was[name] is Reach.YES and now[name] is not Reach.YES)
    if lost:
        reason = f"clusters would no longer reach {', '.join(lost)}"
        raise CannotPlanError(f"{reason}: lead that through an endpoint or a firewall first")
    sure = bool(now) and all(reach is Reach.YES for reach in now.values())
    if wide and not private and not sure:
        reason = "it is not known by which way clusters reach the control plane, and this may be it"
        raise CannotPlanError(f"{reason}: lead that through endpoints or a firewall first")


def is_wide(destination: str) -> bool:
    """Return whether a destination may take in whatever there is: a default route, or half of it.

    What is no range of addresses is taken for wide.
    """
    try:
        network = ipaddress.ip_network(destination, strict=False)
    except ValueError:
        return True
    return network.prefixlen < (_SOMEBODYS if network.version == 4 else _SOMEBODYS_V6)  # noqa: PLR2004  # of IP


_SOMEBODYS: Final = 8
_SOMEBODYS_V6: Final = 16
"""From so many bits on a range belongs to somebody."""
