"""A lake in a bucket: the same as in a folder, with copies of what is read."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import boto3
import pytest

from lakewarden.clients.aws import AwsAccount
from lakewarden.clients.lake_bucket import LakeBucket
from lakewarden.errors import ConnectionFailedError, StoreError
from lakewarden.store.lake.lake import Lake
from lakewarden.store.lake.log import State
from motos import moto_server
from store.lakes import merge, numbers_in

_URL = "s3://lake/some/prefix"


@pytest.fixture(scope="module")
def endpoint():
    """A server in a process of its own: Delta waits for it without letting other threads run."""
    with moto_server() as address:
        yield address


@pytest.fixture
def bucket(endpoint, monkeypatch, tmp_path):
    for name, value in {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "hunter2",
        "AWS_DEFAULT_REGION": "us-east-1",
        "XDG_CACHE_HOME": str(tmp_path),
    }.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("s3")
    client.create_bucket(Bucket="lake")
    yield LakeBucket(AwsAccount(), _URL)
    for entry in client.list_objects_v2(Bucket="lake").get("Contents", ()):
        client.delete_object(Bucket="lake", Key=entry["Key"])
    client.delete_bucket(Bucket="lake")
    client.close()


def _keys():
    listed = boto3.client("s3").list_objects_v2(Bucket="lake")["Contents"]
    return {entry["Key"] for entry in listed if entry["Key"].endswith(".parquet")}


def test_two_who_merge_at_once_put_in_each_event_once(bucket, monkeypatch):
    lake, genuine = Lake.create(_URL, bucket), State.commit

    def commit(state, *arguments):
        monkeypatch.setattr(State, "commit", genuine)
        assert merge(Lake.open(_URL, bucket), range(4, 9)).new == 5
        return genuine(state, *arguments)

    monkeypatch.setattr(State, "commit", commit)
    merged = merge(lake, range(6))
    assert (merged.new, merged.duplicate) == (4, 2)
    assert numbers_in(lake) == Counter(range(9))
    assert len(_keys()) == len(lake.files()) == 6  # nothing of the first attempt is left


def test_another_machine_reads_it_and_keeps_what_it_read(bucket, monkeypatch, tmp_path):
    first = merge(Lake.create(_URL, bucket), range(6)).version
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "other"))
    other = Lake.open(_URL, bucket)
    assert numbers_in(other) == Counter(range(6))
    merge(other, range(6, 9))
    assert numbers_in(other, other.files(since_version=first)) == Counter(range(6, 9))
    read = set(other.files())
    assert other.compact(threads=1).before == 6
    assert other.vacuum(0, force=True) == 6
    assert other.vacuum(0, force=True) == 0
    assert numbers_in(other) == Counter(range(9))
    assert len(_keys()) == 3
    assert not [path for path in read if Path(path).exists()]


def test_files_that_may_not_be_deleted_are_said(bucket):
    client = boto3.client("s3")
    for key in ("a", "kept"):
        client.put_object(Bucket="lake", Key=key)
    arn = "arn:aws:s3:::lake/kept"
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    client.put_bucket_policy(Bucket="lake", Policy=policy)
    with pytest.raises(ConnectionFailedError, match="s3:DeleteObject is needed") as caught:
        bucket.remove(["a", "kept"])
    assert caught.value.where == "s3://lake/kept"
    client.delete_bucket_policy(Bucket="lake")
    bucket.remove(["a", "kept", "not there"])
    assert "Contents" not in client.list_objects_v2(Bucket="lake")


def test_what_is_missing_or_refused_is_said(bucket, monkeypatch, tmp_path):
    with pytest.raises(StoreError, match="is no lake"):
        Lake.open(_URL, bucket)
    lake = Lake.create(_URL, bucket)
    merge(lake, [1])
    boto3.client("s3").delete_object(Bucket="lake", Key=_keys().pop())
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "other"))
    with pytest.raises(StoreError, match="is missing"):
        numbers_in(Lake.open(_URL, bucket))
    gone = LakeBucket(AwsAccount(), "s3://no-such-bucket/x")
    with pytest.raises(ConnectionFailedError, match="s3:PutObject is needed") as caught:
        gone.put("a", __file__)
    assert "hunter2" not in str(caught.value)
