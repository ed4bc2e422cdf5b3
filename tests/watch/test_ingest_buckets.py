"""Ingesting from a bucket, some of whose objects the caller may not read."""

from __future__ import annotations

import gzip
import json
import urllib.request

import boto3
import pytest
from click.testing import CliRunner

from lakewarden.cli import cli
from lakewarden.clients.aws import AwsAccount
from lakewarden.clients.objects import Bucket
from lakewarden.errors import ConnectionFailedError, UsageError
from lakewarden.events.delivery import UnreadableError
from motos import moto_server
from store.raw.logs import call, delivered, lines, trail

_REGION = "eu-west-1"
_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
        {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::logs/*secret*"},
    ],
}


@pytest.fixture(scope="module")
def server():
    with moto_server() as address:
        yield address


@pytest.fixture(scope="module")
def keys(server):
    iam = _client(server, "iam")
    iam.create_user(UserName="reader")
    iam.put_user_policy(UserName="reader", PolicyName="read", PolicyDocument=json.dumps(_POLICY))
    made = iam.create_access_key(UserName="reader")["AccessKey"]
    return made["AccessKeyId"], made["SecretAccessKey"]


@pytest.fixture
def s3(server, keys, monkeypatch, tmp_path):
    """A new bucket; who calls has the rights of the reader."""
    client = _client(server, "s3")
    client.create_bucket(Bucket="logs", CreateBucketConfiguration={"LocationConstraint": _REGION})
    monkeypatch.setenv("AWS_ENDPOINT_URL", server)
    monkeypatch.setenv("AWS_DEFAULT_REGION", _REGION)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", keys[0])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", keys[1])
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    _insist_on_rights(server, on=True)
    yield client
    _insist_on_rights(server, on=False)
    for entry in client.list_objects_v2(Bucket="logs").get("Contents", ()):
        client.delete_object(Bucket="logs", Key=entry["Key"])
    client.delete_bucket(Bucket="logs")


def _client(server, service):
    return boto3.client(
        service,
        endpoint_url=server,
        region_name=_REGION,
        aws_access_key_id="root",
        aws_secret_access_key="root",
    )


def _insist_on_rights(server, *, on):
    urllib.request.urlopen(
        urllib.request.Request(
            f"{server}/moto-api/reset-auth",
            data=b"0" if on else b"inf",
            headers={"Content-Type": "text/plain"},
            method="POST",
        )
    ).close()


def _put(server, **objects):
    _insist_on_rights(server, on=False)
    for key, content in objects.items():
        _client(server, "s3").put_object(Bucket="logs", Key=key, Body=content)
    _insist_on_rights(server, on=True)


def _ingest(url, source="databricks"):
    arguments = ["watch", "ingest", url, "--source", source, "--format", "json"]
    done = CliRunner().invoke(cli, arguments, standalone_mode=False)
    return done.return_value, json.loads(done.stdout), done.stderr


def test_what_may_be_read_is_read_and_the_rest_is_named(server, s3):
    large = lines(*[delivered(requestId=str(n), userAgent="x" * 900) for n in range(1500)])
    days = "logs/workspaceId=1001/date=2026-09-2"
    _put(server, **{f"{days}1/a.json": lines(delivered()), f"{days}2/b.json": large})
    _put(server, **{f"{days}3/secret.json": b"", f"{days}4/secret.json": large, "logs2/c": b"{"})
    code, counts, said = _ingest("s3://logs/logs")
    assert code == 1
    assert (counts["files"], counts["records"], counts["new"]) == (2, 1501, 1501)
    assert (counts["unreadable"], counts["quarantined"]) == (2, 0)
    assert f"{days}4/secret.json: cannot be read (AccessDenied: Access Denied)" in said
    assert "s3:GetObject is needed on it" in said

    _put(server, **{f"{days}1/a.json": lines(delivered(), delivered(requestId="late"))})
    code, counts, _ = _ingest("s3://logs/logs/")
    assert (counts["files"], counts["new"], counts["duplicate"], counts["skipped"]) == (1, 1, 1, 1)
    code, counts, _ = _ingest(f"s3://logs/{days}1/a.json")
    assert (code, counts["files"], counts["skipped"]) == (0, 0, 1)


def test_calls_are_picked_from_a_bucket_with_other_logs(server, s3):
    folder = "AWSLogs/111122223333"
    _put(
        server,
        **{
            f"{folder}/CloudTrail/eu-west-1/2026/09/21/a.json.gz": gzip.compress(trail(call())),
            f"{folder}/CloudTrail-Digest/eu-west-1/2026/09/21/b.json.gz": gzip.compress(b"{}"),
            f"{folder}/vpcflowlogs/eu-west-1/2026/09/21/c.log.gz": b"",
        },
    )
    code, counts, _ = _ingest("s3://logs", "cloudtrail")
    assert (code, counts["records"], counts["skipped"], counts["quarantined"]) == (0, 1, 2, 0)


def test_a_bucket_that_is_none_or_empty_or_shut_is_an_error(server, s3):
    account = AwsAccount()
    with pytest.raises(UsageError, match="is no bucket"):
        Bucket(account, "s3:///logs")
    with pytest.raises(UsageError, match="has no objects"):
        list(Bucket(account, "s3://logs/nothing").listed())
    with pytest.raises(ConnectionFailedError, match="cannot be listed"):
        list(Bucket(account, "s3://another/logs").listed())


def test_what_is_hidden_is_left_alone(server, s3):
    names = ("_SUCCESS", ".crc", "_temporary/a.json", "day/.b.json")
    _put(server, **{f"_logs/{name}": lines(delivered()) for name in ("a.json", *names)})
    listed = Bucket(AwsAccount(), "s3://logs/_logs").listed()
    assert [item.key for item in listed] == ["_logs/a.json"]
    (single,) = Bucket(AwsAccount(), "s3://logs/_logs/_SUCCESS").listed()
    assert single.key == "_logs/_SUCCESS"


def test_a_delta_table_is_refused_since_it_may_have_files_that_were_taken_out(server, s3):
    _put(server, **{"all/b/audit/a.parquet": b"", "all/b/audit/_delta_log/0.json": b""})
    _put(server, **{"all/a.json": lines(delivered())})
    for url in ("s3://logs", "s3://logs/all/", "s3://logs/all/b/audit"):
        with pytest.raises(UsageError, match="is a Delta table") as caught:
            list(Bucket(AwsAccount(), url).listed())
        assert caught.value.where == "s3://logs/all/b/audit"
    assert list(Bucket(AwsAccount(), "s3://logs/all/a.json").listed())


def test_an_object_that_is_gone_is_unreadable(server, s3, tmp_path):
    _put(server, **{"a.json": b"x" * 2_000_000})
    bucket = Bucket(AwsAccount(), "s3://logs")
    (item,) = bucket.listed()
    assert bucket.place(item, str(tmp_path / "a")) == str(tmp_path / "a")
    assert (tmp_path / "a").stat().st_size == item.size
    boto3.Session().client("s3").delete_object(Bucket="logs", Key="a.json")
    for ask in (bucket.read, lambda item: bucket.place(item, str(tmp_path / "b"))):
        with pytest.raises(UnreadableError, match="NoSuchKey"):
            ask(item)
    assert not (tmp_path / "b").exists()
