"""Settings of S3 buckets; the key of each target is the bucket's name."""

from __future__ import annotations

import json
from typing import Any, Final

from lakewarden.apply.aws import PolicyHand, asked, loaded, unless, written
from lakewarden.apply.doors import Doors
from lakewarden.apply.hand import Hand, Json
from lakewarden.plan.change import Target

_SWITCHES: Final = (
    *("BlockPublicAcls", "IgnorePublicAcls"),
    *("BlockPublicPolicy", "RestrictPublicBuckets"),
)


class BucketPolicy(PolicyHand):
    """The policy of a bucket."""

    kind = "bucket_policy"
    calls = ("s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy")

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return the document."""
        none = frozenset({"NoSuchBucketPolicy"})
        answer = unless(none, doors, "s3", "get_bucket_policy", Bucket=target.key)
        return None if answer is None else loaded(answer["Policy"])

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:  # noqa: ARG002  # it is replaced as a whole
        """Put the whole document."""
        self.create(doors, target, wanted)

    def create(self, doors: Doors, target: Target, wanted: Json) -> None:
        """Put the whole document."""
        asked(doors, "s3", "put_bucket_policy", Bucket=target.key, Policy=written(wanted))

    def delete(self, doors: Doors, target: Target, found: Json) -> None:  # noqa: ARG002  # there is one
        """Leave the bucket without a policy."""
        asked(doors, "s3", "delete_bucket_policy", Bucket=target.key)


class BucketVersioning(Hand):
    """Versioning: `/Status`. S3 has no way back to never; Suspended stands for it as well."""

    kind = "bucket_versioning"
    calls = ("s3:GetBucketVersioning", "s3:PutBucketVersioning")

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return what S3 answers."""
        answer = asked(doors, "s3", "get_bucket_versioning", Bucket=target.key)
        return {k: v for k, v in answer.items() if k in {"Status", "MFADelete"}}

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:  # noqa: ARG002  # MFADelete stays as it is
        """Enable or suspend it."""
        status = {"Status": wanted.get("Status") or "Suspended"}
        asked(
            doors,
            "s3",
            "put_bucket_versioning",
            Bucket=target.key,
            VersioningConfiguration=status,
        )

    def same(self, target: Target, place: str, found: Any, wanted: Any) -> bool:
        """Return whether both keep versions, or neither does."""
        if place == "/Status":
            return (found or "Suspended") == (wanted or "Suspended")
        return super().same(target, place, found, wanted)


class BucketEncryption(Hand):
    """The rule by which new objects are encrypted; S3 has one a bucket."""

    kind = "bucket_encryption"
    calls = ("s3:GetEncryptionConfiguration", "s3:PutEncryptionConfiguration")

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return the rule; it is empty where there is none."""
        none = frozenset({"ServerSideEncryptionConfigurationNotFoundError"})
        answer = unless(none, doors, "s3", "get_bucket_encryption", Bucket=target.key)
        rules = (answer or {}).get("ServerSideEncryptionConfiguration", {}).get("Rules") or [{}]
        return dict(rules[0])

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:  # noqa: ARG002  # it is replaced as a whole
        """Put the rule, or take it away."""
        default = wanted.get("ApplyServerSideEncryptionByDefault") or {}
        if not default.get("SSEAlgorithm"):
            asked(doors, "s3", "delete_bucket_encryption", Bucket=target.key)
            return
        asked(
            doors,
            "s3",
            "put_bucket_encryption",
            Bucket=target.key,
            ServerSideEncryptionConfiguration={"Rules": [dict(wanted)]},
        )


class BucketOwnership(Hand):
    """Who owns objects: `/ObjectOwnership`."""

    kind = "bucket_ownership"
    calls = ("s3:GetBucketOwnershipControls", "s3:PutBucketOwnershipControls")

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return the rule; it is empty where nothing was ever set."""
        none = frozenset({"OwnershipControlsNotFoundError"})
        answer = unless(none, doors, "s3", "get_bucket_ownership_controls", Bucket=target.key)
        rules = (answer or {}).get("OwnershipControls", {}).get("Rules") or [{}]
        return dict(rules[0])

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:  # noqa: ARG002  # there is one rule
        """Set it, or take it away."""
        rule = wanted.get("ObjectOwnership")
        if rule is None:
            asked(doors, "s3", "delete_bucket_ownership_controls", Bucket=target.key)
            return
        asked(
            doors,
            "s3",
            "put_bucket_ownership_controls",
            Bucket=target.key,
            OwnershipControls={"Rules": [{"ObjectOwnership": rule}]},
        )


class BucketPublicAccess(Hand):
    """The four public access switches; one that was never set is off."""

    kind = "bucket_public_access"
    calls = ("s3:GetBucketPublicAccessBlock", "s3:PutBucketPublicAccessBlock")

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return the switches that were set."""
        none = frozenset({"NoSuchPublicAccessBlockConfiguration"})
        answer = unless(none, doors, "s3", "get_public_access_block", Bucket=target.key)
        return dict((answer or {}).get("PublicAccessBlockConfiguration", {}))

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:  # noqa: ARG002  # all four are put at once
        """Put all four, or take the whole configuration away."""
        if not wanted:
            asked(doors, "s3", "delete_public_access_block", Bucket=target.key)
            return
        switches = {name: bool(wanted.get(name)) for name in _SWITCHES}
        asked(
            doors,
            "s3",
            "put_public_access_block",
            Bucket=target.key,
            PublicAccessBlockConfiguration=switches,
        )

    def same(self, target: Target, place: str, found: Any, wanted: Any) -> bool:  # noqa: ARG002  # all four are alike
        """Return whether a switch is on in both, or in neither."""
        return bool(found) is bool(wanted)


class BucketLifecycle(Hand):
    """The rules of a bucket's lifecycle: `/Rules/[ID=...]`."""

    kind = "bucket_lifecycle"
    calls = ("s3:GetLifecycleConfiguration", "s3:PutLifecycleConfiguration")

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return the configuration; its list of rules is empty where there is none."""
        none = frozenset({"NoSuchLifecycleConfiguration"})
        answer = unless(none, doors, "s3", "get_bucket_lifecycle_configuration", Bucket=target.key)
        rules = json.dumps((answer or {}).get("Rules", []), default=str)  # days are dates to boto3
        return {"Rules": json.loads(rules)}

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:  # noqa: ARG002  # it is replaced as a whole
        """Put all rules, or take the last one away."""
        if not wanted.get("Rules"):
            asked(doors, "s3", "delete_bucket_lifecycle", Bucket=target.key)
            return
        asked(
            doors,
            "s3",
            "put_bucket_lifecycle_configuration",
            Bucket=target.key,
            LifecycleConfiguration={"Rules": wanted["Rules"]},
        )


HANDS = (
    BucketPolicy(),
    BucketVersioning(),
    BucketEncryption(),
    BucketOwnership(),
    BucketPublicAccess(),
    BucketLifecycle(),
)
