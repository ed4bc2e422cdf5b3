"""A policy on the S3 endpoint limits the traffic that goes through it, and nothing else. A subnet
whose route table the endpoint does not serve sends its S3 requests over the internet or fails, so
that the buckets of strangers are as near as one's own.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lakewarden.controls.kit.condition import Condition, Judgement, all_of, holds, observe
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
from lakewarden.controls.kit.networks import in_own_network, network_of, own_network
from lakewarden.controls.kit.policy_wishes import AWS
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.estate.account import NETWORKS, Network, Workspace
from lakewarden.estate.given import given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.estate.vpc import ROUTE_TABLES, VPC_ENDPOINTS, VpcEndpoint
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.change import Target
from lakewarden.plan.wish import CannotPlanError, Wish
from lakewarden.semantics.routes import table_of
from lakewarden.semantics.vpc_endpoints import service_of, works

CONTROL = Control(
    id="s3-endpoint-covers-subnets",
    title="Every subnet of the clusters reaches S3 through the VPC's endpoint",
    paper=("P12",),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=WORKSPACE,
    needs=(NETWORKS.need(), ROUTE_TABLES.need(), VPC_ENDPOINTS.need()),
    fix=Fix(
        "Associate the S3 gateway endpoint with the route table of each of the clusters' subnets, "
        "so that its policy holds for all of them.",
        console="VPC console > Endpoints > the S3 gateway endpoint > Manage route tables: tick "
        "the tables of all subnets of the workspace.",
        api='EC2 ModifyVpcEndpoint {"VpcEndpointId": "vpce-...", "AddRouteTableIds": ["rtb-..."]}.',
        terraform='aws_vpc_endpoint for s3 with vpc_endpoint_type = "Gateway" and all the tables '
        "in route_table_ids.",
        breaks="Open S3 connections of that subnet drop once; buckets that the endpoint's policy "
        "does not name become unreachable from it.",
    ),
    maps=also(
        "leads requests for storage past the endpoint whose policy limits them",
        Relation.SUBSET,
        nist="AC-4 SC-7 SC-7(4)",
        soc2="CC6.6 CC6.7",
        pci="1.3.2",
        hipaa="164.312(e)(1)",
        iso="A.8.12 A.8.20 A.8.21",
        ccm="IVS-03 UEM-11",
        dasf="DASF-65",
        attack="T1537",
    ),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """A gateway endpoint serves each subnet's route table, or an interface endpoint the VPC."""
    return in_own_network(workspace, at, lambda network: _covered(network, at), demanded=False)


def _covered(network: Network, at: Context) -> Judgement:
    vpc = network.vpc_id.get()
    here = [e for e in at.estate.of(VPC_ENDPOINTS).each() if e.vpc_id.get() == vpc]
    working = [e for e in here if service_of(e) == "s3" and works(e)]
    named = next((e for e in working if _answers_for_s3(e)), None)
    if named is not None:
        evidence = Evidence(VPC_ENDPOINTS.source, "PrivateDnsEnabled", True, "an S3 endpoint")  # noqa: FBT003  # what was found
        return holds(evidence)
    served = {table for e in working for table in e.route_table_ids.get()}
    return all_of(*(lambda s=s: _served(s, vpc, served, at) for s in network.subnet_ids.get()))


def _answers_for_s3(endpoint: VpcEndpoint) -> bool:
    """Return whether an interface endpoint answers to S3's own name in the whole VPC."""
    return endpoint.type.get() == "Interface" and endpoint.private_dns.get() is True


def _served(subnet_id: str, vpc: str, served: set[str], at: Context) -> Condition:
    table = table_of(subnet_id, vpc, at.estate.of(ROUTE_TABLES).each())
    evidence = Evidence(VPC_ENDPOINTS.source, "RouteTableIds", sorted(served), table.id)
    otherwise = f"no S3 endpoint serves subnet {subnet_id}, whose route table is {table.id}"
    return observe(table.id in served, evidence, otherwise=otherwise)


@CONTROL.mends
def mend(workspace: Workspace, at: Context) -> Iterable[Wish]:
    """Let the gateway endpoint serve the route tables of all subnets."""
    network = network_of(workspace, at)
    vpc = network.vpc_id.get()
    here = [e for e in at.estate.of(VPC_ENDPOINTS).each() if e.vpc_id.get() == vpc]
    gateways = [e for e in here if service_of(e) == "s3" and e.type.get() == "Gateway" and works(e)]
    if not gateways:
        reason = f"{vpc} has no gateway endpoint for S3 that works"
        raise CannotPlanError(f"{reason}: create one, see vpc-endpoint-policies")
    served = {table for e in gateways for table in e.route_table_ids.get()}
    tables = list(at.estate.of(ROUTE_TABLES).each())
    wanted = {table_of(subnet, vpc, tables).id for subnet in network.subnet_ids.get()}
    first = min(gateways, key=lambda endpoint: endpoint.id)

    def edit(found: Any) -> list[str]:
        return sorted({*(found or ()), *(wanted - served)})

    target = Target("vpc_endpoint", AWS, f"{workspace.region.get()}/{first.id}")
    now = {"/RouteTableIds": list(first.route_table_ids.get())}
    yield Wish(target, first.id, now, {"/RouteTableIds": edit})


def _estate(*endpoints: dict[str, Any]) -> MemorySnapshot:
    tables = [
        _table("rtb-0", {"Main": True}),
        _table("rtb-1", {"Main": False, "SubnetId": "s1"}),
    ]
    return own_network(route_tables=tables, vpc_endpoints=list(endpoints))


def _table(identity: str, association: Any) -> dict[str, Any]:
    return {"RouteTableId": identity, "VpcId": "vpc-1", "Associations": [association]}


def _endpoint(*tables: str, **changes: Any) -> dict[str, Any]:
    return {
        "VpcEndpointId": "vpce-1",
        "VpcId": "vpc-1",
        "ServiceName": "com.amazonaws.us-east-1.s3",
        "VpcEndpointType": "Gateway",
        "State": "available",
        "RouteTableIds": list(tables),
        **changes,
    }


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, unread and out of scope."""
    both = _endpoint("rtb-0", "rtb-1")
    yield passes("a table of its own and the main one", _estate(both))
    interface = {"VpcEndpointType": "Interface", "PrivateDnsEnabled": True}
    yield passes("an interface endpoint", _estate(_endpoint(**interface)))
    nameless = {"VpcEndpointType": "Interface", "PrivateDnsEnabled": False}
    yield fails("an interface endpoint that must be asked by name", _estate(_endpoint(**nameless)))
    yield fails("the main table is left out", _estate(_endpoint("rtb-1")))
    yield fails("no endpoint", _estate())
    yield fails("one that is not accepted yet", _estate({**both, "State": "pending"}))
    yield fails("of another VPC", _estate({**both, "VpcId": "vpc-2"}))
    other = "com.amazonaws.us-east-1.dynamodb"
    yield fails("of another service", _estate({**both, "ServiceName": other}))
    yield unclear("endpoints may not be read", own_network(vpc_endpoints=refused()))
    unread = own_network(route_tables=refused(), vpc_endpoints=[both])
    yield unclear("route tables may not be read", unread)
    yield exempt("a network that Databricks manages", given(networks=[], vpc_endpoints=[]))
    yield exempt("serverless", given(workspace={"compute_mode": "SERVERLESS"}))
