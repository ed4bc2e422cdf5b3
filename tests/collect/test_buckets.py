from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from collect.stubs import collected
from lakewarden.clients.failure import CallFailedError
from lakewarden.estate.aws import (
    BUCKET_ENCRYPTION,
    BUCKET_POLICY,
    BUCKET_PUBLIC_ACCESS,
    BUCKET_VERSIONING,
)
from lakewarden.estate.buckets import ACCOUNT_PUBLIC_ACCESS, BUCKET_LIFECYCLE, BUCKET_OWNERSHIP
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import given

STORAGE = [
    {"storage_configuration_id": n, "root_bucket_info": {"bucket_name": name}}
    for n, name in (("1", "root"), ("2", "logs"), ("3", "logs"))
]
PLACES = [{"name": "lake", "url": "s3://lake/x"}, {"name": "azure", "url": "abfss://a@b/"}]
DEPLOYMENT = given(storage_configurations=STORAGE, external_locations=PLACES)
OFF = ["block_acls", "ignore_acls", "block_policy", "restrict"]


class Cloud:
    """An AWS account where every operation answers alike, or by bucket."""

    def __init__(self, answer):
        self.answer = answer

    def client(self, service, region):
        assert (service, region) == ("s3", "us-east-1")
        return self

    def __getattr__(self, operation):
        assert operation.startswith("get_")

        def call(Bucket):  # noqa: N803  # boto3's name
            answer = self.answer(Bucket) if callable(self.answer) else self.answer
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call


def refusal(code, status=404):
    response = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "GetBucket")


def ask(kind, answer):
    found = collected(kind, None, aws=Cloud(answer), before=DEPLOYMENT)
    assert set(found) == {"lake", "logs", "root"}
    return found["root"]


def encryption(**default):
    return {
        "ServerSideEncryptionConfiguration": {
            "Rules": [{"ApplyServerSideEncryptionByDefault": default}]
        }
    }


def test_what_is_set_is_read():
    key = "arn:aws:kms:us-east-1:123456789012:key/1"
    found = ask(BUCKET_ENCRYPTION, encryption(SSEAlgorithm="aws:kms", KMSMasterKeyID=key))
    assert (found.algorithm.get(), found.key_arn.get()) == ("aws:kms", key)
    assert ask(BUCKET_VERSIONING, {"Status": "Enabled"}).status.get() == "Enabled"
    assert ask(BUCKET_POLICY, {"Policy": "{}"}).document.get() == "{}"


@pytest.mark.parametrize(
    ("kind", "code", "fields", "value"),
    [
        (BUCKET_ENCRYPTION, "ServerSideEncryptionConfigurationNotFoundError", ["algorithm"], None),
        (BUCKET_POLICY, "NoSuchBucketPolicy", ["document"], None),
        (BUCKET_PUBLIC_ACCESS, "NoSuchPublicAccessBlockConfiguration", OFF, False),
        (BUCKET_OWNERSHIP, "OwnershipControlsNotFoundError", ["rule"], None),
        (BUCKET_LIFECYCLE, "NoSuchLifecycleConfiguration", ["rules"], ()),
    ],
)
def test_a_code_for_nothing_set_is_an_answer(kind, code, fields, value):
    found = ask(kind, refusal(code))
    assert [getattr(found, name).get() for name in fields] == [value] * len(fields)


def test_versioning_that_was_never_switched_on_has_no_status():
    assert ask(BUCKET_VERSIONING, {}).status.get() is None


@pytest.mark.parametrize("kind", [BUCKET_ENCRYPTION, BUCKET_POLICY, BUCKET_PUBLIC_ACCESS])
@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (refusal("NoSuchBucket"), Cause.NOT_FOUND),
        (refusal("AccessDenied", 403), Cause.FORBIDDEN),
        (refusal("SlowDown", 503), Cause.RATE_LIMITED),
        (KeyError("x"), Cause.MALFORMED),
    ],
    ids=["missing", "denied", "throttled", "odd"],
)
def test_any_other_code_is_a_gap(kind, error, cause):
    found = ask(kind, error)
    fields = {"bucket_encryption": "algorithm", "bucket_policy": "document"}
    gap = getattr(found, fields.get(kind.name, "restrict")).gap
    assert (gap.cause, gap.source, gap.grant) == (cause, kind.source, kind.grant)


@pytest.mark.parametrize(
    "answer",
    [{}, {"ServerSideEncryptionConfiguration": {"Rules": []}}, encryption(KMSMasterKeyID="k")],
)
def test_encryption_without_its_rule_is_a_gap(answer):
    assert ask(BUCKET_ENCRYPTION, answer).algorithm.gap.cause is Cause.MISSING_FIELD


