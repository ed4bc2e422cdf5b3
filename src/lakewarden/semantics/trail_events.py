"""Which events a CloudTrail trail records, by either of its two languages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lakewarden.estate.oversight import AdvancedSelector, EventSelector, FieldTest

READS: Final = "reads"
WRITES: Final = "writes"

_OBJECTS: Final = "AWS::S3::Object"
_EVERYTHING: Final = ("arn:aws:s3", "arn:aws:s3:::", "arn:aws-us-gov:s3", "arn:aws-us-gov:s3:::")
_WAYS: Final = {
    "All": frozenset({READS, WRITES}),
    "ReadOnly": frozenset({READS}),
    "WriteOnly": frozenset({WRITES}),
}


def object_events(
    basic: Iterable[EventSelector], advanced: Iterable[AdvancedSelector], bucket: str
) -> frozenset[str]:
    """Return what is recorded of all objects of a bucket: reads, writes, both or neither."""
    found: set[str] = set()
    for selector in basic:
        arns = [a for r in selector.resources if r.kind == _OBJECTS for a in r.values]
        if any(_covers(arn, bucket) for arn in arns):
            found |= _WAYS.get(selector.events, frozenset())
    for entry in advanced:
        found |= _of(entry.tests, bucket)
    return frozenset(found)


def management_events(
    basic: Iterable[EventSelector], advanced: Iterable[AdvancedSelector]
) -> frozenset[str]:
    """Return what is recorded of calls that manage resources: reads, writes, both or neither."""
    found: set[str] = set()
    for selector in basic:
        if selector.management:
            found |= _WAYS.get(selector.events, frozenset())
    for entry in advanced:
        by_name = {test.name: test for test in entry.tests}
        category = by_name.pop("eventCategory", None)
        if category is not None and category.equals == ("Management",):
            by_name.pop("eventSource", None)  # leaves out chatty services alone
            found |= _by_way(by_name)
    return frozenset(found)


def _by_way(tests: dict[str, FieldTest]) -> frozenset[str]:
    """Return what is left of reads and writes; any test but that narrows it to nothing sure."""
    read_only = tests.pop("readOnly", None)
    if tests or (read_only is not None and read_only.others):
        return frozenset()
    if read_only is None:
        return _WAYS["All"]
    return frozenset({READS if "true" in read_only.equals else WRITES})


def _covers(arn: str, bucket: str) -> bool:
    return arn in _EVERYTHING or (arn.startswith("arn:") and arn.endswith(f":s3:::{bucket}/"))


def _of(tests: tuple[FieldTest, ...], bucket: str) -> frozenset[str]:
    """Return what a selector of the newer language records; any further test narrows it."""
    by_name = {test.name: test for test in tests}
    category, kind = by_name.pop("eventCategory", None), by_name.pop("resources.type", None)
    if category is None or kind is None or any(test.others for test in tests):
        return frozenset()
    if category.equals != ("Data",) or kind.equals != (_OBJECTS,):
        return frozenset()
    ways = _WAYS["All"]
    read_only = by_name.pop("readOnly", None)
    if read_only is not None:
        ways = frozenset({READS if "true" in read_only.equals else WRITES})
    place = by_name.pop("resources.ARN", None)
    covered = place is None or any(_covers(arn, bucket) for arn in place.starts)
    return ways if covered and not by_name else frozenset()
