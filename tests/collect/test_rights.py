"""Roles, keys, disks and quotas, asked of an AWS account that answers from a table."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError

from collect.stubs import collected
from collect.tables import Cloud
from lakewarden.clients.failure import CallFailedError
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import given
from lakewarden.estate.rights import (
    DISK_DEFAULTS,
    KEY_POLICIES,
    QUOTA_PEAKS,
    QUOTAS,
    ROLE_POLICIES,
    VOLUMES,
)

ROLE = "arn:aws:iam::123456789012:role/databricks"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/1"
DEPLOYMENT = given(
    credentials=[
        {"credentials_id": "c", "aws_credentials": {"sts_role": {"role_arn": ROLE}}},
    ],
    encryption_keys=[{"customer_managed_key_id": "k", "aws_key_info": {"key_arn": KEY}}],
)
DENIED = ClientError(
    {"Error": {"Code": "AccessDenied"}, "ResponseMetadata": {"HTTPStatusCode": 403}}, "X"
)


def ask(kind, **answers):
    return collected(kind, None, aws=Cloud(**answers), before=DEPLOYMENT)


INLINE = {"Statement": [{"Effect": "Allow", "Action": "ec2:RunInstances"}]}
POLICIES = {
    "get_role": {"Role": {"PermissionsBoundary": {"PermissionsBoundaryArn": "arn:b"}}},
    "list_role_policies": {"PolicyNames": ["inline"]},
    "get_role_policy": {"PolicyDocument": INLINE},
    "list_attached_role_policies": {"AttachedPolicies": [{"PolicyArn": "arn:p"}]},
    "get_policy": {"Policy": {"DefaultVersionId": "v7"}},
    "get_policy_version": lambda PolicyArn, VersionId: {  # noqa: N803  # boto3's names
        "PolicyVersion": {"Document": f"%7B{PolicyArn}{VersionId}%7D"}
    },
}


def test_all_policies_of_a_role_are_read():
    found = ask(ROLE_POLICIES, **POLICIES)[ROLE]
    inline, attached = found.documents.get()
    assert json.loads(inline) == INLINE
    assert attached == "{arn:pv7}"
    assert found.boundary.get() == "arn:b"


@pytest.mark.parametrize("operation", POLICIES)
@pytest.mark.parametrize(
    ("answer", "cause"), [(DENIED, Cause.FORBIDDEN), ({}, Cause.MISSING_FIELD)]
)
def test_a_policy_that_was_not_read_makes_all_of_them_unknown(operation, answer, cause):
    found = ask(ROLE_POLICIES, **{**POLICIES, operation: answer})[ROLE]
    assert found.documents.gap.cause is cause
    if answer is DENIED:
        assert found.documents.gap.source == f"iam:{operation.title().replace('_', '')}"


def test_the_policy_of_a_key_is_read():
    assert ask(KEY_POLICIES, get_key_policy={"Policy": "{}"})[KEY].document.get() == "{}"
    assert ask(KEY_POLICIES, get_key_policy=DENIED)[KEY].document.gap.cause is Cause.FORBIDDEN


def test_each_region_says_whether_it_encrypts_disks():
    answer = {"EbsEncryptionByDefault": True}
    found = ask(DISK_DEFAULTS, get_ebs_encryption_by_default=answer)
    assert found["us-east-1"].enabled.get() is True
    silent = ask(DISK_DEFAULTS, get_ebs_encryption_by_default={})["us-east-1"]
    assert silent.enabled.gap.cause is Cause.MISSING_FIELD


def test_a_disk_is_where_its_machine_is():
    machines = [{"Instances": [{"InstanceId": "i-1", "SubnetId": "subnet-1"}]}]
    disks = [
        {"VolumeId": "vol-1", "Encrypted": True, "Attachments": [{"InstanceId": "i-1"}]},
        {"VolumeId": "vol-2", "Encrypted": False, "Attachments": []},
    ]
    found = ask(
        VOLUMES, describe_instances={"Reservations": machines}, describe_volumes={"Volumes": disks}
    )
    assert found["vol-1"].subnet.get() == "subnet-1"
    assert found["vol-2"].subnet.gap.cause is Cause.MISSING_FIELD


@pytest.mark.parametrize("missing", ["describe_instances", "describe_volumes"])
def test_disks_without_their_envelope_raise(missing):
    answers = {"describe_instances": {"Reservations": []}, "describe_volumes": {"Volumes": []}}
    with pytest.raises(CallFailedError) as caught:
        ask(VOLUMES, **{**answers, missing: {}})
    assert caught.value.cause is Cause.MISSING_FIELD


METRIC = {
    "MetricNamespace": "AWS/Usage",
    "MetricName": "ResourceCount",
    "MetricDimensions": {"Class": "Standard/OnDemand"},
}
QUOTA = {
    "QuotaCode": "L-1",
    "QuotaName": "Running On-Demand Standard instances",
    "Value": 5.0,
    "UsageMetric": METRIC,
}
LISTED = {"Quotas": [QUOTA, {"QuotaCode": "L-2", "QuotaName": "EC2-VPC Elastic IPs", "Value": 5}]}


def test_quotas_of_processors_are_found_by_name():
    found = ask(QUOTAS, list_service_quotas=LISTED)
    assert set(found) == {"us-east-1/L-1"}
    assert found["us-east-1/L-1"].value.get() == 5


def test_the_peak_is_the_highest_of_all_days():
    asked = []

    def statistics(**arguments):
        asked.append(arguments)
        return {"Datapoints": [{"Maximum": 2.0}, {"Maximum": 3.0}]}

    found = ask(QUOTA_PEAKS, list_service_quotas=LISTED, get_metric_statistics=statistics)
    assert found["us-east-1/L-1"].peak.get() == 3
    (query,) = asked
    assert query["Dimensions"] == [{"Name": "Class", "Value": "Standard/OnDemand"}]
    assert query["StartTime"] == datetime(2025, 12, 2, tzinfo=UTC)


def test_no_use_is_not_a_number():
    answers = {"list_service_quotas": LISTED, "get_metric_statistics": {"Datapoints": []}}
    assert ask(QUOTA_PEAKS, **answers)["us-east-1/L-1"].peak.get() is None


@pytest.mark.parametrize(
    ("answer", "cause"), [(DENIED, Cause.FORBIDDEN), ({}, Cause.MISSING_FIELD)]
)
def test_use_that_was_not_read_is_not_known(answer, cause):
    found = ask(QUOTA_PEAKS, list_service_quotas=LISTED, get_metric_statistics=answer)
    assert found["us-east-1/L-1"].peak.gap.cause is cause


def test_a_quota_without_a_metric_has_no_known_use():
    listed = {"Quotas": [{**QUOTA, "UsageMetric": None}]}
    found = ask(QUOTA_PEAKS, list_service_quotas=listed)
    assert found["us-east-1/L-1"].peak.gap.cause is Cause.MISSING_FIELD
