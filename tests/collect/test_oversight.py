"""System tables, what trails record, their buckets, and GuardDuty."""

from __future__ import annotations

import pytest

from collect.stubs import DENIED, StubHost, collected
from collect.test_rights import DENIED as REFUSED
from collect.test_rights import Cloud
from lakewarden.clients.failure import CallFailedError
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import given
from lakewarden.estate.oversight import (
    DETECTORS,
    SYSTEM_SCHEMAS,
    TRAIL_BUCKETS,
    TRAIL_SELECTORS,
)

ASSIGNMENT = "/api/2.1/unity-catalog/current-metastore-assignment"
SCHEMAS = "/api/2.1/unity-catalog/metastores/m1/systemschemas"
TRAIL = "arn:aws:cloudtrail:us-east-1:123456789012:trail/t"
DEPLOYMENT = given(trails=[{"TrailARN": TRAIL, "S3BucketName": "trail-logs"}])


def ask(kind, **answers):
    return collected(kind, None, aws=Cloud(**answers), before=DEPLOYMENT)


def test_system_schemas_are_those_of_the_assigned_metastore():
    listed = {"schemas": [{"schema": "access", "state": "MANAGED"}]}
    found = collected(
        SYSTEM_SCHEMAS, StubHost({ASSIGNMENT: {"metastore_id": "m1"}, SCHEMAS: listed})
    )
    assert found["access"].state.get() == "MANAGED"


def test_a_workspace_without_a_metastore_certainly_has_no_schemas():
    none = CallFailedError(Cause.NOT_FOUND, "none", code="METASTORE_DOES_NOT_EXIST")
    assert collected(SYSTEM_SCHEMAS, StubHost({ASSIGNMENT: none})) == {}


@pytest.mark.parametrize(
    ("answers", "cause"),
    [
        ({ASSIGNMENT: DENIED}, Cause.FORBIDDEN),
        ({}, Cause.NOT_FOUND),
        ({ASSIGNMENT: {}}, Cause.MISSING_FIELD),
        ({ASSIGNMENT: {"metastore_id": "m1"}, SCHEMAS: {}}, Cause.MISSING_FIELD),
    ],
    ids=["denied", "not found", "no id", "no list"],
)
def test_schemas_that_were_not_read_raise(answers, cause):
    with pytest.raises(CallFailedError) as caught:
        collected(SYSTEM_SCHEMAS, StubHost(answers))
    assert caught.value.cause is cause


def test_selectors_of_both_languages_are_read():
    basic = [
        {
            "ReadWriteType": "All",
            "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}],
        }
    ]
    tests = [
        {"Field": "eventCategory", "Equals": ["Data"]},
        {"Field": "resources.ARN", "NotStartsWith": ["arn:x"]},
    ]
    answer = {"EventSelectors": basic, "AdvancedEventSelectors": [{"FieldSelectors": tests}]}
    found = ask(TRAIL_SELECTORS, get_event_selectors=answer)[TRAIL]
    (selector,) = found.basic.get()
    assert selector.resources[0].values == ("arn:aws:s3",)
    (advanced,) = found.advanced.get()
    assert [test.others for test in advanced.tests] == [False, True]


@pytest.mark.parametrize(
    ("answer", "cause"), [({}, Cause.MISSING_FIELD), (REFUSED, Cause.FORBIDDEN)]
)
def test_selectors_that_were_not_read_are_not_known(answer, cause):
    found = ask(TRAIL_SELECTORS, get_event_selectors=answer)[TRAIL]
    assert found.basic.gap.cause is found.advanced.gap.cause is cause


def test_the_bucket_of_a_trail_is_asked_like_any_other():
    switches = {"PublicAccessBlockConfiguration": {"BlockPublicAcls": True}}
    found = ask(TRAIL_BUCKETS, get_public_access_block=switches)["trail-logs"]
    assert found.block_acls.get() is True
    assert found.restrict.gap.cause is Cause.MISSING_FIELD
    assert ask(TRAIL_BUCKETS, get_public_access_block=REFUSED)["trail-logs"].restrict.gap


def test_guardduty_is_on_off_or_was_never_set_up():
    one = {"list_detectors": {"DetectorIds": ["d"]}}
    on = ask(DETECTORS, **one, get_detector={"Status": "ENABLED"})
    assert on["us-east-1"].status.get() == "ENABLED"
    none = ask(DETECTORS, list_detectors={"DetectorIds": []})
    assert none["us-east-1"].status.get() is None


@pytest.mark.parametrize(
    ("answers", "cause"),
    [
        ({"list_detectors": {}}, Cause.MISSING_FIELD),
        ({"list_detectors": REFUSED}, Cause.FORBIDDEN),
        ({"list_detectors": {"DetectorIds": ["d"]}, "get_detector": {}}, Cause.MISSING_FIELD),
    ],
)
def test_guardduty_that_was_not_read_is_not_known(answers, cause):
    assert ask(DETECTORS, **answers)["us-east-1"].status.gap.cause is cause
