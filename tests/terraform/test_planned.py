from __future__ import annotations

import pytest

from lakewarden.estate.account import WORKSPACES
from lakewarden.estate.estate import Estate
from lakewarden.estate.fact import Cause, UnreadError
from lakewarden.estate.kind import Status
from lakewarden.terraform.planned import planned
from lakewarden.terraform.values import Parts
from terraform.plans import NOW, WORKSPACE, document, estate, example, read, refers, resource

ACCOUNT = {
    "host": {"constant_value": "https://accounts.cloud.databricks.com"},
    "account_id": {"constant_value": "a-1"},
}
LIST = resource("databricks_ip_access_list.l", {"list_type": "ALLOW"})


def workspaces(plan):
    return {w.name.get(): w.id for w in Estate(plan.snapshot()).of(WORKSPACES).seen()}


def test_a_workspace_is_implied_by_its_provider():
    plan = estate(LIST)
    [(name, identity)] = workspaces(plan).items()
    assert name == "dbc-1.cloud.databricks.com"
    assert identity < 0
    assert plan.implied == {str(identity)}


def test_a_workspace_that_the_plan_makes_is_where_its_provider_points():
    made = resource("databricks_mws_workspaces.w", {"workspace_name": "w"})
    host = {"host": refers("databricks_mws_workspaces.w.workspace_url")}
    plan = estate(made, LIST, providers={"databricks": host})
    assert list(workspaces(plan)) == ["w"]
    assert not plan.implied
    assert ("ip_lists", f"workspace/{workspaces(plan)['w']}") in plan.entries


def test_a_workspace_that_exists_is_known_by_its_id():
    made = resource(
        "databricks_mws_workspaces.w", {"workspace_name": "w", "workspace_id": 7}, unknown={}
    )
    host = {"host": refers("databricks_mws_workspaces.w.workspace_url")}
    assert workspaces(estate(made, LIST, providers={"databricks": host})) == {"w": 7}


def test_a_resource_may_name_its_workspace_itself():
    chosen = resource(
        "databricks_ip_access_list.l",
        {"list_type": "ALLOW", "provider_config": [{"workspace_id": "42"}]},
    )
    plan = estate(chosen, providers={"databricks": ACCOUNT})
    assert workspaces(plan) == {"workspace 42": 42}


def test_providers_that_say_nothing_are_workspaces_apart():
    other = resource("databricks_ip_access_list.m", {"list_type": "ALLOW"})
    data = document(LIST, other, providers={"databricks": {}, "databricks.b": {}})
    data["configuration"]["root_module"]["resources"][1]["provider_config_key"] = "databricks.b"
    found = workspaces(planned(read(data), now=NOW))
    assert len(set(found.values())) == 2


def test_what_belongs_to_the_account_is_in_no_workspace():
    plan = estate(LIST, providers={"databricks": ACCOUNT})
    assert workspaces(plan) == {}
    assert any("databricks_ip_access_list.l" in line for line in plan.aside)


@pytest.mark.parametrize(
    ("providers", "account"),
    [
        ({"databricks": ACCOUNT}, "a-1"),
        ({"databricks": WORKSPACE}, ""),
        ({"a": ACCOUNT, "b": {"account_id": {"constant_value": "a-2"}}}, ""),
        ({"databricks": {"account_id": refers("var.account")}}, ""),
    ],
)
def test_the_account_that_a_plan_is_of(providers, account):
    assert estate(providers=providers).meta.account_id == account


def test_no_list_of_a_plan_is_complete():
    snapshot = estate(LIST).snapshot(Parts.WHOLE)
    headers = list(snapshot.headers())
    assert {header.status for header in headers} == {Status.PARTIAL}
    assert {header.gap.cause for header in headers} == {Cause.UNPLANNED}
    assert not any(header.gap.grant for header in headers)
    with pytest.raises(UnreadError, match="a plan shows only what it manages"):
        list(Estate(snapshot).workspaces())


def test_what_is_not_looked_at_is_told():
    plan = estate(
        resource("aws_vpc.v"),
        resource("aws_vpc.w"),
        resource("aws_s3_bucket_policy.p", {"policy": "{}"}, unknown={"bucket": True}),
    )
    assert plan.aside[0] == "2 of type aws_vpc, which no control asks about"
    assert "aws_s3_bucket_policy.p: known after apply what it is for" in plan.aside


def test_the_time_of_a_plan():
    assert planned(read(example("awful")), now=NOW).meta.taken == example("awful")["timestamp"]
    assert estate(LIST).meta.taken == NOW


@pytest.mark.parametrize("name", ["awful", "hardened"])
def test_values_of_an_odd_shape_never_crash(name):
    for made in read(example(name)).resources.values():
        for attribute in made.values:
            for odd in (5, "x", [1], {"a": 1}, [[]], [{"a": [None]}], True):
                values = {**made.values, attribute: odd}
                plan = estate(resource(f"{made.type}.x", values))
                assert plan.snapshot(Parts.WHOLE) is not None
