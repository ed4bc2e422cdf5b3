"""When data has left, the question is where to and how much. Flow logs are the only record of that
in your own network: who connected to whom, what was refused, how many bytes. One that keeps only
refused connections shows everything but the theft.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lakewarden.controls.kit.bucket_mending import partition_of
from lakewarden.controls.kit.condition import Condition, Judgement, observe, violated
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
from lakewarden.controls.kit.networks import in_own_network, network_of, own_network
from lakewarden.controls.kit.policy_wishes import AWS
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.estate.account import NETWORKS, Network, Workspace
from lakewarden.estate.given import given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.estate.vpc import FLOW_LOGS, FlowLog
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.change import Target
from lakewarden.plan.wish import CannotPlanError, Step, Wish
from lakewarden.policyfile.policy import Policy

CONTROL = Control(
    id="vpc-flow-logs",
    title="All traffic of the clusters' network is recorded in flow logs",
    paper=("P10", "P29"),
    severity=Severity.MEDIUM,
    postures=BOTH,
    subject=WORKSPACE,
    needs=(NETWORKS.need(), FLOW_LOGS.need()),
    fix=Fix(
        "Create a flow log of the workspace's VPC for all traffic, into a bucket that the "
        "workspaces themselves cannot write to or delete from.",
        console="VPC console > Your VPCs > the workspace's VPC > Flow logs > Create flow log, "
        "filter All, destination S3.",
        api='EC2 CreateFlowLogs {"ResourceIds": ["vpc-..."], "ResourceType": "VPC", '
        '"TrafficType": "ALL", "LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::..."}.',
        terraform='aws_flow_log with vpc_id, traffic_type = "ALL", log_destination_type = "s3" '
        "and log_destination.",
        breaks="Nothing stops working; storage and delivery cost grows with the traffic of the "
        "clusters.",
    ),
    maps=(
        *also(
            "keeps a record of who connected to whom in the clusters' network",
            Relation.SUBSET,
            nist="AU-2 AU-12 SI-4 SI-4(4)",
            soc2="CC7.2",
            pci="10.2.1 11.5.1",
            hipaa="164.312(b)",
            iso="A.8.15 A.8.16 A.8.20",
            ccm="LOG-07 LOG-08 IVS-09",
            attack="T1048",
        ),
        *also(
            "asks for flow logs too, of one network and with the accepted traffic in them",
            cis_aws="3.7",
        ),
    ),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """A log of all traffic is at work for the VPC, or for each of the workspace's subnets."""
    return in_own_network(workspace, at, lambda network: _recorded(network, at))


def _recorded(network: Network, at: Context) -> Condition:
    vpc, subnets = network.vpc_id.get(), network.subnet_ids.get()
    logs = [log for log in at.estate.of(FLOW_LOGS).each() if log.resource.get() in {vpc, *subnets}]
    whole = {log.resource.get() for log in logs if _is_whole(log)}
    shown = [f"{log.resource.get()}: {_state(log)}" for log in logs]
    evidence = Evidence(FLOW_LOGS.source, "FlowLogs", shown, f"{vpc}: ACTIVE, ALL, SUCCESS")
    if not logs:
        return violated(f"{vpc} has no flow log", evidence)
    covered = vpc in whole or (bool(subnets) and whole.issuperset(subnets))
    otherwise = f"no flow log of {vpc} records all traffic: {'; '.join(shown)}"
    return observe(covered, evidence, otherwise=otherwise)


@CONTROL.mends
def mend(workspace: Workspace, at: Context) -> Iterable[Wish | Step]:
    """Record all traffic of the VPC in the bucket that the policy file names."""
    vpc = network_of(workspace, at).vpc_id.get()
    logs = [log for log in at.estate.of(FLOW_LOGS).each() if log.resource.get() == vpc]
    stuck = [log for log in logs if log.traffic.get() == "ALL"]
    if stuck:
        do = f"Find out why the flow log {stuck[0].id} of {vpc} does not deliver: its bucket's"
        verify = "`aws ec2 describe-flow-logs` says ACTIVE and SUCCESS of it"
        yield Step(f"{do} policy, or the role that writes to its log group.", verify)
        return
    if not at.policy.flow_log_bucket:
        reason = f"nobody said where the flow log of {vpc} should go: say it in lakewarden.toml"
        raise CannotPlanError(f"{reason} under aws.flow_log_bucket")
    wanted = {
        "/ResourceId": vpc,
        "/TrafficType": "ALL",
        "/LogDestinationType": "s3",
        "/LogDestination": f"arn:{partition_of(at)}:s3:::{at.policy.flow_log_bucket}",
    }
    yield Wish(Target("flow_log", AWS, f"{workspace.region.get()}/{vpc}"), vpc, None, wanted)


def _is_whole(log: FlowLog) -> bool:
    return (log.status.get(), log.traffic.get(), log.delivery.get()) == ("ACTIVE", "ALL", "SUCCESS")


def _state(log: FlowLog) -> str:
    return f"{log.status.get()}, {log.traffic.get()}, {log.delivery.get()}"


def _estate(*resources: str, **changes: str | None) -> MemorySnapshot:
    whole = {"FlowLogStatus": "ACTIVE", "TrafficType": "ALL", "DeliverLogsStatus": "SUCCESS"}
    logs: list[dict[str, Any]] = [
        {"FlowLogId": f"fl-{resource}", "ResourceId": resource, **whole, **changes}
        for resource in resources
    ]
    return own_network(flow_logs=logs)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, unread and out of scope."""
    yield passes("a log of the VPC", _estate("vpc-1"))
    yield passes("a log of each subnet", _estate("s1", "s2"))
    yield fails("none", _estate(), Policy(flow_log_bucket="flows"))
    yield fails("a log of one subnet", _estate("s1"))
    yield fails("a log of another VPC", _estate("vpc-2"))
    yield fails("refused traffic alone", _estate("vpc-1", TrafficType="REJECT"))
    yield fails("nothing arrives", _estate("vpc-1", DeliverLogsStatus="FAILED"))
    yield fails("a network that Databricks manages", given(networks=[], flow_logs=[]))
    yield unclear("whether it arrives is missing", _estate("vpc-1", DeliverLogsStatus=None))
    yield unclear("flow logs may not be read", own_network(flow_logs=refused()))
    yield exempt("serverless", given(workspace={"compute_mode": "SERVERLESS"}))
