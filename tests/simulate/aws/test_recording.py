"""What CloudTrail records of the calls to the pretend AWS."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from lakewarden.simulate.aws.builder import Builder
from lakewarden.simulate.aws.operations import Operation
from lakewarden.simulate.aws.spelling import request_parameters
from lakewarden.simulate.aws.wire import Call
from lakewarden.simulate.cloudtrail import Trail
from simulate.aws.kit import Connect, Serve

Session = dict[str, str]
Client = Callable[..., Any]
ROLE = "arn:aws:iam::123456789012:role/launcher"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"},
        ],
    }
)
POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
    }
)


class Recorded:
    """A pretend AWS with a trail, and what the trail has."""

    def __init__(self, url: str, trail: Trail, folder: Path, connect: Connect) -> None:
        self.url = url
        self._trail = trail
        self._folder = folder
        self._connect = connect

    def client(self, service: str, session: Session | None = None) -> Any:
        """Return a client of the scanner's, or of a session."""
        if session is None:
            return self._connect(self.url, service)
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id=session["AccessKeyId"],
            aws_secret_access_key=session["SecretAccessKey"],
            aws_session_token=session.get("SessionToken"),
        )

    def events(self) -> list[dict[str, Any]]:
        """Return every record so far."""
        self._trail.deliver()
        return [
            record
            for path in sorted(self._folder.rglob("*.json.gz"))
            for record in json.loads(gzip.decompress(path.read_bytes()))["Records"]
        ]

    def event(self, name: str) -> dict[str, Any]:
        """Return the one record of an event."""
        (found,) = (event for event in self.events() if event["eventName"] == name)
        return found

    def parameters(self, name: str) -> Any:
        """Return the parameters of the one record of an event."""
        return self.event(name)["requestParameters"]


@pytest.fixture
def recorded(serve: Serve, connect: Connect, tmp_path: Path) -> Recorded:
    trail = Trail(tmp_path)
    server = serve(
        trail=trail,
        address="203.0.113.10",
        deny={"AKIASCANNER": ["kms:ListKeys", "iam:ListRoles"]},
    )
    return Recorded(server.url, trail, tmp_path, connect)


def test_a_record_says_who_did_what_from_where(recorded: Recorded) -> None:
    recorded.client("iam").create_user(UserName="ann")
    found = recorded.event("CreateUser")
    assert (found["eventSource"], found["awsRegion"]) == ("iam.amazonaws.com", "us-east-1")
    assert found["userIdentity"]["accessKeyId"] == "AKIASCANNER"
    assert found["sourceIPAddress"] == "203.0.113.10"
    assert found["userAgent"].startswith("Boto3/")
    assert (found["readOnly"], found["eventCategory"]) == (False, "Management")
    assert found["requestParameters"] == {"userName": "ann"}
    assert "errorCode" not in found


def test_a_call_has_one_record_wherever_it_is_looked_up(recorded: Recorded) -> None:
    recorded.client("iam").create_user(UserName="ann")
    history = recorded.client("cloudtrail").lookup_events()["Events"]
    (seen,) = (event for event in history if event["EventName"] == "CreateUser")
    assert seen["EventId"] == recorded.event("CreateUser")["eventID"]


def test_a_key_names_the_user_or_the_session_that_it_was_made_for(recorded: Recorded) -> None:
    iam = recorded.client("iam")
    iam.create_user(UserName="ann")
    iam.create_role(RoleName="launcher", AssumeRolePolicyDocument=TRUST)
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    assumed = recorded.client("sts", key).assume_role(RoleArn=ROLE, RoleSessionName="night")
    recorded.client("ec2", assumed["Credentials"]).describe_instances()
    by_user = recorded.event("AssumeRole")
    assert by_user["userIdentity"]["type"] == "IAMUser"
    assert by_user["userIdentity"]["arn"] == "arn:aws:iam::123456789012:user/ann"
    assert by_user["requestParameters"]["roleArn"] == ROLE
    by_role = recorded.event("DescribeInstances")["userIdentity"]
    assert by_role["type"] == "AssumedRole"
    assert by_role["arn"] == "arn:aws:sts::123456789012:assumed-role/launcher/night"
    assert by_role["sessionContext"]["sessionIssuer"]["arn"] == ROLE
    everything = json.dumps(recorded.events())
    assert key["SecretAccessKey"] not in everything
    assert assumed["Credentials"]["SecretAccessKey"] not in everything


