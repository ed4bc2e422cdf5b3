"""Bucket policies: whom a statement admits, and whom it keeps out."""

from __future__ import annotations

import json

import pytest

from lakewarden.estate.aws import BUCKET_POLICY
from lakewarden.semantics.bucket_policy import (
    admits_vendor,
    fences,
    is_for_tenant,
    is_open,
)
from lakewarden.semantics.iam_documents import statements

TENANT = "00000000-0000-4000-8000-000000000000"
TAG = "aws:PrincipalTag/DatabricksAccountId"


def only(**parts):
    text = json.dumps({"Statement": {"Effect": "Allow", "Action": "s3:GetObject", **parts}})
    (found,) = statements(text, BUCKET_POLICY)
    return found


@pytest.mark.parametrize(
    ("principal", "admitted"),
    [
        ("*", True),
        ({"AWS": "*"}, True),
        ({"AWS": ["arn:aws:iam::111122223333:root", "*"]}, True),
        ({"AWS": "414351767826"}, True),
        ({"AWS": "arn:aws:iam::414351767826:root"}, True),
        ({"AWS": "arn:aws:iam::414351767826:role/unity"}, True),
        ({"AWS": "arn:aws-us-gov:iam::044793339203:root"}, True),
        ({"AWS": "arn:aws-us-gov:iam::170661010020:root"}, True),
        ({"AWS": "arn:aws:iam::111122223333:root"}, False),
        ({"AWS": "arn:aws:iam::111122223333:role/414351767826"}, False),
        ({"AWS": "arn:aws"}, False),
        ({"Service": "delivery.logs.amazonaws.com"}, False),
    ],
)
def test_whom_an_allow_admits(principal, admitted):
    assert admits_vendor(only(Principal=principal)) is admitted


def test_a_deny_admits_nobody():
    assert not admits_vendor(only(Effect="Deny", Principal="*"))


def test_all_but_some_is_nearly_everybody():
    assert admits_vendor(only(NotPrincipal={"AWS": "arn:aws:iam::111122223333:root"}))


@pytest.mark.parametrize(
    ("condition", "tied"),
    [
        ({"StringEquals": {TAG: TENANT}}, True),
        ({"StringEquals": {TAG.upper(): [TENANT]}}, True),
        ({"StringEquals": {TAG: TENANT}, "Bool": {"aws:SecureTransport": "true"}}, True),
        ({"StringEquals": {TAG: [TENANT, "other"]}}, False),
        ({"StringEquals": {TAG: "other"}}, False),
        ({"StringEqualsIfExists": {TAG: TENANT}}, False),
        ({"ForAllValues:StringEquals": {TAG: TENANT}}, False),
        ({"StringLike": {TAG: TENANT}}, False),
        ({"StringNotEquals": {TAG: TENANT}}, False),
        ({"StringEquals": {"aws:PrincipalTag/Other": TENANT}}, False),
        ({}, False),
    ],
)
def test_what_ties_an_allow_to_one_customer(condition, tied):
    statement = only(Principal={"AWS": "414351767826"}, Condition=condition)
    assert is_for_tenant(statement, TENANT) is tied


def test_a_tag_ties_strangers_to_nothing():
    tag = {TAG: TENANT}
    assert not is_for_tenant(only(Principal="*", Condition={"StringEquals": tag}), TENANT)
    vendor = {**tag, "aws:PrincipalAccount": "414351767826"}
    assert is_for_tenant(only(Principal="*", Condition={"StringEquals": vendor}), TENANT)


ENDPOINT = {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}


