"""A trail records what is done to buckets, and by itself not what is done with the objects in them.
Without data events nobody can tell afterwards which files were copied out of the lake, or who
deleted part of the audit log.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from lakewarden.controls.kit.bucket_mending import partition_of
from lakewarden.controls.kit.condition import Condition, Judgement, all_of, observe
from lakewarden.controls.kit.control import (
    HIGH,
    Context,
    Control,
    Example,
    fails,
    passes,
    unclear,
)
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import BUCKET
from lakewarden.controls.kit.trail_mending import nearest, recording, with_objects
from lakewarden.controls.kit.trails import runs, some_trail, trail
from lakewarden.estate.account import LOG_DELIVERIES, STORAGE_CONFIGURATIONS
from lakewarden.estate.aws import TRAIL_STATUS, TRAILS, Trail
from lakewarden.estate.given import Items, given, refused
from lakewarden.estate.oversight import TRAIL_SELECTORS
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.estate.storage import EXTERNAL_LOCATIONS, Bucket
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.wish import Wish
from lakewarden.semantics.trail_events import object_events

CONTROL = Control(
    id="cloudtrail-data-events",
    title="CloudTrail records who reads and writes the bucket's objects",
    paper=("P29",),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=BUCKET,
    needs=(
        TRAILS.need(),
        TRAIL_STATUS.need(),
        TRAIL_SELECTORS.need(),
        STORAGE_CONFIGURATIONS.need(),
        LOG_DELIVERIES.need(),
        EXTERNAL_LOCATIONS.need(),
    ),
    fix=Fix(
        "Add the bucket to the data events that a trail records, reads and writes, for all "
        "objects.",
        console="CloudTrail, Trails, the trail, Data events: S3, the bucket, read and write.",
        api="cloudtrail PutEventSelectors with DataResources of type AWS::S3::Object and the value "
        "arn:aws:s3:::<bucket>/",
        terraform="event_selector with data_resource of type AWS::S3::Object in aws_cloudtrail.",
        breaks="Nothing stops working; data events are charged for by their number.",
    ),
    maps=(
        *also(
            "records who reads and writes the files under the tables",
            Relation.SUBSET,
            nist="AU-2 AU-3 AU-12",
            soc2="CC7.2",
            pci="10.2.1.1",
            hipaa="164.312(b) 164.308(a)(1)(ii)(D)",
            iso="A.8.15",
            ccm="LOG-07 LOG-08 LOG-11",
            dasf="DASF-14",
            attack="T1530 T1619",
        ),
        *also(
            "asks for the same events, of the buckets of the deployment alone",
            Relation.SUBSET,
            cis_aws="3.8 3.9",
        ),
    ),
)


@CONTROL.check
def check(bucket: Bucket, at: Context) -> Judgement:
    """Some trail records reads and writes of all objects in the bucket."""
    return some_trail(
        at,
        lambda found: all_of(
            lambda: _records(found, bucket.name, at),
            lambda: runs(found, at),
        ),
        "data events of S3",
    )


def _records(found: Trail, bucket: str, at: Context) -> Condition:
    selectors = at.estate.need(TRAIL_SELECTORS, found.arn)
    ways = object_events(selectors.basic.get(), selectors.advanced.get(), bucket)
    evidence = Evidence(
        TRAIL_SELECTORS.source, f"events of {bucket}", sorted(ways), "reads and writes"
    )
    shown = f"{', '.join(sorted(ways)) or 'nothing'} of {bucket} is recorded by trail {found.arn}"
    return observe(len(ways) > 1, evidence, otherwise=shown)


@CONTROL.mends
def mend(bucket: Bucket, at: Context) -> Iterable[Wish]:
    """Let the trail that lacks the least record the bucket, and run."""
    best = nearest(at)
    if not _records(best, bucket.name, at).met:
        yield with_objects(best, at, f"arn:{partition_of(at)}:s3:::{bucket.name}")
    yield from recording(best, at)


_ARN: Final = trail()["TrailARN"]


def _estate(*basic: Items, selectors: Items | None = None, **changes: Any) -> MemorySnapshot:
    entry = {"arn": _ARN, "EventSelectors": list(basic), "AdvancedEventSelectors": []}
    kinds: dict[str, Any] = {
        "workspace": {"storage_configuration_id": "s"},
        "storage_configurations": [
            {"storage_configuration_id": "s", "root_bucket_info": {"bucket_name": "root"}}
        ],
        "log_deliveries": [],
        "external_locations": [],
        "trails": [trail()],
        "trail_selectors": [entry] if selectors is None else selectors,
        "trail_status": [{"arn": _ARN, "IsLogging": True}],
    }
    return given(**{**kinds, **changes})


def _selector(*arns: str, events: str = "All") -> dict[str, Any]:
    resources = [{"Type": "AWS::S3::Object", "Values": list(arns)}] if arns else []
    return {"ReadWriteType": events, "DataResources": resources}


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    mine, every = "arn:aws:s3:::root/", "arn:aws:s3"
    yield passes("this bucket", _estate(_selector(mine)))
    yield passes("every bucket", _estate(_selector(every)))
    reads, writes = (_selector(mine, events=f"{way}Only") for way in ("Read", "Write"))
    yield passes("reads and writes apart", _estate(reads, writes))
    stopped = [{"arn": _ARN, "IsLogging": False}]
    yield fails("the trail is stopped", _estate(_selector(mine), trail_status=stopped))
    unread = _estate(_selector(mine), trail_status=refused())
    yield unclear("whether the trail runs may not be read", unread)
    yield fails("writes alone", _estate(writes))
    yield fails("a part of the bucket", _estate(_selector(mine + "tmp/")))
    yield fails("another bucket", _estate(_selector("arn:aws:s3:::rooted/")))
    yield fails("management events alone", _estate(_selector()))
    yield fails("no trail", _estate(trails=[], selectors=[]))
    tests = [{"Field": "eventCategory", "Equals": ["Data"]}]
    tests += [{"Field": "resources.type", "Equals": ["AWS::S3::Object"]}]
    newer = {
        "arn": _ARN,
        "EventSelectors": [],
        "AdvancedEventSelectors": [{"FieldSelectors": tests}],
    }
    yield passes("the newer language", _estate(selectors=[newer]))
    yield unclear("selectors may not be read", _estate(selectors=refused()))
    yield unclear("trails may not be read", _estate(trails=refused(), selectors=[]))
    yield unclear(
        "buckets are not known", _estate(_selector(mine), storage_configurations=refused())
    )
