"""Requests are named as boto3 names their operations, and written to the request log."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lakewarden.simulate.aws import seed
from lakewarden.simulate.request_log import RequestLog
from simulate.aws.kit import Connect, ReadWorld, Seeded, Serve

B = {"Bucket": "names"}
KEY = B | {"Key": "a folder/an object?.json"}
CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("s3", "list_buckets", {}),
    ("s3", "create_bucket", B),
    ("s3", "get_bucket_policy", B),
    ("s3", "get_bucket_policy_status", B),
    ("s3", "get_public_access_block", B),
    ("s3", "get_bucket_encryption", B),
    ("s3", "get_bucket_lifecycle_configuration", B),
    ("s3", "get_bucket_notification_configuration", B),
    ("s3", "head_bucket", B),
    ("s3", "list_objects", B),
    ("s3", "list_objects_v2", B),
    ("s3", "list_object_versions", B),
    ("s3", "put_object", KEY | {"Body": b"{}"}),
    ("s3", "get_object", KEY),
    ("s3", "head_object", KEY),
    ("s3", "get_object_tagging", KEY),
    ("s3", "copy_object", B | {"Key": "copy", "CopySource": "names/a"}),
    ("s3", "delete_object", KEY),
    ("s3control", "get_public_access_block", {"AccountId": "123456789012"}),
    ("iam", "get_role", {"RoleName": "nobody"}),
    ("sts", "get_caller_identity", {}),
    ("ec2", "describe_vpcs", {}),
    ("ec2", "describe_vpc_endpoints", {}),
    ("kms", "list_keys", {}),
    ("cloudtrail", "describe_trails", {}),
    ("config", "describe_configuration_recorder_status", {}),
    ("guardduty", "list_detectors", {}),
    ("guardduty", "get_detector", {"DetectorId": "0123456789abcdef"}),
    ("accessanalyzer", "list_analyzers", {}),
    ("accessanalyzer", "get_analyzer", {"analyzerName": "none"}),
    ("service-quotas", "list_service_quotas", {"ServiceCode": "ec2"}),
    ("cloudwatch", "list_metrics", {}),
    ("resourcegroupstaggingapi", "get_resources", {}),
    ("organizations", "list_roots", {}),
    ("route53resolver", "list_firewall_rule_groups", {}),
    ("network-firewall", "list_firewalls", {}),
]


def test_every_call_is_logged_under_its_own_name(
    serve: Serve, connect: Connect, tmp_path: Path
) -> None:
    log = RequestLog(tmp_path / "requests.jsonl")
    url = serve(request_log=log).url
    expected = []
    for service, method, parameters in CALLS:
        client = connect(url, service)
        expected.append(f"{service}:{client.meta.method_to_api_mapping[method]}")
        with contextlib.suppress(ClientError):
            getattr(client, method)(**parameters)
    log.close()
    lines = [json.loads(line) for line in (tmp_path / "requests.jsonl").read_text().splitlines()]
    assert [line["path"] for line in lines] == expected
    assert {line["method"] for line in lines} == {"AWS"}
    assert {line["principal"] for line in lines} == {"AKIASCANNER"}
    statuses = {line["path"]: line["status"] for line in lines}
    assert 501 not in statuses.values()
    assert statuses["s3:CreateBucket"] == 200
    assert statuses["s3:GetBucketPolicy"] == 404
    assert statuses["iam:GetRole"] == 404


def test_seeding_leaves_no_trace_in_the_log(
    serve: Serve, read_world: ReadWorld, tmp_path: Path
) -> None:
    log = RequestLog(tmp_path / "requests.jsonl")
    ids = seed(serve(request_log=log).url, read_world("fresh"))
    log.close()
    assert ids["vpc.fr-main"].startswith("vpc-")
    assert (tmp_path / "requests.jsonl").read_text() == ""


@pytest.mark.parametrize(
    ("service", "method", "parameters"),
    [
        (
            "iam",
            "simulate_principal_policy",
            {"PolicySourceArn": "a" * 20, "ActionNames": ["s3:*"]},
        ),
        ("ec2", "describe_network_insights_paths", {}),
        ("detective", "list_graphs", {}),
        ("backup-gateway", "list_gateways", {}),
        ("cloudtrail", "list_event_data_stores", {}),
        ("s3", "list_bucket_metrics_configurations", {"Bucket": "hs-research-root"}),
    ],
)
def test_what_nobody_serves_is_refused_in_the_protocols_own_words(
    high_security: Seeded, service: str, method: str, parameters: dict[str, Any]
) -> None:
    client = high_security[1](service)
    with pytest.raises(ClientError) as refused:
        getattr(client, method)(**parameters)
    response = refused.value.response
    assert response["Error"]["Code"] == "NotImplemented"
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 501