@pytest.mark.parametrize(
    ("parts", "fenced"),
    [
        ({}, True),
        ({"Action": "s3:Get*"}, True),
        ({"Resource": "*"}, True),
        ({"Condition": {"NotIpAddress": {"aws:SourceIp": ["192.0.2.0/24"]}}}, True),
        ({"Condition": {**ENDPOINT, "Bool": {"aws:ViaAWSService": "false"}}}, True),
        ({"Condition": {**ENDPOINT, "Bool": {"aws:ViaAWSService": "true"}}}, False),
        ({"Condition": {**ENDPOINT, "Bool": {"aws:MultiFactorAuthPresent": "false"}}}, False),
        ({"Condition": {"StringEquals": {"aws:SourceVpce": "vpce-1"}}}, False),
        ({"Condition": {"NotIpAddress": {"aws:SourceIp": ["0.0.0.0/0"]}}}, False),
        ({"Condition": {"NotIpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}}}, False),
        ({"Condition": {"NotIpAddress": {"aws:SourceIp": "office"}}}, False),
        ({"Condition": {"NotIpAddress": {"aws:VpcSourceIp": "10.0.0.0/8"}}}, True),
        ({"Condition": {"StringNotLike": {"aws:SourceVpce": "vpce-*"}}}, False),
        ({"Condition": {"StringNotLike": {"aws:PrincipalAccount": "????????????"}}}, False),
        ({"Condition": {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/lake"}}}, False),
        ({"Condition": {"ArnNotLike": {"aws:PrincipalArn": "arn:*"}}}, False),
        ({"Condition": {"StringNotLike": {"aws:userId": ["AROAEXAMPLE:*"]}}}, True),
        ({"Condition": {"StringNotLike": {"aws:userId": ["AROA*"]}}}, False),
        ({"Condition": {"ForAllValues:StringNotLike": {"aws:PrincipalOrgPaths": "o-1/*"}}}, True),
        (
            {"Condition": {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/*"}}},
            True,
        ),
        ({"Condition": {"ForAllValues:StringNotEquals": {"aws:SourceVpce": "vpce-1"}}}, True),
        ({"Condition": {"ForAnyValue:StringNotEquals": {"aws:SourceVpce": "vpce-1"}}}, False),
        ({"Condition": {"Null": {"aws:SourceVpce": "true"}}}, False),
        ({"Condition": {}}, False),
        ({"Effect": "Allow"}, False),
        ({"Action": "s3:PutObject"}, False),
        ({"Resource": "arn:aws:s3:::b/folder/*"}, False),
        ({"Principal": {"AWS": "arn:aws:iam::111122223333:root"}}, False),
    ],
)
def test_what_keeps_strangers_out(parts, fenced):
    deny = {"Effect": "Deny", "Principal": "*", "Resource": "arn:aws:s3:::b/*"}
    assert fences(only(**{**deny, "Condition": ENDPOINT, **parts}), "b") is fenced


@pytest.mark.parametrize(
    ("parts", "open_"),
    [
        ({"Principal": "*"}, True),
        ({"Principal": {"AWS": "*"}, "Condition": {"Bool": {"aws:SecureTransport": "true"}}}, True),
        ({"NotPrincipal": {"AWS": "arn:aws:iam::111122223333:root"}}, True),
        ({"Principal": "*", "Condition": ENDPOINT}, True),
        ({"Principal": "*", "Condition": {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}}, True),
        ({"Principal": "*", "Condition": {"IpAddress": {"aws:SourceIp": "192.0.2.1"}}}, False),
        (
            {
                "Principal": "*",
                "Condition": {"IpAddress": {"aws:SourceIp": ["::/1", "8000::/1"]}},
            },
            True,
        ),
        (
            {"Principal": "*", "Condition": {"StringEqualsIfExists": {"aws:SourceVpc": "vpc-1"}}},
            True,
        ),
        ({"Principal": "*", "Condition": {"Null": {"aws:SourceVpc": "true"}}}, True),
        (
            {
                "Principal": "*",
                "Condition": {"ForAllValues:StringEquals": {"aws:SourceVpc": "vpc-1"}},
            },
            True,
        ),
        ({"Principal": "*", "Condition": {"StringLike": {"aws:SourceVpc": "vpc-*"}}}, True),
        ({"Principal": "*", "Condition": {"IpAddress": {"aws:VpcSourceIp": "10.0.0.0/8"}}}, True),
        (
            {
                "Principal": "*",
                "Condition": {"StringEquals": {"s3:DataAccessPointAccount": "111122223333"}},
            },
            False,
        ),
        ({"Principal": {"AWS": "arn:aws:iam::111122223333:root"}}, False),
        ({"Principal": "*", "Effect": "Deny"}, False),
    ],
)
def test_what_lets_everybody_in(parts, open_):
    assert is_open(only(**parts)) is open_
