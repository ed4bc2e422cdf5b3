"""What sets the other worlds apart, as boto3 reads it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lakewarden.simulate.aws import seed, start
from simulate.aws.kit import Connect, ReadWorld, Seeded

_ROUTING = {"subnet", "route_table", "nat", "gateway"}


def _seeded(name: str, read_world: ReadWorld, connect: Connect) -> Iterator[Seeded]:
    with start() as server:
        ids = seed(server.url, read_world(name))
        yield ids, lambda service: connect(server.url, service)


@pytest.fixture(scope="module")
def fresh(read_world: ReadWorld, connect: Connect) -> Iterator[Seeded]:
    yield from _seeded("fresh", read_world, connect)


@pytest.fixture(scope="module")
def typical(read_world: ReadWorld, connect: Connect) -> Iterator[Seeded]:
    yield from _seeded("typical", read_world, connect)


@pytest.fixture(scope="module")
def neglected(read_world: ReadWorld, connect: Connect) -> Iterator[Seeded]:
    yield from _seeded("neglected", read_world, connect)


def code_of(call: Callable[..., Any], **parameters: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    return refused.value.response["Error"]["Code"]


def statements(aws: Callable[[str], Any], bucket: str) -> list[dict[str, Any]]:
    return json.loads(aws("s3").get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]


def test_fresh_account_has_nothing_but_what_databricks_made(fresh: Seeded) -> None:
    ids, aws = fresh
    assert {name for name in ids if name.partition(".")[0] not in _ROUTING} == {
        "vpc.fr-main",
        "security_group.fr-main",
        "role.fr-cross-account",
        "bucket.fr-main-root",
        "instance.fr-main-worker",
    }
    assert aws("cloudtrail").describe_trails()["trailList"] == []
    assert aws("ec2").describe_vpc_endpoints()["VpcEndpoints"] == []
    assert aws("ec2").get_ebs_encryption_by_default()["EbsEncryptionByDefault"] is False
    code = code_of(aws("s3control").get_public_access_block, AccountId="123456789012")
    assert code == "NoSuchPublicAccessBlockConfiguration"


def test_fresh_root_bucket_is_as_s3_makes_it_and_open_to_every_tenant(fresh: Seeded) -> None:
    _, aws = fresh
    s3, bucket = aws("s3"), "fr-main-root"
    rules = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0]["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    controls = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]
    assert controls["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    (allow,) = statements(aws, bucket)
    assert "Condition" not in allow


def test_typical_networks_leave_through_nat_and_default_endpoint_policies(typical: Seeded) -> None:
    ids, aws = typical
    table = aws("ec2").describe_route_tables(RouteTableIds=[ids["route_table.ty-analytics"]])
    routes = {r.get("DestinationCidrBlock"): r for r in table["RouteTables"][0]["Routes"]}
    assert routes["0.0.0.0/0"]["NatGatewayId"].startswith("nat-")
    endpoints = aws("ec2").describe_vpc_endpoints(
        VpcEndpointIds=[ids["endpoint.ty-analytics-s3"], ids["endpoint.ty-production-sts"]]
    )["VpcEndpoints"]
    for endpoint in endpoints:
        (statement,) = json.loads(endpoint["PolicyDocument"])["Statement"]
        assert (statement["Action"], statement["Resource"]) == ("*", "*")


def test_typical_gap_is_the_data_bucket_without_versioning(typical: Seeded) -> None:
    _, aws = typical
    s3 = aws("s3")
    assert "Status" not in s3.get_bucket_versioning(Bucket="ty-lakehouse-data")
    assert s3.get_bucket_versioning(Bucket="ty-audit-logs")["Status"] == "Enabled"


def test_typical_role_is_bound_to_the_account_and_trail_has_no_key(typical: Seeded) -> None:
    _, aws = typical
    trust = aws("iam").get_role(RoleName="ty-cross-account-analytics")["Role"]
    (statement,) = trust["AssumeRolePolicyDocument"]["Statement"]
    external_id = statement["Condition"]["StringEquals"]["sts:ExternalId"]
    assert external_id == "22222222-2222-4222-8222-222222222222"
    (trail,) = aws("cloudtrail").describe_trails()["trailList"]
    assert trail["IsMultiRegionTrail"] is True
    assert "KmsKeyId" not in trail
    aliases = {one["AliasName"] for one in aws("kms").list_aliases()["Aliases"]}
    assert all(alias.startswith("alias/aws/") for alias in aliases)


def test_neglected_buckets_are_open_unencrypted_and_wrongly_versioned(neglected: Seeded) -> None:
    _, aws = neglected
    s3 = aws("s3")
    assert s3.get_bucket_policy_status(Bucket="ng-lakehouse-data")["PolicyStatus"]["IsPublic"]
    assert s3.get_bucket_versioning(Bucket="ng-lakehouse-data")["Status"] == "Suspended"
    assert s3.get_bucket_versioning(Bucket="ng-shared-root")["Status"] == "Enabled"
    code = code_of(s3.get_bucket_encryption, Bucket="ng-shared-root")
    assert code == "ServerSideEncryptionConfigurationNotFoundError"
    code = code_of(s3.get_public_access_block, Bucket="ng-legacy-root")
    assert code == "NoSuchPublicAccessBlockConfiguration"


def test_neglected_networks_are_public(neglected: Seeded) -> None:
    ids, aws = neglected
    ec2 = aws("ec2")
    subnets = ec2.describe_subnets(
        SubnetIds=[ids["subnet.ng-legacy-a"], ids["subnet.ng-legacy-b"]]
    )["Subnets"]
    assert all(subnet["MapPublicIpOnLaunch"] for subnet in subnets)
    assert len({subnet["AvailabilityZone"] for subnet in subnets}) == 1
    table = ec2.describe_route_tables(RouteTableIds=[ids["route_table.ng-shared"]])
    gateways = {route.get("GatewayId", "") for route in table["RouteTables"][0]["Routes"]}
    assert any(gateway.startswith("igw-") for gateway in gateways)
    group = ec2.describe_security_groups(GroupIds=[ids["security_group.ng-legacy"]])
    (rule,) = group["SecurityGroups"][0]["IpPermissions"]
    assert (rule["IpProtocol"], rule["IpRanges"][0]["CidrIp"]) == ("-1", "0.0.0.0/0")


def test_neglected_roles_and_keys_admit_any_tenant(neglected: Seeded) -> None:
    ids, aws = neglected
    iam, role = aws("iam"), "ng-cross-account-shared"
    (trust,) = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]["Statement"]
    assert "Condition" not in trust
    policy = iam.get_role_policy(RoleName=role, PolicyName="databricks")["PolicyDocument"]
    assert "ec2:*" in policy["Statement"][0]["Action"]
    profile = iam.get_instance_profile(InstanceProfileName="ng-everything")["InstanceProfile"]
    assert profile["Roles"][0]["Arn"] == ids["role.ng-everything"]
    rotation = aws("kms").get_key_rotation_status(KeyId=ids["key.ng-managed-services"])
    assert rotation["KeyRotationEnabled"] is False


def test_neglected_trail_is_stopped_and_quotas_are_huge(neglected: Seeded) -> None:
    _, aws = neglected
    (trail,) = aws("cloudtrail").describe_trails()["trailList"]
    assert trail["IsMultiRegionTrail"] is False
    assert aws("cloudtrail").get_trail_status(Name="ng-trail")["IsLogging"] is False
    quota = aws("service-quotas").get_service_quota(ServiceCode="ec2", QuotaCode="L-417A185B")
    assert quota["Quota"]["Value"] == 4096


def test_neglected_instances_have_public_addresses_and_plain_disks(neglected: Seeded) -> None:
    _, aws = neglected
    reserved = aws("ec2").describe_instances()["Reservations"]
    instances = [one for group in reserved for one in group["Instances"]]
    assert {one["InstanceType"] for one in instances} == {"i3.xlarge", "p3.2xlarge"}
    assert all("PublicIpAddress" in one for one in instances)
    volumes = aws("ec2").describe_volumes()["Volumes"]
    assert not any(volume["Encrypted"] for volume in volumes)
