"""Roles, keys and the account-wide services of a world."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from lakewarden.simulate.aws.builder import Builder, Table, tags
from lakewarden.simulate.aws.gap_account import usage_dimensions
from lakewarden.simulate.aws.seed_storage import block
from lakewarden.simulate.aws.wire import ACCOUNT_ID


def roles(builder: Builder, world: Table) -> None:
    """Create every `[[roles]]` table with its inline policies, if wanted as instance profile."""
    iam = builder.client("iam")
    for role in world.get("roles", []):
        name = role["name"]
        made = iam.create_role(
            RoleName=name,
            AssumeRolePolicyDocument=builder.document(role["trust"], role_name=name),
            MaxSessionDuration=role.get("max_session_seconds", 3600),
            Tags=tags(name),
        )
        builder.ids[f"role.{name}"] = made["Role"]["Arn"]
        for policy_name, policy in role.get("policies", {}).items():
            iam.put_role_policy(
                RoleName=name,
                PolicyName=policy_name,
                PolicyDocument=builder.document(policy, role_name=name),
            )
        if role.get("instance_profile"):
            iam.create_instance_profile(InstanceProfileName=name)
            iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)


def keys(builder: Builder, world: Table) -> None:
    """Create every `[[keys]]` table, with an alias of its name."""
    kms = builder.client("kms")
    for key in world.get("keys", []):
        name = key["name"]
        made = kms.create_key(
            Description=name,
            Policy=builder.document(key["policy"]),
            Tags=[{"TagKey": "Name", "TagValue": name}],
        )["KeyMetadata"]
        kms.create_alias(AliasName=f"alias/{name}", TargetKeyId=made["KeyId"])
        if key.get("rotation"):
            kms.enable_key_rotation(KeyId=made["KeyId"])
        builder.ids[f"key.{name}"] = made["Arn"]
        builder.ids[f"key_id.{name}"] = made["KeyId"]


def account(builder: Builder, world: Table) -> None:
    """Switch on what the world has in `[account]`, `[trail]`, `[quotas]` and `[usage]`."""
    settings = world.get("account", {})
    _guards(builder, settings)
    _watchers(builder, settings)
    if "trail" in world:
        _trail(builder, world["trail"])
    for code, value in world.get("quotas", {}).items():
        builder.client("service-quotas").request_service_quota_increase(
            ServiceCode="ec2", QuotaCode=code, DesiredValue=float(value)
        )
    if "usage" in world:
        _usage(builder, world["usage"])
    if "cost_tags" in settings:
        entries = [{"TagKey": tag, "Status": "Active"} for tag in settings["cost_tags"]]
        builder.client("ce").update_cost_allocation_tags_status(CostAllocationTagsStatus=entries)


def _usage(builder: Builder, usage: dict[str, int]) -> None:
    """Report the vCPUs in use at this time of day for a month back, by class of instances."""
    now = datetime.now(UTC)
    data = [
        {
            "MetricName": "ResourceCount",
            "Dimensions": [
                {"Name": name, "Value": value} for name, value in usage_dimensions(kind).items()
            ],
            "Timestamp": now - timedelta(days=days),
            "Value": float(count),
        }
        for kind, count in usage.items()
        for days in range(30)
    ]
    builder.client("cloudwatch").put_metric_data(Namespace="AWS/Usage", MetricData=data)


def _guards(builder: Builder, settings: Table) -> None:
    if "block_public_access" in settings:
        builder.client("s3control").put_public_access_block(
            AccountId=ACCOUNT_ID,
            PublicAccessBlockConfiguration=block(on=settings["block_public_access"]),
        )
    ec2 = builder.client("ec2")
    if settings.get("ebs_encryption"):
        ec2.enable_ebs_encryption_by_default()
    if "ebs_key" in settings:
        ec2.modify_ebs_default_kms_key_id(KmsKeyId=builder.ids[f"key.{settings['ebs_key']}"])
    if settings.get("require_imdsv2"):
        ec2.modify_instance_metadata_defaults(HttpTokens="required", HttpPutResponseHopLimit=2)
    if settings.get("block_public_snapshots"):
        ec2.enable_snapshot_block_public_access(State="block-all-sharing")


def _watchers(builder: Builder, settings: Table) -> None:
    if settings.get("guardduty"):
        made = builder.client("guardduty").create_detector(Enable=True)
        builder.ids["detector.main"] = made["DetectorId"]
    if "analyzer" in settings:
        builder.client("accessanalyzer").create_analyzer(
            analyzerName=settings["analyzer"], type="ACCOUNT"
        )
    if "config_bucket" in settings:
        config: Any = builder.client("config")
        role = f"arn:aws:iam::{ACCOUNT_ID}:role/aws-service-role/config.amazonaws.com/Config"
        recorder = {
            "name": "default",
            "roleARN": role,
            "recordingGroup": {"allSupported": True, "includeGlobalResourceTypes": True},
        }
        config.put_configuration_recorder(ConfigurationRecorder=recorder)
        channel = {"name": "default", "s3BucketName": settings["config_bucket"]}
        config.put_delivery_channel(DeliveryChannel=channel)
        config.start_configuration_recorder(ConfigurationRecorderName="default")


def _trail(builder: Builder, trail: Table) -> None:
    """Create the trail; `data_events` names the buckets whose objects it watches."""
    cloudtrail, name = builder.client("cloudtrail"), trail["name"]
    key = {"KmsKeyId": builder.ids[f"key.{trail['key']}"]} if "key" in trail else {}
    cloudtrail.create_trail(
        Name=name,
        S3BucketName=trail["bucket"],
        IsMultiRegionTrail=trail["multi_region"],
        IncludeGlobalServiceEvents=trail["multi_region"],
        EnableLogFileValidation=trail["validation"],
        **key,
    )
    arns = [f"arn:aws:s3:::{bucket}/" for bucket in trail.get("data_events", [])]
    resources = [{"Type": "AWS::S3::Object", "Values": arns}] if arns else []
    selector = {
        "ReadWriteType": "All",
        "IncludeManagementEvents": True,
        "DataResources": resources,
    }
    cloudtrail.put_event_selectors(TrailName=name, EventSelectors=[selector])
    if trail["logging"]:
        cloudtrail.start_logging(Name=name)
