"""Policies of roles and keys, disks of the machines that Databricks runs, quotas and their use."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final
from urllib.parse import unquote

from lakewarden.clients.failure import CallFailedError
from lakewarden.clock import parse_time
from lakewarden.collect.aws_calls import call, need, one_each, pages, region_of, regions
from lakewarden.collect.task import Task, collects
from lakewarden.estate.account import CREDENTIALS, ENCRYPTION_KEYS
from lakewarden.estate.fact import Cause
from lakewarden.estate.record import hollow
from lakewarden.estate.rights import (
    DISK_DEFAULTS,
    KEY_POLICIES,
    QUOTA_PEAKS,
    QUOTAS,
    ROLE_POLICIES,
    VOLUMES,
)

_VENDOR: Final = [{"Name": "tag:Vendor", "Values": ["Databricks"]}]
_DAY: Final = 86_400
_DAYS: Final = 30


@collects(ROLE_POLICIES)
def role_policies(task: Task) -> Iterator[Any]:
    """Read every policy of every registered role."""
    client = task.cloud.client("iam", "us-east-1")

    def ask(arn: str) -> Mapping[str, Any]:
        name = arn.rsplit("/", 1)[-1]
        role = need(call(client.get_role, source="iam:GetRole", RoleName=name), "Role")
        boundary = role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
        inline = dict(_inline(client, name))
        documents = [*inline.values(), *_attached(client, name)]
        return {"arn": arn, "documents": documents, "inline": inline, "boundary": boundary}

    known = task.before(CREDENTIALS).seen()
    yield from one_each(task, "arn", [c.role_arn.get() for c in known if not c.role_arn.gap], ask)


def _inline(client: Any, role: str) -> Iterator[tuple[str, str]]:
    for page in pages(client, "list_role_policies", source="iam:ListRolePolicies", RoleName=role):
        for name in need(page, "PolicyNames"):
            answer = call(client.get_role_policy, RoleName=role, PolicyName=name)
            yield name, _text(need(answer, "PolicyDocument"))


def _attached(client: Any, role: str) -> Iterator[str]:
    for page in pages(
        client,
        "list_attached_role_policies",
        source="iam:ListAttachedRolePolicies",
        RoleName=role,
    ):
        for attached in need(page, "AttachedPolicies"):
            yield default_version(client, attached["PolicyArn"])


def default_version(client: Any, arn: str) -> str:
    """Return the version of a managed policy that is in force, as JSON text.

    Raises:
        CallFailedError: it was not read.
    """
    answer = call(client.get_policy, source="iam:GetPolicy", PolicyArn=arn)
    version = need(need(answer, "Policy"), "DefaultVersionId")
    answer = call(
        client.get_policy_version, source="iam:GetPolicyVersion", PolicyArn=arn, VersionId=version
    )
    return _text(need(need(answer, "PolicyVersion"), "Document"))


@collects(KEY_POLICIES)
def key_policies(task: Task) -> Iterator[Any]:
    """Read the policy of every registered key."""

    def ask(arn: str) -> Mapping[str, Any]:
        client = task.cloud.client("kms", region_of(arn))
        return {**call(client.get_key_policy, KeyId=arn, PolicyName="default"), "arn": arn}

    known = task.before(ENCRYPTION_KEYS).seen()
    yield from one_each(task, "arn", [k.arn.get() for k in known if not k.arn.gap], ask)


@collects(DISK_DEFAULTS)
def disk_defaults(task: Task) -> Iterator[Any]:
    """Read whether each region that has a workspace encrypts new disks."""

    def ask(region: str) -> Mapping[str, Any]:
        client = task.cloud.client("ec2", region)
        return {**call(client.get_ebs_encryption_by_default), "region": region}

    yield from one_each(task, "region", regions(task), ask)


@collects(VOLUMES)
def volumes(task: Task) -> Iterator[Any]:
    """Read the disks of the machines that Databricks runs, with the machines' subnets."""
    for region in regions(task):
        client = task.cloud.client("ec2", region)
        subnets: dict[str, str] = {}
        for page in pages(
            client, "describe_instances", source="ec2:DescribeInstances", Filters=_VENDOR
        ):
            for reservation in need(page, "Reservations"):
                for machine in reservation.get("Instances", []):
                    subnets[machine.get("InstanceId", "")] = machine.get("SubnetId", "")
        for page in pages(client, "describe_volumes", Filters=_VENDOR):
            for volume in need(page, "Volumes"):
                held = [subnets.get(a.get("InstanceId")) for a in volume.get("Attachments", [])]
                yield task.record({**volume, "SubnetId": next(filter(None, held), None)})


@collects(QUOTAS)
def quotas(task: Task) -> Iterator[Any]:
    """Read the quotas of EC2 that are counted in virtual processors, by their names."""
    for region in regions(task):
        for quota in _processor_quotas(task, region):
            yield task.record({**quota, "region": region})


@collects(QUOTA_PEAKS)
def quota_peaks(task: Task) -> Iterator[Any]:
    """Read how much of each quota was in use at most."""
    end = parse_time(task.so_far.meta.taken)
    window = {"StartTime": end - timedelta(days=_DAYS), "EndTime": end + timedelta(days=1)}
    for region in regions(task):
        client = task.cloud.client("cloudwatch", region)
        for quota in _processor_quotas(task, region):
            identity = {"region": region, "code": quota.get("QuotaCode", "")}
            try:
                peak = _peak(client, quota.get("UsageMetric") or {}, window)
            except CallFailedError as error:
                yield hollow(task.kind.record, identity, task.gap(error))
            else:
                yield task.record({**quota, "region": region, "peak": peak})


def _peak(client: Any, metric: Mapping[str, Any], window: Mapping[str, Any]) -> float | None:
    if not metric:
        raise CallFailedError(Cause.MISSING_FIELD, "the quota names no metric of its use")
    answer = call(
        client.get_metric_statistics,
        Namespace=metric.get("MetricNamespace"),
        MetricName=metric.get("MetricName"),
        Dimensions=[
            {"Name": name, "Value": value}
            for name, value in (metric.get("MetricDimensions") or {}).items()
        ],
        Period=_DAY,
        Statistics=["Maximum"],
        **window,
    )
    points = [float(need(point, "Maximum")) for point in need(answer, "Datapoints")]
    return max(points, default=None)


def _processor_quotas(task: Task, region: str) -> Iterator[Mapping[str, Any]]:
    client = task.cloud.client("service-quotas", region)
    for page in pages(client, "list_service_quotas", source=QUOTAS.source, ServiceCode="ec2"):
        for quota in need(page, "Quotas"):
            name = str(quota.get("QuotaName", ""))
            if name.startswith("Running On-Demand ") or name.endswith(" Spot Instance Requests"):
                yield quota


def _text(document: Any) -> str:
    return unquote(document) if isinstance(document, str) else json.dumps(document, sort_keys=True)
