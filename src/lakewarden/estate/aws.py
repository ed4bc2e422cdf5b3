"""The AWS account under a deployment: buckets, keys, roles, networks, trails."""

from __future__ import annotations

from typing import Final

from lakewarden.estate.fact import Fact
from lakewarden.estate.kind import Kind, Scope
from lakewarden.estate.record import Record, fact, key, record


@record
class BucketEncryption(Record):
    """Default encryption of a bucket: AES256, aws:kms, aws:kms:dsse, or None.

    `bucket_key` says whether S3 asks KMS once for many objects; None where nobody said.
    """

    name: str = key("bucket")
    algorithm: Fact[str | None] = fact("algorithm", absent=None)
    key_arn: Fact[str | None] = fact("key", absent=None)
    bucket_key: Fact[bool | None] = fact("BucketKeyEnabled", absent=None)


@record
class BucketVersioning(Record):
    """Versioning of a bucket: Enabled, Suspended, or None when it never was on."""

    name: str = key("bucket")
    status: Fact[str | None] = fact("Status", absent=None)


@record
class BucketPublicAccess(Record):
    """The four public access switches of a bucket; False where there is no configuration."""

    name: str = key("bucket")
    block_acls: Fact[bool] = fact("BlockPublicAcls")
    ignore_acls: Fact[bool] = fact("IgnorePublicAcls")
    block_policy: Fact[bool] = fact("BlockPublicPolicy")
    restrict: Fact[bool] = fact("RestrictPublicBuckets")


@record
class BucketPolicy(Record):
    """The policy of a bucket as JSON text, or None when there is none."""

    name: str = key("bucket")
    document: Fact[str | None] = fact("Policy", absent=None)


@record
class Role(Record):
    """An IAM role that Databricks may assume."""

    arn: str = key("arn")
    trust: Fact[str] = fact("trust")


@record
class KmsKey(Record):
    """A KMS key that a workspace depends on."""

    arn: str = key("arn")
    state: Fact[str] = fact("KeyState")
    manager: Fact[str] = fact("KeyManager")


@record
class KmsRotation(Record):
    """Whether AWS rotates a key's material."""

    arn: str = key("arn")
    enabled: Fact[bool] = fact("KeyRotationEnabled")


@record
class Trail(Record):
    """A CloudTrail trail."""

    arn: str = key("TrailARN")
    name: Fact[str] = fact("Name")
    multi_region: Fact[bool] = fact("IsMultiRegionTrail")
    validated: Fact[bool] = fact("LogFileValidationEnabled")
    bucket: Fact[str] = fact("S3BucketName")
    key_arn: Fact[str | None] = fact("KmsKeyId", absent=None)


@record
class TrailStatus(Record):
    """Whether a trail is recording. `delivered` is an ISO 8601 time."""

    arn: str = key("arn")
    logging: Fact[bool] = fact("IsLogging")
    delivered: Fact[str] = fact("LatestDeliveryTime", volatile=True)
    delivery_error: Fact[str | None] = fact("LatestDeliveryError", absent=None)


_BUCKETS: Final = ("storage_configurations", "external_locations")

BUCKET_ENCRYPTION: Final = Kind(
    "bucket_encryption",
    BucketEncryption,
    Scope.AWS,
    "s3:GetBucketEncryption",
    "s3:GetEncryptionConfiguration",
    _BUCKETS,
)
BUCKET_VERSIONING: Final = Kind(
    "bucket_versioning",
    BucketVersioning,
    Scope.AWS,
    "s3:GetBucketVersioning",
    "s3:GetBucketVersioning",
    _BUCKETS,
)
BUCKET_PUBLIC_ACCESS: Final = Kind(
    "bucket_public_access",
    BucketPublicAccess,
    Scope.AWS,
    "s3:GetPublicAccessBlock",
    "s3:GetBucketPublicAccessBlock",
    _BUCKETS,
)
BUCKET_POLICY: Final = Kind(
    "bucket_policy",
    BucketPolicy,
    Scope.AWS,
    "s3:GetBucketPolicy",
    "s3:GetBucketPolicy",
    _BUCKETS,
)
ROLES: Final = Kind("roles", Role, Scope.AWS, "iam:GetRole", "iam:GetRole", ("credentials",))
KMS_KEYS: Final = Kind(
    "kms_keys", KmsKey, Scope.AWS, "kms:DescribeKey", "kms:DescribeKey", ("encryption_keys",)
)
KMS_ROTATION: Final = Kind(
    "kms_rotation",
    KmsRotation,
    Scope.AWS,
    "kms:GetKeyRotationStatus",
    "kms:GetKeyRotationStatus",
    ("encryption_keys",),
)
TRAILS: Final = Kind(
    "trails", Trail, Scope.AWS, "cloudtrail:DescribeTrails", "cloudtrail:DescribeTrails"
)
TRAIL_STATUS: Final = Kind(
    "trail_status",
    TrailStatus,
    Scope.AWS,
    "cloudtrail:GetTrailStatus",
    "cloudtrail:GetTrailStatus",
    ("trails",),
)
