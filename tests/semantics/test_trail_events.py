"""Which events of a bucket's objects a trail records."""

from __future__ import annotations

import pytest

from lakewarden.estate.oversight import AdvancedSelector, DataResource, EventSelector, FieldTest
from lakewarden.semantics.trail_events import READS, WRITES, object_events

OBJECTS = "AWS::S3::Object"
DATA = FieldTest("eventCategory", ("Data",))
OF_OBJECTS = FieldTest("resources.type", (OBJECTS,))


@pytest.mark.parametrize(
    ("arn", "covered"),
    [
        ("arn:aws:s3", True),
        ("arn:aws:s3:::", True),
        ("arn:aws:s3:::lake/", True),
        ("arn:aws-us-gov:s3:::lake/", True),
        ("arn:aws:s3:::lake/part/", False),
        ("arn:aws:s3:::lake", False),
        ("arn:aws:s3:::the-lake/", False),
    ],
)
def test_the_older_language_names_buckets(arn, covered):
    selector = EventSelector("All", (DataResource(OBJECTS, (arn,)),))
    assert object_events([selector], [], "lake") == ({READS, WRITES} if covered else set())


def test_selectors_add_up():
    mine = (DataResource(OBJECTS, ("arn:aws:s3:::lake/",)),)
    halves = [EventSelector("ReadOnly", mine), EventSelector("WriteOnly", mine)]
    assert object_events(halves, [], "lake") == {READS, WRITES}
    assert object_events(halves[1:], [], "lake") == {WRITES}
    assert object_events([EventSelector("Odd", mine)], [], "lake") == set()


def test_other_resources_do_not_count():
    functions = EventSelector("All", (DataResource("AWS::Lambda::Function", ("arn:aws:s3",)),))
    assert object_events([functions], [], "lake") == set()


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ((), {READS, WRITES}),
        ((FieldTest("readOnly", ("false",)),), {WRITES}),
        ((FieldTest("readOnly", ("true",)),), {READS}),
        ((FieldTest("resources.ARN", (), ("arn:aws:s3:::lake/",)),), {READS, WRITES}),
        ((FieldTest("resources.ARN", (), ("arn:aws:s3:::lake/part/",)),), set()),
        ((FieldTest("resources.ARN", others=True),), set()),
        ((FieldTest("eventName", ("GetObject",)),), set()),
    ],
)
def test_the_newer_language_narrows_by_tests(more, found):
    selector = AdvancedSelector((DATA, OF_OBJECTS, *more))
    assert object_events([], [selector], "lake") == found


@pytest.mark.parametrize(
    "tests",
    [(DATA,), (OF_OBJECTS,), (FieldTest("eventCategory", ("Management",)), OF_OBJECTS)],
)
def test_what_is_not_about_objects_does_not_count(tests):
    assert object_events([], [AdvancedSelector(tests)], "lake") == set()
