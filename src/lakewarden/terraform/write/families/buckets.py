"""Buckets: one resource for the bucket, and one for each thing that is set of it."""

from __future__ import annotations

from typing import Final

from lakewarden.terraform.write.rows import Row, Rows, renamed
from lakewarden.terraform.write.thing import LeftOutError, Thing


def whole_policy(thing: Thing) -> Thing:
    """Return the thing with its document, a policy, as the one field `policy`.

    Raises:
        LeftOutError: only a part of the policy is known.
    """
    parts = any(place[:1] == ("Statement",) and len(place) > 1 for place in thing.known)
    if not thing.whole and (parts or ("Statement",) not in thing.known):
        raise LeftOutError(
            "the rest of the policy is not known: let the deployment be read, without --snapshot"
        )
    document = {n: v for n, v in thing.document.items() if not n.startswith("@")}
    policy = {"Version": "2012-10-17", **document}
    return renamed(thing, {"policy": policy, "arn": thing.document.get("@arn")}, ["policy"])


_TRANSITION: Final = "{days<Days date<Date storage_class!<StorageClass}"
_OLD: Final = "noncurrent_days<NoncurrentDays newer_noncurrent_versions<NewerNoncurrentVersions"
_FILTER: Final = """filter+<Filter{prefix<Prefix tag<Tag{key!<Key value!<Value}
    object_size_greater_than<ObjectSizeGreaterThan object_size_less_than<ObjectSizeLessThan
    and<And{prefix<Prefix object_size_greater_than<ObjectSizeGreaterThan
        object_size_less_than<ObjectSizeLessThan}}"""

ROWS: Final[Rows] = {
    "bucket": Row(
        "aws_s3_bucket",
        "bucket!<@key",
        "buckets",
        also="tags force_destroy object_lock_enabled",
        marks={"bucket": "@key"},
    ),
    "bucket_policy": Row(
        "aws_s3_bucket_policy",
        "bucket!<@key policy!~",
        "buckets",
        prepare=whole_policy,
        appears=True,
    ),
    "bucket_versioning": Row(
        "aws_s3_bucket_versioning",
        "bucket!<@key versioning_configuration!<.{status!<Status}",
        "buckets",
        appears=True,
    ),
    "bucket_encryption": Row(
        "aws_s3_bucket_server_side_encryption_configuration",
        """bucket!<@key rule!<.{bucket_key_enabled<BucketKeyEnabled
        apply_server_side_encryption_by_default<ApplyServerSideEncryptionByDefault{
            sse_algorithm!<SSEAlgorithm kms_master_key_id<KMSMasterKeyID}}""",
        "buckets",
        appears=True,
    ),
    "bucket_ownership": Row(
        "aws_s3_bucket_ownership_controls",
        "bucket!<@key rule!<.{object_ownership!<ObjectOwnership}",
        "buckets",
        appears=True,
    ),
    "bucket_public_access": Row(
        "aws_s3_bucket_public_access_block",
        """bucket!<@key block_public_acls<BlockPublicAcls ignore_public_acls<IgnorePublicAcls
        block_public_policy<BlockPublicPolicy restrict_public_buckets<RestrictPublicBuckets""",
        "buckets",
        appears=True,
    ),
    "bucket_lifecycle": Row(
        "aws_s3_bucket_lifecycle_configuration",
        f"""bucket!<@key rule*!<Rules{{id!<ID status!<Status {_FILTER}
        expiration<Expiration{{days<Days date<Date
            expired_object_delete_marker<ExpiredObjectDeleteMarker}}
        noncurrent_version_expiration<NoncurrentVersionExpiration{{{_OLD}}}
        abort_incomplete_multipart_upload<AbortIncompleteMultipartUpload{{
            days_after_initiation<DaysAfterInitiation}}
        transition*<Transitions{_TRANSITION}
        noncurrent_version_transition*<NoncurrentVersionTransitions{{{_OLD}
            storage_class!<StorageClass}}}}""",
        "buckets",
        appears=True,
    ),
    "account_public_access": Row(
        "aws_s3_account_public_access_block",
        """block_public_acls<BlockPublicAcls ignore_public_acls<IgnorePublicAcls
        block_public_policy<BlockPublicPolicy restrict_public_buckets<RestrictPublicBuckets""",
        "buckets",
        also="account_id",
        appears=True,
    ),
}
"""How buckets become resources, by kind."""
