"""Examples' estates: what is given is there, complete, and what is not given was not read."""

from __future__ import annotations

import pytest

from lakewarden.estate.access import AUTHORIZATION, IP_LISTS, WORKSPACE_CONF, WORKSPACE_SETTINGS
from lakewarden.estate.account import LOG_DELIVERIES, WORKSPACES
from lakewarden.estate.aws import BUCKET_VERSIONING
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import ACCOUNT_ID, WORKSPACE_ID, given, refused
from lakewarden.estate.kind import Status
from lakewarden.estate.wire import MalformedError

HERE = f"workspace/{WORKSPACE_ID}"


def the_workspace(snapshot):
    (workspace,) = snapshot.collection(WORKSPACES, "account").each()
    return workspace


def test_there_is_one_workspace_of_the_highest_tier():
    snapshot = given()
    workspace = the_workspace(snapshot)
    assert workspace.id == WORKSPACE_ID
    assert workspace.tier.get() == "ENTERPRISE"
    assert snapshot.meta.account_id == ACCOUNT_ID
    assert snapshot.meta.taken == "2026-01-01T00:00:00+00:00"


def test_fields_of_the_workspace_can_be_set_and_removed():
    workspace = the_workspace(given(workspace={"pricing_tier": "PREMIUM", "aws_region": None}))
    assert workspace.tier.get() == "PREMIUM"
    assert workspace.region.gap.cause is Cause.MISSING_FIELD


def test_the_list_of_workspaces_can_be_given_itself():
    assert list(given(workspaces=[]).collection(WORKSPACES, "account").each()) == []
    gap = given(workspaces=refused()).collection(WORKSPACES, "account").gap
    assert gap.cause is Cause.FORBIDDEN


@pytest.mark.parametrize(
    ("kind", "items", "scope"),
    [
        (LOG_DELIVERIES, [{"config_id": "d"}], "account"),
        (IP_LISTS, [{"list_id": "l"}], HERE),
        (BUCKET_VERSIONING, [{"bucket": "b"}], "aws"),
    ],
)
def test_a_collection_is_where_its_kind_belongs(kind, items, scope):
    collection = given(**{kind.name: items}).collection(kind, scope)
    assert len(list(collection.each())) == 1
    assert collection.header.count == 1


def test_an_empty_list_is_complete():
    collection = given(ip_lists=[]).collection(IP_LISTS, HERE)
    assert list(collection.each()) == []
    assert collection.header.status is Status.COMPLETE


@pytest.mark.parametrize(
    ("cause", "status"),
    [
        (Cause.FORBIDDEN, Status.FORBIDDEN),
        (Cause.DISABLED, Status.DISABLED),
        (Cause.SERVER_ERROR, Status.PARTIAL),
    ],
)
def test_a_refusal_names_the_call_that_failed(cause, status):
    collection = given(ip_lists=refused(cause, "no")).collection(IP_LISTS, HERE)
    assert collection.gap == IP_LISTS.gap(cause, "no")
    assert collection.header.status is status


def test_keys_of_a_keyed_kind():
    conf = given(workspace_conf={"a": "true", "b": None}).collection(WORKSPACE_CONF, HERE)
    assert {e.name: e.value.get() for e in conf.each()} == {"a": "true", "b": None}
    typed = given(workspace_settings={"a": False}).collection(WORKSPACE_SETTINGS, HERE)
    assert [e.value.get() for e in typed.each()] == [False]


def test_a_key_may_hold_an_object():
    acl = {"tokens": {"access_control_list": []}}
    (entry,) = given(authorization=acl).collection(AUTHORIZATION, HERE).each()
    assert (entry.id, entry.name.get(), entry.acl.get()) == ("tokens", "tokens", ())


def test_a_kind_that_does_not_exist_is_a_mistake():
    with pytest.raises(KeyError):
        given(unheard_of=[])


def test_an_item_without_identity_is_a_mistake():
    with pytest.raises(MalformedError):
        given(ip_lists=[{"label": "x"}])
