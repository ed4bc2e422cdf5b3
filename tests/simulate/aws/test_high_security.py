"""The high-security world as boto3 reads it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from simulate.aws.kit import Seeded

DATABRICKS = "arn:aws:iam::414351767826:root"
DATABRICKS_ACCOUNT = "33333333-3333-4333-8333-333333333333"


@pytest.fixture(scope="module")
def aws(high_security: Seeded) -> Callable[[str], Any]:
    return high_security[1]


@pytest.fixture(scope="module")
def ids(high_security: Seeded) -> dict[str, str]:
    return high_security[0]


def test_returns_ids_by_the_names_that_worlds_use(ids: dict[str, str]) -> None:
    kinds = {"vpc": "vpc-", "subnet": "subnet-", "security_group": "sg-", "endpoint": "vpce-"}
    for workspace in ("research", "production"):
        assert ids[f"vpc.hs-{workspace}"].startswith("vpc-")
        assert ids[f"role.hs-cross-account-{workspace}"].endswith(
            f":role/hs-cross-account-{workspace}"
        )
        for part in ("rest", "relay", "s3", "sts", "kinesis"):
            assert ids[f"endpoint.hs-{workspace}-{part}"].startswith("vpce-")
    for name, identifier in ids.items():
        kind = name.partition(".")[0]
        assert identifier.startswith(kinds.get(kind, ""))
    assert ids["endpoint.hs-users"].startswith("vpce-")
    assert ids["key.hs-workspace-storage"].startswith("arn:aws:kms:us-east-1:123456789012:key/")


@pytest.mark.parametrize("workspace", ["research", "production"])
def test_networks_have_private_subnets_in_two_zones(
    aws: Callable[[str], Any], ids: dict[str, str], workspace: str
) -> None:
    ec2 = aws("ec2")
    vpc = [{"Name": "vpc-id", "Values": [ids[f"vpc.hs-{workspace}"]]}]
    subnets = ec2.describe_subnets(Filters=vpc)["Subnets"]
    assert len({subnet["AvailabilityZone"] for subnet in subnets}) == 2
    assert not any(subnet["MapPublicIpOnLaunch"] for subnet in subnets)
    for attribute in ("enableDnsSupport", "enableDnsHostnames"):
        answer = ec2.describe_vpc_attribute(VpcId=ids[f"vpc.hs-{workspace}"], Attribute=attribute)
        assert answer[attribute[0].upper() + attribute[1:]]["Value"] is True


def routes(aws: Callable[[str], Any], table: str) -> dict[str | None, str]:
    found = aws("ec2").describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
    return {
        route.get("DestinationCidrBlock"): route.get("GatewayId") or route["NatGatewayId"]
        for route in found
    }


def test_nothing_leads_out_of_research(aws: Callable[[str], Any], ids: dict[str, str]) -> None:
    assert routes(aws, ids["route_table.hs-research"]) == {
        "10.31.0.0/16": "local",
        None: ids["endpoint.hs-research-s3"],
    }


def test_production_leads_out_through_its_firewall_alone(
    aws: Callable[[str], Any], ids: dict[str, str]
) -> None:
    firewall = aws("network-firewall").describe_firewall(FirewallArn=ids["firewall.hs-production"])
    (zone,) = firewall["FirewallStatus"]["SyncStates"].values()
    assert zone["Attachment"]["SubnetId"] == ids["subnet.hs-production-firewall"]
    anywhere = "0.0.0.0/0"
    endpoint = routes(aws, ids["route_table.hs-production"])[anywhere]
    assert endpoint == zone["Attachment"]["EndpointId"]
    assert (
        routes(aws, ids["route_table.hs-production-firewall"])[anywhere]
        == (ids["nat.hs-production"])
    )
    back = routes(aws, ids["route_table.hs-production-nat"])
    assert back.pop(anywhere).startswith("igw-")
    assert {target for target in back.values() if target != "local"} == {endpoint}


def test_security_group_lets_in_only_itself_and_out_only_what_is_needed(
    aws: Callable[[str], Any], ids: dict[str, str]
) -> None:
    group = ids["security_group.hs-research"]
    rules = aws("ec2").describe_security_group_rules(
        Filters=[{"Name": "group-id", "Values": [group]}]
    )["SecurityGroupRules"]
    ingress = [rule for rule in rules if not rule["IsEgress"]]
    assert {rule["ReferencedGroupInfo"]["GroupId"] for rule in ingress} == {group}
    assert {rule.get("CidrIpv4") for rule in rules} == {None, "10.31.0.0/16"}
    ports = {rule["FromPort"] for rule in rules if rule.get("CidrIpv4")}
    assert ports == {443, 2443, 6666, 8443}
    assert any(rule.get("PrefixListId", "").startswith("pl-") for rule in rules)


def test_every_network_has_a_flow_log(aws: Callable[[str], Any], ids: dict[str, str]) -> None:
    logs = aws("ec2").describe_flow_logs()["FlowLogs"]
    networks = {identifier for name, identifier in ids.items() if name.startswith("vpc.")}
    assert {log["ResourceId"] for log in logs} == networks
    assert {(log["TrafficType"], log["FlowLogStatus"]) for log in logs} == {("ALL", "ACTIVE")}


def test_endpoint_policies_name_buckets_principals_and_streams(
    aws: Callable[[str], Any], ids: dict[str, str]
) -> None:
    endpoints = aws("ec2").describe_vpc_endpoints()["VpcEndpoints"]
    policies = {
        one["VpcEndpointId"]: json.loads(one["PolicyDocument"])["Statement"]
        for one in endpoints
        if "PolicyDocument" in one
    }
    s3 = policies[ids["endpoint.hs-production-s3"]]
    assert len(s3) == 6
    assert "arn:aws:s3:::hs-production-root/*" in s3[0]["Resource"]
    assert not any("*" in statement["Resource"] for statement in s3)
    (kinesis,) = policies[ids["endpoint.hs-research-kinesis"]]
    assert kinesis["Resource"] == "arn:aws:kinesis:us-east-1:414351767826:stream/*"
    assert {s["Sid"] for s in policies[ids["endpoint.hs-research-sts"]]} == {
        "OwnAccount",
        "Databricks",
    }


def test_private_endpoints_reach_the_services_of_databricks(
    aws: Callable[[str], Any], ids: dict[str, str]
) -> None:
    wanted = [ids["endpoint.hs-research-rest"], ids["endpoint.hs-research-relay"]]
    rest, relay = (
        aws("ec2").describe_vpc_endpoints(VpcEndpointIds=[one])["VpcEndpoints"][0] for one in wanted
    )
    assert rest["ServiceName"].endswith("vpce-svc-09143d1e626de2f04")
    assert relay["ServiceName"].endswith("vpce-svc-00018a8c3ff62ffdf")
    for endpoint in (rest, relay):
        assert endpoint["PrivateDnsEnabled"] is True
        assert endpoint["State"] == "available"
        assert endpoint["VpcId"] == ids["vpc.hs-research"]


def test_root_bucket_is_encrypted_closed_tenant_bound_and_not_versioned(
    aws: Callable[[str], Any], ids: dict[str, str]
) -> None:
    s3, bucket = aws("s3"), "hs-research-root"
    encryption = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
    default = encryption["Rules"][0]["ApplyServerSideEncryptionByDefault"]
    assert default["KMSMasterKeyID"] == ids["key.hs-workspace-storage"]
    block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert set(block.values()) == {True}
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)
    policy = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
    allows = [statement for statement in policy if statement["Effect"] == "Allow"]
    for statement in allows:
        assert statement["Principal"] == {"AWS": DATABRICKS}
        tenant = statement["Condition"]["StringEquals"]["aws:PrincipalTag/DatabricksAccountId"]
        assert tenant == DATABRICKS_ACCOUNT
    (deny,) = (statement for statement in policy if statement["Effect"] == "Deny")
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


@pytest.mark.parametrize("bucket", ["hs-lakehouse-data", "hs-audit-logs"])
def test_data_and_log_buckets_are_versioned(aws: Callable[[str], Any], bucket: str) -> None:
    assert aws("s3").get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"


def test_data_bucket_refuses_whoever_comes_from_outside(
    aws: Callable[[str], Any], ids: dict[str, str]
) -> None:
    policy = json.loads(aws("s3").get_bucket_policy(Bucket="hs-lakehouse-data")["Policy"])
    outside = policy["Statement"][0]
    assert outside["Effect"] == "Deny"
    assert outside["Condition"]["StringNotEqualsIfExists"]["aws:SourceVpce"] == [
        ids["endpoint.hs-research-s3"],
        ids["endpoint.hs-production-s3"],
    ]


def test_cross_account_role_has_the_documented_trust_and_the_restricted_policy(
    aws: Callable[[str], Any], ids: dict[str, str]
) -> None:
    iam, role = aws("iam"), "hs-cross-account-research"
    (trust,) = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"AWS": DATABRICKS}
    assert trust["Condition"] == {"StringEquals": {"sts:ExternalId": DATABRICKS_ACCOUNT}}
    assert sorted(iam.list_role_policies(RoleName=role)["PolicyNames"]) == ["databricks", "guard"]
    named = iam.get_role_policy(RoleName=role, PolicyName="databricks")
    guard = iam.get_role_policy(RoleName=role, PolicyName="guard")["PolicyDocument"]["Statement"]
    assert {statement["Effect"] for statement in guard} == {"Deny"}
    policy = named["PolicyDocument"]["Statement"]
    by_sid = {statement["Sid"]: statement for statement in policy}
    assert len(by_sid["NonResourceBasedPermissions"]["Action"]) == 37
    group = by_sid["VpcNonresourceSpecificActions"]
    arn = "arn:aws:ec2:us-east-1:123456789012"
    assert group["Resource"] == [f"{arn}:security-group/{ids['security_group.hs-research']}"]
    assert group["Condition"]["StringEquals"]["ec2:vpc"] == f"{arn}:vpc/{ids['vpc.hs-research']}"


def test_break_glass_role_is_for_people_of_the_account_with_a_second_factor(
    aws: Callable[[str], Any],
) -> None:
    iam, role = aws("iam"), "hs-break-glass"
    trust = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    assert set(trust) == {"Version", "Statement"}
    assert trust["Statement"][0]["Principal"] == {"AWS": "arn:aws:iam::123456789012:root"}
    policy = iam.get_role_policy(RoleName=role, PolicyName="containment")["PolicyDocument"]
    resources = {statement["Sid"]: statement["Resource"] for statement in policy["Statement"]}
    assert resources["ShutTheKeys"] == "arn:aws:kms:us-east-1:123456789012:key/*"


def test_keys_rotate_and_admit_one_databricks_account(
    aws: Callable[[str], Any], ids: dict[str, str]
) -> None:
    kms = aws("kms")
    for name in ("hs-managed-services", "hs-workspace-storage"):
        key = ids[f"key.{name}"]
        assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is True
        policy = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
        theirs = [s for s in policy["Statement"] if s["Principal"] == {"AWS": DATABRICKS}]
        for statement in theirs:
            tenant = statement["Condition"]["StringEquals"]["aws:PrincipalTag/DatabricksAccountId"]
            assert tenant == DATABRICKS_ACCOUNT
    aliases = {one["AliasName"] for one in kms.list_aliases()["Aliases"]}
    assert "alias/hs-workspace-storage" in aliases


def test_trail_covers_all_regions_and_is_running(
    aws: Callable[[str], Any], ids: dict[str, str]
) -> None:
    cloudtrail = aws("cloudtrail")
    (trail,) = cloudtrail.describe_trails()["trailList"]
    assert trail["IsMultiRegionTrail"] is True
    assert trail["LogFileValidationEnabled"] is True
    assert trail["KmsKeyId"] == ids["key.hs-data"]
    assert cloudtrail.get_trail_status(Name="hs-trail")["IsLogging"] is True
    (selector,) = cloudtrail.get_event_selectors(TrailName="hs-trail")["EventSelectors"]
    assert "arn:aws:s3:::hs-lakehouse-data/" in selector["DataResources"][0]["Values"]


def test_account_switches_are_on(aws: Callable[[str], Any], ids: dict[str, str]) -> None:
    account = aws("s3control").get_public_access_block(AccountId="123456789012")
    assert set(account["PublicAccessBlockConfiguration"].values()) == {True}
    ec2 = aws("ec2")
    assert ec2.get_ebs_encryption_by_default()["EbsEncryptionByDefault"] is True
    assert ec2.get_ebs_default_kms_key_id()["KmsKeyId"] == ids["key.hs-workspace-storage"]
    volumes = ec2.describe_volumes(Filters=[{"Name": "tag:Vendor", "Values": ["Databricks"]}])[
        "Volumes"
    ]
    assert {(one["Encrypted"], one["KmsKeyId"]) for one in volumes} == {
        (True, ids["key.hs-workspace-storage"])
    }
    assert len(aws("guardduty").list_detectors()["DetectorIds"]) == 1
    status = aws("config").describe_configuration_recorder_status()
    assert status["ConfigurationRecordersStatus"][0]["recording"] is True


def test_log_bucket_locks_its_objects(aws: Callable[[str], Any]) -> None:
    lock = aws("s3").get_object_lock_configuration(Bucket="hs-audit-logs")
    assert lock["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]["Days"] == 365


def test_log_delivery_wrote_today(aws: Callable[[str], Any]) -> None:
    today = datetime.now(UTC).date().isoformat()
    listed = aws("s3").list_objects_v2(Bucket="hs-audit-logs", Prefix="audit/workspaceId=0/")
    assert [one["Key"] for one in listed["Contents"]] == [
        f"audit/workspaceId=0/date={today}/auditlogs_0.json"
    ]


def test_instances_are_private_tagged_and_of_an_encrypting_type(
    aws: Callable[[str], Any], ids: dict[str, str]
) -> None:
    ec2 = aws("ec2")
    reserved = ec2.describe_instances(Filters=[{"Name": "tag:Vendor", "Values": ["Databricks"]}])
    instances = [one for group in reserved["Reservations"] for one in group["Instances"]]
    assert {one["InstanceId"] for one in instances} == {
        ids["instance.hs-research-worker"],
        ids["instance.hs-production-worker"],
    }
    for instance in instances:
        assert "PublicIpAddress" not in instance
        assert instance["MetadataOptions"]["HttpTokens"] == "required"
    (kind,) = ec2.describe_instance_types(InstanceTypes=["m6id.xlarge"])["InstanceTypes"]
    assert kind["NetworkInfo"]["EncryptionInTransitSupported"] is True


def test_peak_use_stays_below_the_quota(aws: Callable[[str], Any]) -> None:
    quota = aws("service-quotas").get_service_quota(ServiceCode="ec2", QuotaCode="L-1216C47A")
    metric = quota["Quota"]["UsageMetric"]
    dimensions = [{"Name": k, "Value": v} for k, v in metric["MetricDimensions"].items()]
    points = aws("cloudwatch").get_metric_statistics(
        Namespace=metric["MetricNamespace"],
        MetricName=metric["MetricName"],
        Dimensions=dimensions,
        StartTime=datetime.now(UTC) - timedelta(days=30),
        EndTime=datetime.now(UTC),
        Period=86_400,
        Statistics=[metric["MetricStatisticRecommendation"]],
    )["Datapoints"]
    assert len(points) >= 29
    assert max(point["Maximum"] for point in points) == 160 < quota["Quota"]["Value"]
