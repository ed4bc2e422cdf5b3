"""A firewall is bought to refuse, and comes set to let through. Until its policy drops what no rule
names, it is an expensive log: the first address that nobody thought of is open. The list of domains
decides only once everything else is dropped.

Judged is what happens to traffic that no rule names, not what the rules themselves allow.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lakewarden.controls.kit.condition import (
    Condition,
    Judgement,
    NotApplicable,
    all_of,
    expect,
    unknown,
    violated,
)
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
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.networks import OWN, in_own_network, network_of, own_network
from lakewarden.controls.kit.policy_wishes import AWS
from lakewarden.controls.kit.route_mending import PLANS_WITH, Dropping, insist_alive
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.controls.kit.ways_out import ways_of
from lakewarden.estate.account import NETWORKS, Network, Workspace
from lakewarden.estate.fact import Cause
from lakewarden.estate.firewall import FIREWALLS, Firewall
from lakewarden.estate.firewall_rules import REGION_FIREWALLS
from lakewarden.estate.given import given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.estate.vpc import NAT_GATEWAYS, ROUTE_TABLES
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.change import Target
from lakewarden.plan.wish import CannotPlanError, Wish

CONTROL = Control(
    id="network-firewall-drops",
    title="The firewalls on the way out drop what no rule allows",
    paper=("P11",),
    severity=Severity.HIGH,
    postures=HIGH,
    subject=WORKSPACE,
    needs=(NETWORKS.need(), ROUTE_TABLES.need(), NAT_GATEWAYS.need(), FIREWALLS.need()),
    fix=Fix(
        "Set the firewall policy to strict order with the stateful default action drop "
        "established, forward all packets to the stateful engine, and allow domains by a list.",
        console="VPC console > Network Firewall policies > the policy > Stateful default actions: "
        "Drop established connections; Stateless default actions: Forward to stateful rules.",
        api='Network Firewall UpdateFirewallPolicy {"FirewallPolicy": {"StatefulEngineOptions": '
        '{"RuleOrder": "STRICT_ORDER"}, "StatefulDefaultActions": ["aws:drop_established"], ...}}; '
        "a policy in default order is replaced by AssociateFirewallPolicy.",
        terraform="aws_networkfirewall_firewall_policy with stateful_engine_options.rule_order = "
        '"STRICT_ORDER" and stateful_default_actions = ["aws:drop_established"].',
        breaks="Every destination that no rule names becomes unreachable from clusters, the "
        "control plane too if it is not reached through private endpoints.",
    ),
    maps=also(
        "has the firewall on the way out refuse whatever no rule allows",
        Relation.SUBSET,
        nist="AC-4 SC-7(5) CM-7",
        soc2="CC6.6 CC6.7",
        pci="1.3.2",
        hipaa="164.312(e)(1)",
        iso="A.8.12 A.8.20 A.8.23",
        ccm="IVS-03 IVS-09 UEM-11",
        dasf="DASF-65",
        attack="T1048 T1537",
    ),
    plans_with=PLANS_WITH,
)

_STRICT = "STRICT_ORDER"
_SAFE = frozenset({"aws:forward_to_sfe", "aws:drop"})


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """Each AWS Network Firewall that a way out leads to drops by default."""
    return in_own_network(workspace, at, lambda network: _drop(network, at), demanded=False)


def _drop(network: Network, at: Context) -> Judgement:
    ends = {way.end for way in ways_of(network, at)}
    passed = [f for f in at.estate.of(FIREWALLS).seen() if not ends.isdisjoint(f.endpoints.get())]
    if not passed:
        list(at.estate.of(FIREWALLS).each())
        evidence = Evidence(FIREWALLS.source, "EndpointId", sorted(ends), "a firewall's endpoint")
        return NotApplicable("no AWS Network Firewall stands on the way out", (evidence,))
    return all_of(*(lambda f=f: _drops(f) for f in passed), lambda: _all_seen(at))


def _all_seen(at: Context) -> Condition:
    """Require that no firewall was left unread: it might stand on another way out."""
    list(at.estate.of(FIREWALLS).each())
    return all_of()


def _drops(firewall: Firewall) -> Condition:
    name = firewall.name.get()
    return all_of(
        *(
            expect(
                fact,
                lambda value: bool(value) and _SAFE.issuperset(value),
                expected="aws:forward_to_sfe or aws:drop",
                otherwise=f"firewall {name} handles packets before its stateful rules: {{value}}",
            )
            for fact in (firewall.stateless, firewall.fragments)
        ),
        lambda: _without_stateless_rules(firewall),
        lambda: _by_default(firewall, name),
    )


def _without_stateless_rules(firewall: Firewall) -> Condition:
    groups = firewall.stateless_groups
    if groups.get():
        detail = f"{len(groups.get())} stateless rule groups are not weighed"
        return unknown(FIREWALLS.gap(Cause.NOT_READ, detail))
    return all_of()


def _by_default(firewall: Firewall, name: str) -> Condition:
    if firewall.order.get() == _STRICT:
        return expect(
            firewall.stateful,
            lambda value: any(action.startswith("aws:drop") for action in value),
            expected="aws:drop_established or aws:drop_strict",
            otherwise=f"firewall {name} lets through what no rule names: {{value}}",
        )
    lists = firewall.lists
    if "ALLOWLIST" in lists.get():
        detail = f"firewall {name} drops other domains; what is not HTTP or TLS is not weighed"
        return unknown(FIREWALLS.gap(Cause.NOT_READ, detail))
    evidence = Evidence(lists.source, "GeneratedRulesType", list(lists.get()), "ALLOWLIST")
    otherwise = f"firewall {name} has neither a default drop nor a list of allowed domains"
    return violated(otherwise, evidence)


@CONTROL.mends
def mend(workspace: Workspace, at: Context) -> Iterable[Wish]:
    """Let each firewall on the way drop by default, unless Databricks is reached through it."""
    network = network_of(workspace, at)
    ends = {way.end for way in ways_of(network, at)}
    for firewall in at.estate.of(FIREWALLS).each():
        if ends.isdisjoint(firewall.endpoints.get()) or _drops(firewall).met is not False:
            continue
        name = firewall.name.get()
        if firewall.order.get() != _STRICT:
            reason = f"the policy of firewall {name} has the default order, which nobody can change"
            raise CannotPlanError(f"{reason}: make one in strict order, and associate it")
        kept = [action for action in firewall.stateful.get() if action.startswith("aws:alert")]
        actions = ("aws:drop_established", *kept)
        edits = [Dropping((firewall.arn, name), actions)]
        insist_alive(edits, network, workspace, at, wide=True)
        now: dict[str, Any] = {
            "/StatefulDefaultActions": list(firewall.stateful.get()),
            "/StatelessDefaultActions": list(firewall.stateless.get()),
            "/StatelessFragmentDefaultActions": list(firewall.fragments.get()),
        }
        forward = ["aws:forward_to_sfe"]
        wanted = {place: v if _SAFE.issuperset(v) and v else forward for place, v in now.items()}
        if not any(action.startswith("aws:drop") for action in firewall.stateful.get()):
            wanted["/StatefulDefaultActions"] = list(actions)
        else:
            wanted["/StatefulDefaultActions"] = now["/StatefulDefaultActions"]
        policy = at.estate.need(REGION_FIREWALLS, firewall.arn).policy_arn.get()
        yield Wish(Target("firewall_policy", AWS, policy), name, now, wanted)


def _estate(*lists: str, end: str = "vpce-1", **policy: Any) -> MemorySnapshot:
    forward = ["aws:forward_to_sfe"]
    whole = {"StatelessDefaultActions": forward, "StatelessFragmentDefaultActions": forward}
    firewall = {
        "arn": "arn:aws:network-firewall:us-east-1:123456789012:firewall/f",
        "name": "f",
        "endpoints": ["vpce-1"],
        "policy": {**whole, **policy},
        "lists": list(lists),
    }
    policies = [{"FirewallArn": firewall["arn"], "FirewallPolicyArn": "arn:policy"}]
    network = {**OWN, "vpc_endpoints": {"rest_api": ["e1"], "dataplane_relay": ["e2"]}}
    kinds = {"networks": [network], "region_firewalls": policies}
    return own_network(firewalls=[firewall], **kinds, **_routes(end))


def _routes(end: str) -> dict[str, Any]:
    """Return routes from both subnets to `end`, and from the NAT gateway's to the firewall."""
    target = "NatGatewayId" if end.startswith("nat-") else "GatewayId"
    tables = [
        _table("rtb-0", {"Main": True}, {target: end}),
        _table("rtb-9", {"Main": False, "SubnetId": "s9"}, {"GatewayId": "vpce-1"}),
    ]
    gateway = {"NatGatewayId": "nat-1", "SubnetId": "s9"}
    return {"route_tables": tables, "nat_gateways": [gateway]}


