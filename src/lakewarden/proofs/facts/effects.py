"""What actions do, as far as the paper cares: which of them read, write, undo, decrypt or start.

Source: Service Authorization Reference, Amazon S3, AWS KMS and Amazon EC2, read for what an action
gives away or changes; its access levels are too coarse for that.
"""

from __future__ import annotations

from typing import Final

READS: Final = (
    "s3:GetObject",
    "s3:GetObjectVersion",
    "s3:GetObjectTorrent",
    "s3:GetObjectVersionTorrent",
    "s3:GetObjectVersionForReplication",
    "s3:ListBucket",
    "s3:ListBucketVersions",
    "s3:ListBucketMultipartUploads",
    "s3:ListMultipartUploadParts",
)
"""What gives away objects or their names; tags, access lists and settings do not."""
WRITES: Final = (
    "s3:PutObject",
    "s3:PutObjectAcl",
    "s3:PutObjectVersionAcl",
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "s3:ReplicateObject",
    "s3:ReplicateDelete",
    "s3:AbortMultipartUpload",
)
"""What makes, replaces, hands over or removes objects."""
UNDOES: Final = (
    "s3:DeleteObjectVersion",
    "s3:DeleteBucket",
    "s3:PutBucketPolicy",
    "s3:DeleteBucketPolicy",
    "s3:PutBucketVersioning",
    "s3:PutLifecycleConfiguration",
    "s3:PutBucketObjectLockConfiguration",
    "s3:BypassGovernanceRetention",
    "s3:PutObjectRetention",
    "s3:PutObjectLegalHold",
)
"""What removes a version of an object, or makes it possible that one is removed."""
DECRYPTS: Final = ("kms:Decrypt", "kms:ReEncryptFrom", "kms:CreateGrant")
"""What reads what a key encrypts, or lets somebody else do it."""
STARTS: Final = ("ec2:RunInstances", "ec2:RequestSpotInstances", "ec2:CreateFleet")
"""What starts machines: each of them by itself, as AWS documents no further check."""
