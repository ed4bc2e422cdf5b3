"""What mends security groups: one rule made, or taken away, at a time."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from lakewarden.controls.kit.control import Context
from lakewarden.controls.kit.policy_wishes import AWS
from lakewarden.estate.account import REGISTERED_ENDPOINTS, Network
from lakewarden.estate.vpc import SECURITY_GROUPS, SUBNETS, VPC_ENDPOINTS, Rule, VpcEndpoint
from lakewarden.plan.change import Target
from lakewarden.plan.wish import CannotPlanError, Wish
from lakewarden.semantics.security_groups import admits, is_open, rule_key, single_rules

PLANS_WITH: Final = (REGISTERED_ENDPOINTS.need(), VPC_ENDPOINTS.need(), SUBNETS.need())
"""What must be collected to know which ports clusters need, and where."""
SPANS: Final = ((443, 443), (2443, 2443), (6666, 6666), (8443, 8451))
"""The ports of the control plane and of its relay."""
_EVERY_PORT: Final = (0, 65_535)
_SERVICES: Final = 443

_Rule = Mapping[str, Any]


def rule_wish(direction: str, region: str, group: str, rule: _Rule, *, there: bool) -> Wish:
    """Wish for a rule that is not there, or that one that is there goes.

    Args:
        direction: `ingress` or `egress`.
        region: the group's.
        group: its id.
        rule: by the names of DescribeSecurityGroupRules, with one peer.
        there: it is to be there.
    """
    target = Target(f"security_group_{direction}", AWS, f"{region}/{group}/{rule_key(rule)}")
    values = {f"/{name}": value for name, value in rule.items()}
    if there:
        return Wish(target, group, None, values)
    return Wish(target, group, {**values, "/Description": None}, None)


def narrower_egress(group: str, region: str, network: Network, at: Context) -> Iterator[Wish]:
    """Wish for the rules that clusters need, and then that those for everything go.

    Raises:
        UnreadError: a group, an endpoint or a subnet was not read.
        CannotPlanError: S3 would be out of reach.
    """
    rules = at.estate.need(SECURITY_GROUPS, group).egress.get()
    wide = [one for rule in rules if is_open(rule) for one in single_rules(rule) if _leaves(one)]
    left = [rule for rule in rules if not is_open(rule)]
    made = [*_to_itself(group, left), *_to_the_platform(left, wide, network, at)]
    wishes = [rule_wish("egress", region, group, rule, there=True) for rule in made]
    yield from wishes
    for rule in wide:
        gone = rule_wish("egress", region, group, rule, there=False)
        yield Wish(gone.target, group, gone.before, None, tuple(w.target for w in wishes))


def _leaves(rule: _Rule) -> bool:
    """Return whether a rule is for addresses beyond private ones."""
    cidr = rule.get("CidrIpv4") or rule.get("CidrIpv6")
    return bool(cidr) and not ipaddress.ip_network(str(cidr), strict=False).is_private


def _to_itself(group: str, left: Iterable[Rule]) -> Iterator[_Rule]:
    """Yield what lets machines of a cluster reach each other, where nothing does."""
    for protocol in ("tcp", "udp"):
        mine = [r for r in left if r.protocol in {protocol, "-1"} and _names(r, group)]
        if not any(r.protocol == "-1" or (r.first or 0, r.last) == _EVERY_PORT for r in mine):
            yield _rule(protocol, _EVERY_PORT, "ReferencedGroupId", group)


def _names(rule: Rule, group: str) -> bool:
    return any(one.id == group for one in rule.groups)


def _to_the_platform(
    left: list[Rule], wide: Sequence[_Rule], network: Network, at: Context
) -> Iterator[_Rule]:
    """Yield what lets clusters reach Databricks and S3, where nothing that is left does."""
    private = [*network.rest_endpoints.get(), *network.relay_endpoints.get()]
    if not private:
        cidrs = sorted({str(rule["CidrIpv4"]) for rule in wide if rule.get("CidrIpv4")})
        for span in SPANS:
            if not all(admits(left, port, (), cidrs) for port in range(span[0], span[1] + 1)):
                yield from (_rule("tcp", span, "CidrIpv4", cidr) for cidr in cidrs)
        return
    for endpoint in (endpoint_of(identity, at) for identity in private):
        groups = [one.id for one in endpoint.groups.get()]
        cidrs = [at.estate.need(SUBNETS, s).cidr.get() for s in endpoint.subnet_ids.get()]
        for span in SPANS:
            if not all(admits(left, port, groups, cidrs) for port in range(span[0], span[1] + 1)):
                yield from (_rule("tcp", span, "ReferencedGroupId", one) for one in groups[:1])
    if not any(r.prefix_lists or admits([r], _SERVICES, (), ["0.0.0.0/0"]) for r in left):
        reason = "no rule that stays lets clusters reach S3: add one for port 443 to the prefix"
        raise CannotPlanError(f"{reason} list of S3 first")


def endpoint_of(identity: str, at: Context) -> VpcEndpoint:
    """Return the VPC endpoint that is registered with the account by an id.

    Raises:
        UnreadError: it was not read.
    """
    return at.estate.need(
        VPC_ENDPOINTS, at.estate.need(REGISTERED_ENDPOINTS, identity).aws_id.get()
    )


def admitting(endpoint: VpcEndpoint, region: str, network: Network, at: Context) -> Iterator[Wish]:
    """Wish that an endpoint's group admits the clusters to the ports that it does not yet.

    Raises:
        UnreadError: a group or a subnet was not read.
        CannotPlanError: the endpoint has no group.
    """
    groups = [one.id for one in endpoint.groups.get()]
    if not groups:
        raise CannotPlanError(f"endpoint {endpoint.id} has no security group: give it one")
    rules = [r for g in groups for r in at.estate.need(SECURITY_GROUPS, g).ingress.get()]
    clusters = network.security_group_ids.get()
    cidrs = [at.estate.need(SUBNETS, subnet).cidr.get() for subnet in network.subnet_ids.get()]
    for span in SPANS:
        if not all(admits(rules, port, clusters, cidrs) for port in range(span[0], span[1] + 1)):
            for cluster in clusters:
                rule = _rule("tcp", span, "ReferencedGroupId", cluster)
                yield rule_wish("ingress", region, groups[0], rule, there=True)


def _rule(protocol: str, span: tuple[int, int], kind: str, peer: str) -> _Rule:
    return {"IpProtocol": protocol, "FromPort": span[0], "ToPort": span[1], kind: peer}
