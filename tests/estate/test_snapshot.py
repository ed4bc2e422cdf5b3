"""Collections and snapshots: nothing follows from the absence of what was not read."""

from __future__ import annotations

import pytest

from estate.holes import cut_short
from lakewarden.estate.access import IP_LISTS
from lakewarden.estate.aws import ROLES
from lakewarden.estate.compute import JOBS
from lakewarden.estate.fact import Cause, Gap, UnreadError
from lakewarden.estate.given import given
from lakewarden.estate.kind import Kind, Need, Scope, Status, status_of
from lakewarden.estate.snapshot import Header, MemorySnapshot, Meta, unread

HERE = "workspace/1"
TWO = [{"job_id": 1}, {"job_id": 2}]


def ids(records):
    return [r.id for r in records]


def test_a_complete_collection_can_be_read_to_its_end():
    jobs = given(jobs=TWO).collection(JOBS, HERE)
    assert jobs.gap is None
    assert jobs.header == Header("jobs", HERE, Status.COMPLETE, None, 2)
    assert ids(jobs.each()) == ids(jobs.seen()) == [1, 2]


def test_an_incomplete_collection_yields_and_then_fails():
    jobs = cut_short("jobs", jobs=TWO).collection(JOBS, HERE)
    found = []
    with pytest.raises(UnreadError) as caught:
        found.extend(job.id for job in jobs.each())
    assert caught.value.gap is jobs.gap
    assert jobs.gap.cause is Cause.TIMEOUT
    assert jobs.header.status is Status.PARTIAL
    with pytest.raises(UnreadError):
        any(job.id == 3 for job in jobs.each())
    assert any(job.id == 2 for job in jobs.each())
    assert ids(jobs.seen()) == [1, 2]


def test_what_is_not_in_a_snapshot_was_not_read():
    jobs = given().collection(JOBS, HERE)
    assert ids(jobs.seen()) == []
    assert jobs.gap == JOBS.gap(Cause.NOT_READ, "not part of this snapshot")
    with pytest.raises(UnreadError):
        list(jobs.each())


def test_a_scope_has_its_own_collections():
    jobs = given(jobs=TWO).collection(JOBS, "workspace/2")
    assert jobs.gap.cause is Cause.NOT_READ


def test_a_shut_door_explains_what_is_behind_it():
    shut = Gap(Cause.UNREACHABLE, "https://dbc.example.com", "connection refused", "a network")
    meta = Meta("2026-01-01T00:00:00+00:00", "", {HERE: shut})
    gap = MemorySnapshot(meta, {}).collection(IP_LISTS, HERE).gap
    assert gap == Gap(Cause.UNREACHABLE, IP_LISTS.source, "connection refused", IP_LISTS.grant)
    other = unread(ROLES, "aws", meta)
    assert other.gap.cause is Cause.NOT_READ
    assert other.header.status is Status.PARTIAL


@pytest.mark.parametrize(
    ("cause", "count", "status"),
    [
        (Cause.FORBIDDEN, 0, Status.FORBIDDEN),
        (Cause.UNAUTHENTICATED, 0, Status.FORBIDDEN),
        (Cause.DISABLED, 0, Status.DISABLED),
        (Cause.FORBIDDEN, 1, Status.PARTIAL),
        (Cause.DISABLED, 1, Status.PARTIAL),
        (Cause.TIMEOUT, 0, Status.PARTIAL),
        (Cause.NOT_FOUND, 0, Status.PARTIAL),
    ],
)
def test_the_status_tells_refused_from_broken(cause, count, status):
    assert status_of(JOBS.gap(cause), count) is status


def test_a_gap_of_a_kind_names_the_call_and_the_grant():
    kind = Kind("things", JOBS.record, Scope.ACCOUNT, "GET /things", "READ")
    assert kind.gap(Cause.TIMEOUT, "late") == Gap(Cause.TIMEOUT, "GET /things", "late", "READ")
    assert kind.need() == Need("things")
    assert str(kind.need("a")) == "things:a"
    assert str(kind.need()) == "things"
