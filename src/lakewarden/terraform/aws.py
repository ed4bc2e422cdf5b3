"""Resources of AWS under a deployment: buckets, roles, keys, trails."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from lakewarden.estate import aws, buckets, rights
from lakewarden.terraform.entries import Entry, Reader, Source, same
from lakewarden.terraform.values import Part, has_unknown

_SWITCHES: Final = {
    "BlockPublicAcls": "block_public_acls",
    "IgnorePublicAcls": "ignore_public_acls",
    "BlockPublicPolicy": "block_public_policy",
    "RestrictPublicBuckets": "restrict_public_buckets",
}
_NEVER_VERSIONED: Final = "Disabled"
_ENCRYPTION: Final = "rule.apply_server_side_encryption_by_default"


def _bucket(_: Source) -> Iterator[Entry]:
    """A bucket by itself says nothing: what is judged of it are resources of their own."""
    yield from ()


def _versioning(source: Source) -> Iterator[Entry]:
    status = source.one("versioning_configuration.status")
    known = None if status == _NEVER_VERSIONED else status
    yield Entry(aws.BUCKET_VERSIONING, {"bucket": source.one("bucket"), "Status": known})


def _encryption(source: Source) -> Iterator[Entry]:
    fields = {
        "bucket": source.one("bucket"),
        "algorithm": source.one(f"{_ENCRYPTION}.sse_algorithm"),
        "key": source.one(f"{_ENCRYPTION}.kms_master_key_id"),
    }
    yield Entry(aws.BUCKET_ENCRYPTION, fields)


def _account_block(source: Source) -> Iterator[Entry]:
    """The switches of an AWS account: they hold for the plan's own buckets by the same provider."""
    mine = [bucket for bucket in source.beside("aws_s3_bucket") if isinstance(bucket, str)]
    fields = {path: source.one(attribute) for path, attribute in _SWITCHES.items()}
    identity = {"AccountId": source.resource.provider, "Buckets": mine}
    yield Entry(buckets.ACCOUNT_PUBLIC_ACCESS, {**fields, **identity})


def _of_bucket(kind: Any, **attributes: str) -> Reader:
    def reader(source: Source) -> Iterator[Entry]:
        said = {path: source.one(attribute) for path, attribute in attributes.items()}
        yield Entry(kind, {"bucket": source.one("bucket"), **said})

    return reader


def _key(source: Source) -> Iterator[Entry]:
    """A KMS key; whoever makes one manages it."""
    enabled = source.one("is_enabled")
    state = {True: "Enabled", False: "Disabled"}.get(enabled, enabled)
    arn = source.name("arn")
    yield Entry(aws.KMS_KEYS, {"arn": arn, "KeyState": state, "KeyManager": "CUSTOMER"})
    rotates = {"arn": arn, "KeyRotationEnabled": source.one("enable_key_rotation")}
    yield Entry(aws.KMS_ROTATION, rotates)
    yield Entry(rights.KEY_POLICIES, {"arn": arn, "Policy": source.one("policy")})


def _trail(source: Source) -> Iterator[Entry]:
    arn = source.name("arn")
    yield Entry(
        aws.TRAILS,
        {
            "TrailARN": arn,
            "Name": source.one("name"),
            "IsMultiRegionTrail": source.one("is_multi_region_trail"),
            "LogFileValidationEnabled": source.one("enable_log_file_validation"),
        },
    )
    yield Entry(aws.TRAIL_STATUS, {"arn": arn, "IsLogging": source.one("enable_logging")})


def _lifecycle(source: Source) -> Iterator[Entry]:
    """What expires in a bucket; a rule that is not known to the end is left out."""
    rules = list(source.blocks("rule"))
    known = [_expiry(rule) for rule in rules if not has_unknown(rule.resource.unknown)]
    fields = {"bucket": source.one("bucket"), "rules": known}
    if len(known) < len(rules):
        fields["rules"] = Part(known)
    yield Entry(buckets.BUCKET_LIFECYCLE, fields)


def _expiry(rule: Source) -> dict[str, Any]:
    filters = [block.resource.values for block in rule.blocks("filter")]
    return {
        "enabled": rule.one("status") == "Enabled",
        "whole": not _text(rule, "prefix") and not any(any(f.values()) for f in filters),
        "noncurrent_days": _number(rule, "noncurrent_version_expiration.noncurrent_days"),
        "days": _number(rule, "expiration.days"),
        "date": _text(rule, "expiration.date"),
    }


def _number(rule: Source, path: str) -> int:
    said = rule.one(path)
    return said if isinstance(said, int) else 0


def _text(rule: Source, path: str) -> str:
    said = rule.one(path)
    return said if isinstance(said, str) else ""


AWS: Final[Mapping[str, Reader]] = {
    "aws_s3_bucket": _bucket,
    "aws_s3_bucket_versioning": _versioning,
    "aws_s3_bucket_server_side_encryption_configuration": _encryption,
    "aws_s3_bucket_policy": _of_bucket(aws.BUCKET_POLICY, Policy="policy"),
    "aws_s3_bucket_public_access_block": _of_bucket(aws.BUCKET_PUBLIC_ACCESS, **_SWITCHES),
    "aws_s3_account_public_access_block": _account_block,
    "aws_s3_bucket_ownership_controls": _of_bucket(
        buckets.BUCKET_OWNERSHIP, ObjectOwnership="rule.object_ownership"
    ),
    "aws_iam_role": same(aws.ROLES, "arn", trust="assume_role_policy"),
    "aws_kms_key": _key,
    "aws_cloudtrail": _trail,
    "aws_s3_bucket_lifecycle_configuration": _lifecycle,
}
"""How the resources of AWS are read, by type."""
