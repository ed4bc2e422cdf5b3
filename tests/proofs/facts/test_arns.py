"""Forms of ARNs: which fields are empty, and which ARNs have a form."""

from __future__ import annotations

import pytest

from lakewarden.proofs.facts.actions import SERVICES, catalogue
from lakewarden.proofs.facts.arns import Piece, arn_form


@pytest.mark.parametrize(
    ("service", "kind", "glob"),
    [
        ("ec2", "image", "arn:*:ec2:*::image/*"),
        ("ec2", "snapshot", "arn:*:ec2:*::snapshot/*"),
        ("ec2", "subnet", "arn:*:ec2:*:*:subnet/*"),
        ("ec2", "spot-instances-request", "arn:*:ec2:*:*:spot-instances-request/*"),
        ("s3", "bucket", "arn:*:s3:::*"),
        ("s3", "object", "arn:*:s3:::*/*"),
        ("s3", "multiregionaccesspointrequestarn", "arn:*:s3:us-west-2:*:async-request/mrap/*/*"),
        ("kms", "key", "arn:*:kms:*:*:key/*"),
        ("iam", "role", "arn:*:iam::*:role/*"),
        ("sts", "context-provider", "arn:*:iam::aws:contextProvider/*"),
        ("logs", "log-stream", "arn:*:logs:*:*:log-group:*:log-stream:*"),
        ("secretsmanager", "Secret", "arn:*:secretsmanager:*:*:secret:*"),
        ("sqs", "queue", "arn:*:sqs:*:*:*"),
    ],
)
def test_the_pattern_that_fits_a_type(service, kind, glob):
    assert catalogue().resource(service, kind).arn.glob == glob


@pytest.mark.parametrize(
    ("service", "kind", "arn", "fits"),
    [
        ("ec2", "image", "arn:aws:ec2:us-east-1::image/ami-0abc", True),
        ("ec2", "image", "arn:aws:ec2:us-east-1:601306020600:image/ami-0abc", False),
        ("ec2", "subnet", "arn:aws:ec2:us-east-1:111122223333:subnet/subnet-1", True),
        ("ec2", "subnet", "arn:aws:ec2:us-east-1::subnet/subnet-1", False),
        ("ec2", "subnet", "arn:aws:ec2:us-east-1:111122223333:subnet/a/b", False),
        ("s3", "bucket", "arn:aws:s3:::my-bucket", True),
        ("s3", "bucket", "arn:aws:s3:::my-bucket/key", False),
        ("s3", "object", "arn:aws:s3:::my-bucket/a/b:c\nd", True),
        ("s3", "object", "arn:aws:s3:::my-bucket", False),
        ("s3", "object", "arn:aws-us-gov:s3:::my-bucket/key", True),
        ("iam", "role", "arn:aws:iam::111122223333:role/team/reader", True),
        ("iam", "role", "arn:aws:iam::1111:role/reader", False),
        ("kms", "key", "arn:aws:kms:us-east-1:111122223333:alias/mine", False),
        ("sts", "root-user", "arn:aws:iam::111122223333:root", True),
        (
            "secretsmanager",
            "Secret",
            "arn:aws:secretsmanager:eu-west-1:111122223333:secret:a/b-Ab12Cd",
            True,
        ),
    ],
)
def test_which_arns_have_a_form(service, kind, arn, fits):
    assert catalogue().resource(service, kind).arn.fits(arn) is fits


def test_every_form_keeps_its_fields_apart():
    for service in SERVICES:
        for kind in catalogue().service(service).resources.values():
            assert kind.arn.glob.count(":") >= 5, kind.name
            assert kind.arn.resource, kind.name
            assert not {":", "/"} & set(kind.arn.region.text + kind.arn.account.text)


def test_buckets_and_ids_hold_no_slash_and_nothing_is_claimed_of_others():
    assert Piece("BucketName", hole=True).plain
    assert Piece("InstanceId", hole=True).plain
    assert not Piece("SecretId", hole=True).plain
    assert not Piece("ObjectName", hole=True).plain
    assert not Piece("RoleNameWithPath", hole=True).plain
    assert not Piece("BucketName", hole=False).plain


@pytest.mark.parametrize("text", ["arn:aws:s3:::${BucketName}", "arn:${Partition}:s3", "s3"])
def test_what_is_no_form(text):
    with pytest.raises(ValueError, match=r"no form|not enough"):
        arn_form(text)
