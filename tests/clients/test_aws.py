from __future__ import annotations

import boto3
import pytest
from botocore import exceptions
from botocore.awsrequest import AWSRequest
from botocore.stub import Stubber

from lakewarden.clients.aws import AwsAccount, failure_of
from lakewarden.errors import ConnectionFailedError
from lakewarden.estate.fact import Cause


@pytest.fixture
def account(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    return AwsAccount()


@pytest.mark.parametrize(
    ("code", "status", "cause"),
    [
        ("AccessDenied", 403, Cause.FORBIDDEN),
        ("AccessDeniedException", 400, Cause.FORBIDDEN),
        ("UnauthorizedOperation", 403, Cause.FORBIDDEN),
        ("403", 403, Cause.FORBIDDEN),
        ("ExpiredToken", 400, Cause.UNAUTHENTICATED),
        ("InvalidClientTokenId", 403, Cause.UNAUTHENTICATED),
        ("SignatureDoesNotMatch", 403, Cause.UNAUTHENTICATED),
        ("SlowDown", 503, Cause.RATE_LIMITED),
        ("RequestLimitExceeded", 503, Cause.RATE_LIMITED),
        ("ThrottlingException", 400, Cause.RATE_LIMITED),
        ("NoSuchBucket", 404, Cause.NOT_FOUND),
        ("NoSuchEntity", 404, Cause.NOT_FOUND),
        ("NotFoundException", 400, Cause.NOT_FOUND),
        ("TrailNotFoundException", 400, Cause.NOT_FOUND),
        ("InvalidSubnetID.NotFound", 400, Cause.NOT_FOUND),
        ("InternalError", 500, Cause.SERVER_ERROR),
        ("", 502, Cause.SERVER_ERROR),
        ("ValidationError", 400, Cause.MALFORMED),
    ],
)
def test_what_aws_says_has_its_cause(account, code, status, cause):
    client = account.client("s3", "us-east-1")
    with Stubber(client) as stub:
        stub.add_client_error("get_bucket_policy", code, "no", http_status_code=status)
        with pytest.raises(exceptions.ClientError) as caught:
            client.get_bucket_policy(Bucket="b")
    failure = failure_of(caught.value)
    assert (failure.cause, failure.code) == (cause, code)
    assert failure.detail == f"{code}: no"


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (exceptions.ReadTimeoutError(endpoint_url="http://x"), Cause.TIMEOUT),
        (exceptions.ConnectTimeoutError(endpoint_url="http://x"), Cause.TIMEOUT),
        (exceptions.EndpointConnectionError(endpoint_url="http://x"), Cause.UNREACHABLE),
        (exceptions.ConnectionClosedError(endpoint_url="http://x"), Cause.UNREACHABLE),
        (exceptions.SSLError(endpoint_url="http://x", error="cert"), Cause.UNREACHABLE),
        (exceptions.ResponseStreamingError(error="cut"), Cause.UNREACHABLE),
        (exceptions.NoCredentialsError(), Cause.UNAUTHENTICATED),
        (exceptions.PartialCredentialsError(provider="p", cred_var="v"), Cause.UNAUTHENTICATED),
        (exceptions.UnauthorizedSSOTokenError(), Cause.UNAUTHENTICATED),
        (
            exceptions.CredentialRetrievalError(provider="p", error_msg="e"),
            Cause.UNAUTHENTICATED,
        ),
        (exceptions.ClientError({}, "GetKey"), Cause.MALFORMED),
        (exceptions.ParamValidationError(report="r"), Cause.MALFORMED),
        (KeyError("Rules"), Cause.MALFORMED),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_boto_raises_has_its_cause(error, cause):
    assert failure_of(error).cause is cause


def test_no_key_is_in_any_text():
    response = {"Error": {"Code": "InvalidAccessKeyId", "Message": "AKIAIOSFODNN7EXAMPLE unknown"}}
    failure = failure_of(exceptions.ClientError(response, "ListKeys"))
    assert failure.detail == "InvalidAccessKeyId: [secret] unknown"
    assert "AKIA" not in str(failure)


def test_one_client_for_each_service_and_region(account):
    one = account.client("kms", "eu-west-1")
    assert account.client("kms", "eu-west-1") is one
    assert account.client("kms", "eu-west-2").meta.region_name == "eu-west-2"
    assert one.meta.config.connect_timeout == 5


def test_no_credentials_are_an_error_with_a_next_step():
    with pytest.raises(ConnectionFailedError, match=r"no AWS credentials.*AWS_ACCESS_KEY_ID"):
        AwsAccount()


def test_a_profile_that_is_not_there_is_named():
    with pytest.raises(ConnectionFailedError, match=r"nobody.*--aws-profile"):
        AwsAccount(profile="nobody")


@pytest.fixture(autouse=True)
def fresh_session(monkeypatch, tmp_path):
    """No default session, configuration or credentials of whoever runs the tests."""
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("http://123456789012.127.0.0.1:80/v?x=1", "http://127.0.0.1:80/v?x=1"),
        ("http://127.0.0.1:80/v", "http://127.0.0.1:80/v"),
        (
            "https://123456789012.s3-control.us-east-1.amazonaws.com/v",
            "https://123456789012.s3-control.us-east-1.amazonaws.com/v",
        ),
    ],
)
def test_the_account_stands_before_the_hosts_of_aws_alone(account, url, sent):
    request = AWSRequest(method="GET", url=url)
    events = account.client("s3control", "us-east-1").meta.events
    events.emit("before-sign.s3-control.GetPublicAccessBlock", request=request)
    assert request.url == sent
