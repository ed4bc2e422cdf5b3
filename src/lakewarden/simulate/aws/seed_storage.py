"""Buckets of a world."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lakewarden.simulate.aws.builder import Builder, Table


def buckets(builder: Builder, world: Table) -> None:
    """Create every `[[buckets]]` table."""
    for bucket in world.get("buckets", []):
        name, lock_days = bucket["name"], bucket.get("object_lock_days")
        s3 = builder.client("s3")
        s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=lock_days is not None)
        builder.ids[f"bucket.{name}"] = name
        _protection(builder, s3, bucket)
        _retention(s3, bucket)
        if "policy" in bucket:
            policy = builder.document(bucket["policy"], bucket=name)
            s3.put_bucket_policy(Bucket=name, Policy=policy)
        for key, text in bucket.get("objects", {}).items():
            s3.put_object(Bucket=name, Key=builder.text(key), Body=text.encode())


def _protection(builder: Builder, s3: Any, bucket: Table) -> None:
    name = bucket["name"]
    if "encryption" in bucket:
        s3.put_bucket_encryption(
            Bucket=name,
            ServerSideEncryptionConfiguration={"Rules": [_rule(builder, bucket["encryption"])]},
        )
    if "block_public_access" in bucket:
        s3.put_public_access_block(
            Bucket=name, PublicAccessBlockConfiguration=block(on=bucket["block_public_access"])
        )
    if "ownership" in bucket:
        controls = {"Rules": [{"ObjectOwnership": bucket["ownership"]}]}
        s3.put_bucket_ownership_controls(Bucket=name, OwnershipControls=controls)
    if "acl" in bucket:
        s3.put_bucket_acl(Bucket=name, ACL=bucket["acl"])
    if "tags" in bucket:
        wanted = [{"Key": key, "Value": value} for key, value in bucket["tags"].items()]
        s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": wanted})


def _rule(builder: Builder, encryption: str) -> Table:
    """Encrypt by S3's own key, `encryption = "s3"`, or by the world's key of that name."""
    if encryption == "s3":
        default = {"SSEAlgorithm": "AES256"}
    else:
        key = builder.ids[f"key.{encryption}"]
        default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    return {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": encryption != "s3"}


def _retention(s3: Any, bucket: Table) -> None:
    name, lock_days = bucket["name"], bucket.get("object_lock_days")
    if "versioning" in bucket:
        wanted = {"Status": bucket["versioning"]}
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration=wanted)
    if rules := list(_rules(bucket)):
        s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": rules})
    if lock_days is not None:
        retention = {"Mode": "GOVERNANCE", "Days": lock_days}
        s3.put_object_lock_configuration(
            Bucket=name,
            ObjectLockConfiguration={
                "ObjectLockEnabled": "Enabled",
                "Rule": {"DefaultRetention": retention},
            },
        )


def _rules(bucket: Table) -> Iterator[Table]:
    """Yield the lifecycle rules: when old versions go, and when everything does."""
    common = {"Status": "Enabled", "Filter": {"Prefix": ""}}
    if days := bucket.get("noncurrent_days"):
        yield common | {"ID": "noncurrent", "NoncurrentVersionExpiration": {"NoncurrentDays": days}}
    if days := bucket.get("expire_days"):
        yield common | {"ID": "expire", "Expiration": {"Days": days}}


def block(*, on: bool) -> dict[str, bool]:
    """Write a public access block with all four switches alike."""
    switches = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    return dict.fromkeys(switches, on)