def test_refusals_are_recorded_with_their_code(recorded: Recorded) -> None:
    with pytest.raises(ClientError):
        recorded.client("cloudtrail").stop_logging(Name="nothing")
    with pytest.raises(ClientError):
        recorded.client("kms").list_keys()
    with pytest.raises(ClientError):
        recorded.client("iam").list_roles()
    codes = {event["eventName"]: event["errorCode"] for event in recorded.events()}
    assert codes == {
        "StopLogging": "TrailNotFoundException",
        "ListKeys": "AccessDeniedException",
        "ListRoles": "AccessDenied",
    }
    assert recorded.parameters("StopLogging") == {"name": "nothing"}


def test_the_hand_that_builds_and_data_leave_no_record(recorded: Recorded) -> None:
    builder = Builder(recorded.url, {"account_id": "a"})
    builder.client("s3").create_bucket(Bucket="recorded-build")
    builder.close()
    s3 = recorded.client("s3")
    s3.put_object(Bucket="recorded-build", Key="k", Body=b"1")
    with pytest.raises(ClientError):
        s3.get_object_lock_configuration(Bucket="recorded-build")
    (only,) = recorded.events()
    assert only["eventName"] == "GetBucketObjectLockConfiguration"
    assert only["errorCode"] == "ObjectLockConfigurationNotFoundError"


def test_keys_are_used_by_management_events_that_change_nothing(recorded: Recorded) -> None:
    kms = recorded.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.generate_data_key(KeyId=key, KeySpec="AES_256")
    found = recorded.event("GenerateDataKey")
    assert (found["readOnly"], found["requestParameters"]["keyId"]) == (True, key)


def test_parameters_of_storage(recorded: Recorded) -> None:
    s3, name = recorded.client("s3"), "recorded-parameters"
    s3.create_bucket(Bucket=name)
    s3.put_bucket_policy(
        Bucket=name, Policy=POLICY.replace('"Resource"', '"Principal": "*", "Resource"')
    )
    s3.delete_public_access_block(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Suspended"})
    s3.put_bucket_lifecycle_configuration(
        Bucket=name,
        LifecycleConfiguration={
            "Rules": [
                {"ID": n, "Status": "Enabled", "Filter": {}, "Expiration": {"Days": 1}}
                for n in ("one", "two")
            ]
        },
    )
    policy = recorded.parameters("PutBucketPolicy")
    assert policy["bucketName"] == name
    assert policy["bucketPolicy"]["Statement"][0]["Principal"] == "*"
    assert recorded.parameters("DeleteBucketPublicAccessBlock")["publicAccessBlock"] == ""
    versioning = recorded.parameters("PutBucketVersioning")["VersioningConfiguration"]
    assert versioning == {"Status": "Suspended"}
    rules = recorded.parameters("PutBucketLifecycle")["LifecycleConfiguration"]["Rule"]
    assert [rule["Expiration"] for rule in rules] == [{"Days": "1"}, {"Days": "1"}]


def test_parameters_of_machines_and_networks(recorded: Recorded) -> None:
    ec2 = recorded.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="g", Description="d", VpcId=vpc)["GroupId"]
    span = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 9, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[span])
    launch = ec2.run_instances(
        ImageId="ami-1234abcd",
        InstanceType="g5.xlarge",
        MinCount=1,
        MaxCount=1,
        SubnetId=subnet,
        SecurityGroupIds=[group],
        UserData="a secret",
        TagSpecifications=[
            {"ResourceType": "instance", "Tags": [{"Key": "Vendor", "Value": "Databricks"}]}
        ],
    )
    instance = launch["Instances"][0]["InstanceId"]
    ec2.terminate_instances(InstanceIds=[instance])
    ec2.create_vpc_endpoint(VpcId=vpc, ServiceName="com.amazonaws.us-east-1.s3")
    with pytest.raises(ClientError):
        ec2.delete_flow_logs(FlowLogIds=["fl-12345678"])
    ingress = recorded.parameters("AuthorizeSecurityGroupIngress")
    assert ingress["groupId"] == group
    (rule,) = ingress["ipPermissions"]["items"]
    assert (rule["fromPort"], rule["toPort"]) == (1, 9)
    assert rule["ipRanges"] == {"items": [{"cidrIp": "0.0.0.0/0"}]}
    run = recorded.parameters("RunInstances")
    assert run["instancesSet"]["items"] == [
        {"imageId": "ami-1234abcd", "minCount": 1, "maxCount": 1}
    ]
    assert (run["instanceType"], run["subnetId"]) == ("g5.xlarge", subnet)
    assert run["groupSet"] == {"items": [{"groupId": group}]}
    assert run["tagSpecificationSet"]["items"] == [
        {"resourceType": "instance", "tags": [{"key": "Vendor", "value": "Databricks"}]}
    ]
    assert run["userData"] == "HIDDEN_DUE_TO_SECURITY_REASONS"
    stop = recorded.parameters("TerminateInstances")
    assert stop == {"instancesSet": {"items": [{"instanceId": instance}]}}
    endpoint = recorded.parameters("CreateVpcEndpoint")["CreateVpcEndpointRequest"]
    assert endpoint["VpcId"] == vpc
    flow_logs = recorded.parameters("DeleteFlowLogs")["DeleteFlowLogsRequest"]
    assert flow_logs == {"FlowLogId": {"tag": 1, "content": "fl-12345678"}}


