from __future__ import annotations

import json

from hypothesis import given, settings

from lakewarden.ledger.codec import from_json, to_json
from lakewarden.ledger.finding import SubjectRef
from ledger.findings import FINDINGS, finding


@settings(deadline=None)
@given(FINDINGS)
def test_what_is_published_comes_back(found):
    text = json.dumps(to_json(found))
    back = from_json(json.loads(text))
    assert back == found
    assert back.id == found.id
    assert json.dumps(to_json(back)) == text


def test_the_published_names_are_these():
    published = to_json(finding())
    assert list(published) == [
        "id",
        "control",
        "paper",
        "severity",
        "subject",
        "verdict",
        "reason",
        "needs",
        "evidence",
        "fix",
        "waiver",
        "location",
    ]
    assert published["verdict"] == "FAIL"
    assert published["severity"] == "high"
    assert published["subject"]["workspace"] == "3001"
    assert published["waiver"] is None
    assert published["location"] is None


def test_a_subject_of_the_account_has_no_workspace():
    published = to_json(finding(subject=SubjectRef("account", "0f1e", "main")))
    assert published["subject"]["workspace"] is None
    assert from_json(published).subject.workspace == ""
