"""The questions that judging asks: answered, or refused because something was not read."""

from __future__ import annotations

import pytest

from estate.holes import cut_short
from lakewarden.estate.access import WORKSPACE_CONF, WORKSPACE_SETTINGS
from lakewarden.estate.account import NETWORKS
from lakewarden.estate.aws import TRAILS
from lakewarden.estate.catalog import KINDS, closure
from lakewarden.estate.compute import CLUSTERS, JOBS
from lakewarden.estate.estate import Estate
from lakewarden.estate.fact import Cause, UnreadError
from lakewarden.estate.given import given, refused
from lakewarden.estate.kind import Need
from lakewarden.estate.storage import Bucket, Purpose, bucket_of

TWO = [{"workspace_id": 1}, {"workspace_id": 2}]
ROOT, LOGS, DATA = Purpose.ROOT, Purpose.AUDIT_LOGS, Purpose.DATA


def here(estate):
    (workspace,) = estate.workspaces()
    return workspace


def drained(iterator):
    """Return what came out before the failure, and the gap that it failed with."""
    found = []
    with pytest.raises(UnreadError) as caught:
        found.extend(iterator)
    return found, caught.value.gap


def test_every_workspace_is_looked_at():
    assert [w.id for w in Estate(given(workspaces=TWO)).workspaces()] == [1, 2]


def test_only_some_workspaces_are_looked_at():
    assert [w.id for w in Estate(given(workspaces=TWO), ["2"]).workspaces()] == [2]


def test_a_broken_list_of_workspaces_fails_at_its_end():
    found, gap = drained(Estate(cut_short("workspaces", workspaces=TWO)).workspaces())
    assert [w.id for w in found] == [1, 2]
    assert gap.cause is Cause.TIMEOUT


def test_a_broken_list_is_enough_when_all_that_was_asked_for_is_in_it():
    estate = Estate(cut_short("workspaces", workspaces=TWO), ["2"])
    assert [w.id for w in estate.workspaces()] == [2]
    found, _ = drained(Estate(cut_short("workspaces", workspaces=TWO), ["2", "3"]).workspaces())
    assert [w.id for w in found] == [2]


def test_a_collection_of_a_workspace_wants_one():
    estate = Estate(given(jobs=[{"job_id": 1}]))
    assert len(list(estate.of(JOBS, here(estate)).each())) == 1
    with pytest.raises(TypeError, match="jobs is read per workspace"):
        estate.of(JOBS)


def test_finding_and_needing():
    estate = Estate(given(jobs=[{"job_id": 1}], networks=[]))
    assert estate.find(JOBS, "1", here(estate)).id == 1
    assert estate.find(JOBS, 1, here(estate)) is estate.need(JOBS, 1, here(estate))
    assert estate.find(JOBS, 2, here(estate)) is None
    assert estate.find(NETWORKS, "n1") is None
    with pytest.raises(UnreadError, match="no Network n1"):
        estate.need(NETWORKS, "n1")


@pytest.mark.parametrize("ask", ["find", "need"])
def test_what_a_broken_list_does_not_show_may_still_exist(ask):
    estate = Estate(cut_short("jobs", jobs=[{"job_id": 1}]))
    question = getattr(estate, ask)
    assert question(JOBS, 1, here(estate)).id == 1
    with pytest.raises(UnreadError, match="timed out"):
        question(JOBS, 2, here(estate))
    with pytest.raises(UnreadError, match="not part of this snapshot"):
        question(TRAILS, "arn")


def test_indexes_of_many_workspaces_are_not_mixed_up():
    estate = Estate(given(workspaces=[{"workspace_id": n} for n in range(1, 200)], jobs=[]))
    for workspace in estate.workspaces():
        if workspace.id == 1:
            assert estate.find(JOBS, 1, workspace) is None
        else:
            with pytest.raises(UnreadError):
                estate.find(JOBS, 1, workspace)
    assert len(estate._indexes) <= 64


def test_the_value_of_a_key():
    estate = Estate(given(workspace_conf={"a": "true", "b": None}))
    assert estate.conf(here(estate), "a").get() == "true"
    assert estate.conf(here(estate), "b").get() is None
    assert estate.value(WORKSPACE_CONF, "a", here(estate)).get() == "true"


def test_a_key_that_was_not_asked_for_is_a_gap_that_names_it():
    estate = Estate(given(workspace_settings={"a": True}))
    fact = estate.value(WORKSPACE_SETTINGS, "other", here(estate))
    assert fact.field == "other"
    assert fact.gap.cause is Cause.NOT_FOUND
    assert fact.gap.source == "GET /api/2.0/settings/types/other/names/default"
    refusal = Estate(given(workspace_conf=refused()))
    assert refusal.conf(here(refusal), "a").gap.cause is Cause.FORBIDDEN


STORAGE = [
    {"storage_configuration_id": "s1", "root_bucket_info": {"bucket_name": "root"}},
    {"storage_configuration_id": "s2", "root_bucket_info": {"bucket_name": "logs"}},
    {"storage_configuration_id": "s3", "root_bucket_info": {"bucket_name": "spare"}},
]
LAKE = {
    "workspace": {"storage_configuration_id": "s1"},
    "storage_configurations": STORAGE,
    "log_deliveries": [{"config_id": "d1", "storage_configuration_id": "s2"}],
    "external_locations": [
        {"name": "a", "url": "s3://lake/a"},
        {"name": "b", "url": "s3://lake/b"},
        {"name": "c", "url": "abfss://c@azure.example.com/"},
        {"name": "d", "url": "s3://root/x"},
    ],
}
ALL = [
    Bucket("lake", frozenset({DATA})),
    Bucket("logs", frozenset({LOGS})),
    Bucket("root", frozenset({ROOT, DATA})),
    Bucket("spare", frozenset()),
]


