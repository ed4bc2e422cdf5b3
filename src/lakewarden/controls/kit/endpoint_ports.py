"""Whether a VPC endpoint's security groups admit the clusters of a network."""

from __future__ import annotations

from collections.abc import Iterable

from lakewarden.controls.kit.condition import Condition, observe
from lakewarden.controls.kit.control import Context
from lakewarden.estate.account import Network
from lakewarden.estate.fact import Cause, UnreadError
from lakewarden.estate.vpc import SECURITY_GROUPS, SUBNETS, VpcEndpoint
from lakewarden.ledger.finding import Evidence
from lakewarden.semantics.security_groups import admits, describe


def admits_clusters(
    endpoint: VpcEndpoint, ports: Iterable[int], network: Network, at: Context
) -> Condition:
    """Require that the clusters' groups, or all their subnets' addresses, reach TCP ports.

    Raises:
        UnreadError: a security group or a subnet was not read, or names no network.
    """
    wanted = list(ports)
    groups = [at.estate.need(SECURITY_GROUPS, group.id) for group in endpoint.groups.get()]
    rules = [rule for group in groups for rule in group.ingress.get()]
    clusters = network.security_group_ids.get()
    cidrs = [at.estate.need(SUBNETS, subnet).cidr.get() for subnet in network.subnet_ids.get()]
    try:
        shut = [str(port) for port in wanted if not admits(rules, port, clusters, cidrs)]
    except ValueError as error:
        raise UnreadError(SECURITY_GROUPS.gap(Cause.MALFORMED, str(error))) from None
    shown = [describe(rule) for rule in rules]
    expected = f"TCP {', '.join(map(str, wanted))} for {', '.join(clusters)}"
    evidence = Evidence(SECURITY_GROUPS.source, "IpPermissions", shown, expected)
    otherwise = f"endpoint {endpoint.id} does not admit the clusters to port {', '.join(shut)}"
    return observe(not shut, evidence, otherwise=otherwise)