def test_an_answer_without_its_envelope_is_a_gap():
    assert ask(BUCKET_POLICY, {}).document.gap.cause is Cause.MISSING_FIELD
    found = ask(BUCKET_PUBLIC_ACCESS, {"PublicAccessBlockConfiguration": {"BlockPublicAcls": True}})
    assert found.block_acls.get() is True
    assert found.restrict.gap.cause is Cause.MISSING_FIELD


def test_one_bucket_that_is_refused_leaves_the_others():
    cloud = Cloud(lambda name: refusal("AccessDenied", 403) if name == "logs" else {"Policy": "{}"})
    found = collected(BUCKET_POLICY, None, aws=cloud, before=DEPLOYMENT)
    assert found["logs"].document.gap.cause is Cause.FORBIDDEN
    assert found["lake"].document.get() == found["root"].document.get() == "{}"


def test_ownership_is_read_and_its_absence_in_an_answer_is_a_gap():
    rules = [{"ObjectOwnership": "ObjectWriter"}]
    found = ask(BUCKET_OWNERSHIP, {"OwnershipControls": {"Rules": rules}})
    assert found.rule.get() == "ObjectWriter"
    for answer in ({}, {"OwnershipControls": {"Rules": []}}):
        assert ask(BUCKET_OWNERSHIP, answer).rule.gap.cause is Cause.MISSING_FIELD


@pytest.mark.parametrize(
    ("narrowed", "whole"),
    [
        ({}, True),
        ({"Filter": {}}, True),
        ({"Filter": {"Prefix": ""}}, True),
        ({"Prefix": ""}, True),
        ({"Filter": {"Prefix": "tmp/"}}, False),
        ({"Prefix": "tmp/"}, False),
        ({"Filter": {"Tag": {"Key": "k", "Value": "v"}}}, False),
        ({"Filter": {"ObjectSizeGreaterThan": 5}}, False),
        ({"Filter": {"And": {"Prefix": "", "ObjectSizeLessThan": 5}}}, False),
    ],
)
def test_a_lifecycle_rule_is_for_the_whole_bucket_or_not(narrowed, whole):
    rule = {"Status": "Enabled", "NoncurrentVersionExpiration": {"NoncurrentDays": 9}, **narrowed}
    (found,) = ask(BUCKET_LIFECYCLE, {"Rules": [rule]}).rules.get()
    assert (found.enabled, found.whole, found.noncurrent_days) == (True, whole, 9)


def test_a_lifecycle_rule_about_something_else_expires_no_versions():
    rule = {"Status": "Disabled", "Expiration": {"Days": 1}, "Filter": {}}
    (found,) = ask(BUCKET_LIFECYCLE, {"Rules": [rule]}).rules.get()
    assert (found.enabled, found.noncurrent_days) == (False, 0)
    assert ask(BUCKET_LIFECYCLE, {}).rules.gap.cause is Cause.MISSING_FIELD


class Account:
    """An AWS account that says who it is, what it blocks and which buckets are its own."""

    def __init__(self, block, buckets=None):
        self.block, self.buckets = block, buckets

    def client(self, service, region):
        assert (service, region) in {(s, "us-east-1") for s in ("sts", "s3", "s3control")}
        return self

    def get_caller_identity(self):
        return {"Account": "123456789012"}

    def list_buckets(self):
        return {} if self.buckets is None else {"Buckets": [{"Name": n} for n in self.buckets]}

    def get_public_access_block(self, AccountId):  # noqa: N803  # boto3's name
        assert AccountId == "123456789012"
        if isinstance(self.block, Exception):
            raise self.block
        return {"PublicAccessBlockConfiguration": self.block}


def test_the_block_of_the_account_comes_with_the_buckets_it_holds_for():
    cloud = Account({"BlockPublicAcls": True}, ["root", "logs"])
    (found,) = collected(ACCOUNT_PUBLIC_ACCESS, None, aws=cloud).values()
    assert (found.id, found.block_acls.get()) == ("123456789012", True)
    assert found.buckets.get() == ("root", "logs")
    assert found.restrict.gap.cause is Cause.MISSING_FIELD


def test_an_account_that_blocks_nothing_and_one_that_names_no_buckets():
    nothing = refusal("NoSuchPublicAccessBlockConfiguration")
    (found,) = collected(ACCOUNT_PUBLIC_ACCESS, None, aws=Account(nothing)).values()
    assert [getattr(found, name).get() for name in OFF] == [False] * 4
    assert found.buckets.gap.cause is Cause.MISSING_FIELD
    with pytest.raises(CallFailedError):
        collected(ACCOUNT_PUBLIC_ACCESS, None, aws=Account(refusal("AccessDenied", 403)))
