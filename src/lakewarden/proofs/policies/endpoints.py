"""Policies of VPC endpoints, by which data leaves for known places alone.

Source: Databricks' Security Reference Architecture, 2026-07, isolated mode. An endpoint that is
given no policy lets everything through.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lakewarden.proofs.facts.accounts import Platform
from lakewarden.proofs.facts.regions import Region
from lakewarden.proofs.policies.buckets import READS, WRITES
from lakewarden.proofs.policies.build import (
    ANYBODY,
    Policy,
    accounts,
    allow,
    bucket_arns,
    merged,
    policy,
)

_LEAVES: Final = ("s3:PutObject", "s3:ListBucket", "s3:GetBucketLocation")
_ROLES: Final = ("sts:AssumeRole", "sts:TagSession")
_OTHER: Final = ("sts:GetAccessKeyInfo", "sts:GetSessionToken", "sts:DecodeAuthorizationMessage")


def open_to_all() -> Policy:
    """Return the policy that AWS gives an endpoint when nobody gives it one."""
    return policy(allow("Default", ["*"], to=ANYBODY))


def s3(
    vendor: Platform,
    place: Region,
    root_buckets: Iterable[str],
    data_buckets: Iterable[str],
    account: str,
) -> Policy:
    """Return the policy of the endpoint for S3.

    Args:
        vendor: the Databricks platform.
        place: the region there; buckets of Databricks that are not known get no statement.
        root_buckets: names of the workspaces' root buckets.
        data_buckets: names of your own buckets.
        account: your AWS account.
    """
    control, artifacts = vendor.control_plane, vendor.artifacts
    by_control = {"aws:PrincipalAccount": control}
    own = {"aws:PrincipalAccount": account, "s3:ResourceAccount": account}
    both = (*READS, *WRITES)
    rows: tuple[tuple[str, tuple[str, ...], Iterable[str], dict[str, str]], ...] = (
        ("RootBuckets", both, root_buckets, by_control),
        ("DataBuckets", both, data_buckets, own),
        ("Artifacts", READS, place.buckets.artifacts, {"aws:ResourceAccount": artifacts}),
        ("SystemTables", READS, _known(place.buckets.system_tables), by_control),
        ("Datasets", READS, _known(place.buckets.datasets), {"aws:PrincipalAccount": artifacts}),
        ("Logs", _LEAVES, _known(place.buckets.logs), by_control),
    )
    return policy(
        *(
            allow(
                sid,
                actions,
                [arn for name in names for arn in bucket_arns(name, vendor.partition)],
                to=ANYBODY,
                when={"StringEquals": tests},
            )
            for sid, actions, buckets, tests in rows
            if (names := tuple(buckets))
        )
    )


def sts(vendor: Platform, account: str) -> Policy:
    """Return the documented policy of the endpoint for STS; arguments as of `hardened_sts`."""
    own = accounts(account, partition=vendor.partition)
    return policy(allow("OwnAccount", (*_ROLES, *_OTHER), to=own), _databricks_sts(vendor))


def hardened_sts(vendor: Platform, account: str) -> Policy:
    """Return the policy of the endpoint for STS that lets your own callers become own roles alone.

    Args:
        vendor: the Databricks platform.
        account: your AWS account.
    """
    own = accounts(account, partition=vendor.partition)
    roles = f"arn:{vendor.partition}:iam::{account}:role/*"
    mine = policy(
        allow("OwnRoles", _ROLES, [roles], to=own),
        allow("OwnAccount", _OTHER, to=own),
    )
    return merged(mine, policy(_databricks_sts(vendor)))


def kinesis(vendor: Platform, region: str) -> Policy:
    """Return the policy of the endpoint for Kinesis, by which Databricks takes its own logs.

    Args:
        vendor: the Databricks platform.
        region: the AWS region.
    """
    streams = f"arn:{vendor.partition}:kinesis:{region}:{vendor.control_plane}:stream/*"
    return policy(
        allow(
            "Databricks",
            ("kinesis:PutRecord", "kinesis:PutRecords", "kinesis:DescribeStream"),
            [streams],
            to=accounts(vendor.control_plane, partition=vendor.partition),
        )
    )


def _databricks_sts(vendor: Platform) -> Policy:
    to = accounts(vendor.control_plane, partition=vendor.partition)
    return allow("Databricks", (*_ROLES, "sts:GetSessionToken"), to=to)


def _known(bucket: str | None) -> tuple[str, ...]:
    return () if bucket is None else (bucket,)
