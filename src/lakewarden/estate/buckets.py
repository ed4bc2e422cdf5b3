"""What else AWS says of buckets: owners of objects, what expires, what the account blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from lakewarden.estate.fact import Fact
from lakewarden.estate.kind import Kind, Scope
from lakewarden.estate.record import Record, fact, key, record


@record
class BucketOwnership(Record):
    """Who owns the objects of a bucket; None where ACLs count because nothing was ever set."""

    name: str = key("bucket")
    rule: Fact[str | None] = fact("ObjectOwnership", absent=None)


@dataclass(frozen=True, slots=True)
class LifecycleRule:
    """One rule of a bucket's lifecycle.

    Attributes:
        enabled: it is in force.
        whole: it holds for every object of the bucket.
        noncurrent_days: when it deletes versions that were replaced; 0 for never.
        days: when it deletes objects, counted from their making; 0 for never.
        date: a day on which it deletes all that is older, empty for none.
        id: its name.
    """

    enabled: bool
    whole: bool
    noncurrent_days: int = 0
    days: int = 0
    date: str = ""
    id: str = ""


@record
class BucketLifecycle(Record):
    """The lifecycle rules of a bucket; none where there is no configuration."""

    name: str = key("bucket")
    rules: Fact[tuple[LifecycleRule, ...]] = fact("rules")


@record
class BucketLock(Record):
    """How long the objects of a bucket cannot be deleted, unless one says otherwise of itself.

    Attributes:
        enabled: versions can be locked at all; without it there is no lock.
        mode: GOVERNANCE, which a special right overrides, or COMPLIANCE; None for no default.
        days: how long by default; None where it is said in years, or there is no default.
        years: how long by default; None where it is said in days, or there is no default.
    """

    name: str = key("bucket")
    enabled: Fact[bool] = fact("enabled")
    mode: Fact[str | None] = fact("mode", absent=None)
    days: Fact[int | None] = fact("days", absent=None)
    years: Fact[int | None] = fact("years", absent=None)


@record
class AccountPublicAccess(Record):
    """The public access switches of an AWS account, and the buckets they hold for."""

    id: str = key("AccountId")
    block_acls: Fact[bool] = fact("BlockPublicAcls")
    ignore_acls: Fact[bool] = fact("IgnorePublicAcls")
    block_policy: Fact[bool] = fact("BlockPublicPolicy")
    restrict: Fact[bool] = fact("RestrictPublicBuckets")
    buckets: Fact[tuple[str, ...]] = fact("Buckets")


_BUCKETS: Final = ("storage_configurations", "external_locations")

BUCKET_OWNERSHIP: Final = Kind(
    "bucket_ownership",
    BucketOwnership,
    Scope.AWS,
    "s3:GetBucketOwnershipControls",
    "s3:GetBucketOwnershipControls",
    _BUCKETS,
)
BUCKET_LIFECYCLE: Final = Kind(
    "bucket_lifecycle",
    BucketLifecycle,
    Scope.AWS,
    "s3:GetBucketLifecycleConfiguration",
    "s3:GetLifecycleConfiguration",
    _BUCKETS,
)
BUCKET_LOCK: Final = Kind(
    "bucket_lock",
    BucketLock,
    Scope.AWS,
    "s3:GetObjectLockConfiguration",
    "s3:GetBucketObjectLockConfiguration",
    _BUCKETS,
)
ACCOUNT_PUBLIC_ACCESS: Final = Kind(
    "account_public_access",
    AccountPublicAccess,
    Scope.AWS,
    "s3control:GetPublicAccessBlock",
    "s3:GetAccountPublicAccessBlock, s3:ListAllMyBuckets",
)
