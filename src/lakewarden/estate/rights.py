"""What roles and keys of the AWS account allow, which disks are encrypted, how much may run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lakewarden.estate.fact import Fact
from lakewarden.estate.kind import Kind, Scope
from lakewarden.estate.record import Record, fact, key, record


@record
class RolePolicies(Record):
    """Every policy of a registered role, as JSON text; those that are its own also by name."""

    arn: str = key("arn")
    documents: Fact[tuple[str, ...]] = fact("documents")
    inline: Fact[Mapping[str, str]] = fact("inline", absent={})
    boundary: Fact[str | None] = fact("boundary", absent=None)


@record
class KeyPolicy(Record):
    """The policy of a registered key as JSON text."""

    arn: str = key("arn")
    document: Fact[str] = fact("Policy")


@record
class DiskDefault(Record):
    """Whether a region encrypts new disks without being asked."""

    region: str = key("region")
    enabled: Fact[bool] = fact("EbsEncryptionByDefault")


@record
class Volume(Record):
    """A disk of a machine that Databricks runs, and the subnet that the machine is in."""

    id: str = key("VolumeId")
    encrypted: Fact[bool] = fact("Encrypted")
    key_arn: Fact[str | None] = fact("KmsKeyId", absent=None)
    subnet: Fact[str] = fact("SubnetId")


@record
class Quota(Record):
    """How many virtual processors of one class may run in a region at once."""

    region: str = key("region")
    code: str = key("QuotaCode")
    name: Fact[str] = fact("QuotaName")
    value: Fact[float] = fact("Value")


@record
class QuotaPeak(Record):
    """The most of a quota that was in use at once in 30 days; None where nothing was recorded."""

    region: str = key("region")
    code: str = key("QuotaCode")
    peak: Fact[float | None] = fact("peak", absent=None)


ROLE_POLICIES: Final = Kind(
    "role_policies",
    RolePolicies,
    Scope.AWS,
    "iam:GetRolePolicy",
    "iam:GetRole, iam:ListRolePolicies, iam:GetRolePolicy, iam:ListAttachedRolePolicies, "
    "iam:GetPolicy, iam:GetPolicyVersion",
    ("credentials",),
)
KEY_POLICIES: Final = Kind(
    "key_policies",
    KeyPolicy,
    Scope.AWS,
    "kms:GetKeyPolicy",
    "kms:GetKeyPolicy",
    ("encryption_keys",),
)
DISK_DEFAULTS: Final = Kind(
    "disk_defaults",
    DiskDefault,
    Scope.AWS,
    "ec2:GetEbsEncryptionByDefault",
    "ec2:GetEbsEncryptionByDefault",
)
VOLUMES: Final = Kind(
    "volumes",
    Volume,
    Scope.AWS,
    "ec2:DescribeVolumes",
    "ec2:DescribeVolumes, ec2:DescribeInstances",
)
QUOTAS: Final = Kind(
    "quotas",
    Quota,
    Scope.AWS,
    "service-quotas:ListServiceQuotas",
    "servicequotas:ListServiceQuotas",
)
QUOTA_PEAKS: Final = Kind(
    "quota_peaks",
    QuotaPeak,
    Scope.AWS,
    "cloudwatch:GetMetricStatistics",
    "cloudwatch:GetMetricStatistics, servicequotas:ListServiceQuotas",
)
