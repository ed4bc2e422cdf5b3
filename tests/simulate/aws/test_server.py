"""Starting, sharing and stopping."""

from __future__ import annotations

import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from lakewarden.simulate.aws import seed, start
from simulate.aws.kit import Connect, ReadWorld, Serve


def test_closing_ends_every_thread_and_frees_the_port() -> None:
    before = set(threading.enumerate())
    server = start()
    client = boto3.client(
        "sts",
        endpoint_url=server.url,
        region_name="us-east-1",
        aws_access_key_id="AKIAIDLE",
        aws_secret_access_key="secret",
        config=Config(proxies={}),
    )
    assert client.get_caller_identity()["Account"] == "123456789012"
    port = urlsplit(server.url).port
    with socket.create_connection(("127.0.0.1", port)) as idle:
        idle.sendall(b"GET / HTTP/1.1\r\n")
        time.sleep(0.3)  # by then a thread waits for the rest of the headers
        ours = set(threading.enumerate()) - before
        server.close()
        server.close()
    client.close()
    assert len(ours) == 2
    assert not any(thread.is_alive() for thread in ours)
    with socket.socket() as attempt:
        assert attempt.connect_ex(("127.0.0.1", port)) != 0


def test_a_port_can_be_chosen_and_not_be_taken_twice(serve: Serve) -> None:
    port = urlsplit(serve().url).port
    with pytest.raises(OSError, match="in use"):
        serve(port=port)


def test_it_serves_as_the_proxy_to_hosts_that_do_not_exist(serve: Serve, connect: Connect) -> None:
    url = serve().url
    switches = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    through_proxy = boto3.client(
        "s3control",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="AKIAPROXIED",
        aws_secret_access_key="secret",
        config=Config(proxies={"http": url}),
    )
    through_proxy.put_public_access_block(
        AccountId="123456789012", PublicAccessBlockConfiguration=dict.fromkeys(switches, True)
    )
    through_proxy.close()
    read = connect(url, "s3control").get_public_access_block(AccountId="123456789012")
    assert read["PublicAccessBlockConfiguration"] == dict.fromkeys(switches, True)


def test_two_servers_are_two_accounts(serve: Serve, connect: Connect) -> None:
    one, other = serve().url, serve().url
    for url in (one, other):
        made = connect(url, "iam").create_role(RoleName="same", AssumeRolePolicyDocument="{}")
        assert made["Role"]["Arn"] == "arn:aws:iam::123456789012:role/same"
    connect(one, "ec2").enable_ebs_encryption_by_default()
    switched = [
        connect(url, "ec2").get_ebs_encryption_by_default()["EbsEncryptionByDefault"]
        for url in (one, other)
    ]
    assert switched == [True, False]


def test_an_account_is_forgotten_when_its_server_closes(
    connect: Connect, read_world: ReadWorld
) -> None:
    for _ in range(2):
        with start() as server:
            seed(server.url, read_world("fresh"))
            assert connect(server.url, "s3").list_buckets()["Buckets"][0]["Name"] == "fr-main-root"


def test_account_ids_survive_the_way_in_and_out(serve: Serve, connect: Connect) -> None:
    s3 = connect(serve().url, "s3")
    s3.create_bucket(Bucket="logs-123456789012")
    body = b"from 123456789012 to 900000000001"
    s3.put_object(Bucket="logs-123456789012", Key="AWSLogs/123456789012/x", Body=body)
    listed = s3.list_objects_v2(Bucket="logs-123456789012")["Contents"]
    assert [one["Key"] for one in listed] == ["AWSLogs/123456789012/x"]
    read = s3.get_object(Bucket="logs-123456789012", Key="AWSLogs/123456789012/x")
    assert read["Body"].read() == body


def test_many_callers_at_once_are_all_answered(serve: Serve, connect: Connect) -> None:
    ec2 = connect(serve().url, "ec2")

    def make(number: int) -> str:
        return str(ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")["Vpc"]["VpcId"])

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(make, range(24)))
    assert set(made) <= {vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"]}
    assert len(set(made)) == 24


def test_a_conditional_denial_does_not_shut_everybody_out(serve: Serve, connect: Connect) -> None:
    s3 = connect(serve().url, "s3")
    bucket = {"Bucket": "conditional"}
    s3.create_bucket(**bucket)
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}
    tls_only = deny | {"Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    text = json.dumps({"Version": "2012-10-17", "Statement": [tls_only]}, indent=1)
    s3.put_bucket_policy(**bucket, Policy=text)
    s3.put_object(**bucket, Key="x", Body=b"1")
    assert s3.get_object(**bucket, Key="x")["Body"].read() == b"1"
    assert s3.get_bucket_policy(**bucket)["Policy"] == text
    s3.put_bucket_policy(**bucket, Policy=json.dumps({"Statement": deny}))
    with pytest.raises(ClientError):
        s3.get_object(**bucket, Key="x")
    s3.delete_bucket_policy(**bucket)
    with pytest.raises(ClientError, match="NoSuchBucketPolicy"):
        s3.get_bucket_policy(**bucket)
