from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from lakewarden.ledger.codec import from_json
from lakewarden.ledger.finding import Evidence, SubjectRef, Verdict
from lakewarden.ledger.run import SCHEMA
from lakewarden.report.json_format import schema, write
from report.sample import FINDINGS, PROD, account, finding, report_of, sample, thing


def _written(report):
    stream = io.StringIO()
    write(report, stream)
    return stream.getvalue()


def _errors(document):
    validator = Draft202012Validator(schema(), format_checker=FormatChecker())
    return [error.message for error in validator.iter_errors(document)]


def test_the_schema_is_a_schema_of_the_same_version():
    Draft202012Validator.check_schema(schema())
    assert schema()["properties"]["schema"]["const"] == SCHEMA


@pytest.mark.parametrize("report", [sample(), report_of(())], ids=["sample", "empty"])
def test_what_is_written_meets_the_schema(report):
    assert _errors(json.loads(_written(report))) == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda d: d.pop("summary"),
        lambda d: d.update(extra=1),
        lambda d: d.update(posture="lax"),
        lambda d: d["summary"]["by_verdict"].pop("UNKNOWN"),
        lambda d: d["summary"]["by_threat"].pop("VC"),
        lambda d: d["summary"]["by_section"].update(P38=d["summary"]["by_section"]["P01"]),
        lambda d: d["findings"][0].update(verdict="MAYBE"),
        lambda d: d["findings"][0].pop("evidence"),
        lambda d: d["findings"][0].update(id="short"),
        lambda d: d["findings"][0].update(waiver={"reason": "none"}),
    ],
)
def test_the_schema_refuses_what_is_wrong(spoil):
    document = json.loads(_written(sample()))
    spoil(document)
    assert _errors(document)


def test_the_published_shape():
    document = json.loads(_written(sample()))
    assert list(document) == [
        "schema", "run_id", "started", "deployment", "posture", "summary", "unread", "loosened",
        "findings",
    ]  # fmt: skip
    assert document["deployment"]["workspaces"][0] == {"id": PROD, "name": "prod-analytics"}
    assert document["summary"]["by_verdict"] == {
        "FAIL": 12, "UNKNOWN": 5, "WAIVED": 2, "ATTESTED": 3, "PASS": 40, "NOT_APPLICABLE": 2,
    }  # fmt: skip
    ip_lists = document["summary"]["by_section"]["P06"]
    assert ip_lists["title"] == "Use IP access lists"
    assert (ip_lists["verdicts"]["FAIL"], ip_lists["verdicts"]["PASS"]) == (1, 0)
    assert "P04" not in document["summary"]["by_section"]
    assert document["summary"]["by_threat"]["AT"]["title"] == "Account takeover"


def test_findings_survive_the_round_trip():
    document = json.loads(_written(sample()))
    assert tuple(from_json(entry) for entry in document["findings"]) == FINDINGS


def test_any_name_and_value_is_escaped():
    hostile = SubjectRef("cluster", "c-1", '"},\n\x1b[2J \ud83d \u2028 </script>', PROD)
    made = replace(
        finding("cluster-isolation", Verdict.FAIL, hostile),
        evidence=(Evidence("GET /x", "f", {"k": [None, 1.5, "ü"]}, "nothing"),),
    )
    text = _written(report_of([made]))
    assert text.isascii()
    assert "\x1b" not in text
    assert from_json(json.loads(text)["findings"][0]) == made


def test_a_finding_is_written_before_the_next_is_asked_for():
    stream = io.StringIO()

    def findings():
        for number in range(50):
            yield finding("sso-enforced", Verdict.PASS, thing("cluster", f"n{number}"))
            assert f'"cluster-n{number}"' in stream.getvalue()

    write(replace(report_of([finding("sso-enforced", Verdict.PASS, account())]),
                  findings=findings), stream)  # fmt: skip
    assert len(json.loads(stream.getvalue())["findings"]) == 50


def test_one_finding_is_one_line():
    lines = [line for line in _written(sample()).splitlines() if line.startswith('    {"id"')]
    assert len(lines) == len(FINDINGS)
