"""IAM, KMS, CloudTrail and EC2: what the deployment's own objects point at."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from lakewarden.clients.failure import CallFailedError
from lakewarden.collect.aws_calls import call, one_each, pages, region_of, regions
from lakewarden.collect.task import Task, collects
from lakewarden.estate.account import CREDENTIALS, ENCRYPTION_KEYS
from lakewarden.estate.aws import (
    KMS_KEYS,
    KMS_ROTATION,
    ROLES,
    TRAIL_STATUS,
    TRAILS,
)
from lakewarden.estate.costs import COST_TAGS
from lakewarden.estate.fact import Cause


@collects(ROLES)
def roles(task: Task) -> Iterator[Any]:
    """Read the trust policy of every registered role."""
    client = task.cloud.client("iam", "us-east-1")

    def ask(arn: str) -> Mapping[str, Any]:
        answer = call(client.get_role, RoleName=arn.rsplit("/", 1)[-1])
        trust = answer.get("Role", {}).get("AssumeRolePolicyDocument")
        if trust is None:
            raise CallFailedError(Cause.MISSING_FIELD, "no AssumeRolePolicyDocument in the answer")
        text = unquote(trust) if isinstance(trust, str) else json.dumps(trust, sort_keys=True)
        return {"arn": arn, "trust": text}

    known = task.before(CREDENTIALS).seen()
    yield from one_each(task, "arn", [c.role_arn.get() for c in known if not c.role_arn.gap], ask)


@collects(KMS_KEYS)
def kms_keys(task: Task) -> Iterator[Any]:
    """Read the state of every registered key."""

    def ask(arn: str) -> Mapping[str, Any]:
        client = task.cloud.client("kms", region_of(arn))
        return {**call(client.describe_key, KeyId=arn).get("KeyMetadata", {}), "arn": arn}

    yield from one_each(task, "arn", _key_arns(task), ask)


@collects(KMS_ROTATION)
def kms_rotation(task: Task) -> Iterator[Any]:
    """Read whether AWS rotates each registered key."""

    def ask(arn: str) -> Mapping[str, Any]:
        client = task.cloud.client("kms", region_of(arn))
        return {**call(client.get_key_rotation_status, KeyId=arn), "arn": arn}

    yield from one_each(task, "arn", _key_arns(task), ask)


def _key_arns(task: Task) -> list[str]:
    return [key.arn.get() for key in task.before(ENCRYPTION_KEYS).seen() if not key.arn.gap]


@collects(TRAILS)
def trails(task: Task) -> Iterator[Any]:
    """Read the trails of every region that has a workspace."""
    for region in regions(task):
        client = task.cloud.client("cloudtrail", region)
        answer = call(client.describe_trails)
        if "trailList" not in answer:
            raise CallFailedError(Cause.MISSING_FIELD, "no trailList in the answer")
        for trail in answer["trailList"]:
            yield task.record(trail)


@collects(TRAIL_STATUS)
def trail_status(task: Task) -> Iterator[Any]:
    """Read whether each trail is recording."""
    seen = task.before(TRAILS)

    def ask(arn: str) -> Mapping[str, Any]:
        client = task.cloud.client("cloudtrail", region_of(arn))
        answer = call(client.get_trail_status, Name=arn)
        last = answer.get("LatestDeliveryTime")
        return {**answer, "arn": arn, "LatestDeliveryTime": last and last.isoformat()}

    yield from one_each(task, "arn", [trail.arn for trail in seen.seen()], ask)


@collects(COST_TAGS)
def cost_tags(task: Task) -> Iterator[Any]:
    """Read which tags split the bill; in an organisation the payer's account alone may."""
    client = task.cloud.client("ce", "us-east-1")
    for page in pages(client, "list_cost_allocation_tags", Type="UserDefined"):
        if "CostAllocationTags" not in page:
            raise CallFailedError(Cause.MISSING_FIELD, "no CostAllocationTags in the answer")
        for item in page["CostAllocationTags"]:
            yield task.record(item)
