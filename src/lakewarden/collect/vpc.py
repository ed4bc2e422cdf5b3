"""EC2: the networks that workspaces run in, and what stands in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from lakewarden.clients.failure import CallFailedError
from lakewarden.collect.aws_calls import pages, regions
from lakewarden.collect.task import Task, collects
from lakewarden.estate.account import NETWORKS, Network
from lakewarden.estate.fact import Cause, Fact
from lakewarden.estate.kind import Kind
from lakewarden.estate.vpc import (
    FLOW_LOGS,
    INSTANCES,
    NAT_GATEWAYS,
    ROUTE_TABLES,
    SECURITY_GROUPS,
    SUBNETS,
    VPC_ENDPOINTS,
)

_MOST: Final = 200
"""How many values EC2 takes in one filter."""


@dataclass(frozen=True, slots=True)
class _Describe:
    """How EC2 lists things: operation, envelope, filter, and other filters that hold always."""

    operation: str
    envelope: str
    by: str
    always: tuple[Mapping[str, Any], ...] = ()
    filters: str = "Filters"


_IN_VPC: Final[dict[Kind[Any], _Describe]] = {
    ROUTE_TABLES: _Describe("describe_route_tables", "RouteTables", "vpc-id"),
    SECURITY_GROUPS: _Describe("describe_security_groups", "SecurityGroups", "vpc-id"),
    VPC_ENDPOINTS: _Describe("describe_vpc_endpoints", "VpcEndpoints", "vpc-id"),
    NAT_GATEWAYS: _Describe("describe_nat_gateways", "NatGateways", "vpc-id", filters="Filter"),
}
_BY_NAME: Final = {kind.name: describe for kind, describe in _IN_VPC.items()}
_DATABRICKS: Final = {"Name": "tag:Vendor", "Values": ["Databricks"]}


@collects(*_IN_VPC)
def in_vpc(task: Task) -> Iterator[Any]:
    """Read what there is of a kind in the VPC of every registered network."""
    yield from _records(task, _BY_NAME[task.kind.name], _vpcs(task))


@collects(SUBNETS)
def subnets(task: Task) -> Iterator[Any]:
    """Read the subnets of every registered network."""
    describe = _Describe("describe_subnets", "Subnets", "subnet-id")
    yield from _records(task, describe, _named(task, lambda n: n.subnet_ids))


@collects(FLOW_LOGS)
def flow_logs(task: Task) -> Iterator[Any]:
    """Read the flow logs of every registered network's VPC and subnets."""
    describe = _Describe("describe_flow_logs", "FlowLogs", "resource-id", filters="Filter")
    wanted = _vpcs(task) | _named(task, lambda n: n.subnet_ids)
    yield from _records(task, describe, wanted)


@collects(INSTANCES)
def instances(task: Task) -> Iterator[Any]:
    """Read the instances that Databricks launched in the VPC of every registered network."""
    describe = _Describe("describe_instances", "Reservations", "vpc-id", (_DATABRICKS,))
    for reservation in _items(task, describe, _vpcs(task)):
        if "Instances" not in reservation:
            raise CallFailedError(Cause.MISSING_FIELD, "no Instances in the answer")
        for instance in reservation["Instances"]:
            yield task.record(instance)


def _vpcs(task: Task) -> set[str]:
    return {n.vpc_id.get() for n in task.before(NETWORKS).seen() if n.vpc_id.gap is None}


def _named(task: Task, field: Callable[[Network], Fact[tuple[str, ...]]]) -> set[str]:
    facts = [field(network) for network in task.before(NETWORKS).seen()]
    return {name for fact in facts if fact.gap is None for name in fact.get()}


def _records(task: Task, describe: _Describe, wanted: Iterable[str]) -> Iterator[Any]:
    for item in _items(task, describe, wanted):
        yield task.record(item)


def _items(task: Task, describe: _Describe, wanted: Iterable[str]) -> Iterator[Any]:
    """Yield the items of a list for some ids, in every region of the deployment.

    Raises:
        CallFailedError: an answer is missing or has no list.
    """
    values = sorted(wanted)
    if not values:
        return
    for region in regions(task):
        client = task.cloud.client("ec2", region)
        for start in range(0, len(values), _MOST):
            mine = {"Name": describe.by, "Values": values[start : start + _MOST]}
            filters: dict[str, Any] = {describe.filters: [mine, *describe.always]}
            for page in pages(client, describe.operation, **filters):
                if describe.envelope not in page:
                    detail = f"no {describe.envelope} in the answer"
                    raise CallFailedError(Cause.MISSING_FIELD, detail)
                yield from page[describe.envelope]
