"""What watches over an AWS account: trails, GuardDuty, defaults of a region, flow logs."""

from __future__ import annotations

from typing import Final

from lakewarden.terraform.write.rows import Row, Rows, never, renamed
from lakewarden.terraform.write.thing import LeftOutError, Thing

_TRAIL: Final = "name!<Name s3_bucket_name!<S3BucketName"
_MORE: Final = """s3_key_prefix<S3KeyPrefix sns_topic_name<SnsTopicName
    include_global_service_events<IncludeGlobalServiceEvents
    is_multi_region_trail<IsMultiRegionTrail is_organization_trail<IsOrganizationTrail
    enable_log_file_validation<LogFileValidationEnabled kms_key_id<KmsKeyId
    cloud_watch_logs_group_arn<CloudWatchLogsLogGroupArn
    cloud_watch_logs_role_arn<CloudWatchLogsRoleArn"""
_NAMES: Final = " ".join(word.partition("<")[0] for word in _MORE.split())
_SELECTORS: Final = """
    event_selector*<EventSelectors{read_write_type<ReadWriteType
        include_management_events<IncludeManagementEvents
        exclude_management_event_sources<ExcludeManagementEventSources
        data_resource*<DataResources{type!<Type values!<Values}}
    advanced_event_selector*<AdvancedEventSelectors{name<Name
        field_selector*<FieldSelectors{field!<Field equals<Equals not_equals<NotEquals
            starts_with<StartsWith not_starts_with<NotStartsWith ends_with<EndsWith
            not_ends_with<NotEndsWith}}"""
_REST: Final = "insight_selector tags"


def _detector(thing: Thing) -> Thing:
    enabled = thing.document.get("Status") == "ENABLED"
    document = {**thing.document, "enable": enabled}
    return renamed(thing, document, [*document])


def _flow_log(thing: Thing) -> Thing:
    """Return a flow log with what it watches; one that a plan makes watches the VPC of its key."""
    made = {} if thing.exists else {"TrafficType": "ALL", "LogDestinationType": "s3"}
    watched = str(thing.document.get("ResourceId") or thing.key.rpartition("/")[2])
    names = {"vpc-": "vpc_id", "subnet-": "subnet_id", "eni-": "eni_id"}
    name = next((name for prefix, name in names.items() if watched.startswith(prefix)), "")
    if not name:
        raise LeftOutError("what it watches is neither a VPC, a subnet nor an interface")
    document = {**made, **thing.document, name: watched}
    return renamed(thing, document, [*document])


ROWS: Final[Rows] = {
    "trail": Row(
        "aws_cloudtrail",
        f"{_TRAIL} {_MORE}",
        "trails",
        also=f"enable_logging event_selector advanced_event_selector {_REST}",
    ),
    "trail_logging": Row(
        "aws_cloudtrail",
        f"{_TRAIL} enable_logging<IsLogging",
        "trails",
        also=f"{_NAMES} event_selector advanced_event_selector {_REST}",
        beside=("trail",),
    ),
    "trail_selectors": Row(
        "aws_cloudtrail",
        f"{_TRAIL} {_SELECTORS}",
        "trails",
        also=f"{_NAMES} enable_logging {_REST}",
        beside=("trail",),
    ),
    "guardduty_detector": Row(
        "aws_guardduty_detector",
        "enable",
        "detectors",
        import_id="{DetectorId}",
        also="finding_publishing_frequency datasources tags",
        prepare=_detector,
    ),
    "ebs_encryption_default": Row(
        "aws_ebs_encryption_by_default",
        "enabled<EbsEncryptionByDefault",
        "keys",
        import_id="default",
    ),
    "flow_log": Row(
        "aws_flow_log",
        """vpc_id subnet_id eni_id traffic_type<TrafficType log_destination<LogDestination
        log_destination_type<LogDestinationType iam_role_arn<DeliverLogsPermissionArn
        max_aggregation_interval<MaxAggregationInterval log_format<LogFormat""",
        "network",
        import_id="{FlowLogId}",
        also="tags destination_options deliver_cross_account_role",
        prepare=_flow_log,
    ),
    "cost_allocation_tag": Row(
        "aws_ce_cost_allocation_tag", "tag_key!<@key status!<Status", "costs"
    ),
    "firewall_policy": Row(
        "aws_networkfirewall_firewall_policy",
        """name!<@id firewall_policy!<.{
        stateful_default_actions<StatefulDefaultActions
        stateful_engine_options<StatefulEngineOptions{rule_order<RuleOrder}
        stateful_rule_group_reference*<StatefulRuleGroupReferences{resource_arn!<ResourceArn
            priority<Priority override<Override{action<Action}}
        stateless_default_actions!<StatelessDefaultActions
        stateless_fragment_default_actions!<StatelessFragmentDefaultActions
        stateless_rule_group_reference*<StatelessRuleGroupReferences{resource_arn!<ResourceArn
            priority!<Priority}}""",
        "firewall",
        also="description tags encryption_configuration",
        marks={"arn": "@key"},
    ),
    "firewall_rule_group": never("how much room it was given is not in the answer"),
}
"""How what watches becomes resources, by kind."""
