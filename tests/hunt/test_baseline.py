"""What is accepted, for how long, and what is said when it is not any more."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from lakewarden.errors import UsageError
from lakewarden.hunt.baseline import parse, sift, written
from lakewarden.hunt.document import Unread
from lakewarden.hunt.finding import Finding, Place
from lakewarden.ledger.finding import Severity

TODAY = date(2026, 11, 28)
LEAK = Finding("aws-secret-key", "AWS", Severity.HIGH, Place("etl/a.py", line=3), "ab" * 16)
OTHER = Finding("assigned-secret", "Name", Severity.MEDIUM, Place("etl/b.py", line=9), "cd" * 16)


def baseline(entry, reason="reset nightly", expires="2026-12-31"):
    return f'[[accepted]]\n{entry}\nreason = "{reason}"\nexpires = {expires}\n'


@pytest.mark.parametrize(
    "entry",
    [
        f'fingerprint = "{"ab" * 16}"',
        'rule = "aws-secret-key"\nwhere = "etl/*"',
        f'fingerprint = "{"ab" * 16}"\nrule = "aws-secret-key"\nwhere = "etl/a.py"',
    ],
)
def test_what_is_accepted_does_not_count(entry):
    sifted = sift([LEAK, OTHER], parse(baseline(entry), "f", "k"), TODAY)
    assert (sifted.open, sifted.accepted) == ([OTHER], [LEAK])
    assert not sifted.expired
    assert not sifted.stale


@pytest.mark.parametrize(
    "entry",
    [f'fingerprint = "{"ee" * 16}"', 'rule = "aws-secret-key"\nwhere = "etl/c.py"'],
)
def test_what_is_accepted_and_not_found_is_stale(entry):
    sifted = sift([LEAK], parse(baseline(entry), "f", "k"), TODAY)
    assert sifted.open == [LEAK]
    assert len(sifted.stale) == 1


@pytest.mark.parametrize(("day", "counts"), [("2026-11-28", False), ("2026-11-27", True)])
def test_an_entry_holds_through_its_last_day(day, counts):
    entry = f'fingerprint = "{"ab" * 16}"'
    sifted = sift([LEAK], parse(baseline(entry, expires=day), "f", "k"), TODAY)
    assert bool(sifted.open) is counts
    assert bool(sifted.expired) is counts


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (baseline('fingerprint = "ab"', reason=" "), "entry 1: has no reason"),
        ('[[accepted]]\nfingerprint = "ab"\nreason = "x"', "has no day"),
        (baseline('rule = "x"'), "names neither"),
        (baseline('secret = "x"'), "has 'secret', which"),
        (baseline("rule = 3"), "rule is not a text"),
        (baseline('rule = "x"', expires='"soon"'), "expires is not a day"),
        (baseline('rule = "x"', expires="2026-12-31T00:00:00"), "expires is not a day"),
        ("accepted = 3", "has 'accepted'"),
        ("accepted = [3]", "is no table"),
        ("acceptd = []", "has 'acceptd'"),
        ("[[", "is not TOML"),
        ('key = "other"\n' + baseline('fingerprint = "ab"'), "with another key"),
    ],
)
def test_an_impossible_baseline_is_refused(text, said):
    with pytest.raises(UsageError, match=said):
        parse(text, "f", "k")


def test_what_is_written_is_read_once_there_are_reasons_and_days():
    text = written([LEAK, OTHER], "k").replace("# expires", "expires")
    with pytest.raises(UsageError, match="has no reason"):
        parse(text, "f", "k")
    accepted = parse(text.replace('reason = ""', 'reason = "old"'), "f", "k")
    assert not sift([LEAK, OTHER], accepted, TODAY).open


@pytest.mark.parametrize("path", ["a[1]*?.py", "d\udcff/x\udcfe.py", 'a"\x7f\n\x01😀.py'])
def test_what_is_written_of_any_path_fits_it(path):
    leak = replace(LEAK, place=Place(path))
    text = written([leak], "k", [Unread(path, "is cut")]).replace("# expires", "expires")
    [entry] = parse(text.replace('reason = ""', 'reason = "old"'), "f", "k")
    assert entry.covers(leak)
    assert not entry.covers(replace(LEAK, place=Place(path[:-1])))
    text.encode()
    assert "# Not scanned: " in text
