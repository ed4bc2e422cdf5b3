"""Hands for AWS, there and back over HTTP: what was never set is never set again, where S3 can."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from lakewarden.apply.doors import Doors
from lakewarden.apply.hand import hands
from lakewarden.apply.run import State, carry_out, look
from lakewarden.clients.aws import AwsAccount
from lakewarden.plan.change import Change, Target
from lakewarden.simulate.aws import start

REGION = "us-east-1"
BUCKET = "lake"
OWN = "arn:aws:iam::123456789012"
VERSION = {"/Version": "2012-10-17"}
SWITCHES = (
    *("BlockPublicAcls", "IgnorePublicAcls"),
    *("BlockPublicPolicy", "RestrictPublicBuckets"),
)
RULE = {
    "ID": "old",
    "Status": "Enabled",
    "Filter": {"Prefix": ""},
    "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
}
MACHINES = {
    "Effect": "Allow",
    "Action": "sts:AssumeRole",
    "Principal": {"Service": "ec2.amazonaws.com"},
}
ADVANCED = {
    "Name": "lakewarden objects of b",
    "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Data"]}],
}


class Nowhere:
    """A journal that keeps what each change found."""

    def __init__(self):
        self.before = {}

    def intend(self, number, address, before):
        self.before[number] = before

    def done(self, number):
        pass


@pytest.fixture(scope="module")
def aws():
    with start() as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", server.url)
        patch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "example")
        patch.setenv("AWS_DEFAULT_REGION", REGION)
        yield AwsAccount()


@pytest.fixture(scope="module")
def made(aws):
    """Make one of everything that a hand can change; return the ids."""
    s3, ec2, kms = (aws.client(name, REGION) for name in ("s3", "ec2", "kms"))
    iam, cloudtrail = aws.client("iam", REGION), aws.client("cloudtrail", REGION)
    s3.create_bucket(Bucket=BUCKET)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    group = ec2.create_security_group(GroupName="g", Description="g", VpcId=vpc)["GroupId"]
    service = f"com.amazonaws.{REGION}.s3"
    endpoint = ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=service)["VpcEndpoint"]
    trust = {"Version": "2012-10-17", "Statement": MACHINES}
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(trust))
    trail = cloudtrail.create_trail(Name="trail", S3BucketName=BUCKET)["TrailARN"]
    key = kms.create_key()["KeyMetadata"]["Arn"]
    grantee = {"GranteePrincipal": f"{OWN}:role/r", "Operations": ["Decrypt"]}
    grant = kms.create_grant(KeyId=key, **grantee)["GrantId"]
    return {
        "vpc": vpc,
        "subnet": subnet,
        "table": table,
        "gateway": gateway,
        "group": group,
        "endpoint": endpoint["VpcEndpointId"],
        "trail": trail,
        "key": key,
        "grant": grant,
    }


def allowed(**parts):
    return {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::lake/*", **parts}


def changes(made):
    """Yield changes of every kind: what each is about, before and after."""
    place = "/ApplyServerSideEncryptionByDefault"
    rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIpv4": "10.0.0.0/8"}
    rule = {f"/{name}": value for name, value in rule.items()}
    route = f"{REGION}/{made['table']}/198.51.100.0/24"
    grant = {"/GrantId": made["grant"], "/Operations": ["Decrypt"]}
    public = allowed(Principal={"AWS": f"{OWN}:root"})
    policy = {**VERSION, "/Statement": [public]}
    yield "bucket_policy", BUCKET, None, policy
    yield "bucket_versioning", BUCKET, {"/Status": None}, {"/Status": "Enabled"}
    yield (
        "bucket_encryption",
        BUCKET,
        {f"{place}/SSEAlgorithm": None, f"{place}/KMSMasterKeyID": None},
        {f"{place}/SSEAlgorithm": "aws:kms", f"{place}/KMSMasterKeyID": made["key"]},
    )
    owner = "/ObjectOwnership"
    yield "bucket_ownership", BUCKET, {owner: None}, {owner: "BucketOwnerEnforced"}
    off = {f"/{name}": False for name in SWITCHES}
    yield "bucket_public_access", BUCKET, off, dict.fromkeys(off, True)
    yield "bucket_lifecycle", BUCKET, {"/Rules/[ID=old]": None}, {"/Rules/[ID=old]": RULE}
    yield "role_policy", "r/guard", None, {**VERSION, "/Statement": [allowed()]}
    become = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": f"{OWN}:root"}}
    yield "role_trust", "r", {"/Statement": [MACHINES]}, {"/Statement": [become]}
    rotated = "/KeyRotationEnabled"
    yield "kms_key_rotation", made["key"], {rotated: False}, {rotated: True}
    yield "kms_grant", f"{made['key']}|{made['grant']}", grant, None
    yield "trail", made["trail"], {"/KmsKeyId": None}, {"/KmsKeyId": made["key"]}
    sealed = "/LogFileValidationEnabled"
    yield "trail", made["trail"], {sealed: False}, {sealed: True}
    yield "trail_logging", made["trail"], {"/IsLogging": False}, {"/IsLogging": True}
    disks = "/EbsEncryptionByDefault"
    yield "ebs_encryption_default", REGION, {disks: False}, {disks: True}
    yield "guardduty_detector", REGION, None, {"/Status": "ENABLED"}
    yield "security_group_ingress", f"{REGION}/{made['group']}/tcp/443-443/10.0.0.0/8", None, rule
    yield "security_group_egress", f"{REGION}/{made['group']}/tcp/443-443/10.0.0.0/8", None, rule
    yield "route", route, None, {"/GatewayId": made["gateway"]}
    tables = {"/RouteTableIds": [made["table"]]}
    yield "vpc_endpoint", f"{REGION}/{made['endpoint']}", {"/RouteTableIds": []}, tables
    public_ip = "/MapPublicIpOnLaunch"
    yield "subnet", f"{REGION}/{made['subnet']}", {public_ip: False}, {public_ip: True}
    flows = {"/TrafficType": "ALL", "/LogDestination": "arn:aws:s3:::lake"}
    yield "flow_log", f"{REGION}/{made['vpc']}", None, flows
    yield (
        "trail_selectors",
        made["trail"],
        {f"/AdvancedEventSelectors/[Name={ADVANCED['Name']}]": None},
        {f"/AdvancedEventSelectors/[Name={ADVANCED['Name']}]": ADVANCED},
    )


ONE_WAY = frozenset({"kms_grant", "trail_selectors"})
"""What does not come back: KMS makes no grant twice, and a trail has one language at a time."""


def test_every_change_is_made_once_and_taken_back(aws, made):
    doors = Doors(SimpleNamespace(aws=lambda: aws), {})
    for kind, key, before, after in changes(made):
        change = Change(Target(kind, "aws", key), key, before, after)
        assert look(doors, change).state is State.BEFORE, change.address
        journal = Nowhere()
        carry_out(doors, [change], journal)
        assert look(doors, change).state is State.AFTER, change.address
        again = Nowhere()
        carry_out(doors, [change], again)
        assert not again.before, change.address
        if kind not in ONE_WAY:
            carry_out(doors, [change.taking_back(journal.before[0])], Nowhere())
            assert look(doors, change).state is State.BEFORE, change.address
    _never_set(aws.client("s3", REGION))


def _never_set(s3):
    """Insist that what had never been set is not set now, but for what S3 never forgets."""
    for read in ("get_public_access_block", "get_bucket_ownership_controls"):
        with pytest.raises(s3.exceptions.ClientError, match=r"NoSuch|NotFound"):
            getattr(s3, read)(Bucket=BUCKET)
    with pytest.raises(s3.exceptions.ClientError, match="NoSuchLifecycle"):
        s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)
    assert s3.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Suspended"


def test_a_rule_that_somebody_described_comes_back_with_its_words(aws, made):
    ec2, doors = aws.client("ec2", REGION), Doors(SimpleNamespace(aws=lambda: aws), {})
    peer = {"CidrIp": "192.0.2.0/24", "Description": "a bastion"}
    rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [peer]}
    ec2.authorize_security_group_ingress(GroupId=made["group"], IpPermissions=[rule])
    key = f"{REGION}/{made['group']}/tcp/22-22/192.0.2.0/24"
    found = {"/IpProtocol": "tcp", "/FromPort": 22, "/ToPort": 22, "/CidrIpv4": "192.0.2.0/24"}
    before = {**found, "/Description": None}
    gone = Change(Target("security_group_ingress", "aws", key), key, before, None)
    journal = Nowhere()
    carry_out(doors, [gone], journal)
    carry_out(doors, [gone.taking_back(journal.before[0])], Nowhere())
    (group,) = ec2.describe_security_groups(GroupIds=[made["group"]])["SecurityGroups"]
    assert {"CidrIp": "192.0.2.0/24", "Description": "a bastion"} in [
        entry for permission in group["IpPermissions"] for entry in permission["IpRanges"]
    ]


def test_the_hands_name_the_calls_that_they_make():
    for hand in hands().values():
        assert hand.calls, hand.kind
