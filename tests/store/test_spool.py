from __future__ import annotations

from pathlib import Path

import pytest

from lakewarden.ledger.finding import Finding, Severity, SubjectRef, Verdict
from lakewarden.store.spool import FindingSpool


def finding(number, name="prod"):
    subject = SubjectRef("workspace", str(number), name, str(number))
    return Finding("ip-access-lists", ("P06",), Severity.HIGH, subject, Verdict.FAIL, "open")


def test_findings_pass_through_and_come_back_as_often_as_asked():
    given = [finding(n) for n in range(1000)]
    with FindingSpool() as spool:
        assert list(spool.fill(iter(given))) == given
        assert list(spool.read()) == given
        assert list(spool.read()) == given


def test_an_empty_run_is_empty():
    with FindingSpool() as spool:
        assert list(spool.fill([])) == []
        assert list(spool.read()) == []


@pytest.mark.parametrize("name", ["Zürich ☃", "two\nlines", "\ud800"])
def test_odd_names_are_kept(name):
    with FindingSpool() as spool:
        list(spool.fill([finding(1, name)]))
        assert [f.subject.name for f in spool.read()] == [name]


def test_nothing_stays_on_disk_even_after_a_failure(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def interrupted():
        yield finding(1)
        raise RuntimeError

    with pytest.raises(RuntimeError), FindingSpool() as spool:
        list(spool.fill(interrupted()))
    assert list(Path(tmp_path).iterdir()) == []