def test_parameters_of_json_and_rest_services(recorded: Recorded) -> None:
    detector = recorded.client("guardduty").create_detector(Enable=True)["DetectorId"]
    recorded.client("guardduty").delete_detector(DetectorId=detector)
    secrets = recorded.client("secretsmanager")
    secrets.create_secret(Name="s", SecretString="hunter2", Tags=[{"Key": "a", "Value": "b"}])
    recorded.client("ssm").put_parameter(Name="p", Value="hunter2", Type="SecureString")
    template = {"UserData": "aHVudGVyMg==", "ImageId": "ami-1234abcd"}
    recorded.client("ec2").create_launch_template(
        LaunchTemplateName="t", LaunchTemplateData=template
    )
    iam = recorded.client("iam")
    iam.create_user(UserName="ann", Tags=[{"Key": "a", "Value": "b"}])
    iam.create_login_profile(UserName="ann", Password="hunter2-hunter2")
    iam.put_user_policy(UserName="ann", PolicyName="p", PolicyDocument=POLICY)
    assert recorded.parameters("DeleteDetector") == {"detectorId": detector}
    created = recorded.parameters("CreateSecret")
    assert (created["name"], created["tags"]) == ("s", [{"key": "a", "value": "b"}])
    assert recorded.parameters("CreateUser")["tags"] == [{"key": "a", "value": "b"}]
    assert recorded.parameters("PutUserPolicy") == {
        "userName": "ann",
        "policyName": "p",
        "policyDocument": POLICY,
    }
    told = json.dumps(recorded.events())
    assert "hunter2" not in told
    assert "aHVudGVyMg" not in told


@pytest.mark.parametrize(
    ("body", "parameters"),
    [
        ('{"Tags": {"a": 1}, "Filters": [[]]}', {"tags": {"a": 1}, "filters": [[]]}),
        ("[1]", None),
        ("{", None),
    ],
)
def test_bodies_that_keep_to_no_shape_are_recorded_as_far_as_they_go(
    body: str, parameters: Any
) -> None:
    headers = {"content-type": "application/x-amz-json-1.1"}
    call = Call("POST", "/", {}, headers, body.encode(), "A", "us-east-1", "secretsmanager")
    operation = Operation("secretsmanager", "ListSecrets", "json")
    assert request_parameters(call, operation) == parameters


def test_fields_of_a_form_that_contradict_each_other_are_recorded_all_the_same() -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    form = b"Action=CreateUser&Tags=x&Tags.member.1.Key=a"
    call = Call("POST", "/", {}, headers, form, "A", "us-east-1", "iam")
    found = request_parameters(call, Operation("iam", "CreateUser", "query"))
    assert found == {"tags": [{"key": "a"}]}
