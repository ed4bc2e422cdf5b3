"""Clusters of jobs and pipelines, permissions, compliance: from answers to records."""

from __future__ import annotations

import pytest

from collect.stubs import DENIED, StubHost, collected
from lakewarden.clients.failure import CallFailedError
from lakewarden.estate.compute import INSTANCE_TYPES
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import given, refused
from lakewarden.estate.workloads import (
    CLUSTER_PERMISSIONS,
    JOB_CLUSTERS,
    PIPELINE_CLUSTERS,
    POLICY_COMPLIANCE,
    WAREHOUSE_CONFIG,
)

LIST = "/api/2.2/jobs/list"
GET = "/api/2.2/jobs/get"
PIPELINES = "/api/2.0/pipelines"
SPEC = {"node_type_id": "m6id.large", "spark_env_vars": {"DB_TOKEN": "hunter2hunter2"}}


def job(**settings):
    return {"job_id": 7, "settings": {"name": "load", **settings}}


def jobs(*listed, **answers):
    host = StubHost({LIST: {"jobs": list(listed)}, **answers})
    return host, collected(JOB_CLUSTERS, host)


class TestJobClusters:
    def test_every_place_where_a_job_describes_a_cluster(self):
        inner = {"task": {"task_key": "each", "new_cluster": SPEC}}
        tasks = [
            {"task_key": "prepare", "new_cluster": SPEC},
            {"task_key": "shared", "job_cluster_key": "main"},
            {"task_key": "many", "for_each_task": inner},
        ]
        clusters = [{"job_cluster_key": "main", "new_cluster": SPEC}]
        host, found = jobs(job(tasks=tasks, job_clusters=clusters))
        assert host.asked == [(LIST, {"limit": 100, "expand_tasks": "true"})]
        assert {record.name.get() for record in found.values()} == {
            "load, cluster main",
            "load, task prepare",
            "load, task many/each",
        }

    def test_a_job_of_a_single_task_in_the_old_format(self):
        _, found = jobs(job(new_cluster=SPEC))
        assert [record.name.get() for record in found.values()] == ["load, cluster"]

    def test_values_of_the_environment_are_withheld(self):
        _, found = jobs(job(new_cluster=SPEC))
        (record,) = found.values()
        assert set(record.spark_env.get()) == {"DB_TOKEN"}
        assert "hunter2hunter2" not in str(record.spark_env.get())

    def test_more_than_the_list_shows_is_asked_for(self):
        def page(query):
            assert query["job_id"] == 7
            number = int(query.get("page_token", 0))
            part = {"job_cluster_key": f"c{number}", "new_cluster": SPEC}
            more = {"next_page_token": str(number + 1)} if number < 2 else {}
            return {"settings": {"job_clusters": [part]}, **more}

        listed = {**job(), "has_more": True}
        _, found = jobs(listed, **{GET: page})
        assert {record.part for record in found.values()} == {
            "cluster c0",
            "cluster c1",
            "cluster c2",
        }

    def test_a_page_that_announces_itself_ends_in_an_error(self):
        endless = {"settings": {}, "next_page_token": "again"}
        with pytest.raises(CallFailedError, match="announced twice"):
            jobs({**job(), "has_more": True}, **{GET: endless})

    @pytest.mark.parametrize(
        "broken",
        [
            {"job_id": 7},
            job(tasks="many"),
            job(job_clusters=[{"job_cluster_key": "main"}]),
            job(new_cluster="big"),
        ],
        ids=["no settings", "tasks are a text", "no new_cluster", "new_cluster is a text"],
    )
    def test_what_cannot_be_read_is_no_absence(self, broken):
        with pytest.raises(CallFailedError):
            jobs(broken)


class TestPipelineClusters:
    def read(self, spec):
        answers = {
            PIPELINES: {"statuses": [{"pipeline_id": "p1", "name": "orders"}]},
            f"{PIPELINES}/p1": spec,
        }
        return collected(PIPELINE_CLUSTERS, StubHost(answers))

    def test_each_cluster_by_its_label(self):
        parts = [{"label": "default", **SPEC}, {"label": "maintenance"}]
        found = self.read({"spec": {"clusters": parts}})
        assert sorted(found) == ["p1/default", "p1/maintenance"]
        assert found["p1/default"].name.get() == "orders, default"

    def test_serverless_makes_none(self):
        assert self.read({"spec": {"serverless": True}}) == {}

    def test_without_any_the_platform_chooses(self):
        found = self.read({"spec": {}})
        assert found["p1/default"].node_type.get() is None

    @pytest.mark.parametrize("answer", [DENIED, {}, "no"], ids=["refused", "no spec", "a text"])
    def test_a_failure_leaves_a_gap(self, answer):
        found = self.read(answer)
        assert found["p1/"].node_type.gap is not None


