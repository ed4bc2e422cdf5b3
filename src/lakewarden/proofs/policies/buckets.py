"""Bucket policies that Databricks documents, and the policy of a storage credential's role.

Source: the Terraform provider's data sources `databricks_aws_bucket_policy` and
`databricks_aws_unity_catalog_policy`, release 1.128.0; the restrictive root bucket is that of
Databricks' Security Reference Architecture, 2026-07.
"""

from __future__ import annotations

from typing import Final

from lakewarden.proofs.facts.accounts import Platform
from lakewarden.proofs.policies.build import (
    TENANT_TAG,
    Policy,
    accounts,
    allow,
    bucket_arns,
    callers,
    policy,
    tls_only,
)

READS: Final = ("s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket", "s3:GetBucketLocation")
WRITES: Final = ("s3:PutObject", "s3:DeleteObject")
_PARTS: Final = (
    "s3:ListBucketMultipartUploads",
    "s3:ListMultipartUploadParts",
    "s3:AbortMultipartUpload",
)


def root_bucket(vendor: Platform, bucket: str, tenant: str = "") -> Policy:
    """Return the policy of a workspace's root bucket.

    Args:
        vendor: the Databricks platform.
        bucket: its name.
        tenant: the id of the Databricks account. Without it Databricks alone keeps the sessions of
            its other customers out.
    """
    to, arns = _control_plane(vendor), bucket_arns(bucket, vendor.partition)
    when = _for(tenant) if tenant else None
    return policy(allow("Databricks", (*READS, *WRITES), arns, to=to, when=when))


def restrictive_root_bucket(
    vendor: Platform, bucket: str, tenant: str, shard: str, workspace: str
) -> Policy:
    """Return the policy of a root bucket in which little can be written.

    Args:
        vendor: the Databricks platform.
        bucket: its name.
        tenant: the id of the Databricks account.
        shard: Databricks' word for the region, as `proofs.facts.regions` has it.
        workspace: the workspace's numeric id.
    """
    to, (arn, objects) = _control_plane(vendor), bucket_arns(bucket, vendor.partition)
    home = f"{shard}-prod"
    written = (
        f"{home}/0_databricks_dev",
        f"ephemeral/{home}/{workspace}/*",
        f"{home}/{workspace}.*/*",
        f"{home}/{workspace}/*",
    )
    return policy(
        allow("DatabricksReads", READS, (arn, objects), to=to, when=_for(tenant)),
        allow(
            "DatabricksWrites", WRITES, [f"{arn}/{w}" for w in written], to=to, when=_for(tenant)
        ),
        tls_only(bucket, vendor.partition),
    )


def log_bucket(bucket: str, role: str, partition: str = "aws") -> Policy:
    """Return the policy of the bucket that logs are delivered to.

    Args:
        bucket: its name.
        role: the ARN of the role that delivers them.
        partition: of AWS.
    """
    arns = bucket_arns(bucket, partition)
    return policy(allow("LogDelivery", (*READS, *WRITES), arns, to=callers(role)))


def storage_credential(bucket: str, role: str, key: str = "", partition: str = "aws") -> Policy:
    """Return the policy of a storage credential's role.

    Args:
        bucket: the name of the bucket that it opens.
        role: the role's ARN, which it has to become again.
        key: the ARN of the key that encrypts the bucket; empty for none.
        partition: of AWS.
    """
    reads = (name for name in READS if name != "s3:GetObjectVersion")
    statements = [
        allow("Bucket", (*reads, *WRITES, *_PARTS), bucket_arns(bucket, partition)),
        allow("Itself", ["sts:AssumeRole"], [role]),
    ]
    if key:
        actions = ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*")
        statements.insert(1, allow("Key", actions, [key]))
    return policy(*statements)


def _control_plane(vendor: Platform) -> Policy:
    return accounts(vendor.control_plane, partition=vendor.partition)


def _for(tenant: str) -> dict[str, dict[str, str]]:
    return {"StringEquals": {TENANT_TAG: tenant}}