def _table(identity: str, association: Any, target: dict[str, str]) -> dict[str, Any]:
    return {
        "RouteTableId": identity,
        "VpcId": "vpc-1",
        "Associations": [association],
        "Routes": [{"DestinationCidrBlock": "0.0.0.0/0", **target}],
    }


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show both orders, the ways to be wrong, unread and out of scope."""
    strict: dict[str, Any] = {"StatefulEngineOptions": {"RuleOrder": _STRICT}}
    drop: dict[str, Any] = {
        **strict,
        "StatefulDefaultActions": ["aws:drop_established", "aws:alert_established"],
    }
    yield passes("strict order, dropped", _estate(**drop))
    yield passes("behind a NAT gateway", _estate(end="nat-1", **drop))
    yield unclear("default order with allowed domains", _estate("ALLOWLIST"))
    yield fails("default order with refused domains", _estate("DENYLIST"))
    yield fails("default order without domains", _estate())
    alert: dict[str, Any] = {**strict, "StatefulDefaultActions": ["aws:alert_strict"]}
    yield fails("strict order, alerted", _estate("ALLOWLIST", **alert))
    yield fails("strict order, nothing said", _estate("ALLOWLIST", **strict))
    yield fails("passed by", _estate(**drop, StatelessDefaultActions=["aws:pass"]))
    yield fails(
        "fragments passed by", _estate(**drop, StatelessFragmentDefaultActions=["aws:pass"])
    )
    rules = [{"ResourceArn": "arn:g", "Priority": 1}]
    yield unclear("stateless rules come first", _estate(**drop, StatelessRuleGroupReferences=rules))
    unread = own_network(firewalls=refused(), **_routes("vpce-1"))
    yield unclear("firewalls may not be read", unread)
    yield unclear("what is forwarded is missing", _estate(**drop, StatelessDefaultActions=None))
    yield exempt("the way out passes none", _estate(end="igw-1"))
    yield exempt("a network that Databricks manages", given(networks=[], firewalls=[]))
    yield exempt("serverless", given(workspace={"compute_mode": "SERVERLESS"}))
