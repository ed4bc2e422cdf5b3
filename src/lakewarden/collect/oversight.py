"""Who watches: system tables of each workspace, data events of trails, GuardDuty by region."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from lakewarden.clients.failure import CallFailedError
from lakewarden.clients.paging import Paging, items
from lakewarden.collect.aws_calls import call, one_each, pages, region_of, regions
from lakewarden.collect.buckets import public_access
from lakewarden.collect.task import Task, collects
from lakewarden.estate.aws import TRAILS
from lakewarden.estate.fact import Cause
from lakewarden.estate.oversight import (
    DETECTORS,
    SYSTEM_SCHEMAS,
    TRAIL_BUCKETS,
    TRAIL_SELECTORS,
)

_ASSIGNMENT: Final = "/api/2.1/unity-catalog/current-metastore-assignment"
_NO_METASTORE: Final = "METASTORE_DOES_NOT_EXIST"
_PLAIN_TESTS: Final = frozenset({"Field", "Equals", "StartsWith"})


@collects(SYSTEM_SCHEMAS)
def system_schemas(task: Task) -> Iterator[Any]:
    """Read the system schemas of the workspace's metastore; none where it has no metastore."""
    try:
        answer = task.databricks.get(_ASSIGNMENT)
    except CallFailedError as error:
        if error.code == _NO_METASTORE:
            return
        raise CallFailedError(error.cause, error.detail, source=f"GET {_ASSIGNMENT}") from None
    found = answer.get("metastore_id") if isinstance(answer, Mapping) else None
    if not isinstance(found, str) or not found:
        raise CallFailedError(Cause.MISSING_FIELD, "no metastore_id in the answer")
    path = task.path.replace("{metastore_id}", found)
    query = {"max_results": 0}
    for item in items(
        task.databricks.get,
        path,
        "schemas",
        Paging.TOKEN,
        query=query,
        trust_empty=task.trust_empty,
    ):
        yield task.record(item)


@collects(TRAIL_SELECTORS)
def trail_selectors(task: Task) -> Iterator[Any]:
    """Read which events every trail records."""

    def ask(arn: str) -> Mapping[str, Any]:
        client = task.cloud.client("cloudtrail", region_of(arn))
        answer = call(client.get_event_selectors, TrailName=arn)
        languages = ("EventSelectors", "AdvancedEventSelectors")
        if not any(name in answer for name in languages):
            raise CallFailedError(Cause.MISSING_FIELD, "no EventSelectors in the answer")
        basic, advanced = (answer.get(name) or [] for name in languages)
        return {
            "arn": arn,
            "EventSelectors": basic,
            "AdvancedEventSelectors": [_advanced(selector) for selector in advanced],
        }

    yield from one_each(task, "arn", [t.arn for t in task.before(TRAILS).seen()], ask)


def _advanced(selector: Mapping[str, Any]) -> Mapping[str, Any]:
    tests = selector.get("FieldSelectors", [])
    return {"FieldSelectors": [{**t, "others": not t.keys() <= _PLAIN_TESTS} for t in tests]}


@collects(TRAIL_BUCKETS)
def trail_buckets(task: Task) -> Iterator[Any]:
    """Read the public access switches of every bucket that a trail writes to."""
    client = task.cloud.client("s3", "us-east-1")

    def ask(bucket: str) -> Mapping[str, Any]:
        return {**public_access(client, bucket), "bucket": bucket}

    known = [t.bucket.get() for t in task.before(TRAILS).seen() if t.bucket.gap is None]
    yield from one_each(task, "name", known, ask)


@collects(DETECTORS)
def detectors(task: Task) -> Iterator[Any]:
    """Read whether GuardDuty watches each region that has a workspace."""

    def ask(region: str) -> Mapping[str, Any]:
        client = task.cloud.client("guardduty", region)
        found: list[str] = []
        for page in pages(client, "list_detectors", source="guardduty:ListDetectors"):
            if "DetectorIds" not in page:
                raise CallFailedError(Cause.MISSING_FIELD, "no DetectorIds in the answer")
            found += page["DetectorIds"]
        if not found:
            return {"region": region, "Status": None}
        answer = call(client.get_detector, DetectorId=found[0])
        if "Status" not in answer:
            raise CallFailedError(Cause.MISSING_FIELD, "no Status in the answer")
        return {"region": region, "Status": answer["Status"], "DetectorId": found[0]}

    yield from one_each(task, "region", regions(task), ask)
