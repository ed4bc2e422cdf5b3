from __future__ import annotations

import json

import pytest

from lakewarden.errors import PlanFileError
from lakewarden.terraform.plan import read_plan
from lakewarden.terraform.values import Unsaid
from terraform.plans import document, example, inner, read, resource


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"PK\x03\x04 a zip archive", "is a binary plan"),
        (b"", "is not JSON"),
        (b"Terraform will perform the following actions:", "is not JSON"),
        (b'{"@level": "info"}\n{"@level": "info"}', "is not JSON"),
        (b"\xff\xfe", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"[]", "not a plan"),
        (b"{}", "not a plan"),
        (b'{"format_version": "1.0", "values": {}}', "not a plan"),
        (b'{"format_version": "0.2", "planned_values": {}}', "has format_version 0.2"),
        (b'{"format_version": "2.0", "planned_values": {}}', "has format_version 2.0"),
        (b'{"planned_values": {}}', "has format_version None"),
        (b'{"format_version": "1.2", "planned_values": {}}', "is not a whole plan"),
        (b'{"format_version": "1.2", "planned_values": null}', "is not a whole plan"),
    ],
)
def test_what_is_no_plan_is_refused_with_the_way_to_make_one(data, complaint):
    with pytest.raises(PlanFileError, match=complaint) as caught:
        read_plan(data, file="x.json")
    assert str(caught.value).startswith("x.json: ")
    assert "terraform show -json" in str(caught.value)


@pytest.mark.parametrize("mask", ["(sensitive value)", "REDACTED"])
def test_a_masked_value_is_refused_by_name(mask):
    data = document(resource("databricks_token.a", {"comment": mask}))
    assert read(data).resources
    data["resource_changes"][0]["change"]["after_sensitive"] = {"comment": True}
    with pytest.raises(PlanFileError, match="masks the sensitive value comment of databricks_tok"):
        read(data)


def test_a_resource_with_all_that_is_said_of_it():
    subnet = resource("aws_subnet.a", {"cidr_block": "10.0.0.0/24"}, module="module.net[0]")
    data = document(subnet, calls={"net": {"module": inner(subnet)}})
    data["configuration"]["root_module"]["module_calls"]["net"]["module"]["resources"][0][
        "provider_config_key"
    ] = "aws.west"
    found = read(data).resources["module.net[0].aws_subnet.a"]
    assert (found.module, found.type, found.name) == ("module.net[0]", "aws_subnet", "a")
    assert found.provider == "aws.west"
    assert found.get("cidr_block") == "10.0.0.0/24"
    assert found.get("id") is Unsaid.LATER


def test_data_sources_are_no_resources():
    data = document(resource("aws_subnet.a"))
    data["planned_values"]["root_module"]["resources"][0]["mode"] = "data"
    assert not read(data).resources


def test_blocks_carry_what_is_unknown_of_each():
    task = [{"task_key": "a"}, {"task_key": "b"}]
    found = read(
        document(resource("databricks_job.j", {"task": task}, unknown={"task": [{}, {"x": True}]}))
    ).resources["databricks_job.j"]
    first, second = found.blocks("task")
    assert first.get("x") is Unsaid.SILENT
    assert second.get("x") is Unsaid.LATER
    assert list(found.blocks("job_cluster")) == []


@pytest.mark.parametrize("name", ["awful", "hardened"])
def test_the_published_examples_are_whole_plans(name):
    plan = read(example(name))
    assert plan.made.startswith("20")
    assert {change["address"] for change in example(name)["resource_changes"]} == set(
        plan.resources
    )
    assert "/tmp/" not in json.dumps(example(name))
