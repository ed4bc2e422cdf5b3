"""Changing the object lock of a bucket that holds objects."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from simulate.aws.kit import Connect, Serve

BUCKET = "locked"
YEAR = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 365}}


def lock(s3: Any, **rule: Any) -> None:
    """Lock the bucket, for new objects by a rule or not."""
    s3.put_object_lock_configuration(
        Bucket=BUCKET, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", **rule}
    )


def days(s3: Any) -> int:
    """Return for how many days new objects are locked; 0 if they are not."""
    found = s3.get_object_lock_configuration(Bucket=BUCKET)["ObjectLockConfiguration"]
    assert found["ObjectLockEnabled"] == "Enabled"
    retention: dict[str, int] = found.get("Rule", {}).get("DefaultRetention", {})
    return retention.get("Days", 0)


def test_a_lock_can_be_changed_while_there_are_objects(serve: Serve, connect: Connect) -> None:
    s3 = connect(serve().url, "s3")
    s3.create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=True)
    lock(s3, Rule=YEAR)
    s3.put_object(Bucket=BUCKET, Key="one", Body=b"1")
    assert days(s3) == 365
    lock(s3)
    assert days(s3) == 0
    lock(s3, Rule=YEAR)
    assert days(s3) == 365


def test_a_bucket_of_the_same_name_has_no_lock(serve: Serve, connect: Connect) -> None:
    s3 = connect(serve().url, "s3")
    s3.create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=True)
    made = s3.put_object(Bucket=BUCKET, Key="one", Body=b"1")
    lock(s3)
    s3.delete_object(Bucket=BUCKET, Key="one", VersionId=made["VersionId"])
    s3.delete_bucket(Bucket=BUCKET)
    s3.create_bucket(Bucket=BUCKET)
    with pytest.raises(ClientError, match="ObjectLockConfigurationNotFoundError"):
        days(s3)