class TestPermissions:
    def test_a_list_for_each_object(self):
        acl = [{"group_name": "users", "all_permissions": [{"permission_level": "CAN_RESTART"}]}]
        host = StubHost({"/api/2.0/permissions/clusters/c1": {"access_control_list": acl}})
        clusters = [{"cluster_id": "c1", "cluster_name": "shared"}, {"cluster_id": "c2"}]
        found = collected(CLUSTER_PERMISSIONS, host, before=given(clusters=clusters))
        assert found["c1"].name.get() == "shared"
        assert found["c1"].acl.get()[0].may("CAN_RESTART")
        assert found["c2"].acl.gap.cause is Cause.NOT_FOUND

    def test_an_incomplete_list_of_objects_is_passed_on(self):
        with pytest.raises(CallFailedError):
            collected(CLUSTER_PERMISSIONS, StubHost(), before=given(clusters=refused()))


class TestPolicyCompliance:
    PATH = "/api/2.0/policies/clusters/list-compliance"

    def test_every_policy_is_asked_for(self):
        def answer(query):
            number = query["policy_id"]
            wrong = {"violations": {"node_type_id": "not allowed"}} if number == "p2" else {}
            return {"clusters": [{"cluster_id": f"c-{number}", "is_compliant": not wrong, **wrong}]}

        policies = given(cluster_policies=[{"policy_id": "p1"}, {"policy_id": "p2"}])
        found = collected(POLICY_COMPLIANCE, StubHost({self.PATH: answer}), before=policies)
        assert {name: record.compliant.get() for name, record in found.items()} == {
            "c-p1": True,
            "c-p2": False,
        }

    def test_unread_policies_are_passed_on(self):
        with pytest.raises(CallFailedError):
            collected(POLICY_COMPLIANCE, StubHost(), before=given(cluster_policies=refused()))


def test_the_configuration_of_warehouses():
    path = "/api/2.0/sql/config/warehouses"
    found = collected(WAREHOUSE_CONFIG, StubHost({path: {"security_policy": "NONE"}}))
    assert found["warehouses"].security_policy.get() == "NONE"
    found = collected(WAREHOUSE_CONFIG, StubHost({path: DENIED}))
    assert found["warehouses"].security_policy.gap.cause is Cause.FORBIDDEN


class Ec2:
    """EC2 that knows some machines, and keeps what it was asked for."""

    region = ""

    def __init__(self, *known):
        self.known, self.asked = known, []

    def client(self, service, region):
        assert (service, region) == ("ec2", "us-east-1")
        return self

    def get_paginator(self, operation):
        assert operation == "describe_instance_types"
        return self

    def paginate(self, Filters):  # noqa: N803  # the name of the argument in boto3
        (wanted,) = Filters
        self.asked.append(wanted["Values"])
        yield {"InstanceTypes": [k for k in self.known if k["InstanceType"] in wanted["Values"]]}


METAL = {"InstanceType": "m6id.metal", "BareMetal": True}


class TestInstanceTypes:
    def test_what_workspaces_offer_is_asked_for(self):
        aws = Ec2(METAL, {"InstanceType": "other.large"})
        offered = [{"node_type_id": "m6id.metal"}, {"node_type_id": "unknown.large"}]
        found = collected(INSTANCE_TYPES, None, aws=aws, before=given(node_types=offered))
        assert aws.asked == [["m6id.metal", "unknown.large"]]
        assert set(found) == {"m6id.metal"}
        assert found["m6id.metal"].hypervisor.get() is None
        assert found["m6id.metal"].encrypts_traffic.gap.cause is Cause.MISSING_FIELD

    def test_many_are_asked_for_in_parts(self):
        offered = [{"node_type_id": f"m{number}.large"} for number in range(101)]
        aws = Ec2()
        collected(INSTANCE_TYPES, None, aws=aws, before=given(node_types=offered))
        assert [len(part) for part in aws.asked] == [100, 1]

    def test_unread_node_types_are_passed_on(self):
        with pytest.raises(CallFailedError):
            collected(INSTANCE_TYPES, None, aws=Ec2(), before=given(node_types=refused()))
