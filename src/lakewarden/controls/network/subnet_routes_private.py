"""A route to an internet gateway turns a subnet public, whatever the subnet's own switch says: an
elastic address attached for a minute of debugging makes the machine answer the whole internet. As
long as no route leads there, such an address does nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lakewarden.controls.kit.condition import Condition, Judgement, all_of, observe
from lakewarden.controls.kit.control import (
    BOTH,
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
from lakewarden.estate.account import NETWORKS, Network, Workspace
from lakewarden.estate.given import given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.estate.vpc import ROUTE_TABLES
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.wish import Wish
from lakewarden.semantics.routes import routes_of, table_of

CONTROL = Control(
    id="subnet-routes-private",
    title="No route leads from the clusters' subnets to an internet gateway",
    paper=("P10",),
    severity=Severity.HIGH,
    postures=BOTH,
    subject=WORKSPACE,
    needs=(NETWORKS.need(), ROUTE_TABLES.need()),
    fix=Fix(
        "Give the clusters' subnets a route table of their own without a route to an internet "
        "gateway; what must leave goes through a NAT gateway or a firewall in another subnet.",
        console="VPC console > Subnets > each subnet of the workspace > Route table > Edit the "
        "association; then remove the igw- route from that table.",
        api='EC2 DeleteRoute {"RouteTableId": "rtb-...", "DestinationCidrBlock": "0.0.0.0/0"}, or '
        "ReplaceRoute to a NAT gateway.",
        terraform="aws_route_table without a route whose gateway_id is an internet gateway, and "
        "aws_route_table_association for each subnet.",
        breaks="Clusters lose the internet until a NAT gateway or private endpoints stand ready; "
        "running jobs that download packages fail.",
    ),
    maps=(
        *also(
            "leaves no direct route between the clusters' subnets and the internet",
            Relation.SUBSET,
            nist="AC-4 SC-7 SC-7(3)",
            soc2="CC6.6",
            pci="1.4.1 1.4.4",
            hipaa="164.312(a)(1)",
            iso="A.8.20 A.8.22",
            ccm="IVS-03 IVS-06",
            attack="T1046 T1190",
        ),
        *also(
            "asks too whether clusters sit in a private network, judged by its routes",
            sat="NS-4",
            cis_databricks="2.1.9",
        ),
    ),
    plans_with=PLANS_WITH,
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """The route table of each subnet, or the main one where it has none, has no such route."""
    return in_own_network(workspace, at, lambda network: _private(network, at), demanded=False)


def _private(network: Network, at: Context) -> Judgement:
    vpc = network.vpc_id.get()
    return all_of(*(lambda s=s: _closed(s, vpc, at) for s in network.subnet_ids.get()))


def _closed(subnet_id: str, vpc: str, at: Context) -> Condition:
    table = table_of(subnet_id, vpc, at.estate.of(ROUTE_TABLES).each())
    routes = [f"{r.destination} via {r.target}" for r in routes_of(table)]
    public = [text for text in routes if " via igw-" in text]
    evidence = Evidence(ROUTE_TABLES.source, f"{table.id}.Routes", routes, "no route via igw-*")
    otherwise = f"{table.id} leads subnet {subnet_id} to the internet: {', '.join(public)}"
    return observe(not public, evidence, otherwise=otherwise)


@CONTROL.mends
def mend(workspace: Workspace, at: Context) -> Iterable[Wish]:
    """Take the routes to internet gateways away, unless Databricks is reached by them."""
    network = network_of(workspace, at)
    vpc, tables = network.vpc_id.get(), list(at.estate.of(ROUTE_TABLES).each())
    mine = {t.id: t for t in (table_of(s, vpc, tables) for s in network.subnet_ids.get())}
    public = [(t, r) for t in mine.values() for r in routes_of(t) if r.target.startswith("igw-")]
    edits = [removal(table.id, route) for table, route in public]
    wide = any(is_wide(route.destination) for _, route in public)
    insist_alive(edits, network, workspace, at, wide=wide)
    for table, route in public:
        yield without_route(workspace.region.get(), table.id, route)


def _table(
    identity: str, *targets: str, subnets: tuple[str, ...] = (), main: bool = False, **route: str
) -> dict[str, Any]:
    routes = [{"DestinationCidrBlock": "0.0.0.0/0", **route, "GatewayId": t} for t in targets]
    own = [{"Main": False, "SubnetId": subnet} for subnet in subnets]
    return {
        "RouteTableId": identity,
        "VpcId": "vpc-1",
        "Associations": [*own, *([{"Main": True}] if main else [])],
        "Routes": [{"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local"}, *routes],
    }


def _estate(*tables: dict[str, Any]) -> MemorySnapshot:
    return own_network(route_tables=list(tables))


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show explicit and main tables, the ways to be wrong, unread and out of scope."""
    both = ("s1", "s2")
    closed = _table("rtb-1", subnets=both)
    yield passes("a table of their own without a way out", _estate(closed))
    yield passes("the main table", _estate(_table("rtb-0", main=True)))
    open_main = _table("rtb-0", "igw-1", main=True)
    yield passes("the main table leads out, theirs does not", _estate(closed, open_main))
    yield passes("through a firewall", _estate(_table("rtb-1", "vpce-1", subnets=both)))
    yield fails("to the internet", _estate(_table("rtb-1", "igw-1", subnets=both)))
    one = _table("rtb-1", subnets=("s1",))
    yield fails("one subnet falls back to an open main table", _estate(one, open_main))
    v6 = _table("rtb-1", "igw-1", subnets=both, DestinationIpv6CidrBlock="::/0")
    yield fails("to the internet of IPv6", _estate(v6))
    host = _table("rtb-1", "igw-1", subnets=both, DestinationCidrBlock="198.51.100.7/32")
    yield fails("to one host", _estate(host))
    half = _table("rtb-1", "igw-1", subnets=both, DestinationCidrBlock="128.0.0.0/1")
    yield fails("to half of the internet", _estate(half))
    yield unclear("a subnet without any table", _estate(one))
    nameless = _table("rtb-0", main=True)
    nameless["Associations"].append({"Main": False})
    yield unclear("an association that names nothing", _estate(nameless))
    aimless = _table("rtb-1", "", subnets=both)
    yield unclear("a route without a target", _estate(aimless))
    bare = own_network(networks=[{**OWN, "subnet_ids": []}], route_tables=[])
    yield unclear("a network without subnets", bare)
    yield unclear("route tables may not be read", own_network(route_tables=refused()))
    yield exempt("a network that Databricks manages", given(networks=[], route_tables=[]))
    yield exempt("serverless", given(workspace={"compute_mode": "SERVERLESS"}))
