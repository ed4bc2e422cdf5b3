"""What a firewall never sees it cannot stop. A cluster whose default route goes straight through a
NAT gateway reaches every address on the internet, and one notebook cell posts a table there. Either
nothing leads out, or what leads out passes a firewall first.

Followed are route tables and NAT gateways of the VPC. Not followed, and therefore unknown, is what
lies behind VPN gateways, peerings, appliances and the like; that a transit gateway leads to a
firewall is taken on the organisation's word.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lakewarden.controls.kit.condition import (
    Condition,
    Judgement,
    all_of,
    expect,
    holds,
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
from lakewarden.controls.kit.route_mending import (
    PLANS_WITH,
    insist_alive,
    is_wide,
    removal,
    without_route,
)
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.controls.kit.ways_out import Way, ways_of
from lakewarden.estate.account import NETWORKS, Network, Workspace
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.estate.vpc import NAT_GATEWAYS, ROUTE_TABLES, VPC_ENDPOINTS
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.wish import CannotPlanError, Wish
from lakewarden.policyfile.policy import Policy
from lakewarden.semantics.routes import table_of, ways_out

CONTROL = Control(
    id="default-route-inspected",
    title="What leaves the clusters' subnets passes a firewall first",
    paper=("P11",),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=WORKSPACE,
    needs=(NETWORKS.need(), ROUTE_TABLES.need(), NAT_GATEWAYS.need(), VPC_ENDPOINTS.need()),
    fix=Fix(
        "Lead the default route of the clusters' subnets to a firewall endpoint, or remove it and "
        "use private endpoints alone; name an inspected transit gateway in lakewarden.toml.",
        console="VPC console > Network Firewall > create a firewall in a subnet of its own; Route "
        "tables > the clusters' table > 0.0.0.0/0 to the firewall's endpoint.",
        api='EC2 ReplaceRoute {"RouteTableId": "rtb-...", "DestinationCidrBlock": "0.0.0.0/0", '
        '"VpcEndpointId": "vpce-..."}.',
        terraform="aws_networkfirewall_firewall, and aws_route with vpc_endpoint_id set to its "
        "endpoint for each of the clusters' route tables.",
        breaks="Package indexes, Git hosts and other addresses that the firewall does not know "
        "are unreachable from clusters until a rule allows them.",
    ),
    maps=also(
        "has traffic to the internet inspected before it leaves the clusters' network",
        Relation.SUBSET,
        nist="AC-4 SC-7 SI-4(4)",
        soc2="CC6.6 CC6.7",
        pci="1.3.2 1.4.1",
        hipaa="164.312(e)(1)",
        iso="A.8.12 A.8.20 A.8.23",
        ccm="IVS-03 IVS-09",
        dasf="DASF-65",
        attack="T1048 T1537",
    ),
    plans_with=PLANS_WITH,
)

_OUT = {"igw": "the internet", "eigw": "the internet of IPv6", "tgw": "a transit gateway"}


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """Every way out ends at a firewall endpoint or at a gateway that is vouched for."""
    return in_own_network(workspace, at, lambda network: _inspected(network, at))


def _inspected(network: Network, at: Context) -> Judgement:
    ways = list(ways_of(network, at))
    if not ways:
        return holds(Evidence(ROUTE_TABLES.source, "Routes", "no way out", "none, or a firewall"))
    return all_of(*(lambda w=w: _passes_firewall(w, at) for w in ways))


def _passes_firewall(way: Way, at: Context) -> Condition:
    evidence = Evidence(ROUTE_TABLES.source, "Routes", str(way), "a firewall on the way")
    if way.end in at.policy.inspected_gateways:
        return holds(evidence)
    if way.end.startswith("vpce-"):
        return expect(
            at.estate.need(VPC_ENDPOINTS, way.end).type,
            lambda value: value == "GatewayLoadBalancer",
            expected="GatewayLoadBalancer, the type of firewall endpoints",
            otherwise=f"{way} is an endpoint of type {{value}}, which is no firewall",
        )
    where = _OUT.get(way.end.partition("-")[0])
    if where is None:
        detail = f"what lies behind {way.end} is not followed: {way}"
        return unknown(ROUTE_TABLES.gap(Cause.NOT_READ, detail))
    return violated(f"traffic reaches {where} without a firewall: {way}", evidence)


@CONTROL.mends
def mend(workspace: Workspace, at: Context) -> Iterable[Wish]:
    """Take routes around the firewall away; a default route needs a firewall to lead to."""
    network = network_of(workspace, at)
    vpc, tables = network.vpc_id.get(), list(at.estate.of(ROUTE_TABLES).each())
    wrong = {w.hops[0] for w in ways_of(network, at) if _passes_firewall(w, at).met is False}
    mine = {t.id: t for t in (table_of(s, vpc, tables) for s in network.subnet_ids.get())}
    around = [
        (table, route)
        for table in mine.values()
        for route in ways_out(table)
        if f"{route.destination} via {route.target}" in wrong
    ]
    for table, route in around:
        if is_wide(route.destination):
            reason = f"{table.id} leads {route.destination} out by {route.target}: build a firewall"
            raise CannotPlanError(f"{reason} for it to lead to, or take the route away")
    edits = [removal(table.id, route) for table, route in around]
    insist_alive(edits, network, workspace, at, wide=False)
    for table, route in around:
        yield without_route(workspace.region.get(), table.id, route)


def _table(identity: str, subnets: tuple[str, ...], **target: str) -> dict[str, Any]:
    out = {"DestinationCidrBlock": "0.0.0.0/0", **target}
    return {
        "RouteTableId": identity,
        "VpcId": "vpc-1",
        "Associations": [{"Main": False, "SubnetId": subnet} for subnet in subnets],
        "Routes": [{"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local"}]
        + ([out] if target else []),
    }


def _estate(*tables: dict[str, Any], kind: str = "GatewayLoadBalancer") -> MemorySnapshot:
    return own_network(
        route_tables=list(tables),
        nat_gateways=[{"NatGatewayId": "nat-1", "SubnetId": "s9"}],
        vpc_endpoints=[{"VpcEndpointId": "vpce-1", "VpcEndpointType": kind}],
    )


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, not followed, unread and out of scope."""
    both = ("s1", "s2")
    yield passes("no way out", _estate(_table("rtb-1", both)))
    firewall = _table("rtb-1", both, GatewayId="vpce-1")
    yield passes("a firewall endpoint", _estate(firewall))
    s3 = _table("rtb-1", both, GatewayId="vpce-2", DestinationCidrBlock="")
    s3["Routes"][1]["DestinationPrefixListId"] = "pl-1"
    yield passes("a gateway endpoint is another control's matter", _estate(s3))
    nat, internet = _table("rtb-1", both, NatGatewayId="nat-1"), {"GatewayId": "igw-1"}
    behind = _table("rtb-9", ("s9",), GatewayId="vpce-1")
    yield passes("a firewall behind the NAT gateway", _estate(nat, behind))
    transit = _table("rtb-1", both, TransitGatewayId="tgw-1")
    word = Policy(inspected_gateways=("tgw-1",))
    yield passes("a transit gateway that is vouched for", _estate(transit), word)
    yield fails("a transit gateway", _estate(transit))
    yield fails("straight through NAT", _estate(nat, _table("rtb-9", ("s9",), **internet)))
    yield fails("straight out", _estate(_table("rtb-1", both, **internet)))
    host = _table("rtb-1", both, **internet, DestinationCidrBlock="198.51.100.7/32")
    yield fails("one host straight out", _estate(host))
    half = _table("rtb-1", both, **internet, DestinationCidrBlock="128.0.0.0/1")
    yield fails("half of the internet straight out", _estate(half))
    v6 = {"DestinationCidrBlock": "", "DestinationIpv6CidrBlock": "::/0"}
    yield fails("IPv6", _estate(_table("rtb-1", both, EgressOnlyInternetGatewayId="eigw-1", **v6)))
    one = (_table("rtb-1", ("s1",), GatewayId="vpce-1"), _table("rtb-2", ("s2",), **internet))
    yield fails("one of two subnets", _estate(*one))
    yield fails("an endpoint of another type", _estate(firewall, kind="Interface"))
    yield fails("a network that Databricks manages", given(networks=[], route_tables=[]))
    yield unclear("a VPN gateway", _estate(_table("rtb-1", both, GatewayId="vgw-1")))
    yield unclear("a NAT gateway whose subnet has no table", _estate(nat))
    bare = own_network(networks=[{**OWN, "subnet_ids": []}], route_tables=[])
    yield unclear("a network without subnets", bare)
    yield unclear("route tables may not be read", own_network(route_tables=refused()))
    yield exempt("serverless", given(workspace={"compute_mode": "SERVERLESS"}))
