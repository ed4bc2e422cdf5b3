"""Answers that break on purpose, in each protocol's shape."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, HTTPClientError

from lakewarden.simulate.aws import seed, start
from simulate.aws.kit import Connect, ReadWorld, Serve

CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "s3": ("get_bucket_policy", {"Bucket": "fr-main-root"}),
    "s3control": ("get_public_access_block", {"AccountId": "123456789012"}),
    "iam": ("list_roles", {}),
    "ec2": ("describe_vpcs", {}),
    "kms": ("list_keys", {}),
    "guardduty": ("list_detectors", {}),
    "service-quotas": ("list_service_quotas", {"ServiceCode": "ec2"}),
}
REFUSALS = {
    "401": {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"},
    "403": {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"},
    "404": {"NotFound"},
    "429": {"SlowDown", "Throttling", "ThrottlingException", "RequestLimitExceeded"},
    "500": {"InternalError"},
}
STATE_CODES = {
    "NoSuchBucketPolicy",
    "NoSuchEntity",
    "NotFoundException",
    "NoSuchPublicAccessBlockConfiguration",
    "ServerSideEncryptionConfigurationNotFoundError",
}


@pytest.fixture(scope="module")
def failing() -> Iterator[dict[str, str]]:
    """Serve every way to refuse, by its status."""
    servers = {kind: start(faults=[f"AWS *={kind}"]) for kind in REFUSALS}
    yield {kind: server.url for kind, server in servers.items()}
    for server in servers.values():
        server.close()


@pytest.mark.parametrize("service", CALLS)
@pytest.mark.parametrize("kind", REFUSALS)
def test_refusals_have_the_status_and_a_code_of_the_protocol(
    failing: dict[str, str], connect: Connect, kind: str, service: str
) -> None:
    method, parameters = CALLS[service]
    with pytest.raises(ClientError) as refused:
        getattr(connect(failing[kind], service), method)(**parameters)
    response = refused.value.response
    code = response["Error"]["Code"]
    assert response["ResponseMetadata"]["HTTPStatusCode"] == int(kind)
    assert code not in STATE_CODES
    assert code in REFUSALS[kind]


def test_a_fault_hits_only_what_its_glob_names(serve: Serve, connect: Connect) -> None:
    url = serve(faults=["AWS ec2:DescribeVpc*=403"]).url
    ec2 = connect(url, "ec2")
    with pytest.raises(ClientError, match="UnauthorizedOperation"):
        ec2.describe_vpcs()
    with pytest.raises(ClientError, match="UnauthorizedOperation"):
        ec2.describe_vpc_endpoints()
    assert ec2.describe_subnets()["Subnets"]


def test_a_caller_may_lack_a_grant(serve: Serve, connect: Connect, read_world: ReadWorld) -> None:
    url = serve(deny={"AKIALIMITED": ["s3:GetBucketPolicy", "kms:*"]}).url
    seed(url, read_world("fresh"))
    limited = connect(url, "s3", key="AKIALIMITED")
    with pytest.raises(ClientError, match="AccessDenied"):
        limited.get_bucket_policy(Bucket="fr-main-root")
    with pytest.raises(ClientError, match="AccessDenied"):
        connect(url, "kms", key="AKIALIMITED").list_keys()
    assert limited.get_bucket_encryption(Bucket="fr-main-root")
    assert connect(url, "s3").get_bucket_policy(Bucket="fr-main-root")["Policy"]


def test_dropped_fields_are_gone_in_every_protocol(
    serve: Serve, connect: Connect, read_world: ReadWorld
) -> None:
    fields = {
        "ec2:DescribeVpcs": "CidrBlock",
        "ec2:DescribeSubnets": "Subnets",
        "iam:GetRole": "AssumeRolePolicyDocument",
        "kms:ListAliases": "AliasName",
        "s3:GetBucketPolicy": "Policy",
        "s3:GetPublicAccessBlock": "BlockPublicAcls",
        "s3:GetBucketEncryption": "ServerSideEncryptionConfiguration",
    }
    url = serve(faults=[f"AWS {name}=drop:{field}" for name, field in fields.items()]).url
    seed(url, read_world("fresh"))
    ec2, s3, bucket = connect(url, "ec2"), connect(url, "s3"), {"Bucket": "fr-main-root"}
    vpcs = ec2.describe_vpcs()["Vpcs"]
    assert len(vpcs) == 2
    assert not any("CidrBlock" in vpc for vpc in vpcs)
    assert all(vpc["VpcId"].startswith("vpc-") for vpc in vpcs)
    assert not ec2.describe_subnets().get("Subnets")
    role = connect(url, "iam").get_role(RoleName="fr-cross-account")["Role"]
    assert "AssumeRolePolicyDocument" not in role
    assert role["RoleName"] == "fr-cross-account"
    aliases = connect(url, "kms").list_aliases()["Aliases"]
    assert not any("AliasName" in alias for alias in aliases)
    assert not s3.get_bucket_policy(**bucket).get("Policy")
    block = s3.get_public_access_block(**bucket)["PublicAccessBlockConfiguration"]
    assert set(block) == {"IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"}
    assert not s3.get_bucket_encryption(**bucket).get("ServerSideEncryptionConfiguration")


def test_truncated_answers_keep_their_status_and_lose_their_second_half(
    serve: Serve, connect: Connect
) -> None:
    url = serve(faults=["AWS *:List*=truncate", "AWS ec2:DescribeVpcs=truncate"]).url
    with pytest.raises(Exception, match="XML"):
        connect(url, "ec2").describe_vpcs()
    quotas = connect(url, "service-quotas").list_service_quotas(ServiceCode="ec2")
    assert "Quotas" not in quotas
    assert quotas["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_an_answer_that_never_comes_does_not_hold_up_the_end(
    serve: Serve, connect: Connect
) -> None:
    server = serve(faults=["AWS kms:*=timeout"])
    outcome: list[BaseException] = []

    def ask() -> None:
        try:
            connect(server.url, "kms").list_keys()
        except (ClientError, HTTPClientError) as error:
            outcome.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    asking.join(0.5)
    assert asking.is_alive()
    began = time.monotonic()
    server.close()
    asking.join(5)
    assert time.monotonic() - began < 3
    assert len(outcome) == 1


def test_latency_is_added_to_each_answer(serve: Serve, connect: Connect) -> None:
    sts = connect(serve(latency_ms=150).url, "sts")
    began = time.monotonic()
    sts.get_caller_identity()
    assert time.monotonic() - began >= 0.15


def test_a_fault_that_cannot_be_read_is_refused(serve: Serve) -> None:
    with pytest.raises(ValueError, match="not a fault"):
        serve(faults=["AWS s3:GetBucketPolicy=teapot"])


def test_faults_can_be_ordered_and_lifted_while_serving(serve: Serve, connect: Connect) -> None:
    server = serve()
    sts = connect(server.url, "sts")
    server.order(["AWS sts:*=403"])
    with pytest.raises(ClientError, match="AccessDenied"):
        sts.get_caller_identity()
    with pytest.raises(ValueError, match="not a fault"):
        server.order(["AWS sts:*"])
    server.order([])
    identity = sts.get_caller_identity()
    assert identity["Account"] == "123456789012"
    assert identity["Arn"] == "arn:aws:iam::123456789012:user/moto"
