"""What moto lacks and the simulator serves itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lakewarden.simulate.aws import start
from simulate.aws.kit import Connect, Seeded


@pytest.fixture(scope="module")
def empty(connect: Connect) -> Iterator[Callable[[str], Any]]:
    with start() as server:
        yield lambda service: connect(server.url, service)


def test_quotas_start_at_the_defaults_and_grow_on_request(empty: Callable[[str], Any]) -> None:
    quotas = empty("service-quotas")
    standard = {"ServiceCode": "ec2", "QuotaCode": "L-1216C47A"}
    assert quotas.get_service_quota(**standard)["Quota"]["Value"] == 5
    asked = quotas.request_service_quota_increase(**standard, DesiredValue=512)["RequestedQuota"]
    change = quotas.get_requested_service_quota_change(RequestId=asked["Id"])["RequestedQuota"]
    assert (change["Status"], change["DesiredValue"]) == ("APPROVED", 512)
    quota = quotas.get_service_quota(**standard)["Quota"]
    assert (quota["Value"], quota["QuotaName"]) == (
        512,
        "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances",
    )
    assert quotas.get_aws_default_service_quota(**standard)["Quota"]["Value"] == 5


def test_quotas_come_in_pages(empty: Callable[[str], Any]) -> None:
    quotas = empty("service-quotas")
    pages = list(
        quotas.get_paginator("list_service_quotas").paginate(
            ServiceCode="ec2", PaginationConfig={"PageSize": 5}
        )
    )
    codes = [quota["QuotaCode"] for page in pages for quota in page["Quotas"]]
    assert [len(page["Quotas"]) for page in pages] == [5, 5, 4]
    assert len(set(codes)) == 14
    with pytest.raises(ClientError, match="NoSuchResourceException"):
        quotas.get_service_quota(ServiceCode="ec2", QuotaCode="L-00000000")
    with pytest.raises(ClientError, match="NoSuchResourceException"):
        quotas.list_service_quotas(ServiceCode="moon")


def test_ec2_settings_answer_before_and_after_they_are_set(empty: Callable[[str], Any]) -> None:
    ec2 = empty("ec2")
    assert ec2.get_ebs_default_kms_key_id()["KmsKeyId"] == "alias/aws/ebs"
    ec2.modify_ebs_default_kms_key_id(KmsKeyId="alias/ours")
    assert ec2.get_ebs_default_kms_key_id()["KmsKeyId"] == "alias/ours"
    ec2.reset_ebs_default_kms_key_id()
    assert ec2.get_ebs_default_kms_key_id()["KmsKeyId"] == "alias/aws/ebs"

    assert ec2.get_instance_metadata_defaults()["AccountLevel"] == {}
    ec2.modify_instance_metadata_defaults(HttpTokens="required", HttpPutResponseHopLimit=2)
    assert ec2.get_instance_metadata_defaults()["AccountLevel"] == {
        "HttpTokens": "required",
        "HttpPutResponseHopLimit": 2,
    }

    options = ec2.describe_vpc_block_public_access_options()["VpcBlockPublicAccessOptions"]
    assert options["InternetGatewayBlockMode"] == "off"
    ec2.modify_vpc_block_public_access_options(InternetGatewayBlockMode="block-bidirectional")
    options = ec2.describe_vpc_block_public_access_options()["VpcBlockPublicAccessOptions"]
    assert options["InternetGatewayBlockMode"] == "block-bidirectional"


def test_what_a_region_blocks_has_exclusions(empty: Callable[[str], Any]) -> None:
    ec2 = empty("ec2")
    places = [{"VpcId": "vpc-1"}, *({"SubnetId": f"subnet-{n}"} for n in range(5))]
    made = [
        ec2.create_vpc_block_public_access_exclusion(
            **place, InternetGatewayExclusionMode="allow-egress"
        )["VpcBlockPublicAccessExclusion"]
        for place in places
    ]
    ends = [one["ResourceArn"].rpartition(":")[2] for one in made]
    assert ends[:2] == ["vpc/vpc-1", "subnet/subnet-0"]
    describe = ec2.describe_vpc_block_public_access_exclusions
    page = describe(MaxResults=5)
    rest = describe(NextToken=page["NextToken"])
    listed = [*page["VpcBlockPublicAccessExclusions"], *rest["VpcBlockPublicAccessExclusions"]]
    assert listed == made
    assert "NextToken" not in rest
    ec2.delete_vpc_block_public_access_exclusion(ExclusionId=made[0]["ExclusionId"])
    assert describe()["VpcBlockPublicAccessExclusions"] == made[1:]
    with pytest.raises(ClientError, match=r"\.NotFound"):
        ec2.delete_vpc_block_public_access_exclusion(ExclusionId=made[0]["ExclusionId"])


def test_snapshots_and_images_can_be_kept_from_the_public(empty: Callable[[str], Any]) -> None:
    ec2 = empty("ec2")
    assert ec2.get_snapshot_block_public_access_state()["State"] == "unblocked"
    ec2.enable_snapshot_block_public_access(State="block-all-sharing")
    assert ec2.get_snapshot_block_public_access_state()["State"] == "block-all-sharing"
    before = ec2.get_image_block_public_access_state()
    assert before["ImageBlockPublicAccessState"] == "unblocked"
    ec2.enable_image_block_public_access(ImageBlockPublicAccessState="block-new-sharing")
    after = ec2.get_image_block_public_access_state()
    assert after["ImageBlockPublicAccessState"] == "block-new-sharing"


def test_network_firewall_policies_and_rule_groups(empty: Callable[[str], Any]) -> None:
    firewall = empty("network-firewall")
    domains = {"Targets": [".example.com"], "TargetTypes": ["TLS_SNI"]}
    source = {"RulesSourceList": domains | {"GeneratedRulesType": "ALLOWLIST"}}
    made = firewall.create_rule_group(
        RuleGroupName="allowed", Type="STATEFUL", Capacity=10, RuleGroup={"RulesSource": source}
    )
    arn = made["RuleGroupResponse"]["RuleGroupArn"]
    assert firewall.list_rule_groups()["RuleGroups"] == [{"Name": "allowed", "Arn": arn}]
    described = firewall.describe_rule_group(RuleGroupArn=arn)
    assert described["RuleGroup"]["RulesSource"]["RulesSourceList"]["Targets"] == [".example.com"]

    policy = {
        "StatelessDefaultActions": ["aws:forward_to_sfe"],
        "StatelessFragmentDefaultActions": ["aws:drop"],
        "StatefulRuleGroupReferences": [{"ResourceArn": arn}],
        "StatefulDefaultActions": ["aws:drop_strict"],
    }
    made = firewall.create_firewall_policy(FirewallPolicyName="egress", FirewallPolicy=policy)
    policy_arn = made["FirewallPolicyResponse"]["FirewallPolicyArn"]
    assert (
        firewall.describe_firewall_policy(FirewallPolicyName="egress")["FirewallPolicy"] == policy
    )
    assert firewall.list_firewall_policies()["FirewallPolicies"][0]["Arn"] == policy_arn
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        firewall.describe_firewall_policy(FirewallPolicyName="none")


def test_rule_groups_change(empty: Callable[[str], Any]) -> None:
    firewall = empty("network-firewall")
    firewall.create_rule_group(RuleGroupName="g", Type="STATEFUL", Capacity=1, Rules="drop ip a")
    token = firewall.describe_rule_group(RuleGroupName="g")["UpdateToken"]
    firewall.update_rule_group(RuleGroupName="g", UpdateToken=token, Rules="pass ip a")
    now = firewall.describe_rule_group(RuleGroupName="g")
    assert now["RuleGroup"]["RulesSource"] == {"RulesString": "pass ip a"}
    source = {"RulesSource": {"RulesString": "drop ip b"}}
    firewall.update_rule_group(RuleGroupName="g", UpdateToken=token, RuleGroup=source)
    assert firewall.describe_rule_group(RuleGroupName="g")["RuleGroup"] == source


def test_firewalls_have_endpoints_and_policies_that_change(empty: Callable[[str], Any]) -> None:
    firewall = empty("network-firewall")
    policy: dict[str, Any] = {
        "StatelessDefaultActions": ["aws:pass"],
        "StatelessFragmentDefaultActions": ["aws:pass"],
    }
    arns = [
        firewall.create_firewall_policy(FirewallPolicyName=name, FirewallPolicy=policy)[
            "FirewallPolicyResponse"
        ]["FirewallPolicyArn"]
        for name in ("one", "two")
    ]
    made = firewall.create_firewall(
        FirewallName="way-out",
        FirewallPolicyArn=arns[0],
        VpcId="vpc-1",
        SubnetMappings=[{"SubnetId": "subnet-1"}, {"SubnetId": "subnet-2"}],
        Tags=[{"Key": "endpoint/subnet-1", "Value": "vpce-1"}],
    )["Firewall"]
    listed = firewall.list_firewalls(VpcIds=["vpc-1"])["Firewalls"]
    assert listed == [{"FirewallName": "way-out", "FirewallArn": made["FirewallArn"]}]
    assert firewall.list_firewalls(VpcIds=["vpc-2"])["Firewalls"] == []
    firewall.associate_firewall_policy(FirewallName="way-out", FirewallPolicyArn=arns[1])
    described = firewall.describe_firewall(FirewallArn=made["FirewallArn"])
    assert described["Firewall"]["FirewallPolicyArn"] == arns[1]
    states = described["FirewallStatus"]["SyncStates"].values()
    endpoints = {one["Attachment"]["SubnetId"]: one["Attachment"]["EndpointId"] for one in states}
    assert endpoints["subnet-1"] == "vpce-1"
    assert endpoints["subnet-2"].startswith("vpce-")
    changed = policy | {"StatelessDefaultActions": ["aws:forward_to_sfe"]}
    token = firewall.describe_firewall_policy(FirewallPolicyName="two")["UpdateToken"]
    firewall.update_firewall_policy(
        FirewallPolicyName="two", UpdateToken=token, FirewallPolicy=changed
    )
    now = firewall.describe_firewall_policy(FirewallPolicyArn=arns[1])["FirewallPolicy"]
    assert now == changed
    with pytest.raises(ClientError, match="ResourceNotFound"):
        firewall.describe_firewall(FirewallName="none")


def test_dns_firewall_lists_rules_and_associations(empty: Callable[[str], Any]) -> None:
    resolver = empty("route53resolver")
    domains = resolver.create_firewall_domain_list(CreatorRequestId="1", Name="bad")
    listed = domains["FirewallDomainList"]["Id"]
    for operation, names in (("ADD", ["a.test.", "b.test."]), ("REMOVE", ["a.test."])):
        resolver.update_firewall_domains(
            FirewallDomainListId=listed, Operation=operation, Domains=names
        )
    assert resolver.list_firewall_domains(FirewallDomainListId=listed)["Domains"] == ["b.test."]
    made = resolver.create_firewall_rule_group(CreatorRequestId="2", Name="block")
    group = {"FirewallRuleGroupId": made["FirewallRuleGroup"]["Id"]}
    resolver.create_firewall_rule(
        **group, FirewallDomainListId=listed, Priority=1, Action="BLOCK", Name="r"
    )
    resolver.associate_firewall_rule_group(**group, VpcId="vpc-1", Priority=101, Name="here")
    (rule,) = resolver.list_firewall_rules(**group)["FirewallRules"]
    assert (rule["Action"], rule["FirewallDomainListId"]) == ("BLOCK", listed)
    associations = resolver.list_firewall_rule_group_associations
    assert len(associations(VpcId="vpc-1")["FirewallRuleGroupAssociations"]) == 1
    assert associations(VpcId="vpc-2")["FirewallRuleGroupAssociations"] == []
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        resolver.list_firewall_domains(FirewallDomainListId="rslvr-fdl-none")


def test_event_history_has_what_changed_and_not_what_was_read(
    empty: Callable[[str], Any],
) -> None:
    began = datetime.now(UTC) - timedelta(seconds=1)
    s3 = empty("s3")
    s3.create_bucket(Bucket="history")
    s3.put_object(Bucket="history", Key="data", Body=b"1")
    s3.list_objects_v2(Bucket="history")
    s3.delete_bucket_policy(Bucket="history")
    events = empty("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "EventSource", "AttributeValue": "s3.amazonaws.com"}],
        StartTime=began,
    )["Events"]
    assert [event["EventName"] for event in events] == ["DeleteBucketPolicy", "CreateBucket"]
    assert abs(events[0]["EventTime"].timestamp() - time.time()) < 60
    assert empty("cloudtrail").lookup_events(EndTime=began - timedelta(days=1))["Events"] == []


def test_cost_tags_and_analyzers_of_a_world(high_security: Seeded) -> None:
    _, aws = high_security
    tags = aws("ce").list_cost_allocation_tags(Status="Active")["CostAllocationTags"]
    assert {"Vendor", "ClusterId", "CostCenter"} <= {tag["TagKey"] for tag in tags}
    assert aws("ce").list_cost_allocation_tags(TagKeys=["None"])["CostAllocationTags"] == []
    (analyzer,) = aws("accessanalyzer").list_analyzers()["analyzers"]
    assert (analyzer["name"], analyzer["status"]) == ("hs-analyzer", "ACTIVE")
    found = aws("accessanalyzer").get_analyzer(analyzerName="hs-analyzer")["analyzer"]
    assert found["arn"] == analyzer["arn"]
    assert aws("accessanalyzer").list_findings_v2(analyzerArn=analyzer["arn"])["findings"] == []


def test_a_missing_parameter_is_a_validation_error(
    empty: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    quotas = empty("service-quotas")
    shape = quotas.meta.service_model.operation_model("GetServiceQuota").input_shape
    monkeypatch.setitem(shape.metadata, "required", [])
    with pytest.raises(ClientError, match="ValidationException"):
        quotas.get_service_quota(ServiceCode="ec2")
