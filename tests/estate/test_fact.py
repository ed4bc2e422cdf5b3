"""Facts: a value that was not read cannot be used, at run time or in the type checker's eyes."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from mypy import api

from lakewarden.clock import parse_time
from lakewarden.estate.fact import Cause, Fact, Gap, UnreadError, most_telling

SOURCES = Path(__file__).parents[2]
GAP = Gap(Cause.FORBIDDEN, "GET /api/2.0/things", "no READ", "workspace admin")
ON = Fact.of("on", "s", "f")
UNREAD = Fact.unread(GAP, "things.on")


@pytest.mark.parametrize("value", [True, False, None, 0, "", (), {"a": 1}])
def test_a_fact_gives_back_what_was_read(value):
    fact = Fact.of(value, "GET /x", "x")
    assert fact.get() is value
    assert fact.gap is None
    assert (fact.source, fact.field) == ("GET /x", "x")


def test_an_unread_fact_raises_its_gap():
    with pytest.raises(UnreadError) as caught:
        UNREAD.get()
    assert caught.value.gap is GAP
    assert UNREAD.gap is GAP
    assert (UNREAD.source, UNREAD.field) == (GAP.source, "things.on")


@pytest.mark.parametrize("fact", [ON, Fact.of(None, "s", "f"), UNREAD])
@pytest.mark.parametrize(
    "misuse",
    [
        bool,
        len,
        hash,
        lambda fact: fact == True,  # noqa: E712  # the misuse itself
        lambda fact: fact != False,  # noqa: E712  # the misuse itself
        lambda fact: fact == fact,  # noqa: PLR0124  # not even to itself
        lambda fact: not fact,
        lambda fact: fact in {True, None},
    ],
)
def test_a_fact_stands_for_no_value(fact, misuse):
    with pytest.raises(TypeError):
        misuse(fact)


@pytest.mark.parametrize("name", ["source", "_value", "_gap"])
def test_a_fact_does_not_change(name):
    with pytest.raises(AttributeError):
        setattr(ON, name, None)


@pytest.mark.parametrize(
    ("gap", "shown"),
    [
        (GAP, "GET /api/2.0/things: forbidden (no READ); needs workspace admin"),
        (Gap(Cause.TIMEOUT, "GET /x", "", ""), "GET /x: timed out"),
        (Gap(Cause.NOT_READ, "GET /x", "why", ""), "GET /x: not read (why)"),
    ],
)
def test_a_gap_says_what_is_missing(gap, shown):
    assert str(gap) == shown
    assert str(UnreadError(gap)) == shown


USES = """
from lakewarden.estate.fact import Fact


def use(flag: Fact[bool], names: Fact[tuple[str, ...]]) -> None:
    if flag:  # refused
        raise SystemExit
    if not flag:  # refused
        raise SystemExit
    if flag == True:  # refused
        raise SystemExit
    if names == ("a",):  # refused
        raise SystemExit
    if flag or names.get():  # refused
        raise SystemExit
    len(names)  # refused
    for _ in names:  # refused
        raise SystemExit
    text: str = flag.get()  # refused
    if flag.get() or flag.get() == True or flag.gap is None or len(names.get()):
        raise SystemExit(text)
"""


def test_the_type_checker_refuses_what_run_time_refuses(tmp_path, monkeypatch):
    monkeypatch.chdir(SOURCES)
    module = tmp_path / "uses.py"
    module.write_text(USES, encoding="utf-8")
    options = ["--config-file", "pyproject.toml", "--cache-dir", str(tmp_path / "cache")]
    limit = sys.getrecursionlimit()
    try:
        report, trouble, _ = api.run([*options, str(module)])
    finally:
        sys.setrecursionlimit(limit)  # mypy raises it for good, and other tests go deep
    refused = {int(line) for line in re.findall(r"uses\.py:(\d+): error", report)}
    wanted = {n for n, line in enumerate(USES.splitlines(), 1) if line.endswith("# refused")}
    assert refused == wanted, report + trouble


def test_a_value_that_makes_no_sense_is_a_gap_and_not_a_crash():
    fact = Fact.of("soon", "GET /api/2.0/x", "when")
    with pytest.raises(UnreadError) as caught:
        fact.parsed(parse_time)
    assert caught.value.gap.cause is Cause.MALFORMED
    assert "when" in str(caught.value.gap)
    assert Fact.of("2026-01-01", "GET /api/2.0/x", "when").parsed(parse_time).year == 2026


_WHOLE_PLAN = Gap(Cause.UNPLANNED, "external_locations", "a plan shows only what it manages", "")
_LATER = Gap(Cause.PLANNED, "databricks_external_location.e", "url", "")
_REFUSED = Gap(Cause.FORBIDDEN, "GET /api/2.1/unity-catalog/external-locations", "", "READ")


@pytest.mark.parametrize(
    ("gaps", "told"),
    [
        ((), None),
        ((None, None), None),
        ((None, _WHOLE_PLAN), _WHOLE_PLAN),
        ((_WHOLE_PLAN, None, _LATER), _LATER),
        ((_LATER, _WHOLE_PLAN), _LATER),
        ((_REFUSED, _LATER), _REFUSED),
    ],
)
def test_of_several_gaps_that_of_every_plan_is_told_last(gaps, told):
    assert most_telling(*gaps) is told
