"""Network Firewall endpoints: what the policy lets through goes on from the endpoint's subnet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from lakewarden.proofs.network import acls, assured, delivery, inspecting
from lakewarden.proofs.network.flow import Flow, Leaf, Step
from lakewarden.proofs.network.inspecting import matches_of, pieces
from lakewarden.proofs.network.inspection import Firewall, FirewallPolicy, StatelessGroup
from lakewarden.proofs.network.known import Known, Missing
from lakewarden.proofs.network.packets import EVERYWHERE, Addresses, Packets
from lakewarden.proofs.network.ranges import networks
from lakewarden.proofs.network.scene import Scene
from lakewarden.proofs.network.suricata import Match
from lakewarden.proofs.network.topology import Route


def balancer_endpoint(scene: Scene, flow: Flow, route: Route) -> Iterator[Flow | Leaf]:
    """A Gateway Load Balancer endpoint leads to a firewall, or to something nobody knows."""
    declared = scene.graph.inspected.get(route.target)
    if declared:
        yield from delivery.declared(flow.past(Step(route.target)), declared)
        return
    at = scene.graph.firewall_at(route.target)
    if isinstance(at, Missing) or at is None:
        what = at or Missing(f"what the appliance behind {route.target} lets through")
        yield flow.past(Step(route.target)).unknown(what)
        return
    firewall, name = at
    subnet = scene.graph.subnets.get(name)
    if isinstance(subnet, Missing):
        yield flow.past(Step(firewall.id)).unknown(subnet)
        return
    for part in acls.enter(scene, flow, subnet) if scene.certain else (flow,):
        if isinstance(part, Leaf):
            yield part
            continue
        on = replace(part, subnet=subnet, inspected=True)
        yield from _inspected(scene, on, firewall, route.target)


def _inspected(
    scene: Scene, flow: Flow, firewall: Firewall, endpoint: str
) -> Iterator[Flow | Leaf]:
    policy = firewall.policy
    if isinstance(policy, Missing):
        yield flow.past(Step(firewall.id)).unknown(policy)
        return
    home = _home_net(scene, firewall, policy)
    missing = next(
        (m for m in (home, policy.stateless, policy.stateful) if isinstance(m, Missing)), None
    )
    if missing or isinstance(home, Missing):
        yield flow.past(Step(firewall.id)).unknown(missing or Missing("HOME_NET"))
        return
    groups = () if isinstance(policy.stateless, Missing) else policy.stateless
    stateful = () if isinstance(policy.stateful, Missing) else policy.stateful
    rules = list(matches_of(policy, stateful, home))
    awaited = (*flow.awaited, endpoint)
    for source in pieces(flow.source, _cuts(groups, rules)):
        part = _half(replace(flow, source=source))
        if not part.packets:
            continue
        mine = [r for r in rules if isinstance(r, Missing) or source.within(r.source)]
        if scene.certain:
            yield from _assured(scene, replace(part, awaited=awaited), firewall, mine)
        else:
            yield from _judged(replace(part, awaited=awaited), firewall, endpoint, mine)


def _step(firewall: Firewall, detail: str = "") -> Step:
    return Step(firewall.id, detail, kind="firewall")


def _home_net(scene: Scene, firewall: Firewall, policy: FirewallPolicy) -> Known[Addresses]:
    """Return HOME_NET: what the policy says, or else the CIDRs of the firewall's VPC."""
    if isinstance(policy.home_net, Missing):
        return policy.home_net
    return networks(policy.home_net) if policy.home_net else scene.graph.vpc_addresses(firewall.vpc)


def _half(flow: Flow) -> Flow:
    """Return the flow without packets of a version that its source does not have."""
    return flow.with_packets(
        Packets(
            flow.packets.v4 if flow.source.v4 else (), flow.packets.v6 if flow.source.v6 else ()
        )
    )


def _cuts(
    groups: Iterable[StatelessGroup], rules: Iterable[Match | Missing]
) -> Iterator[Addresses]:
    for group in groups:
        if not isinstance(group.rules, Missing):
            yield from (networks(rule.sources) for rule in group.rules if rule.sources)
    yield from (rule.source for rule in rules if not isinstance(rule, Missing))
    # The versions go their own ways.
    yield Addresses(v4=EVERYWHERE.v4)


def _judged(
    flow: Flow, firewall: Firewall, endpoint: str, rules: Sequence[Match | Missing]
) -> Iterator[Flow | Leaf]:
    policy = firewall.policy
    if isinstance(policy, Missing) or isinstance(policy.stateless, Missing):
        return
    free, handed, unknown = inspecting.stateless(
        policy, policy.stateless, flow.packets, flow.source
    )
    judged = inspecting.stateful(policy, rules, handed)
    on = flow.past(_step(firewall))
    passed = free.union(judged.passed)
    lasting = passed.minus(judged.unanswered).union(free)
    if lasting:
        yield on.with_packets(lasting)
    if passed != lasting:
        short = replace(flow, steps=(*flow.steps, _step(firewall, "until answered")))
        yield short.with_packets(passed.minus(lasting))
    for part, names in judged.named:
        narrowed = part.minus(passed)
        if narrowed:
            yield replace(on, packets=narrowed, filters=(*on.filters, names))
    for part, missing in (*unknown, *judged.unknown):
        if part.minus(passed):
            yield on.unknown(missing, part.minus(passed))
    blind = judged.blind.minus(passed)
    if blind:
        yield replace(on, packets=blind, blind=endpoint)
    lost = flow.packets.minus(passed).minus(blind)
    if lost:
        yield on.dropped(f"dropped by {firewall.id}", lost)


def _assured(
    scene: Scene, flow: Flow, firewall: Firewall, rules: Sequence[Match | Missing]
) -> Iterator[Flow | Leaf]:
    policy = firewall.policy
    if isinstance(policy, Missing) or isinstance(policy.stateless, Missing):
        return
    on = flow.past(_step(firewall))
    free, handed = assured.stateless(policy, policy.stateless, flow.packets, flow.source)
    through = assured.stateful(policy, rules, handed, scene.name)
    passed = free.union(through)
    if passed:
        yield on.with_packets(passed)
    if passed != flow.packets:
        yield on.dropped(f"not surely passed by {firewall.id}", flow.packets.minus(passed))