def buckets(snapshot):
    return Estate(snapshot).buckets()


def roots(found):
    """Return the names of the roots; every other bucket must refuse to be called none."""
    certain = [bucket for bucket in found if ROOT in bucket.purposes]
    for bucket in found:
        if bucket not in certain:
            with pytest.raises(UnreadError):
                _ = bucket.is_root
    return [bucket.name for bucket in certain if bucket.is_root]


def test_buckets_and_what_they_are_for():
    assert list(buckets(given(**LAKE))) == ALL
    assert [bucket.name for bucket in ALL if bucket.is_root] == ["root"]


def test_a_deployment_without_buckets():
    empty = given(storage_configurations=[], log_deliveries=[], external_locations=[])
    assert list(buckets(empty)) == []


@pytest.mark.parametrize("name", ["workspaces", "storage_configurations"])
def test_a_bucket_that_may_be_a_root_says_so(name):
    found, gap = drained(buckets(cut_short(name, **LAKE)))
    assert [bucket.name for bucket in found] == [bucket.name for bucket in ALL]
    assert roots(found) == ["root"]
    assert gap.source == KINDS[name].source
    refusal = drained(buckets(given(**{**LAKE, name: refused()})))[0]
    assert refusal
    assert roots(refusal) == []


@pytest.mark.parametrize("name", ["log_deliveries", "external_locations"])
def test_buckets_may_be_missing_after_those_that_are_known(name):
    found, gap = drained(buckets(cut_short(name, **LAKE)))
    assert found == ALL
    assert gap.source == KINDS[name].source


@pytest.mark.parametrize("name", ["log_deliveries", "external_locations"])
def test_lists_that_were_refused(name):
    found, gap = drained(buckets(given(**{**LAKE, name: refused()})))
    assert Bucket("root", frozenset({ROOT} if name == "external_locations" else {ROOT, DATA})) in (
        found
    )
    assert gap.cause is Cause.FORBIDDEN


@pytest.mark.parametrize("name", list(LAKE))
def test_lists_that_nobody_read(name):
    known = {k: v for k, v in LAKE.items() if k != name}
    if name == "workspace":
        known["workspaces"] = refused(Cause.NOT_READ)
    _, gap = drained(buckets(given(**known)))
    assert gap.cause is Cause.NOT_READ


@pytest.mark.parametrize(
    ("name", "item"),
    [
        ("workspaces", {"workspace_id": 1, "storage_configuration_id": 3}),
        ("storage_configurations", {"storage_configuration_id": "s1"}),
    ],
)
def test_a_bucket_may_be_a_root_while_a_field_that_makes_roots_is_unread(name, item):
    found, gap = drained(buckets(given(**{**LAKE, name: [item]})))
    assert found
    assert roots(found) == []
    assert gap.source == KINDS[name].source


@pytest.mark.parametrize(
    ("name", "item"),
    [
        ("log_deliveries", {"config_id": "d1"}),
        ("external_locations", {"name": "a"}),
        ("external_locations", {"name": "a", "url": 3}),
    ],
)
def test_an_unread_field_elsewhere_is_told_at_the_end(name, item):
    found, gap = drained(buckets(given(**{**LAKE, name: [item]})))
    assert "root" in {bucket.name for bucket in found}
    assert gap.source == KINDS[name].source


@pytest.mark.parametrize(
    "change",
    [
        {"workspace": {"storage_configuration_id": "s9"}},
        {"log_deliveries": [{"config_id": "d1", "storage_configuration_id": "s9"}]},
    ],
)
def test_storage_that_something_refers_to_and_nobody_lists(change):
    found, gap = drained(buckets(given(**{**LAKE, **change})))
    assert "spare" in {bucket.name for bucket in found}
    assert gap.cause is Cause.NOT_FOUND
    assert "s9" in gap.detail


def test_every_workspace_is_asked_for_its_locations():
    # `given` fills the collections of workspace 1 alone, so those of workspace 2 are unread.
    both = [{"workspace_id": 1, "storage_configuration_id": "s1"}, {"workspace_id": 2}]
    found, gap = drained(buckets(given(**{**LAKE, "workspaces": both})))
    assert found == ALL
    assert gap.cause is Cause.NOT_READ


@pytest.mark.parametrize(
    ("url", "bucket"),
    [
        ("s3://lake/a/b", "lake"),
        ("s3a://lake", "lake"),
        ("s3://[lake/a", "[lake"),
        ("s3://", ""),
        ("abfss://c@azure.example.com/", ""),
        ("gs://lake/a", ""),
        ("lake", ""),
    ],
)
def test_the_bucket_of_a_url(url, bucket):
    assert bucket_of(url) == bucket


def test_a_need_brings_what_must_be_read_before_it():
    assert closure({Need("trail_status")}) == {
        Need("trail_status"),
        Need("trails"),
        Need("workspaces"),
    }
    assert closure({CLUSTERS.need()}) == {Need("clusters"), Need("workspaces")}
    assert closure(set()) == {Need("workspaces")}
    assert {name for kind in KINDS.values() for name in kind.after} <= KINDS.keys()


@pytest.mark.parametrize(
    ("name", "purpose"),
    [
        ("external_locations", DATA),
        ("log_deliveries", LOGS),
        ("storage_configurations", LOGS),
    ],
)
def test_what_a_bucket_is_not_for_is_certain_only_when_all_was_read(name, purpose):
    whole = buckets(given(**LAKE))
    root = next(b for b in whole if b.name == "spare")
    assert not root.serves(purpose)
    for bucket in drained(buckets(cut_short(name, **LAKE)))[0]:
        if purpose not in bucket.purposes:
            with pytest.raises(UnreadError):
                bucket.serves(purpose)
